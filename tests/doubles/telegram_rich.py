"""Rich messages as Telegram takes them, with the limits that its reference names ("Rich Message Limits")."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from bot.replies.markdown import to_unicode

MOST_CHARACTERS = 32_768
MOST_BLOCKS = 500  # with items of lists and rows of tables
DEEPEST = 16
MOST_MEDIA = 50
MOST_COLUMNS = 20
FIELDS: Mapping[str, set[str]] = {  # that each kind of block must have
    "paragraph": {"text"},
    "heading": {"text", "size"},
    "pre": {"text"},
    "divider": set(),
    "mathematical_expression": {"expression"},
    "list": {"items"},
    "blockquote": {"blocks"},
    "details": {"summary", "blocks"},
    "table": {"cells"},
    "photo": {"photo"},
    "collage": {"blocks"},
}
SPANS = {
    *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "subscript", "superscript", "marked"),
    *("url", "mathematical_expression"),
}


@dataclass(slots=True)
class RichRequest:
    """A rich message that a bot sends; raises as it is read where Telegram would refuse it."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)  # addresses that Telegram fetches for it
    lines: list[str] = field(default_factory=list)
    count: int = 0
    characters: int = 0

    @property
    def words(self) -> str:
        return "\n".join(self.lines)

    def read(self, blocks: list[dict[str, Any]], uploads: Mapping[str, Any], depth: int) -> None:
        _require(len(blocks) > 0, "blocks must be non-empty")
        _require(depth <= DEEPEST, "RICH_MESSAGE_TOO_DEEP")
        for block in blocks:
            self._read_block(block, uploads, depth)
        _require(self.count <= MOST_BLOCKS and self.characters <= MOST_CHARACTERS, "RICH_MESSAGE_TOO_LONG")
        _require(len(self.pictures) <= MOST_MEDIA, "RICH_MESSAGE_TOO_MUCH_MEDIA")

    def _read_block(self, block: dict[str, Any], uploads: Mapping[str, Any], depth: int) -> None:
        kind = block["type"]
        _require(kind in FIELDS and FIELDS[kind] <= set(block), f"can't parse block of type {kind}")
        self.count += 1
        words = [self._words(block[name], depth + 1) for name in ("text", "summary") if name in block]
        if kind == "mathematical_expression":
            words.append(self._counted(block["expression"]))
        _require(kind != "paragraph" or words[0].strip(), "paragraph must be non-empty")
        if kind == "heading":
            _require(1 <= block["size"] <= 6, "size of heading")
        if kind == "photo":
            self._read_photo(block["photo"], uploads)
        for row in block.get("cells", ()):
            _require(len(row) <= MOST_COLUMNS, "RICH_TABLE_TOO_WIDE")
            _require(all({"align", "valign"} <= set(cell) for cell in row), "cells must be aligned")
            self.count += 1
            words.append(" | ".join(self._words(cell.get("text", ""), depth + 1) for cell in row))
        self.lines += words
        for item in block.get("items", ()):
            self.count += 1
            self.read(item["blocks"], uploads, depth + 1)
        if "blocks" in block:
            self.read(block["blocks"], uploads, depth + 1)

    def _read_photo(self, photo: Mapping[str, Any], uploads: Mapping[str, Any]) -> None:
        media = str(photo["media"])
        if media.startswith("attach://"):
            _require(media[9:] in uploads, "file must be uploaded")
            self.pictures.append(uploads[media[9:]]["data"])
        else:
            self.fetched.append(media)

    def _words(self, text: Any, depth: int) -> str:
        _require(depth <= DEEPEST, "RICH_MESSAGE_TOO_DEEP")
        if isinstance(text, str):
            return self._counted(text)
        if isinstance(text, list):
            return "".join(self._words(each, depth) for each in text)
        _require(text["type"] in SPANS, f"can't parse text of type {text['type']}")
        if text["type"] == "mathematical_expression":
            return self._counted(text["expression"])
        return self._words(text["text"], depth + 1)

    def _counted(self, words: str) -> str:
        self.characters += len(words)
        return words


def read_rich_request(rich: Mapping[str, Any], uploads: Mapping[str, Any]) -> RichRequest:
    """Read what a bot sends. Only blocks are understood here; text in a markup language would be guessed at."""
    _require(len({"html", "markdown", "blocks"} & set(rich)) == 1, "exactly one form")
    _require("blocks" in rich, "this double reads blocks only")
    request = RichRequest(blocks=list(rich["blocks"]))
    request.read(request.blocks, uploads, 1)
    _require(rich.get("skip_entity_detection") is True, "commands in an answer would be live")
    return request


def blocks_of(kind: str, blocks: Any) -> Iterator[dict[str, Any]]:
    """All blocks of a kind, wherever they are."""
    for block in blocks or ():
        if block.get("type") == kind:
            yield block
        yield from blocks_of(kind, block.get("blocks"))
        yield from blocks_of(kind, block.get("items"))


def rich_html(blocks: Any) -> str:
    """Draw roughly as a client that knows rich messages does: for pictures in the docs."""
    return "".join(map(_block_html, blocks))


def _block_html(block: Mapping[str, Any]) -> str:
    match block["type"]:
        case "table":
            rows = ("".join(map(_cell_html, row)) for row in block["cells"])
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        case "details":
            return f"<details><summary>{_text_html(block['summary'])}</summary>{rich_html(block['blocks'])}</details>"
        case "mathematical_expression":
            return f"<math>{html.escape(to_unicode(block['expression']))}</math>"
        case _:
            return f"<p>{_text_html(block.get('text', ''))}</p>"


def _cell_html(cell: Mapping[str, Any]) -> str:
    tag = "th" if cell.get("is_header") else "td"
    return f'<{tag} align="{cell["align"]}">{_text_html(cell["text"])}</{tag}>'


def _text_html(text: Any) -> str:
    if isinstance(text, str):
        return html.escape(text)
    if isinstance(text, list):
        return "".join(map(_text_html, text))
    words = _text_html(text.get("text") or text.get("expression", ""))
    return f"<strong>{words}</strong>" if text["type"] == "bold" else words


def _require(holds: object, description: str) -> None:
    if not holds:
        raise ApiRefusal(f"Bad Request: {description}")
