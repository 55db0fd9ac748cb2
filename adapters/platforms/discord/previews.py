"""Edits that keep Discord from fetching what a message links to.

A model may be talked into writing an address that carries what it was told, and Discord fetches every address in a
message unless the message says otherwise. discord.py says so when it sends, but has no word for it in an edit, and the
edit of an answer to an interaction starts without it.
"""

from collections.abc import Sequence
from typing import Any, cast

import discord
from discord.http import handle_message_parameters
from discord.webhook.async_ import async_context

NO_PREVIEWS = discord.MessageFlags(suppress_embeds=True)
NOBODY = discord.AllowedMentions.none()  # is called by what a model says
ORIGINAL = cast("int", "@original")  # Discord's name for the first answer; it stands in the place of a post's id


async def edit_message(
    client: discord.Client, channel: int, message: int, *, content: str, view: discord.ui.View | None
) -> None:
    """Let a message of the bot read otherwise. Raises what discord.py raises."""
    with handle_message_parameters(content, view=view, flags=NO_PREVIEWS, allowed_mentions=NOBODY) as params:
        await client.http.edit_message(channel, message, params=params)


async def edit_response(
    webhook: discord.Webhook,
    message: int,
    *,
    content: str,
    view: discord.ui.View | None,
    files: Sequence[discord.File] | None = None,
) -> str:
    """Let an answer to an interaction read otherwise, with these files instead of its own; return its id.

    `files` None leaves them as they are. Raises what discord.py raises.
    """
    attachments: Any = discord.utils.MISSING if files is None else files
    with handle_message_parameters(
        content, view=view, attachments=attachments, flags=NO_PREVIEWS, allowed_mentions=NOBODY
    ) as params:
        post = await async_context.get().edit_webhook_message(
            webhook.id,
            webhook.token or "",
            message,
            session=webhook.session,
            proxy=webhook.proxy,
            proxy_auth=webhook.proxy_auth,
            payload=params.payload,
            multipart=params.multipart,
            files=params.files,
            with_components=view is not None,
        )
    return str(post["id"])
