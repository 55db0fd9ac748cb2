"""Commands that say what the bot is."""

from bot.commands.command import CommandContext, Response
from bot.messages import Turn
from bot.words import catalogue, say

PREFIX = "help_"


async def help_(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/help: what can be done, a line for each command."""
    names = (key.removeprefix(PREFIX) for key in catalogue() if key.startswith(PREFIX) and key != "help_start")
    return Response(say("help", commands="\n".join(f"/{name} · {say(PREFIX + name)}" for name in names)))


async def start(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/start: what Telegram says for people who meet the bot."""
    return Response(say("hello", help=(await help_(desk, turn, rest)).text))
