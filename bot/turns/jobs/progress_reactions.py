"""A reaction on a photo in a group while it is being answered: it costs no message."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from bot.chat_platform import ReactsToMessages
from bot.errors import BotError
from bot.messages import Turn
from bot.turns.jobs.job import JobContext
from bot.util.tasks import running_task

log = structlog.get_logger(__name__)

EYES = "👀"


@asynccontextmanager
async def progress_reaction(context: JobContext, turn: Turn) -> AsyncGenerator[None, None]:
    """Show the reaction while entered, where people and the platform allow it; it stays on what is tried again."""
    reactions = await _find_reactions(context, turn)
    if reactions is None:
        yield
        return
    async with running_task(_react(reactions, turn, is_on=True)):
        yield
    await _react(reactions, turn, is_on=False)


async def _find_reactions(context: JobContext, turn: Turn) -> ReactsToMessages | None:
    message = turn.message
    platform = context.platforms.get(message.channel.platform)
    has_photo = any(not attachment.sound for attachment in message.attachments)
    if platform is None or platform.reactions is None or message.private or not (has_photo and message.id.isdigit()):
        return None
    settings = await context.store.channels.get_channel_settings(message.channel)
    return platform.reactions if settings.reactions else None


async def _react(reactions: ReactsToMessages, turn: Turn, *, is_on: bool) -> None:
    try:
        await reactions.react(turn.message.channel, turn.message.id, EYES, is_on=is_on)
    except BotError as error:  # nobody misses it
        log.debug("a reaction was not shown", turn=turn.id, reason=error.code)
