"""Commands about the conversation as a whole."""

from bot.commands.command import CommandContext, Response
from bot.messages import Turn
from bot.words import say

STOP = "stop"


async def new(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/new: put aside what was said and begin afresh, with the same model."""
    await desk.store.conversations.renew(turn.conversation)
    return Response(say("new_done"))


async def stop(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/stop: the inbox has done so, if there was anything to stop; this is what is said if there was not."""
    return Response(say("stop_nothing"))
