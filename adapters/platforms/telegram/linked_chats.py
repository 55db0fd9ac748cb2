"""Links to messages in other chats, followed for people who are in those."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog

from adapters.platforms.telegram.message_content import ELSEWHERE, LINK, NAME, forum_channel, is_to_comment
from adapters.platforms.telegram.transport import map_telegram_errors
from bot.errors import BotError, Busy
from bot.messages import Author, Channel, Message, MessageReference

INSIDE = ("creator", "administrator", "member")  # statuses; whoever is restricted may be in the chat or not
SECONDS = 5.0  # for all questions to Telegram about one link; what is said meanwhile waits

Call = Callable[..., Awaitable[Any]]
"""Calls a method of the Bot API."""

log = structlog.get_logger(__name__)


async def follow_links(message: Message, call: Call) -> Message:
    """Return the message with the addresses of what it links to in other chats, as far as its author is in those.

    Telegram shows nothing of such a message, so this is for what the bot has seen there itself.
    """
    if not (message.addressed and any(each.id.startswith(ELSEWHERE) for each in message.references)):
        return message
    references = [await _followed(message.author, each, call) for each in message.references]
    return replace(message, about=references[0], more=tuple(references[1:]))


async def _followed(author: Author, reference: MessageReference, call: Call) -> MessageReference:
    link = LINK.fullmatch(reference.id.removeprefix(ELSEWHERE))
    if link is None or is_to_comment(link) or not reference.id.startswith(ELSEWHERE):
        return reference
    channel = None
    try:
        async with asyncio.timeout(SECONDS):
            with map_telegram_errors():
                channel = await _find_channel(author, link, call)
    except (BotError, TimeoutError) as error:
        log.info("a link into another chat was not followed", reason=getattr(error, "code", "timeout"))
        if isinstance(error, Busy | TimeoutError):
            return replace(reference, unseen="unreachable")
    return replace(reference, id=link["message"], channel=channel) if channel else reference


async def _find_channel(author: Author, link: re.Match[str], call: Call) -> Channel | None:
    """Return the channel that a link leads into; None if its author is not there."""
    chat = await call("getChat", chat_id=f"-100{link['chat']}" if link["chat"] else f"@{link['username']}")
    person = int(author.id)
    if person < 0:  # a channel; Telegram does not tell who speaks for it
        return None
    member = await call("getChatMember", chat_id=chat["id"], user_id=person)
    if member["status"] not in INSIDE and not member.get("is_member"):
        return None
    return forum_channel(chat["id"], link) if chat.get("is_forum") else Channel(NAME, str(chat["id"]))
