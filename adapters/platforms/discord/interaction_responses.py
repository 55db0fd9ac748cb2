"""Responses to interactions, sent and edited by means of their tokens."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import discord

from adapters.platforms.discord.errors import InteractionExpired, is_bare_404, map_discord_errors
from adapters.platforms.discord.interaction_tokens import InteractionToken
from adapters.platforms.discord.post_content import PostContent
from adapters.platforms.discord.previews import ORIGINAL, UNKNOWN, edit_response, read_response, send_followup
from bot.errors import BotError, FailureCode, Refused


async def send_response(
    client: discord.Client, token: InteractionToken, content: PostContent, *, first: bool, hidden: bool
) -> str:
    """Send a response and return its id; the first one replaces "thinking". Raises InteractionExpired when too late.

    A `hidden` one is shown only to the author. The first response is as hidden as "thinking" was.
    """
    webhook, files = _webhook(client, token), content.uploads
    with _without_causes():
        if first:
            post = await edit_response(webhook, ORIGINAL, content=content.content, view=content.view, files=files)
        else:
            post = await send_followup(webhook, content=content.content, view=content.view, files=files, hidden=hidden)
    return post or UNKNOWN


async def edit_posted_response(
    client: discord.Client, token: InteractionToken, post: str, content: PostContent
) -> None:
    """Edit a response of the token; files replace its own. Raises InteractionExpired when it is too late."""
    webhook, files = _webhook(client, token), content.uploads or None
    with _without_causes():
        await edit_response(webhook, int(post), content=content.content, view=content.view, files=files)


async def fetch_posted_response(client: discord.Client, token: InteractionToken, post: str) -> Mapping[str, Any]:
    """Return a response of the token as Discord has it. Raises InteractionExpired when it is too late."""
    webhook = _webhook(client, token)
    with _without_causes():
        return await read_response(webhook, int(post))
    return {}


async def delete_response(client: discord.Client, token: InteractionToken, post: str) -> None:
    """Delete a response of the token. Raises InteractionExpired when it is too late."""
    with _without_causes():
        await _webhook(client, token).delete_message(int(post))


def _webhook(client: discord.Client, token: InteractionToken) -> discord.Webhook:
    webhook = discord.Webhook.partial(token.application, token.token, client=client)
    webhook.type = discord.WebhookType.application
    return webhook


@contextmanager
def _without_causes() -> Iterator[None]:
    """Drop the causes of errors, which may quote the address and in it the interaction's token."""
    try:
        with map_discord_errors():
            yield
    except Refused as error:
        if is_bare_404(error):
            raise InteractionExpired(FailureCode.DISCORD_INTERACTION_OVER) from None
        raise error from None
    except BotError as error:
        raise error from None
