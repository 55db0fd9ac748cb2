"""JSON as models write it: in prose or fences, with trailing commas, single quotes, comments, or cut off at the end."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

Json = str | Decimal | bool | None | list["Json"] | dict[str, "Json"]
"""A value; numbers are exact, with the digits that were written."""

DEEPEST = 40
LONGEST = 400_000  # characters that are read
MOST_STARTS = 200  # places at which a value may begin, before the search is given up

_SPACE = re.compile(r"(?:\s|//[^\n]*|#[^\n]*|/\*.*?\*/|\ufeff)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?(?=[\s,\]}:/#]|$)")
_WORD = re.compile(r"[^\s,:\[\]{}\"“”]+(?: +[^\s,:\[\]{}\"“”]+)*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
_WORDS: Mapping[str, Json] = dict.fromkeys(("null", "none", "nan", "undefined")) | {"true": True, "false": False}
_CLOSING: Mapping[str, str] = {'"': '"', "'": "'", "“": "”", "`": "`"}


@dataclass(slots=True)
class FoundJson:
    """The objects and lists in a text, in their order; `open` are those in which it breaks off."""

    values: list[Json] = field(default_factory=list)
    open: list[Json] = field(default_factory=list)

    def is_open(self, value: Json) -> bool:
        """Tell whether the text breaks off within this value."""
        return any(each is value for each in self.open)


def find_json(text: str) -> FoundJson:
    """Find what the text holds: several values are JSON lines, or an example before the real one."""
    found, position, starts = FoundJson(), 0, 0
    text = text[:LONGEST]
    while starts < MOST_STARTS and (start := _next_start(text, position)) is not None:
        starts += 1
        reader = _Reader(text, start)
        try:
            value = reader.read()
        except ValueError:
            position = start + 1
            continue
        found.values.append(value)
        if reader.is_cut:
            found.open = reader.open
            break
        position = reader.position
    return found


def _next_start(text: str, position: int) -> int | None:
    starts = [place for sign in "{[" if (place := text.find(sign, position)) >= 0]
    return min(starts, default=None)


class _Reader:
    """Reads one value, from left to right, in one pass."""

    def __init__(self, text: str, position: int) -> None:
        self.text, self.position, self.is_cut = text, position, False
        self.open: list[Json] = []  # the lists and objects that were never closed, the innermost first

    def read(self, depth: int = 0) -> Json:
        """Read the value at this position. ValueError where there is none."""
        if depth > DEEPEST:
            raise ValueError("nested too deep")
        self._skip()
        match self._sign:
            case "{":
                return self._object(depth)
            case "[":
                return self._list(depth)
            case "":
                self.is_cut = True
                return None
            case sign if sign in _CLOSING:
                return self._string(_CLOSING[sign])
        return self._number_or_word()

    @property
    def _sign(self) -> str:
        return self.text[self.position : self.position + 1]

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _items(self, end: str) -> Iterator[None]:
        """Go from item to item, up to the end of a list or an object; commas may be missing or too many."""
        self.position += 1
        while True:
            self._skip()
            while self._sign == ",":
                self.position += 1
                self._skip()
            if not self._sign:
                self.is_cut = True
                return
            if self._sign == end:
                self.position += 1
                return
            if self._sign in "]}":
                raise ValueError("another bracket was open")
            before = self.position
            yield
            if self.is_cut:
                return
            if self.position == before:
                raise ValueError("nothing that can be read")

    def _list(self, depth: int) -> Json:
        values: list[Json] = []
        for _ in self._items("]"):
            value = self.read(depth + 1)
            if not self.is_cut or isinstance(value, list | dict):
                values.append(value)
        return self._closed(values)

    def _object(self, depth: int) -> Json:
        values: dict[str, Json] = {}
        for _ in self._items("}"):
            name = self.read(depth + 1)
            self._skip()
            if self.is_cut:
                break
            if self._sign != ":":
                raise ValueError("a name without a value")
            self.position += 1
            value = self.read(depth + 1)
            if not self.is_cut or isinstance(value, list | dict):
                values[str(name)] = value
        return self._closed(values)

    def _closed(self, value: Json) -> Json:
        if self.is_cut:
            self.open.append(value)
        return value

    def _string(self, closing: str) -> str:
        """Read a string, in which lines may be broken. A quote that no end of a value follows is part of it."""
        start = self.position + 1
        place = start
        while True:
            place = self.text.find(closing, place)
            if place < 0:
                self.is_cut, self.position = True, len(self.text)
                return _unescaped(self.text[start:])
            if not _is_escaped(self.text, place, start) and self._ends_at(place + 1):
                self.position = place + 1
                return _unescaped(self.text[start:place])
            place += 1

    def _ends_at(self, place: int) -> bool:
        match = _SPACE.match(self.text, place) if self.text[place : place + 1].isspace() else None
        after = self.text[match.end() if match else place :][:1]
        return after in ",:]}/#" or (match is not None and after in _CLOSING)

    def _number_or_word(self) -> Json:
        if match := _NUMBER.match(self.text, self.position):
            self.position = match.end()
            return _decimal(match[0])
        match = _WORD.match(self.text, self.position)
        if not match:
            raise ValueError("no value")
        self.position = match.end()
        return _WORDS.get(match[0].lower(), match[0])


def _is_escaped(text: str, place: int, start: int) -> bool:
    count = 0
    while place - count - 1 >= start and text[place - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _unescaped(text: str) -> str:
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2]), text)
    # Two halves of one sign, as JSON writes those beyond 16 bits; half a sign is none.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decimal(text: str) -> Json:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text
