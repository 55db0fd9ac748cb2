"""Commands about stored data: what is kept and for how long, its export and its deletion."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.chat_platform import ChatAdapter
from bot.commands.command import Command, CommandContext, Option, Response
from bot.commands.export_archive import ExportLabels, export_zip
from bot.errors import BotError, FailureCode, Refused, Unreadable
from bot.files.photos import is_picture
from bot.messages import Attachment, Button, File, StoredFile, Turn
from bot.words import say

YES = "yes"
MOST_BYTES = 9 * 1024 * 1024  # of an export: Discord accepts ten megabytes


async def privacy(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Explain what is kept, where and for how long: /privacy."""
    provider = turn.conversation.provider
    kept = say("privacy", days=desk.rules.keep_days, photo_days=desk.rules.photo_days, provider=provider)
    return Response(
        text=f"{kept}\n\n{say('privacy_local_only')}" if desk.rules.local_only else kept,
        buttons=(Button(say("label_export"), "/export"), Button(say("label_forget"), "/forget")),
    )


async def forget(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Delete the conversation here and at the provider: /forget [yes]."""
    if not await desk.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    if rest != YES:
        return Response(text=say("forget_sure"), buttons=(Button(say("label_forget_yes"), f"/forget {YES}"),))
    conversation = turn.conversation
    provider = desk.providers.get(conversation.provider)
    gone = conversation.remote_id is None
    if provider is not None and not gone:
        with suppress(BotError):
            await provider.capabilities.forget(conversation)
            gone = True
    for channel in await desk.conversations.list_channels(conversation):
        platform = desk.platforms.get(channel.platform)
        if platform is not None and platform.forgets is not None:
            await platform.forgets.forget(channel)
    if desk.photos is not None:
        await desk.photos.drop(await desk.deletion.list_file_hashes(conversation))
    await desk.deletion.forget(conversation)
    return Response(text=say("forget_done" if gone else "forget_done_here"))


async def export(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Export a zip with the conversation, and the photos and documents that are still available: /export."""
    if not await desk.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    turns = await desk.turns.list_recorded(turn.conversation)
    files: dict[str, StoredFile] = {}
    for each in turns:
        if platform := desk.platforms.get(each.message.channel.platform):
            for attachment in each.message.photos:
                with suppress(BotError):
                    files[attachment.ref] = await _fetched(desk, platform.adapter, attachment)
    versions = {each.id: await desk.turns.list_versions(each) for each in turns}
    made = await _made(desk, [each for each in turns if not versions[each.id]])
    zipped = await asyncio.to_thread(
        export_zip,
        turns,
        files,
        title=say("export_title"),
        when=time.time(),
        made=made,
        models={id: answers[-1].model if answers else "" for id, answers in versions.items()},
        labels=_labels(),
        most_bytes=MOST_BYTES,
    )
    file = File(name="snapthread.zip", mime="application/zip", data=zipped)
    pictures = len(files) + sum(is_picture(each.data) for some in made.values() for each in some)
    return Response(text=say("export_done", turns=len(turns), photos=pictures), files=(file,))


async def _made(desk: CommandContext, turns: Sequence[Turn]) -> Mapping[int, Sequence[File]]:
    """Return the generated files of these turns; only the newest with data, if all would be too much."""
    found: dict[int, Sequence[File]] = {}
    room = MOST_BYTES
    for turn in reversed(turns):
        files = await desk.files.list_generated(turn.id)
        room -= sum(len(file.data) for file in files)
        found[turn.id] = files if room > 0 else [replace(file, data=b"") for file in files]
    return found


async def _fetched(desk: CommandContext, adapter: ChatAdapter, attachment: Attachment) -> StoredFile:
    """Return the attachments that can be packed, those of a size that fits into an export at all."""
    data = await adapter.download(attachment, desk.most_bytes)
    if desk.photos is not None and is_picture(data):
        return await desk.photos.read(attachment.name, data)
    if desk.documents is not None:
        return await desk.documents.take(attachment.name, data, plain=not attachment.is_picture)
    raise Unreadable(FailureCode.PHOTO_GONE)


def _labels() -> ExportLabels:
    return ExportLabels(
        **{name: say(f"export_{name}") for name in ("times", "gone", "left_out", "older", "unanswered")}
    )


PRIVACY = {
    "privacy": Command(privacy),
    "forget": Command(forget, (Option(name="sure", choices=(YES,)),), audience="managers"),
    "export": Command(export, audience="managers"),
}
