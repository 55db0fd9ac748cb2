"""Numbers and bullets of paragraphs in Word documents, as Word shows them: the text holds none of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.files.decoders.package import Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_LEVELS = 9
_MOST_STEPS = 20  # from a style to those that it is based on
_MOST_NUMBER = 5_000  # beyond which letters and Roman numerals are no longer spelled out
_PLACE = re.compile(r"%([1-9])")
_SYMBOLS = {  # of the fonts Symbol and Wingdings, whose characters lie in a private area
    "\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf076": "❖", "\uf0a8": "☐", "\uf06f": "☐",
    "\uf0fe": "☑", "\uf0fd": "☒", "\uf0fb": "✗", "\uf0e0": "→", "\uf0df": "←", "\uf06e": "■", "\uf071": "❑",
    "\uf02d": "-", "\uf0a3": "≤", "\uf0b3": "≥", "\uf0b0": "°", "\uf0b1": "±", "\uf0b4": "×", "\uf0de": "⇒",
    "\uf04a": "☺", "\uf04c": "☹",
}  # fmt: skip
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_HAN = "〇一二三四五六七八九"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_HANGUL = "가나다라마바사아자차카타파하"
_HEBREW = "אבגדהוזחטיכלמנסעפצקרשת"
_ARABIC = "أبتثجحخدذرزسشصضطظعغفقكلمنهوي"


def symbol(character: str) -> str:
    """Return what a character of a symbol font looks like."""
    return _PRIVATE.sub(lambda found: _SYMBOLS.get(found[0], "•"), character)


def spelled(number: int, kind: str) -> str:
    """Return a number in a format of Word; in digits where that is not known."""
    if not 0 < number <= _MOST_NUMBER:
        return str(number)
    return _SPELLED[kind](number) if kind in _SPELLED else str(number)


def _roman(number: int) -> str:
    signs = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        signs += sign * count
    return signs


def _repeated(letters: str) -> Callable[[int], str]:
    """After z follow aa, bb, cc ..."""
    return lambda number: letters[(number - 1) % len(letters)] * ((number - 1) // len(letters) + 1)


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number > 99:
        return "".join(_HAN[int(digit)] for digit in str(number))
    return (_HAN[tens] if tens > 1 else "") + ("十" if tens else "") + (_HAN[ones] if ones else "")


def _circled(number: int) -> str:
    return chr(ord("①") + number - 1) if number <= 20 else f"({number})"


_latin = _repeated("abcdefghijklmnopqrstuvwxyz")
_russian = _repeated(_RUSSIAN)
_SPELLED: Mapping[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _latin,
    "upperLetter": lambda number: _latin(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "ordinal": _ordinal,
    "russianLower": _russian,
    "russianUpper": lambda number: _russian(number).upper(),
    "numberInDash": lambda number: f"- {number} -",
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "decimalFullWidth": lambda number: "".join(chr(ord(digit) + 0xFEE0) for digit in str(number)),
    "chineseCounting": _han,
    "chineseCountingThousand": _han,
    "japaneseCounting": _han,
    "taiwaneseCounting": _han,
    "taiwaneseCountingThousand": _han,
    "ideographDigital": lambda number: "".join(_HAN[int(digit)] for digit in str(number)),
    "japaneseDigitalTenThousand": lambda number: "".join(_HAN[int(digit)] for digit in str(number)),
    "aiueo": _repeated(_KANA),
    "aiueoFullWidth": _repeated(_KANA),
    "ganada": _repeated(_HANGUL),
    "hebrew2": _repeated(_HEBREW),
    "arabicAlpha": _repeated(_ARABIC),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """One level of a list."""

    start: int = 1
    kind: str = "decimal"
    text: str = ""  # with %1 for the number of the first level
    restarts: int | None = None  # the level, from 1, after which it begins anew; None: any above it; 0: none
    is_legal: bool = False  # all numbers in digits
    style: str = ""


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its levels, the counters that it shares with others, and where it begins anew."""

    counters: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]


