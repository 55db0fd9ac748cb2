"""Commands about the conversation as a whole."""

from bot.commands.command import CommandContext, Response
from bot.messages import Turn
from bot.words import say

STOP = "stop"


async def new(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Start a new conversation with the same model: /new. The old one is put aside."""
    await context.store.conversations.renew(turn.conversation)
    return Response(say("new_done"))


async def stop(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Reply that there is nothing to stop: /stop. If there is, the inbox has already stopped it."""
    return Response(say("stop_nothing"))
