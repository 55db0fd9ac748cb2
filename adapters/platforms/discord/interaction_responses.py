"""Responses to interactions, sent and edited by means of their tokens."""

from collections.abc import Iterator
from contextlib import contextmanager

import discord

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.interaction_tokens import InteractionToken
from adapters.platforms.discord.outgoing_attachments import to_discord_files
from adapters.platforms.discord.post_content import PostContent
from adapters.platforms.discord.previews import NOBODY, ORIGINAL, edit_response
from bot.errors import BotError


async def send_response(
    client: discord.Client, token: InteractionToken, content: PostContent, *, first: bool, hidden: bool
) -> str:
    """Send a response and return its id; the first one replaces "thinking". Raises InteractionExpired when too late.

    A `hidden` one is shown only to the author. The first response is as hidden as "thinking" was.
    """
    webhook = _webhook(client, token)
    with _without_causes():
        if first:
            return await edit_response(
                webhook, ORIGINAL, content=content.content, view=content.view, files=to_discord_files(content.files)
            )
        post = await webhook.send(
            content.content,
            view=content.view or discord.utils.MISSING,
            files=to_discord_files(content.files),
            allowed_mentions=NOBODY,
            suppress_embeds=True,
            ephemeral=hidden,
            wait=True,
        )
    return str(post.id)


async def edit_posted_response(
    client: discord.Client, token: InteractionToken, post: str, content: PostContent
) -> None:
    """Edit a response of the token. Raises InteractionExpired when it is too late."""
    with _without_causes():
        await edit_response(_webhook(client, token), int(post), content=content.content, view=content.view)


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
    except BotError as error:
        raise error from None
