"""Answers to interactions, said and changed by their tickets, whoever heard the question."""

from collections.abc import Iterator
from contextlib import contextmanager

import discord

from adapters.platforms.discord.errors import our_errors
from adapters.platforms.discord.previews import NOBODY, ORIGINAL, edit_response
from adapters.platforms.discord.said import Said
from adapters.platforms.discord.tickets import Ticket
from adapters.platforms.discord.uploads import uploads
from bot.errors import BotError


async def answer(client: discord.Client, ticket: Ticket, said: Said, *, first: bool, hidden: bool) -> str:
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


async def revise(client: discord.Client, ticket: Ticket, post: str, said: Said) -> None:
    """Let a post that the ticket made read otherwise. TokenOver when it is too late."""
    with _quietly():
        await edit_response(_webhook(client, ticket), int(post), content=said.content, view=said.view)


def _webhook(client: discord.Client, ticket: Ticket) -> discord.Webhook:
    webhook = discord.Webhook.partial(ticket.application, ticket.token, client=client)
    webhook.type = discord.WebhookType.application
    return webhook


@contextmanager
def _quietly() -> Iterator[None]:
    """Errors of ours alone: what lies below them may quote the address, and in that stands the ticket's token."""
    try:
        with our_errors():
            yield
    except BotError as error:
        raise error from None
