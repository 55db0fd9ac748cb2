"""Sources: the addresses that a web search read, from the noise in the answer and from its record."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.messages import WebSource
from bot.words import say

MAX_SHOWN = 8
MAX_ADDRESS, MAX_TITLE = 500, 80  # characters

# Fields of the record's prompt that hold what was read; documented by their names, always empty in its examples.
_LISTS = ("searchContentList", "linkContentList")
_ADDRESS_FIELDS = ("url", "link", "href", "source", "address")
_TITLE_FIELDS = ("title", "name")
_MARKUP = re.compile(r"[\[\]()<>`*_~|\\\s]+")


def read_sources(record: Mapping[str, Any]) -> tuple[WebSource, ...]:
    """Return what a record says was read."""
    detail = record.get("aiRecordDetail")
    prompt = detail.get("promptObject") if isinstance(detail, dict) else None
    lists = [prompt.get(name) for name in _LISTS] if isinstance(prompt, dict) else []
    return tuple(source for each in lists if isinstance(each, list) for source in _read_list(each))


def _read_list(entries: list[Any]) -> Iterator[WebSource]:
    for entry in entries:
        if isinstance(entry, str):
            yield WebSource(entry)
        elif isinstance(entry, dict):
            address, title = _first_text(entry, _ADDRESS_FIELDS), _first_text(entry, _TITLE_FIELDS)
            yield WebSource(address, title)


def _first_text(entry: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((entry[name] for name in names if isinstance(entry.get(name), str) and entry[name]), "")


class SourceList:
    """The sources of one answer: each address once, with its title if one is known, and none of the question's own."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._titles: dict[str, str] = {}  # by address

    def add(self, source: WebSource) -> None:
        """Add a source, unless its address is none, or one that was asked about."""
        address = source.address.strip().rstrip(".,;")
        if _is_address(address) and address.rstrip("/") not in self._question:
            known = next((each for each in self._titles if each.rstrip("/") == address.rstrip("/")), address)
            self._titles[known] = self._titles.get(known) or _MARKUP.sub(" ", source.title).strip()[:MAX_TITLE]

    def render(self) -> str:
        """Return them as Markdown, to stand behind the answer; empty where there are none."""
        lines = [_line(address, title) for address, title in self._titles.items()][:MAX_SHOWN]
        return "\n\n" + "\n".join([f"**{say('sources')}**", *lines]) if lines else ""


def _line(address: str, title: str) -> str:
    return f"- [{title}]({address})" if title else f"- {address}"


def _is_address(text: str) -> bool:
    if not re.fullmatch(r"https?://[^\s<>()\[\]\"'`\\]+", text) or len(text) > MAX_ADDRESS:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