@dataclass(slots=True)
class Numbering:
    """Counts the paragraphs of a document."""

    _lists: dict[str, _List] = field(default_factory=dict)
    _styles: dict[str, Element] = field(default_factory=dict)
    _default: str = ""  # style of paragraphs that name none
    _counters: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, numbering: Element | None, styles: Element | None) -> "Numbering":
        """Read the parts of a document in which lists and styles are defined; None for one that it lacks."""
        counting = cls()
        for style in _children(styles, "style"):
            counting._styles[value_of(style, "styleId")] = style
            if value_of(style, "type") == "paragraph" and value_of(style, "default") in ("1", "true", "on"):
                counting._default = value_of(style, "styleId")
        abstract = {value_of(each, "abstractNumId"): each for each in _children(numbering, "abstractNum")}
        nums = {value_of(each, "numId"): each for each in _children(numbering, "num")}
        for number, num in nums.items():
            counters = _text_of(num, "abstractNumId")
            counters = counting._followed(counters, abstract, nums)
            counting._lists[number] = _list_of(counters, abstract.get(counters), num)
        return counting

    def _followed(self, counters: str, abstract: Mapping[str, Element], nums: Mapping[str, Element]) -> str:
        """Return the definition of a list that only names the style which has it."""
        definition = abstract.get(counters)
        style = self._styles.get(_text_of(definition, "numStyleLink"))
        num = nums.get(_text_of(style, "pPr", "numPr", "numId"))
        return _text_of(num, "abstractNumId") or counters

    def label(self, paragraph: Element) -> str:
        """Count a paragraph, and return its number or bullet, indented by its level; empty if it has none."""
        number, level = self._place(paragraph)
        found = self._lists.get(number)
        if found is None or level not in found.levels:
            return ""
        counters = self._counters.setdefault(found.counters, {})
        self._count(found, number, level, counters)
        text = self._worded(found, level, counters)
        return "  " * level + text if text and not self._is_heading(paragraph) else text

    def _place(self, paragraph: Element) -> tuple[str, int]:
        """Return the list and the level that a paragraph or its style names."""
        number, level = _text_of(paragraph, "pPr", "numPr", "numId"), _text_of(paragraph, "pPr", "numPr", "ilvl")
        for name, style in self._chain(paragraph):
            if number and level:
                break
            inherited = _text_of(style, "pPr", "numPr", "numId")
            if inherited and not number:
                number = inherited
                linked = (n for n, each in self._levels(inherited).items() if each.style == name)
                level = level or next(map(str, linked), "")
            level = level or _text_of(style, "pPr", "numPr", "ilvl")
        return number, int(level) if level.isdecimal() else 0

    def _levels(self, number: str) -> Mapping[int, _Level]:
        return self._lists[number].levels if number in self._lists else {}

    def _chain(self, paragraph: Element) -> Iterator[tuple[str, Element]]:
        """Yield the names and styles of a paragraph: its own, and those that this one is based on."""
        name = _text_of(paragraph, "pPr", "pStyle") or self._default
        for _ in range(_MOST_STEPS):
            if (style := self._styles.get(name)) is None:
                return
            yield name, style
            name = _text_of(style, "basedOn")

    def _is_heading(self, paragraph: Element) -> bool:
        return any(_text_of(style, "pPr", "outlineLvl") for _, style in self._chain(paragraph))

    def _count(self, found: _List, number: str, level: int, counters: dict[int, int]) -> None:
        for above in range(level):  # a level that was skipped shows its first number
            if above not in counters:
                counters[above] = found.starts.get(above, found.levels.get(above, _Level()).start)
        if level in found.starts and (number, level) not in self._begun:
            self._begun.add((number, level))
            counters[level] = found.starts[level]
        else:
            counters[level] = counters[level] + 1 if level in counters else found.levels[level].start
        for below in range(level + 1, _LEVELS):
            restarts = found.levels.get(below, _Level()).restarts
            if restarts is None or level < restarts:
                counters.pop(below, None)

    def _worded(self, found: _List, level: int, counters: Mapping[int, int]) -> str:
        described = found.levels[level]
        if described.kind == "bullet":
            return symbol(described.text) if described.text.strip() else ""

        def number(place: re.Match[str]) -> str:
            shown = int(place[1]) - 1
            kind = found.levels.get(shown, _Level()).kind
            if kind == "none" or shown not in counters:
                return ""
            return spelled(counters[shown], "decimal" if described.is_legal else kind)

        return _PLACE.sub(number, described.text).strip()


def _list_of(counters: str, abstract: Element | None, num: Element) -> _List:
    levels = {n: _level(each) for each in _children(abstract, "lvl") if (n := _index(each)) is not None}
    starts = dict[int, int]()
    for override in _children(num, "lvlOverride"):
        n = _index(override)
        if n is None:
            continue
        for each in _children(override, "lvl"):
            levels[n] = _level(each)
            starts[n] = levels[n].start
        start = _text_of(override, "startOverride")
        if start.isdecimal():
            starts[n] = int(start[:9])
    return _List(counters, levels, starts)


def _index(element: Element) -> int | None:
    level = value_of(element, "ilvl")
    return int(level) if level.isdecimal() and int(level[:9]) < _LEVELS else None


def _level(element: Element) -> _Level:
    start, restarts = _text_of(element, "start"), _text_of(element, "lvlRestart")
    legal = next(_children(element, "isLgl"), None)
    return _Level(
        start=int(start[:9]) if start.isdecimal() else 0,
        kind=_text_of(element, "numFmt") or next(map(_alternative, _children(element, "AlternateContent")), "decimal"),
        text=_text_of(element, "lvlText"),
        restarts=int(restarts[:9]) if restarts.isdecimal() else None,
        is_legal=legal is not None and value_of(legal, "val") not in ("0", "false", "off"),
        style=_text_of(element, "pStyle"),
    )


def _alternative(element: Element) -> str:
    """Return the format for older programs."""
    return next((_text_of(each, "numFmt") for each in _children(element, "Fallback")), "decimal")


def _children(element: Element | None, name: str) -> Iterator[Element]:
    if element is not None:
        yield from (each for each in element.iterchildren("*") if str(each.tag).rpartition("}")[2] == name)


def _text_of(element: Element | None, *names: str) -> str:
    """Return the value of the element that is found by these names, one inside the other; empty if there is none."""
    for name in names:
        element = next(_children(element, name), None)
    return "" if element is None else value_of(element, "val")


def value_of(element: Element, name: str) -> str:
    """Return an attribute of Word's; empty if it is missing."""
    return str(element.get(f"{_W}{name}") or element.get(f"{_STRICT}{name}") or "")
