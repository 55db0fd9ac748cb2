"""Commands that explain the bot."""

from collections.abc import Collection, Mapping

from bot.commands.access_commands import PEOPLE
from bot.commands.command import TABLE, Audience, CommandContext, Response
from bot.commands.links import LINKS
from bot.commands.privacy import PRIVACY
from bot.errors import BotError
from bot.intake.access import BOT, CLAIM
from bot.messages import Button, Turn
from bot.ports import Provider
from bot.words import catalogue, say

PREFIX = "help_"
LIMITED = {**LINKS, **PEOPLE, **PRIVACY}  # the families of commands that are not for everybody
MAKING = frozenset({"imagine", "vary", "edit", "cutout", "upscale", "erase", "untext", "backdrop", "animate", "prompt"})
SPEAK = "speak"
ALONE = frozenset({"find", TABLE})  # commands that are features by themselves


async def help_(context: CommandContext, turn: Turn, rest: str) -> Response:
    """List the commands that the author may use, one line for each: /help."""
    useless = await _useless_commands(context, turn)
    names = (key.removeprefix(PREFIX) for key in catalogue() if key.startswith(PREFIX) and key != "help_start")
    lines = [f"/{name} · {say(PREFIX + name)}" for name in names if name not in useless]
    return Response(text=say("help", commands="\n".join(lines)))


async def start(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Introduce the bot: /start, which Telegram sends for people who open the chat."""
    buttons = (
        Button(say("label_help"), "/help"),
        Button(say("setting_model"), "/model #1"),
        Button(say("setting_language"), "/settings language"),
    )
    return Response(text=say("hello"), buttons=buttons)


async def _useless_commands(context: CommandContext, turn: Turn) -> frozenset[str]:
    """Return the commands that the author may not use, or that nothing here can do."""
    useless: set[str] = set()
    if not await context.is_admin(turn.message):
        useless |= _commands_of("admins")
    if not await _may_manage(context, turn):
        useless |= _commands_of("managers")
    if not (turn.message.private and await context.people.has_code(CLAIM, BOT)):
        useless |= _commands_of("claimant")
    return frozenset(useless) | useless_features(context.providers, context.rules.off)


def useless_features(providers: Mapping[str, Provider], off: Collection[str]) -> frozenset[str]:
    """Return the commands that are switched off, and those for pictures and sound that no provider can do."""
    has_media = any(provider.capabilities.media for provider in providers.values())
    draws, speaks = has_media and "pictures" not in off, has_media and "speech" not in off
    switched_off = ALONE & frozenset(off)
    return switched_off | (frozenset() if draws else MAKING) | (frozenset() if speaks else {SPEAK})


def _commands_of(audience: Audience) -> set[str]:
    return {name for name, command in LIMITED.items() if command.audience == audience}


async def _may_manage(context: CommandContext, turn: Turn) -> bool:
    """Tell whether the author manages the channel; a platform that cannot say so now keeps no command back."""
    try:
        return await context.can_manage(turn.message)
    except BotError:
        return True
