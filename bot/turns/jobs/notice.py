"""Notices to authors who may not use the bot."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.commands import Response, introduce
from bot.intake.access import Verdict
from bot.messages import OBEYED, JobResult, Turn
from bot.turns.jobs.job import JobContext
from bot.turns.jobs.run_command import RespondJob

log = structlog.get_logger(__name__)


@dataclass
class AccessNotice:
    """Tells a stranger once an hour how to be let in; whoever was shut out reads nothing."""

    context: JobContext
    turn: Turn
    verdict: Verdict

    async def list_models(self) -> Sequence[str]:
        """Return nothing: no model is asked."""
        return ()

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Find the words; none where they were said already."""
        message, text = self.turn.message, ""
        if self.verdict is Verdict.STRANGER:
            text = await introduce(self.context.commands.people, message, again=self.turn.deliveries > 1)
        else:
            log.info("turned away", channel=str(message.channel), author=message.author.id)
        return JobResult(text=text, outcome=OBEYED)

    async def show(self, result: JobResult) -> None:
        """Say it."""
        if result.text:
            await RespondJob(self.context, self.turn, Response(text=result.text)).show(result)
