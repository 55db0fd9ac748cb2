"""Posts and edits without link previews, of whose replies only the id is read.

A model may be tricked into writing an address that carries private text, and Discord fetches every address in a
message unless a flag forbids it. discord.py sets the flag when it sends, but has no parameter for it in an edit, and
the edit of an answer to an interaction starts without it.

A server that speaks Discord's protocol may reply with less than Discord does, or with nothing that can be read. What
was posted then is posted all the same, so the status decides, and a reply without an id is None.
"""

from collections.abc import Awaitable, Mapping, Sequence
from json import JSONDecodeError
from typing import Any, cast

import discord
from discord.http import handle_message_parameters
from discord.webhook.async_ import async_context

from adapters.platforms.discord.rest_pacing import reply_status

View = discord.ui.View | discord.ui.LayoutView
NOBODY = discord.AllowedMentions.none()  # a model's text pings nobody
ORIGINAL = cast("int", "@original")  # Discord's id of the first response
RECENT = 20  # messages among which a post is looked for whose id was not told


async def send_message(
    client: discord.Client,
    channel: int,
    *,
    content: str,
    view: View | None = None,
    files: Sequence[discord.File] = (),
    reply_to: Mapping[str, Any] | None = None,
    nonce: str | None = None,
    is_quiet: bool = False,
) -> dict[str, Any]:
    """Send a message; return as much of it as can be read, its id at least. Raises discord.py's errors.

    The same nonce, within minutes, is the same message.
    """
    missing = discord.utils.MISSING
    with handle_message_parameters(
        _words(content, view),
        view=view or missing,
        files=list(files) or missing,
        nonce=nonce,
        flags=_flags(is_quiet=is_quiet),
        allowed_mentions=NOBODY,
        message_reference=cast("Any", reply_to) or missing,
    ) as params:
        message = await _read(client.http.send_message(channel, params=params))
    return message if _id(message) else {**await _find_sent(client, channel, content, nonce)}


async def edit_message(
    client: discord.Client,
    channel: int,
    message: int,
    *,
    content: str,
    view: View | None,
    files: Sequence[discord.File] = (),
) -> None:
    """Edit a message of the bot; files replace its own. Raises discord.py's errors."""
    attachments: Any = list(files) or discord.utils.MISSING
    with handle_message_parameters(
        _words(content, view), view=view, attachments=attachments, flags=_flags(), allowed_mentions=NOBODY
    ) as params:
        await _read(client.http.edit_message(channel, message, params=params))


async def edit_response(
    webhook: discord.Webhook,
    message: int,
    *,
    content: str,
    view: View | None,
    files: Sequence[discord.File] | None = None,
) -> str | None:
    """Edit a response to an interaction, with these files instead of its own; return its id.

    `files` None leaves them as they are. Raises discord.py's errors.
    """
    attachments: Any = discord.utils.MISSING if files is None else files
    with handle_message_parameters(
        _words(content, view), view=view, attachments=attachments, flags=_flags(), allowed_mentions=NOBODY
    ) as params:
        post = await _read(
            async_context.get().edit_webhook_message(
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
        )
    return _id(post)


async def read_response(webhook: discord.Webhook, message: int) -> dict[str, Any]:
    """Return a response to an interaction, as much of it as can be read. Raises discord.py's errors."""
    call = async_context.get().get_webhook_message(
        webhook.id,
        webhook.token or "",
        message,
        session=webhook.session,
        proxy=webhook.proxy,
        proxy_auth=webhook.proxy_auth,
    )
    return await _read(call)


async def send_followup(
    webhook: discord.Webhook,
    *,
    content: str,
    view: View | None,
    files: Sequence[discord.File],
    hidden: bool,
) -> str | None:
    """Send a further response to an interaction; return its id. Raises discord.py's errors."""
    flags = _flags(hidden=hidden)
    missing = discord.utils.MISSING
    with handle_message_parameters(
        _words(content, view), view=view or missing, files=list(files) or missing, flags=flags, allowed_mentions=NOBODY
    ) as params:
        post = await _read(
            async_context.get().execute_webhook(
                webhook.id,
                webhook.token or "",
                session=webhook.session,
                proxy=webhook.proxy,
                proxy_auth=webhook.proxy_auth,
                payload=params.payload,
                multipart=params.multipart,
                files=params.files,
                wait=True,
                with_components=view is not None,
            )
        )
    return _id(post)


async def respond(interaction: discord.Interaction, kind: int, data: Mapping[str, Any] | None = None) -> None:
    """Give the first response to an interaction; nothing of the reply is needed. Raises discord.py's errors."""
    payload = {"type": kind, **({"data": dict(data)} if data else {})}
    await _read(
        async_context.get().create_interaction_response(
            interaction.id,
            interaction.token,
            session=interaction._session,
            proxy=interaction.client.http.proxy,
            proxy_auth=interaction.client.http.proxy_auth,
            params=discord.http.MultipartParameters(payload=payload, multipart=None, files=None),
        )
    )


def _flags(*, is_quiet: bool = False, hidden: bool = False) -> discord.MessageFlags:
    """Return the flags of a message, made anew each time: discord.py adds to them."""
    return discord.MessageFlags(suppress_embeds=True, suppress_notifications=is_quiet, ephemeral=hidden)


def _words(content: str, view: View | None) -> str | None:
    """Return the text of a message; one that is made of components has none of its own."""
    return None if isinstance(view, discord.ui.LayoutView) else content


async def _read(call: Awaitable[Any]) -> dict[str, Any]:
    """Await a call; return its reply, or nothing where the reply can't be read and the call succeeded all the same."""
    with reply_status() as status:
        try:
            reply = await call
        except JSONDecodeError:
            if not 200 <= status.code < 300:
                raise
            reply = None
    return reply if isinstance(reply, dict) else {}


def _id(message: Mapping[str, Any]) -> str | None:
    id = str(message.get("id") or "")
    return id if id.isdigit() else None


async def _find_sent(client: discord.Client, channel: int, content: str, nonce: str | None) -> Mapping[str, Any]:
    """Find a message that was sent, of which the reply told no id, among the latest ones."""
    me = client.user.id if client.user else 0
    try:
        latest = await client.http.logs_from(channel, RECENT)
    except (discord.HTTPException, JSONDecodeError):
        latest = []
    for message in latest if isinstance(latest, list) else ():
        if not isinstance(message, dict) or not _id(message):
            continue
        is_ours = str((message.get("author") or {}).get("id")) == str(me)
        if is_ours and (message.get("nonce") == nonce is not None or (content and message.get("content") == content)):
            return message
    return {"id": UNKNOWN, "content": content}


UNKNOWN = "0"  # the id of a post that is there, though nobody told its id: an edit of it makes a new one
