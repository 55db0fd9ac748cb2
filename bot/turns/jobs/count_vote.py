"""A vote on compared answers: it is counted, and the names of the models show."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.accounting.limits import subject_of
from bot.commands import CastVote
from bot.messages import OBEYED, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.compared_answers import show_lane, show_vote
from bot.turns.jobs.job import JobContext, clear_busy_notice


@dataclass
class CountVoteJob:
    """`turn` votes, in place of an earlier vote of its author; the posts of the comparison show what came of it."""

    context: JobContext
    turn: Turn
    cast: CastVote

    async def list_models(self) -> Sequence[str]:
        """Return nothing: no model is asked."""
        return ()

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Count it."""
        compared = self.cast.compared
        kind = compared.result.question_kind if compared.result else "other"
        await self.context.votes.save_vote(compared, subject_of(self.turn.message), kind, self.cast.won)
        return JobResult(outcome=OBEYED)

    async def show(self, result: JobResult) -> None:
        """Show the votes so far, and after the first one who wrote what."""
        compared = self.cast.compared
        votes = await self.context.votes.list_votes(compared.id)
        if compared.result is not None:
            if compared.result.is_blind:
                await self._reveal(compared, compared.result)
            await show_vote(self.context, compared, compared.result, votes)
        await clear_busy_notice(self.context, self.turn)

    async def _reveal(self, compared: Turn, result: JobResult) -> None:
        platform, posts = self.context.platform_of(compared), self.context.posts
        for n, lane in enumerate(result.lanes):
            reply = Reply(platform, posts, compared, compared.message.channel, lane=n, resumed=True)
            await show_lane(reply, compared, n, lane, is_hidden=False)
