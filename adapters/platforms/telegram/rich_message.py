"""Rich messages (Bot API 10.1), which the library does not know: their words, files and mentions, in reading order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 40  # of nested blocks and words; Telegram allows 16
FILE_BLOCKS = {
    "photo": "photo",
    "video": "video",
    "animation": "animation",
    "audio": "audio",
    "document": "document",
    "voice_note": "voice",
}
"""The kinds of blocks that hold a file, and the same kind in an ordinary message."""

PARTS = ("label", "summary", "text", "blocks", "items", "cells", "buttons", "caption", "credit")
"""The fields of a block that may hold words or further blocks, in reading order."""


@dataclass(frozen=True, slots=True)
class RichFile:
    """A file in a rich message, as Telegram describes it."""

    kind: str  # as in an ordinary message: photo, video ...
    value: Any
    is_spoiler: bool = False


@dataclass(slots=True)
class RichContent:
    """The content of a rich message."""

    text: str = ""
    files: list[RichFile] = field(default_factory=list)
    usernames: set[str] = field(default_factory=set)  # that are mentioned, in lower case, without @
    users: set[int] = field(default_factory=set)  # that are mentioned by a link to them


def read_rich_message(raw: Mapping[str, Any]) -> RichContent:
    """Read the field `rich_message` of a message."""
    content = RichContent()
    lines = [line for block in _list(raw.get("blocks")) for line in _read_block(block, content, 0)]
    content.text = "\n".join(line for line in lines if line.strip()).strip()
    return content


def _read_block(block: Any, content: RichContent, depth: int) -> Iterator[str]:
    """Yield the lines of a block, and note its files and mentions."""
    if not isinstance(block, Mapping) or depth > MAX_DEPTH:
        return
    kind = block.get("type")
    if kind in FILE_BLOCKS and block.get(str(kind)):
        content.files.append(RichFile(FILE_BLOCKS[str(kind)], block[str(kind)], bool(block.get("has_spoiler"))))
    if kind == "mathematical_expression":
        yield _words(block, content, depth)
    for name in PARTS:
        yield from _read_part(name, block.get(name), content, depth + 1)


def _read_part(name: str, part: Any, content: RichContent, depth: int) -> Iterator[str]:
    if name == "blocks":
        for block in _list(part):
            yield from _read_block(block, content, depth)
    elif name == "items":
        for item in _list(part):
            yield _list_item(item, content, depth)
    elif name == "cells":
        for row in _list(part):
            yield " | ".join(_words(cell, content, depth) for cell in _list(row))
    elif name == "buttons":
        yield " ".join(_words(button, content, depth) for button in _list(part))
    elif name == "caption" and isinstance(part, Mapping):
        yield " ".join(filter(None, (_words(part.get(key), content, depth) for key in ("text", "credit"))))
    elif part is not None:
        yield _words(part, content, depth)


def _list_item(item: Any, content: RichContent, depth: int) -> str:
    """Return a list item with its label or its checkbox."""
    if not isinstance(item, Mapping):
        return ""
    label = _words(item.get("label"), content, depth)
    if item.get("has_checkbox"):
        label = "[x]" if item.get("is_checked") else "[ ]"
    lines = [line for block in _list(item.get("blocks")) for line in _read_block(block, content, depth)]
    return f"{label or '-'} {' '.join([*lines, _words(item.get('text'), content, depth)])}".strip()


def _words(rich: Any, content: RichContent, depth: int) -> str:
    """Return the words of a RichText: a string, a list of them, or an object around one."""
    if isinstance(rich, str):
        return rich
    if depth > MAX_DEPTH:
        return ""
    if isinstance(rich, Sequence):
        return "".join(_words(each, content, depth + 1) for each in rich)
    if not isinstance(rich, Mapping):
        return ""
    _note_mention(rich, content)
    if "text" in rich:
        words = _words(rich["text"], content, depth + 1)
        return with_address(words, str(rich.get("url") or ""))
    return _words(
        rich.get("alternative_text") or rich.get("expression") or rich.get("button") or "", content, depth + 1
    )


def _note_mention(rich: Mapping[str, Any], content: RichContent) -> None:
    if rich.get("type") == "mention":
        username = rich.get("username") or rich.get("text")
        content.usernames.add(str(username).removeprefix("@").lower())
    user = rich.get("user")
    if rich.get("type") == "text_mention" and isinstance(user, Mapping) and isinstance(user.get("id"), int):
        content.users.add(user["id"])


def with_address(words: str, url: str) -> str:
    """Return linked words together with the address behind them, unless that is what they say."""
    if not url.startswith(("http://", "https://")) or url.partition("://")[2].rstrip("/") in words:
        return words
    return f"{words} ({url})"


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
