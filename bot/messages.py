"""The nouns of the bot: plain, frozen values that every room understands and the store can keep."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where people talk: a Discord channel or thread, a Telegram chat or topic, a page of ours."""

    platform: str
    id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Channel":
        """Read `platform:id`; the id may hold colons of its own."""
        platform, _, id = text.partition(":")
        return cls(platform, id)


@dataclass(frozen=True, slots=True)
class Author:
    """Who spoke."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message and that nobody has fetched yet.

    `ref` is the platform's own lasting handle, never a link that expires or carries a token.
    `mime` and `size` (bytes, 0 if unknown) are what the sender claims.
    """

    ref: str
    name: str
    mime: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Photo:
    """An attachment after intake: upright, sRGB, without metadata, within limits."""

    name: str  # as people know it: cat.heic
    mime: str  # image/jpeg, image/png or image/webp: what `data` really is
    data: bytes = field(repr=False)
    width: int  # pixels
    height: int
    sha256: str  # of `data`, hexadecimal

    @property
    def filename(self) -> str:
        """A name for uploads: the extension is right, and nothing of it comes from the sender."""
        return f"{self.sha256[:16]}.{self.mime.removeprefix('image/').replace('jpeg', 'jpg')}"


@dataclass(frozen=True, slots=True)
class Button:
    """What stands on it, and the command that a press says."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class File:
    """Something to send along with a post."""

    name: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class About:
    """The message that a message replies to, as far as the platform shows it."""

    id: str
    ours: bool  # a post of the bot's
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said in a channel. `sent` is in seconds since 1970."""

    channel: Channel
    id: str
    author: Author
    text: str
    sent: float
    attachments: tuple[Attachment, ...] = ()
    addressed: bool = True  # said to the bot: a mention, a reply to it, or in private
    album: str | None = None  # messages of a channel that share it belong together
    about: About | None = None
    edited: bool = False  # said before, in other words
    private: bool = False  # between this person and the bot alone
    server: str | None = None  # what the channel is a part of, as `platform:id`
    language: str = ""  # the author's, as the platform tells it: de, zh-CN

    @property
    def photos(self) -> tuple[Attachment, ...]:
        """What the message is about to look at: its own photos, else those of the message it replies to."""
        return self.attachments or (self.about.attachments if self.about else ())

    @classmethod
    def of_album(cls, parts: "Sequence[Message]") -> "Message":
        """All parts as one message: the photos in the order they were sent, the first words that were said."""
        ordered = sorted(parts, key=lambda part: (len(part.id), part.id))
        return replace(
            ordered[0],
            text=next((part.text for part in ordered if part.text), ""),
            attachments=tuple(attachment for part in ordered for attachment in part.attachments),
            addressed=any(part.addressed for part in ordered),
            about=next((part.about for part in ordered if part.about), None),
        )


Listening = Literal["asked", "photos", "all"]
"""What the bot takes as said to it: what is addressed to it, photos as well, or everything."""

Mirroring = Literal["off", "answers", "everything"]
"""What a channel sees of what happens in the channels it is linked to."""

Length = Literal["short", "normal", "long"]
"""How long an answer should be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What people chose for a conversation; providers use what they understand."""

    web_search: bool = False
    sites: int = 3  # to search, 1 to 10
    words: int = 1000  # to read of each site, 100 to 10,000
    mixed: bool = True  # the history goes along when the model changes
    history: int = 10  # messages that the provider looks back on, 1 to 50
    length: Length = "normal"
    persona: str = ""  # how the model is to behave, in people's own words


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What people chose for one channel, however many share its conversation."""

    listening: Listening = "asked"
    threads: bool = False  # each photo gets a thread of its own, where the platform has them
    mirroring: Mirroring = "off"
    footer: bool = False  # below an answer: model, time and cost
    language: str | None = None  # of the bot's own words; None: that of whoever speaks


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the bot remembers. Linked channels share one."""

    id: int
    model: str  # provider/model
    remote_id: str | None = None  # the provider's own name for it (1min.ai: a UUID)
    preferences: Preferences = Preferences()

    @property
    def provider(self) -> str:
        """The part of `model` before the first slash."""
        return self.model.partition("/")[0]

    @property
    def model_id(self) -> str:
        """What the provider calls the model; may hold slashes of its own."""
        return self.model.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and, sooner or later, its answer: the durable unit."""

    id: int
    conversation: Conversation
    message: Message
    answer: str | None = None  # as it is shown, stored before it is delivered
    claims: int = 1  # how often it has been taken up; more than tries means that processes died over it
    tries: int = 0  # how often it was put back because somebody was busy


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn of a conversation, as a provider may see it."""

    author: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a provider may use to answer one turn."""

    conversation: Conversation
    text: str
    photos: tuple[Photo, ...] = ()
    history: tuple[Exchange, ...] = ()  # oldest first; for providers that keep none themselves
    instructions: str = ""  # how to answer; not part of what was said


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a growing answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took, as far as the provider says; None where it does not."""

    credits: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    dollars: float | None = None


Piece = Text | Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store keeps of a whole answer. Times are seconds since the turn was taken up."""

    text: str  # as it is shown
    model: str | None  # who was asked; None: a command, which is no part of the history
    usage: Usage = Usage()
    first_words: float | None = None
    took: float | None = None
    booked: bool = True  # counts for whoever asked: a failure does not


@dataclass(frozen=True, slots=True)
class Version:
    """One of several answers to the same turn."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What answers took over a while."""

    turns: int = 0
    credits: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class DaySpent:
    """What one model took on one day."""

    day: str  # 2026-11-21, UTC
    model: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class Model:
    """Something that can be asked. `price` is in the provider's own words, empty if unknown."""

    id: str  # as the provider calls it
    name: str
    sees: bool  # takes photos
    price: str = ""
