"""What is kept, for how long, and the way to have it or be rid of it."""

import asyncio
import time
from contextlib import suppress

from bot.commands.command import Command, Desk, Option, Response
from bot.errors import BotError, Refused, Unreadable
from bot.export import Labels, export_zip
from bot.messages import Attachment, Button, File, Kept, Turn
from bot.photos.sniff import is_picture
from bot.ports import Adapter
from bot.words import say

YES = "yes"
ALL_PHOTOS = 1_000_000  # more than anybody shows in a conversation
MOST_BYTES = 9 * 1024 * 1024  # of an export: Discord takes ten megabytes


async def privacy(desk: Desk, turn: Turn, rest: str) -> Response:
    """/privacy: what is kept, where and for how long."""
    provider = turn.conversation.provider
    return Response(
        say("privacy", days=desk.rules.keep_days, photo_days=desk.rules.photo_days, provider=provider),
        (Button(say("label_export"), "/export"), Button(say("label_forget"), "/forget")),
    )


async def forget(desk: Desk, turn: Turn, rest: str) -> Response:
    """/forget [yes]: delete the conversation here and at the provider."""
    if not await desk.manages(turn.message):
        raise Refused("settings_not_yours")
    if rest != YES:
        return Response(say("forget_sure"), (Button(say("label_forget_yes"), f"/forget {YES}"),))
    conversation = turn.conversation
    provider = desk.providers.get(conversation.provider)
    gone = conversation.remote_id is None
    if provider is not None and not gone:
        with suppress(BotError):
            await provider.forget(conversation)
            gone = True
    for channel in await desk.store.channels(conversation):
        if adapter := desk.adapters.get(channel.platform):
            await adapter.forget(channel)
    if desk.photos is not None:
        remembered = await desk.store.remembered(conversation, ALL_PHOTOS)
        await desk.photos.drop([photo.sha256 for photo in remembered])
    await desk.store.forgotten(conversation)
    return Response(say("forget_done" if gone else "forget_done_here"))


async def export(desk: Desk, turn: Turn, rest: str) -> Response:
    """/export: a zip with what was said here, and the photos and documents that can still be had."""
    if not await desk.manages(turn.message):
        raise Refused("settings_not_yours")
    turns = await desk.store.transcript(turn.conversation)
    files: dict[str, Kept] = {}
    for each in turns:
        if adapter := desk.adapters.get(each.message.channel.platform):
            for attachment in each.message.photos:
                with suppress(BotError):
                    files[attachment.ref] = await _fetched(desk, adapter, attachment)
    versions = {each.id: await desk.store.versions(each) for each in turns}
    zipped = await asyncio.to_thread(
        export_zip,
        turns,
        files,
        title=say("export_title"),
        when=time.time(),
        models={id: answers[-1].model for id, answers in versions.items() if answers},
        labels=_labels(),
        most_bytes=MOST_BYTES,
    )
    file = File("snapthread.zip", "application/zip", zipped)
    return Response(say("export_done", turns=len(turns), photos=len(files)), files=(file,))


async def _fetched(desk: Desk, adapter: Adapter, attachment: Attachment) -> Kept:
    """What can be packed, of the size that fits into an export at all."""
    data = await adapter.download(attachment, desk.most_bytes)
    if desk.photos is not None and is_picture(data):
        return await desk.photos.read(attachment.name, data)
    if desk.documents is not None:
        return await desk.documents.take(attachment.name, data, plain=not attachment.is_picture)
    raise Unreadable("photo_gone")


def _labels() -> Labels:
    return Labels(**{name: say(f"export_{name}") for name in ("times", "gone", "left_out", "older", "unanswered")})


PRIVACY = {
    "privacy": Command(privacy),
    "forget": Command(forget, (Option("sure", choices=(YES,)),)),
    "export": Command(export),
}
