"""Commands about the conversation as a whole."""

from bot.commands.command import Desk, Response
from bot.messages import Turn
from bot.words import say


async def new(desk: Desk, turn: Turn, rest: str) -> Response:
    """/new: put aside what was said and begin afresh, with the same model."""
    await desk.store.renewed(turn.conversation)
    return Response(say("new_done"))
