"""An answer while it comes: words, thoughts and pictures go from the provider to the reply that shows them."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from bot.asking.failover import Failover
from bot.asking.photo_descriptions import PhotoDescriber
from bot.asking.question import Question
from bot.messages import Drawn, File, Piece, Prompt, Text, Thought, Unfinished, Usage
from bot.ports import Provider
from bot.replies.markdown.literal import literal
from bot.util.tasks import running_task
from bot.words import say

OVERLAP = 200  # characters at the start of the continuation that may repeat the end of the partial answer
SAME = 4  # fewer characters may match by chance
ENDS = tuple(".!?:;,…")
FIRST_WORDS = 6  # that tell whether the answer begins again
FEWEST_WORDS, FEWEST_LETTERS = 3, 12  # of a partial answer that can be recognised
LOADING = 20.0  # seconds without words, after which a local model is said to be loaded
LONGEST_TAIL = 300  # characters of a thought that are shown in passing
LONGEST_THOUGHTS = 10_000  # characters that are held


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


@dataclass(kw_only=True)
class GrowingAnswer:
    """The answer of one model to a question. `notes` are shown above it; they may grow until its first sign."""

    asked: Question
    model: str
    notes: Sequence[str]
    failover: Failover
    describer: PhotoDescriber
    has_begun: bool = False
    _tail: str = ""  # of the thoughts

    async def stream(self, provider: Provider, prompt: Prompt) -> None:
        """Ask, and let the reply grow. What was said before is gone on from."""
        rest = Continuation(self.asked.reply.text)
        self.asked.state.unfinished = ""
        async with running_task(self._tell_loading()), aclosing(provider.ask(prompt)) as pieces:
            try:
                async for piece in pieces:
                    self._take(piece, rest)
                self._grow(rest.end())
            except BaseException:
                self._grow(rest.break_off())
                raise
        if rest.said and self.asked.answered_by != self.model:
            self.asked.state.ending = f"_{say('failover_rest', by=self.model)}_"

    async def _tell_loading(self) -> None:
        """Say after a while without words that a local model is probably being loaded."""
        await asyncio.sleep(LOADING)
        listed = await self.describer.find_listed(self.model)
        if listed and listed.is_local and not (self.has_begun or self._tail):
            self.asked.reply.tell(say("model_loading", model=self.model.partition("/")[2]))

    def _take(self, piece: Piece, rest: Continuation) -> None:
        match piece:
            case Usage():
                self.asked.state.usage += piece
            case Unfinished(reason):
                self.asked.state.unfinished = reason
            case Drawn(file):
                self._draw(file)
            case Thought():
                self._think(piece, rest)
            case Text(text):
                self._grow(rest.feed(text))

    def _draw(self, file: File) -> None:
        self.asked.state.pictures.append(file)
        if not self.asked.reply.text:
            self.asked.reply.tell(say("picture_coming"))
        self._begin()

    def _think(self, thought: Thought, rest: Continuation) -> None:
        """Show a thought in passing; what is taken back was one as well."""
        reply, text = self.asked.reply, thought.text
        if thought.takes_back:
            text = reply.text.removeprefix(rest.said) + text
            reply.replace(rest.said)
            rest.take_back()
        self._tail = (self._tail + text)[-LONGEST_TAIL:]
        if len(self.asked.state.thoughts) < LONGEST_THOUGHTS:
            self.asked.state.thoughts += text[:LONGEST_THOUGHTS]
        reply.tell(say("thinking", tail=literal(" ".join(self._tail.split()))))

    def _grow(self, growth: Growth) -> None:
        if not growth.text:
            return
        self._begin()
        if growth.replaces:
            self.asked.reply.replace("")
        self.asked.reply.grow(growth.text)

    def _begin(self) -> None:
        """Note the first sign of an answer: who gives it, and how fast."""
        asked = self.asked
        if not self.has_begun:
            self.has_begun = True
            self.failover.well(self.model)
        if asked.state.first_words is None:
            asked.state.first_words = monotonic() - asked.state.started
            conversation = asked.turn.conversation
            note = self.failover.note(conversation.id, conversation.model, self.model)
            asked.state.answered_by = self.model
            asked.state.notes = [each for each in (*asked.state.notes, *self.notes, note) if each]
            asked.reply.notes = asked.state.notes
