"""Alt text for pictures that people show each other: one quiet line below each message with some that have none."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.question import Question
from bot.messages import JobResult, Turn
from bot.replies.reply import NOTHING_MORE, Reply
from bot.turns.jobs.job import JobContext
from bot.words import say

LONGEST = 1_000  # characters


@dataclass
class AltTextJob:
    """Asks beside the conversation, which goes on without it."""

    context: JobContext
    turn: Turn
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        message = self.turn.message
        pictures = tuple(each for each in message.attachments if each.lacks_alt_text)
        asking = replace(message, text=say("ask_alttext"), attachments=pictures, about=None, more=())
        reply = self._reply(self.turn.conversation.model)
        turn = replace(self.turn, message=asking)
        self.asked = Question(turn=turn, reply=reply, aside=True, again=True, alone=True, attempts=self.turn.attempts)

    def _reply(self, model: str, *, resumed: bool = False) -> Reply:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        heading = f"{say('alttext_by', who=model)} "
        reply = Reply(platform, self.context.posts, self.turn, channel, heading=heading, resumed=resumed)
        reply.is_quiet = True
        return reply

    async def list_models(self) -> Sequence[str]:
        """Return the model of the conversation."""
        return [self.turn.conversation.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask. What comes of it is booked, and is no part of the history."""
        return replace(await answer_question(self.context.asker, self.asked), model=None)

    async def show(self, result: JobResult) -> None:
        """Show it in one line. Nobody asked for it, so nobody is told that it failed."""
        is_begun = bool(await self.context.posts.list_posts(self.turn, self.turn.message.channel))
        if result.has_failed and not is_begun:
            return
        reply = self._reply(result.answered_by or self.turn.conversation.model, resumed=True)
        reply.is_spoiler = result.is_spoiler
        await reply.show(" ".join(result.text.split())[:LONGEST] or NOTHING_MORE)
