"""A filter that tells thoughts from the answer, where a model writes them into it, wherever its pieces are cut.

Known are <think>, <thinking>, <thought>, <reasoning> and <details type="reasoning">, at the very beginning of an
answer: with attributes, never closed, or with a closing tag only. An answer that is about such tags stays whole.
"""

import re
from collections.abc import Callable, Sequence

from bot.messages import Text, Thought

_NAMES = r"think(?:ing)?|thoughts?|reasoning|reflection"
_OPENING = re.compile(
    rf"<(?:({_NAMES})(?:\s[^<>]{{0,200}})?|(details)\s[^<>]{{0,200}}?\btype\s*=\s*[\"']?reasoning\b[^<>]{{0,200}})>",
    re.IGNORECASE,
)
_MAY_OPEN = re.compile(r"<(?:[a-z]{0,10}|[a-z]{1,10}\s[^<>]{0,500})\Z", re.IGNORECASE)
_CLOSING = re.compile(rf"</({_NAMES})\s*>", re.IGNORECASE)
_MAY_CLOSE = re.compile(r"</?[a-z]{0,10}\s{0,5}\Z", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*<summary>.{0,200}?</summary>\s*|^> ?", re.IGNORECASE | re.MULTILINE)
_MENTIONED = re.compile(rf"<(?:{_NAMES})\b", re.IGNORECASE)

# An answer about a tag goes on with a small word or a comma behind it; a thought begins a line or a sentence.
_ABOUT = re.compile(
    r"\s?[,;:/&|)\]–—]"
    r"| (?:is|are|was|were|has|and|or|tags?|elements?|blocks?|marks?|means?|stands?|wraps?|contains?"
    r"|ist|sind|und|oder|es|son|y|o|это|и|или)\b"
    rf"|(?:…|\.\.\.)?</(?:{_NAMES})>(?: [a-zа-я]|[,;:)])"
)
_LOOK_AHEAD = 16  # characters behind a tag that tell what it is

Found = Text | Thought


class ThoughtFilter:
    """Takes the text of an answer piece by piece, and returns it as Text and Thought."""

    def __init__(self) -> None:
        self._pending = ""
        self._tag = ""  # the name of the tag that is open
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
            if not ended and len(rest) < _LOOK_AHEAD and not rest.startswith("\n"):
                return ()
            if not _ABOUT.match(rest):
                self._tag, self._is_certain = (opening[1] or opening[2]).lower(), True
                self._pending, self._step = rest, self._think
                return ()
        elif not ended and (not text or _MAY_OPEN.match(text)):
            return ()
        self._pending = text if self._is_certain else self._pending
        self._step = self._answer
        return ()

    def _think(self, ended: bool) -> Sequence[Found]:
        closing = re.search(rf"</{self._tag}\s*>", self._pending, re.IGNORECASE)
        if closing:
            thought, self._pending = self._pending[: closing.start()], self._pending[closing.end() :]
            self._step = self._begin
        else:
            safe = len(self._pending) if ended else self._safe_length()
            if self._tag == "details" and not ended:  # what frames the thought is told apart line by line
                safe = self._pending.rfind("\n", 0, safe) + 1
            thought, self._pending = self._pending[:safe], self._pending[safe:]
        thought = _SUMMARY.sub("", thought) if self._tag == "details" else thought
        return (Thought(thought),) if thought else ()

    def _answer(self, ended: bool) -> Sequence[Found]:
        if self._is_certain or "<" not in self._pending:
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

    def _say(self, length: int) -> Sequence[Found]:
        text, self._pending = self._pending[:length], self._pending[length:]
        if not self._is_certain:
            self._said.append(text)
        return (Text(text),) if text else ()

    def _safe_length(self) -> int:
        """Return how many of the pending characters cannot be the beginning of a closing tag."""
        tag = _MAY_CLOSE.search(self._pending)
        return tag.start() if tag else len(self._pending)


def _is_mention(before: str, after: str) -> bool:
    """Tell whether a closing tag without an opening one is spoken about, and ends no thought."""
    if before.count("`") % 2 or _MENTIONED.search(before):
        return True
    stands_alone = not before.strip() or before.endswith("\n") or re.match(r"[ \t]*(?:\n|\Z)", after)
    follows_directly = before[-1:] not in tuple(" \t([{\"'“‘«`") and after[:1] != " "
    return not (stands_alone or follows_directly)
