"""The continuation of a partial answer. Models repeat its end, or begin again: nothing is shown twice."""

from dataclasses import dataclass

OVERLAP = 200  # characters at the start of the continuation that may repeat the end of the partial answer
SAME = 4  # fewer characters may match by chance
ENDS = tuple(".!?:;,…")
FIRST_WORDS = 6  # that tell whether the answer begins again
FEWEST_WORDS, FEWEST_LETTERS = 3, 12  # of a partial answer that can be recognised


@dataclass(frozen=True, slots=True)
class Growth:
    """The text to show next; `replaces`: in place of all that was shown."""

    text: str
    replaces: bool = False


NOTHING = Growth("")


class Continuation:
    """Joins the pieces of a continuation to what was `said`, which is empty where the answer is a new one."""

    def __init__(self, said: str) -> None:
        self.said = said
        self._held = list[str]()  # until it is known how it goes on
        self._length = 0
        self._joined = not said
        self._begins_again: bool | None = None

    def feed(self, text: str) -> Growth:
        """Accept the next piece, and return what may be shown."""
        if self._joined:
            return Growth(text)
        self._held.append(text)
        self._length += len(text)
        if self._begins_again is None and self._length > OVERLAP:
            self._begins_again = begins_again(self._text, self.said)
        if self._begins_again is None or (self._begins_again and self._length <= len(self.said)):
            return NOTHING
        return self._join()

    def end(self) -> Growth:
        """Return what is left at the end of the answer."""
        if self._joined:
            return NOTHING
        if self._begins_again is None:
            self._begins_again = begins_again(self._text, self.said)
        return self._join()

    def break_off(self) -> Growth:
        """Return what is left where the connection broke: no new beginning, which knows less than what was said."""
        if self._joined or self._begins_again or begins_again(self._text, self.said):
            return NOTHING
        return self._join()

    def take_back(self) -> None:
        """Forget the pieces so far: they were no part of the answer."""
        self._held, self._length = [], 0
        self._joined, self._begins_again = not self.said, None

    def _spaced(self, text: str) -> str:
        """Return the text with a blank before it, where a sentence or a clause has ended."""
        return f" {text}" if self.said[-1:] in ENDS and text[:1].isalnum() else text

    @property
    def _text(self) -> str:
        return "".join(self._held)

    def _join(self) -> Growth:
        held, self._held, self._joined = self._text, [], True
        overlap = _overlap(held, self.said)
        if self._begins_again and held.startswith(self.said):
            return Growth(held[len(self.said) :])
        if self._begins_again and not overlap:  # where it could be either, nothing that was said is given up
            return Growth(held, replaces=True)
        return Growth(held[overlap:] if overlap else self._spaced(held))


def _overlap(text: str, said: str) -> int:
    """Return how many characters at the start of the text repeat the end of what was said."""
    lengths = range(min(len(text), OVERLAP, len(said)), SAME - 1, -1)
    return next((length for length in lengths if said.endswith(text[:length])), 0)


def begins_again(text: str, said: str) -> bool:
    """Tell whether the text repeats the first words of what was said, the last of which may be cut."""
    first, new = said.split()[:FIRST_WORDS], text.split()
    if len(first) < FEWEST_WORDS and len(said.strip()) < FEWEST_LETTERS:
        return False
    if not first or len(new) < len(first):
        return False
    same = [a.casefold() == b.casefold() for a, b in zip(first[:-1], new, strict=False)]
    return all(same) and new[len(first) - 1].casefold().startswith(first[-1].casefold())
