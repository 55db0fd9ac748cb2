"""A command that is obeyed at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from bot.commands import ASKING, COMMANDS, CommandResult, Response, parse
from bot.errors import BotError, FailureCode, LeaseLost, Refused
from bot.messages import OBEYED, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, clear_busy_notice, with_footer
from bot.words import say

log = structlog.get_logger(__name__)


async def run_command(context: JobContext, turn: Turn, name: str, rest: str) -> tuple[CommandResult, str]:
    """Run a command and return its result and outcome; an obstacle is explained in place of the result."""
    try:
        return await COMMANDS[name].run(context.commands, turn, rest), OBEYED
    except Refused as error:
        return Response(text=f"⚠️ {error}"), error.code
    except (BotError, LeaseLost):
        raise
    except Exception:
        log.exception("a bug")
        return Response(text=f"⚠️ {say(FailureCode.BUG)}"), FailureCode.BUG


@dataclass
class RespondJob:
    """Shows a response: in a post of its own, in the one whose button was pressed, or in those of another turn."""

    context: JobContext
    turn: Turn
    response: Response
    outcome: str = OBEYED

    async def list_models(self) -> Sequence[str]:
        """Return nothing: no model is asked."""
        return ()

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Return the response."""
        return JobResult(text=self.response.text, outcome=self.outcome)

    async def show(self, result: JobResult) -> None:
        """Say it."""
        where, channel = await self._where(), self.turn.message.channel
        elsewhere = where is not self.turn
        platform, posts, lane = self.context.platform_of(self.turn), self.context.posts, self.response.lane
        reply = Reply(platform, posts, where, channel, lane=lane, resumed=elsewhere)
        reply.is_spoiler, reply.is_quiet = self.response.is_spoiler, elsewhere and where.message.wants_alt_text
        shown = result.shown
        if self.response.has_footer and where.result is not None:
            shown = await with_footer(self.context, channel, where.result)
        await reply.show(shown, buttons=self.response.buttons, files=self.response.files)
        if elsewhere:
            await clear_busy_notice(self.context, self.turn)

    async def _where(self) -> Turn:
        """In whose posts it is said."""
        about = self.turn.message.about
        if self.response.turn is not None:
            return self.response.turn
        if self.response.in_place and about is not None and about.ours:
            behind = await self.context.posts.find_turn_of_post(self.turn.message.channel, about.id)
            if behind is not None and _says_what_is_done(behind):
                return behind
        return self.turn


def _says_what_is_done(turn: Turn) -> bool:
    """Tell whether the turn's posts are a command's own, so that a reply to an answer never overwrites it."""
    said = parse(turn.message.text)
    return said is not None and said[0] in COMMANDS and said[0] not in ASKING


@dataclass
class CommandJob:
    """Does what `/name rest` says."""

    context: JobContext
    turn: Turn
    name: str
    rest: str
    response: Response | None = field(init=False, default=None)

    async def list_models(self) -> Sequence[str]:
        """Return nothing: no model is asked."""
        return ()

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Do it. What keeps it from being done is the answer."""
        if self.name not in COMMANDS:
            return JobResult(text=say("command_unknown", command=f"/{self.name}"), outcome=OBEYED)
        ordered, how = await run_command(self.context, self.turn, self.name, self.rest)
        if isinstance(ordered, Response):  # those that ask have jobs of their own
            self.response = ordered
        return JobResult(text=self.response.text if self.response else "", outcome=how)

    async def show(self, result: JobResult) -> None:
        """Say it; after a crash there is only the text."""
        await RespondJob(self.context, self.turn, self.response or Response(text=result.text)).show(result)
