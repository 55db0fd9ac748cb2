"""Edits without link previews.

A model may be tricked into writing an address that carries private text, and Discord fetches every address in a
message unless a flag forbids it. discord.py sets the flag when it sends, but has no parameter for it in an edit, and
the edit of an answer to an interaction starts without it.
"""

from collections.abc import Sequence
from typing import Any, cast

import discord
from discord.http import handle_message_parameters
from discord.webhook.async_ import async_context

NO_PREVIEWS = discord.MessageFlags(suppress_embeds=True)
NOBODY = discord.AllowedMentions.none()  # a model's text pings nobody
ORIGINAL = cast("int", "@original")  # Discord's id of the first response


async def edit_message(
    client: discord.Client, channel: int, message: int, *, content: str, view: discord.ui.View | None
) -> None:
    """Edit a message of the bot. Raises discord.py's errors."""
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
    """Edit a response to an interaction, with these files instead of its own; return its id.

    `files` None leaves them as they are. Raises discord.py's errors.
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
