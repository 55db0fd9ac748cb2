"""Detection of text encodings: by their own marks, by charset-normalizer, and by how well letters fit a language."""

import codecs
import operator
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.files.decoders.letters import ALPHABETS, LANGUAGES_BY_ENCODING, Alphabet

_BOMS = {  # those of UTF-32 begin like those of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")  # the order in which they are tried
_WIDE_LETTERS = ("zh", "zh-Hant", "ja", "ko")
_NO_LETTERS = frozenset({"Cc", "Cn", "Co", "Cs"})  # categories of Unicode
_ESCAPED = {b"\x1b$)C": "iso2022_kr", b"\x1b$": "iso2022_jp_ext"}  # seven bits, with escape sequences
_SUPERSETS = {
    "ascii": "cp1252", "latin_1": "cp1252", "iso8859_1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "shift_jis_2004": "cp932", "euc_kr": "cp949", "tis_620": "cp874", "iso8859_11": "cp874",
    "iso8859_9": "cp1254", "iso8859_8": "cp1255", "big5": "big5hkscs", "cp950": "big5hkscs",
    "euc_jp": "euc_jis_2004", "euc_jisx0213": "euc_jis_2004",
}  # fmt: skip
_ESCAPES = 64 * 1024  # bytes in which the first of them must stand
_DECLARED = re.compile(rb"(?:charset|encoding|coding)\s*[=:]\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_PUNCTUATION = frozenset(
    "’‘“”„‚–—…€«»°§№©®™¶±½¼²³‹›¢£¥×¿¡\xa0\u200c\u200d\u200e\u200f\u3000。，、：；！？（）「」『』《》【】・～％"
)
_ALONE = frozenset("¿¡ºªàáâéèêíìóòôùœæøåäöÀÁÂÉÈÊÍÌÓÒÔÙÆØÅÄÖ·")  # letters that may be a word
_LINES = frozenset(map(chr, range(0x2500, 0x25A0)))  # tables of DOS are drawn with them, and words hold none
_BEFORE_NO_WORD = frozenset("©®™¶±²³¹")  # signs that no word begins with
_IN_WORDS = frozenset("’·–")  # punctuation that may stand between two letters

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r\f\v\a\b\x1a\x1b"))  # those of logs and DOS texts are not counted
_MOST_CONTROLS = 0.005  # share of control characters that a text may have
_MOST_HOLES = 0.05  # share of zeros that a text may have
_MOST_BLANKS = 0.25  # share of tabs and ends of lines in it
_MOST_DAMAGE = 0.02  # share of characters that may be undecodable
_SAMPLE = 3_000  # bytes that are compared; lines without any letter beyond ASCII say nothing
_AROUND = 80  # ASCII bytes before them that are looked at
_DECLARED_BONUS = 0.3  # added for what the file says of itself
_OWN = 0.15  # added for the asker's language
_MAC = "mac_cyrillic"  # large letters in it are Hebrew ones in DOS, and small ones are Windows' as well
_MARGIN = 0.15  # distance to the next best reading from which the encoding is certain
_ENOUGH = 40  # characters beyond ASCII from which it may be

_Sign = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by the name of Python's codec. `is_certain`: nothing else would make sense."""

    codec: str
    is_certain: bool = True


def detect(data: bytes, language: str = "") -> Encoding | None:
    """Detect the encoding of a text; None if it is none. `language` of the asker breaks ties."""
    primary = language.replace("_", "-").lower().partition("-")[0]
    for bom, codec in _BOMS.items():
        if data.startswith(bom):
            return Encoding(codec)
    if 0 in data and _is_utf8_with_holes(data):
        return Encoding("utf-8")
    if codec := _wide(data):
        return Encoding(codec)
    head = data[:_ESCAPES]
    if 0 not in head and head.isascii() and (codec := _escaped(head)):
        return Encoding(codec)
    if 0 in data or len(data) - len(data.translate(None, _CONTROLS)) > max(2, len(data) * _MOST_CONTROLS):
        return None
    return Encoding("utf-8") if data.isascii() or _is_utf8(data) else _legacy(data, primary)


def _escaped(head: bytes) -> str:
    """Return the codec of a text that goes without the eighth bit; empty if it does not."""
    mark = next((mark for mark in _ESCAPED if mark in head), None)
    if mark is not None:
        return _ESCAPED[mark]
    try:
        signs = _signs(head.decode("hz")) if b"~{" in head and b"~}" in head else []
    except UnicodeDecodeError:
        return ""
    return "hz" if len(signs) > 3 and _rating(signs, ALPHABETS["zh"]) > 0.5 else ""


# Unicode


def _is_utf8(data: bytes) -> bool:
    """Tell whether it is UTF-8, perhaps with a few damaged bytes: hardly any other text holds valid sequences of it."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    valid = len(text.encode("ascii", "ignore"))
    return (len(text) - valid - damaged) >= 4 * damaged


def _is_utf8_with_holes(data: bytes) -> bool:
    """Tell whether it is UTF-8 with a few zeros: power cuts leave them in logs, and some programs at the end."""
    text = data.replace(b"\0", b"")
    if len(data) - len(text) > _MOST_HOLES * len(data) or len(text) - len(text.translate(None, _CONTROLS)) > 2:
        return False
    if len(text) - len(text.translate(None, b"\t\n\r\f\v")) > _MOST_BLANKS * len(text):  # bytes of Indian letters
        return False
    return text.isascii() or _is_utf8(text)


def _wide(data: bytes) -> str:
    """Return the codec of a text in UTF-16 or UTF-32 without a byte order mark; empty if it is something else."""
    head = data[: 4 * _SAMPLE]
    for codec in _WIDE:
        width = 4 if "32" in codec else 2
        if len(data) % width == 0 and _is_text(head, codec) and (width == 4 or _has_blocks(head, codec)):
            return codec
    return ""


def _is_text(head: bytes, codec: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return False
    odd = sum(unicodedata.category(sign) in _NO_LETTERS and sign not in "\t\r\n" for sign in text)
    if odd > 0.1 * len(text):
        return False
    if 0 in head:
        return True
    # Two bytes of any other encoding are a Chinese character as well, but seldom a usual one.
    signs = _signs(text)
    return len(signs) > 0.9 * len(text) and any(_rating(signs, ALPHABETS[each]) > 0.62 for each in _WIDE_LETTERS)


def _has_blocks(head: bytes, codec: str) -> bool:
    """Tell whether it is rather this than the other byte order."""
    other = "utf-16-be" if codec.endswith("le") else "utf-16-le"
    return _likeness(head, codec) > _likeness(head, other)


def _likeness(head: bytes, codec: str) -> int:
    """Count signs of the right byte order: line ends and spaces, and neighbours from the same block of Unicode."""
    high = head[codec.endswith("le") :: 2]
    text = head.decode(codec, "replace")
    neighbours: int = sum(map(operator.eq, high, high[1:]))
    return neighbours + 2 * sum(text.count(sign) for sign in " \n。，、")


# the others


def _legacy(data: bytes, language: str) -> Encoding | None:
    sample = _sample(data)
    bonus = _bonus(data, sample)
    ratings = sorted(_ratings(sample, language, bonus), reverse=True)
    if not ratings:
        return None
    best, codec, text = ratings[0]
    rival = next((rating for rating, other, words in ratings[1:] if words != text and other != _MAC), 0.0)
    is_long = len(text) - len(text.encode("ascii", "ignore")) >= _ENOUGH
    is_declared = bonus.get(codec, 0.0) >= _DECLARED_BONUS
    return Encoding(codec, is_declared or (is_long and best - rival >= _MARGIN))


def _sample(data: bytes) -> bytes:
    """Return pieces of lines around bytes beyond ASCII: as many as are compared."""
    pieces, size, at = list[bytes](), 0, 0
    while size < _SAMPLE and (match := _BEYOND_ASCII.search(data, at)):
        start = max(data.rfind(b"\n", at, match.start()) + 1, match.start() - _AROUND, at)
        end = data.find(b"\n", match.start(), match.start() + _SAMPLE)
        at = match.start() + _SAMPLE if end < 0 else end + 1
        pieces.append(data[start:at])
        size += len(pieces[-1])
    return b"".join(pieces)


def _bonus(data: bytes, sample: bytes) -> Mapping[str, float]:
    """Return the encodings for which something else speaks: the file's own word, and charset-normalizer's guess."""
    from charset_normalizer import from_bytes  # imported here: most texts are in UTF-8

    guess = from_bytes(sample).best()
    bonus = {_superset(guess.encoding): 0.02} if guess and guess.encoding != _MAC else {}
    if declared := _DECLARED.search(data[:2048]):
        bonus[_superset(declared[1].decode())] = _DECLARED_BONUS
    return bonus


def _superset(name: str) -> str:
    try:
        codec = codecs.lookup(name).name.replace("-", "_")
    except LookupError:
        return ""
    return _SUPERSETS.get(codec, codec)


def _ratings(sample: bytes, language: str, bonus: Mapping[str, float]) -> Iterator[tuple[float, str, str]]:
    """Yield a rating for each encoding in which the sample makes sense at all, with its text."""
    for place, (codec, languages) in enumerate(LANGUAGES_BY_ENCODING.items()):
        text = sample.decode(codec, "replace")
        if text.count("\ufffd") > _MOST_DAMAGE * len(text) + 1:
            continue
        signs = _signs(text)
        if codec == _MAC and not any(sign.islower() for _, sign, _ in signs):
            continue
        fit = max(_rating(signs, ALPHABETS[each]) + _OWN * (each.partition("-")[0] == language) for each in languages)
        is_among_latin = not ALPHABETS[languages[0]].is_latin and len(re.findall("[a-zA-Z]", text)) > 8 * len(signs)
        yield fit + bonus.get(codec, 0.0) - 0.005 * place - 0.1 * is_among_latin, codec, text


def _signs(text: str) -> list[_Sign]:
    """Return the characters beyond ASCII, with what stands before and after each."""
    padded = f" {text} "
    return [(padded[match.start()], match[0], padded[match.start() + 2]) for match in re.finditer(r"[^\0-\x7f]", text)]


def _rating(signs: Sequence[_Sign], alphabet: Alphabet) -> float:
    """Return how much like this language the characters look: 1 at most, below 0 if not at all."""
    if alphabet.is_ideographic:
        weights = (alphabet.weigh(sign) or _of_other_sign("", sign, "") for _, sign, _ in signs)
    else:
        oddness = _oddness_in_latin if alphabet.is_latin else _oddness_in_others
        weights = (
            weight - oddness(before, sign, after)
            if (weight := alphabet.weigh(sign))
            else _of_other_sign(before, sign, after)
            for before, sign, after in signs
        )
    return sum(weights) / max(len(signs), 1)


def _of_other_sign(before: str, sign: str, after: str) -> float:
    if sign in _PUNCTUATION or 0xFF00 < ord(sign) < 0xFF5F:
        is_odd = after.isalpha() and (before.isalpha() or sign in _BEFORE_NO_WORD) and sign not in _IN_WORDS
        return -1.0 if is_odd else 0.5
    if sign in _LINES:
        return -3.0 if before.isalpha() or after.isalpha() else 0.5
    return -3.0 if sign == "\ufffd" or unicodedata.category(sign) in _NO_LETTERS else -1.0


def _oddness_in_latin(before: str, sign: str, after: str) -> float:
    """Return how odd a letter stands in its word: alone, in the wrong case, or between two of its own."""
    if before == sign == after:
        return 2.0
    if not (before.isalpha() or after.isalpha()) and sign not in _ALONE:
        return 0.7
    if sign.isupper() and before.islower():
        return 2.0
    return 1.5 if sign.islower() and sign != "ß" and before.isupper() and after.isupper() else 0.0


def _oddness_in_others(before: str, sign: str, after: str) -> float:
    """Return how odd a letter stands in its word: among ASCII letters, in the wrong case, at the wrong end ..."""
    if before == sign == after:
        return 2.0
    if (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha()):
        return 2.0
    if sign.isupper() and not (before.isalpha() or after.isalpha()):
        return 0.5
    return 2.0 if (sign.isupper() and before.islower()) or (sign == "ς" and after.isalpha()) else 0.0
