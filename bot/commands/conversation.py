"""Commands about the conversation as a whole."""

from bot.commands.command import Desk
from bot.messages import Turn
from bot.words import say


async def new(desk: Desk, turn: Turn, rest: str) -> str:
    """/new: put aside what was said and begin afresh, with the same model."""
    await desk.store.renewed(turn.conversation)
    return say("new_done")
