"""Commands that explain the bot."""

from bot.commands.command import CommandContext, Response
from bot.messages import Turn
from bot.words import catalogue, say

PREFIX = "help_"


async def help_(context: CommandContext, turn: Turn, rest: str) -> Response:
    """List the commands, one line for each: /help."""
    names = (key.removeprefix(PREFIX) for key in catalogue() if key.startswith(PREFIX) and key != "help_start")
    return Response(say("help", commands="\n".join(f"/{name} · {say(PREFIX + name)}" for name in names)))


async def start(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Introduce the bot: /start, which Telegram sends for people who open the chat."""
    return Response(say("hello", help=(await help_(context, turn, rest)).text))
