"""Entries of the page: messages, posts of ours, and the files of both."""

from dataclasses import dataclass

from bot.messages import Button


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a message or a post, without its bytes."""

    id: str
    name: str
    mime: str
    kind: str  # the type of the bytes, where a browser can show or play them; else empty
    size: int
    about: str = ""  # a description for those who cannot see it
    is_spoiler: bool = False  # shown only to those who choose to see it
    has_preview: bool = False  # there may be a picture of it that every browser can show


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message, or a post of ours."""

    id: str
    channel: str
    ours: bool
    text: str
    reply_to: str | None
    time: float
    buttons: tuple[Button, ...] = ()  # below a post
    about: str | None = None  # the post whose button sent the message
    label: str = ""  # of that button
    language: str = ""  # of the browser that sent the message
    is_spoiler: bool = False  # its text is shown only to those who choose to see it
    revised: int = 0  # how often a message was edited after the bot had it
    photos: tuple[Upload, ...] = ()  # or recordings, or documents; with a post of ours it may be any files


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedMessage:
    """A valid message as the page sends it."""

    text: str
    uploads: tuple[str, ...]
    key: str  # the same again is the same message
    about: str | None = None
    language: str = ""


class UnknownUpload(Exception):
    """The error that a message names a file that this channel does not have."""


class UnknownPost(Exception):
    """The error that a message is about a post that this channel does not have."""
