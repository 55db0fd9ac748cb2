"""Answers to interactions, said and changed by their tickets, whoever heard the question."""

from collections.abc import Iterator
from contextlib import contextmanager

import discord

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.interaction_tokens import InteractionToken
from adapters.platforms.discord.outgoing_attachments import uploads
from adapters.platforms.discord.post_content import PostContent
from adapters.platforms.discord.previews import NOBODY, ORIGINAL, edit_response
from bot.errors import BotError


async def answer(
    client: discord.Client, ticket: InteractionToken, said: PostContent, *, first: bool, hidden: bool
) -> str:
    """Say it and return the post's id; `first`: in the place of "thinking". TokenOver when it is too late.

    `hidden`: only who asked sees it. The first answer is as hidden as "thinking" was.
    """
    webhook = _webhook(client, ticket)
    with _quietly():
        if first:
            return await edit_response(
                webhook, ORIGINAL, content=said.content, view=said.view, files=uploads(said.files)
            )
        post = await webhook.send(
            said.content,
            view=said.view or discord.utils.MISSING,
            files=uploads(said.files),
            allowed_mentions=NOBODY,
            suppress_embeds=True,
            ephemeral=hidden,
            wait=True,
        )
    return str(post.id)


async def revise(client: discord.Client, ticket: InteractionToken, post: str, said: PostContent) -> None:
    """Let a post that the ticket made read otherwise. TokenOver when it is too late."""
    with _quietly():
        await edit_response(_webhook(client, ticket), int(post), content=said.content, view=said.view)


def _webhook(client: discord.Client, ticket: InteractionToken) -> discord.Webhook:
    webhook = discord.Webhook.partial(ticket.application, ticket.token, client=client)
    webhook.type = discord.WebhookType.application
    return webhook


@contextmanager
def _quietly() -> Iterator[None]:
    """Errors of ours alone: what lies below them may quote the address, and in that stands the ticket's token."""
    try:
        with map_discord_errors():
            yield
    except BotError as error:
        raise error from None
