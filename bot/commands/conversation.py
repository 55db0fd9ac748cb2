"""Commands about the conversation as a whole."""

from bot.commands.command import CommandContext, Response
from bot.messages import Turn
from bot.words import say

STOP = "stop"
STOPPED = "stopped"  # what the inbox says in place of /stop that had something to stop
UNHEARD = "unheard"  # what a platform says in place of a message that holds nothing to talk about, such as a place


async def new(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Start a new conversation with the same model: /new. The old one is put aside."""
    await context.conversations.renew(turn.conversation)
    return Response(text=say("new_done"))


async def stop(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Reply that there is nothing to stop: /stop. If there is, the inbox has already stopped it."""
    return Response(text=say("stop_nothing"))


async def stopped(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Confirm that an answer was stopped."""
    return Response(text=say("stopped"))


async def unheard(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Say what can be talked about: the message was a place, a poll, a contact or the like."""
    return Response(text=say("unheard"))
