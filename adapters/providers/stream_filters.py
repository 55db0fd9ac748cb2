"""Filters of a streamed answer, wherever its pieces are cut: a model's thoughts, and pictures between the words.

Known are <think>, <thinking>, <thought>, <reasoning>, <analysis> and <details type="reasoning">, at the very beginning
of an answer: with attributes, never closed, or with a closing tag only. So are the tokens in which gpt-oss and others
speak, where a service passes them on raw. An answer that is about such tags stays whole.
No base64 of a picture reaches a chat, be it in fields beside the words or in data URLs between them.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence

from bot.errors import Unreadable
from bot.files.photos import sniff
from bot.messages import Drawn, File, Text, Thought
from bot.util.http import MEGABYTE

_NAMES = (
    r"think(?:ing)?|thoughts?|reasoning(?:_content)?|reflection|analysis|antthinking|scratchpad|seed:think"
    r"|internal_reasoning|inner_monologue|chain_of_thought"
)
_CHANNEL = r"(?:<\|start\|>\s?assistant\s?)?<\|channel\|>\s?(?:{})\b[^<\n]{{0,80}}<\|message\|>"  # gpt-oss
_OPENING = re.compile(  # ◁think▷ is Kimi's, [THINK] Mistral's, START_THINKING Cohere's, unused94 MedGemma's
    rf"[<◁](?:(?P<name>{_NAMES})(?:\s[^<>]{{0,200}})?"
    r"|(?P<details>details)\s[^<>]{0,200}?\btype\s*=\s*[\"']?reasoning\b[^<>]{0,200})[>▷]|(?-i:\[THINK\])"
    rf"|(?P<token>{_CHANNEL.format('analysis|commentary')}|<\|START_THINKING\|>|<\|begin_of_thought\|>|<unused94>(?:thought\n)?)"
    rf"|(?P<answer>{_CHANNEL.format('final')}|<\|START_RESPONSE\|>|<\|begin_of_solution\|>)"
    r"|(?P<bare>(?-i:analysis(?=[A-Z])))",  # gpt-oss, where a service drops the tokens and leaves their names
    re.IGNORECASE,
)
_MAY_OPEN = re.compile(
    r"[<◁](?:[a-z_:\d]{0,20}|[a-z_:]{1,20}\s[^<>]{0,500}|\|[^\n]{0,120})\Z"
    r"|(?-i:\[T?H?I?N?K?\Z|a(?:n(?:a(?:l(?:y(?:s(?:is?)?)?)?)?)?)?\Z)",
    re.IGNORECASE,
)
_CLOSING = re.compile(rf"[<◁]/(?:{_NAMES})\s*[>▷]|(?-i:\[/THINK\])", re.IGNORECASE)
_MAY_CLOSE = re.compile(r"[<◁]/?[a-z_:\d]{0,20}\s{0,5}\Z|<\|[a-z_]{0,17}\|?\Z|(?-i:\[/?T?H?I?N?K?)\Z", re.IGNORECASE)
_TOKEN_CLOSING = re.compile(
    r"<\|(?:end|END_THINKING|end_of_thought)\|>|<unused95>|(?=<\|(?:start|channel|START_RESPONSE|begin_of_solution)\|>)"
)
_TOKEN_END = re.compile(r"<\|(?:return|end|END_RESPONSE|end_of_solution)\|>\s*\Z")
_BARE_CLOSING = re.compile(r"assistantfinal")
_MAY_CLOSE_BARE = re.compile(r"a(?:s(?:s(?:i(?:s(?:t(?:a(?:n(?:t(?:f(?:i(?:n(?:a)?)?)?)?)?)?)?)?)?)?)?)?\Z")
_SUMMARY = re.compile(r"(?:(?<!\s)\s+)?<summary>.{0,200}?</summary>\s*|^> ?", re.IGNORECASE | re.MULTILINE)
_MENTIONED = re.compile(rf"[<◁](?:{_NAMES})\b|(?-i:\[THINK\])", re.IGNORECASE)

# An answer about a tag goes on with a small word or a comma behind it; a thought begins a line or a sentence.
_ABOUT = re.compile(
    r"\s?[,;:/&|)\]–—]"
    r"| (?:is|are|was|were|has|and|or|tags?|elements?|blocks?|marks?|means?|stands?|wraps?|contains?"
    r"|ist|sind|und|oder|es|son|y|o|это|и|или)\b"
    rf"|(?:…|\.\.\.)?</(?:{_NAMES})>(?: [a-zа-я]|[,;:)])"
)
_LOOK_AHEAD = 16  # characters behind a tag that tell what it is

Found = Text | Thought

MAX_PICTURE = 25 * MEGABYTE  # bytes
MAX_PICTURES = 10  # of one answer
MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

_LABEL = r"!?\[[^\]\n]{0,200}\]\(\s?"
_URL = re.compile(rf"(?:{_LABEL})?data:image/[\w.+-]{{1,20}};base64,", re.IGNORECASE)
# The end of a text that may turn out to be the beginning of such a link.
_MAY_BEGIN = re.compile(
    r"(?:!\Z|(?:!?\[[^\]\n]{0,200}(?:\](?:\(\s?)?)?)?(?:d(?:a(?:t(?:a(?::[\w.+/-]{0,30}(?:;[a-z0-9]{0,6},?)?)?)?)?)?)?\Z)",
    re.IGNORECASE,
)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")


class ThoughtFilter:
    """Takes the text of an answer piece by piece, and returns it as Text and Thought."""

    def __init__(self) -> None:
        self._pending = ""
        self._closing = _CLOSING  # what ends the thought that is open
        self._is_details = self._has_tokens = False
        self._step: Callable[[bool], Sequence[Found]] = self._begin
        self._said = list[str]()  # of the answer, as long as it may turn out to have been a thought
        self._is_certain = False  # nothing that has been said can become a thought any more

    def feed(self, piece: str) -> Sequence[Found]:
        """Accept the next piece, and return what is certain."""
        self._pending += piece
        return self._run(ended=False)

    def end(self) -> Sequence[Found]:
        """Return what is left when nothing more comes."""
        return self._run(ended=True)

    def _run(self, *, ended: bool) -> Sequence[Found]:
        found = list[Found]()
        while self._pending:
            before = self._step, self._pending
            found += self._step(ended)
            if (self._step, self._pending) == before:
                break
        return found

    # steps: each takes what it understands from what is pending

    def _begin(self, ended: bool) -> Sequence[Found]:
        text = self._pending.lstrip("\ufeff \t\r\n")
        opening = _OPENING.match(text)
        if opening:
            rest = text[opening.end() :]
            if opening["answer"]:
                self._pending, self._has_tokens, self._is_certain = rest, True, True
                return ()
            if not ended and len(rest) < _LOOK_AHEAD and not rest.startswith("\n"):
                return ()
            if not _ABOUT.match(rest):
                self._open(opening)
                self._pending, self._step = rest, self._think
                return ()
        elif not ended and (not text or _MAY_OPEN.match(text)):
            return ()
        self._pending = text if self._is_certain else self._pending
        self._step = self._answer
        return ()

    def _open(self, opening: re.Match[str]) -> None:
        self._is_certain, self._is_details = True, bool(opening["details"])
        self._has_tokens = self._has_tokens or bool(opening["token"])
        if opening["token"] or opening["bare"]:
            self._closing = _TOKEN_CLOSING if opening["token"] else _BARE_CLOSING
        else:
            name = opening["name"] or opening["details"] or "think"
            self._closing = re.compile(rf"[<◁]/{name}\s*[>▷]|(?-i:\[/THINK\])", re.IGNORECASE)

    def _think(self, ended: bool) -> Sequence[Found]:
        closing = self._closing.search(self._pending)
        if closing:
            thought, self._pending = self._pending[: closing.start()], self._pending[closing.end() :]
            self._step = self._begin
        else:
            safe = len(self._pending) if ended else self._safe_length()
            if self._is_details and not ended:  # what frames the thought is told apart line by line
                safe = self._pending.rfind("\n", 0, safe) + 1
            thought, self._pending = self._pending[:safe], self._pending[safe:]
        thought = _SUMMARY.sub("", thought) if self._is_details else thought
        return (Thought(thought),) if thought else ()

    def _answer(self, ended: bool) -> Sequence[Found]:
        if self._has_tokens:
            return self._say_without_end(ended)
        if self._is_certain or not any(sign in self._pending for sign in "<◁["):
            return self._say(len(self._pending))
        closing = _CLOSING.search(self._pending)
        if closing is None:
            return self._say(len(self._pending) if ended else self._safe_length())
        behind = self._pending[closing.end() :]
        if not ended and not behind.strip() and "\n" not in behind:
            return self._say(closing.start())
        self._is_certain = True
        before = "".join(self._said) + self._pending[: closing.start()]
        if _is_mention(before, behind):
            return self._say(len(self._pending))
        thought, self._pending = self._pending[: closing.start()], behind
        self._said, self._step = [], self._begin
        return (Thought(thought, takes_back=True),)

    def _say_without_end(self, ended: bool) -> Sequence[Found]:
        """Return the answer without the token that ends it."""
        last = _TOKEN_END.search(self._pending)
        if not ended:
            return self._say(last.start() if last else self._safe_length())
        self._pending = self._pending[: last.start()] if last else self._pending
        return self._say(len(self._pending))

    def _say(self, length: int) -> Sequence[Found]:
        text, self._pending = self._pending[:length], self._pending[length:]
        if not self._is_certain:
            self._said.append(text)
        return (Text(text),) if text else ()

    def _safe_length(self) -> int:
        """Return how many of the pending characters cannot be the beginning of a closing tag."""
        tag = (_MAY_CLOSE_BARE if self._closing is _BARE_CLOSING else _MAY_CLOSE).search(self._pending)
        return tag.start() if tag else len(self._pending)


def _is_mention(before: str, after: str) -> bool:
    """Tell whether a closing tag without an opening one is spoken about, and ends no thought."""
    if before.count("`") % 2 or _MENTIONED.search(before):
        return True
    stands_alone = not before.strip() or before.endswith("\n") or re.match(r"[ \t]*(?:\n|\Z)", after)
    follows_directly = before[-1:] not in tuple(" \t([{\"'“‘«`") and after[:1] != " "
    return not (stands_alone or follows_directly)


class InlinePictureFilter:
    """Takes text piece by piece, and returns it without the data URLs in it, and the pictures in their place."""

    def __init__(self) -> None:
        self._pending = ""  # may be the beginning of a link
        self._encoded: list[str] | None = None  # the pieces of a picture whose link has begun
        self._count = 0

    def feed(self, piece: str) -> Sequence[str | Drawn]:
        """Accept the next piece, and return what is certain."""
        found = list[str | Drawn]()
        rest = piece
        while rest:
            rest = self._read_text(rest, found) if self._encoded is None else self._read_link(rest, found)
        return found

    def end(self) -> Sequence[str | Drawn]:
        """Return what is left when nothing more comes."""
        found: list[str | Drawn] = [self._pending]
        self._pending = ""
        if self._encoded is not None:
            self._close(found)
        return found

    def _read_text(self, piece: str, found: list[str | Drawn]) -> str:
        """Take text up to the next link; return what is behind its beginning."""
        text, self._pending = self._pending + piece, ""
        if link := _URL.search(text):
            found.append(text[: link.start()])
            self._encoded = []
            return text[link.end() :]
        held = _MAY_BEGIN.search(text)
        safe = held.start() if held else len(text)
        self._pending = text[safe:]
        found.append(text[:safe])
        return ""

    def _read_link(self, piece: str, found: list[str | Drawn]) -> str:
        """Take the data of a picture; return what is behind it."""
        other = _NO_BASE64.search(piece)
        end = other.start() if other else len(piece)
        if self._encoded is not None:
            self._encoded.append(piece[:end])
        if other is None:
            return ""
        self._close(found)
        return piece[end:].removeprefix(")")

    def _close(self, found: list[str | Drawn]) -> None:
        encoded, self._encoded = "".join(self._encoded or ()), None
        data = decode_picture(encoded) if self._count < MAX_PICTURES else b""
        if data:
            self._count += 1
            found.append(Drawn(picture_file(data, f"picture-{self._count}")))


def picture_file(data: bytes, name: str, about: str = "") -> File:
    """Return a picture as a file, with the ending of its format."""
    mime = MIMES[sniff(data)]
    return File(name=f"{name}.{mime.partition('/')[2].replace('jpeg', 'jpg')}", mime=mime, data=data, about=about)


def decode_picture(encoded: str) -> bytes:
    """Decode a picture in base64; empty where it is none that can be shown, or too large."""
    if len(encoded) > MAX_PICTURE * 4 // 3:
        return b""
    try:
        data = base64.b64decode(re.sub(r"\s+", "", encoded), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if is_shown_picture(data) else b""


def is_shown_picture(data: bytes) -> bool:
    """Tell whether these are the bytes of a picture in a format that every platform shows."""
    try:
        return sniff(data) in MIMES
    except Unreadable:
        return False
