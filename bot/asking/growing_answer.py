"""An answer while it comes: words, thoughts and pictures go from the provider to the reply that shows them."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from bot.asking.continuation import Continuation, Growth
from bot.asking.failover import Failover
from bot.asking.photo_descriptions import PhotoDescriber
from bot.asking.question import Question
from bot.messages import Drawn, File, Piece, Prompt, Text, Thought, Unfinished, Usage
from bot.ports import Provider
from bot.replies.markdown.literal import literal
from bot.util.tasks import running_task
from bot.words import say

LOADING = 20.0  # seconds without words, after which a local model is said to be loaded
LONGEST_TAIL = 300  # characters of a thought that are shown in passing
LONGEST_THOUGHTS = 10_000  # characters that are held


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
        self.asked.unfinished = ""
        async with running_task(self._tell_loading()), aclosing(provider.ask(prompt)) as pieces:
            try:
                async for piece in pieces:
                    self._take(piece, rest)
                self._grow(rest.end())
            except BaseException:
                self._grow(rest.break_off())
                raise
        if rest.said and self.asked.answered_by != self.model:
            self.asked.ending = f"_{say('failover_rest', by=self.model)}_"

    async def _tell_loading(self) -> None:
        """Say after a while without words that a local model is probably being loaded."""
        await asyncio.sleep(LOADING)
        listed = await self.describer.find_listed(self.model)
        if listed and listed.is_local and not (self.has_begun or self._tail):
            self.asked.reply.tell(say("model_loading", model=self.model.partition("/")[2]))

    def _take(self, piece: Piece, rest: Continuation) -> None:
        match piece:
            case Usage():
                self.asked.usage += piece
            case Unfinished(reason):
                self.asked.unfinished = reason
            case Drawn(file):
                self._draw(file)
            case Thought():
                self._think(piece, rest)
            case Text(text):
                self._grow(rest.feed(text))

    def _draw(self, file: File) -> None:
        self.asked.pictures.append(file)
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
        if len(self.asked.thoughts) < LONGEST_THOUGHTS:
            self.asked.thoughts += text[:LONGEST_THOUGHTS]
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
        if asked.first_words is None:
            asked.first_words = monotonic() - asked.started
            conversation = asked.turn.conversation
            note = self.failover.note(conversation.id, conversation.model, self.model)
            asked.answered_by = self.model
            asked.notes = [each for each in (*asked.notes, *self.notes, note) if each]
            asked.reply.notes = asked.notes
