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


async def privacy(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Explain what is kept, where and for how long: /privacy."""
    provider = turn.conversation.provider
    kept = say("privacy", days=context.rules.keep_days, photo_days=context.rules.photo_days, provider=provider)
    return Response(
        text=f"{kept}\n\n{say('privacy_local_only')}" if context.rules.local_only else kept,
        buttons=(Button(say("label_export"), "/export"), Button(say("label_forget"), "/forget")),
    )


async def forget(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Delete the conversation here and at the provider: /forget [yes]."""
    if not await context.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    if rest != YES:
        return Response(text=say("forget_sure"), buttons=(Button(say("label_forget_yes"), f"/forget {YES}"),))
    conversation = turn.conversation
    provider = context.providers.get(conversation.provider)
    gone = conversation.remote_id is None
    if provider is not None and not gone:
        with suppress(BotError):
            await provider.capabilities.forget(conversation)
            gone = True
    for channel in await context.conversations.list_channels(conversation):
        platform = context.platforms.get(channel.platform)
        if platform is not None and platform.forgets is not None:
            await platform.forgets.forget(channel)
    if context.photos is not None:
        await context.photos.drop(await context.deletion.list_file_hashes(conversation))
    await context.deletion.forget(conversation)
    return Response(text=say("forget_done" if gone else "forget_done_here"))


async def export(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Export a zip with the conversation, and the photos and documents that are still available: /export."""
    if not await context.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    turns = [each for each in await context.turns.list_recorded(turn.conversation) if _says_something(each)]
    files: dict[str, StoredFile] = {}
    for each in turns:
        if platform := context.platforms.get(each.message.channel.platform):
            for attachment in each.message.photos:
                with suppress(BotError):
                    files[attachment.ref] = await _fetched(context, platform.adapter, attachment)
    versions = {each.id: await context.turns.list_versions(each) for each in turns}
    made = await _made(context, [each for each in turns if not versions[each.id]])
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


def _says_something(turn: Turn) -> bool:
    """Tell whether people read what came of a turn: the bot describes photos for /find without a word."""
    result = turn.result
    return result is not None and bool(result.shown or result.lanes or result.caption)


async def _made(context: CommandContext, turns: Sequence[Turn]) -> Mapping[int, Sequence[File]]:
    """Return the generated files of these turns; only the newest with data, if all would be too much."""
    found: dict[int, Sequence[File]] = {}
    room = MOST_BYTES
    for turn in reversed(turns):
        files = await context.files.list_generated(turn.id)
        room -= sum(len(file.data) for file in files)
        found[turn.id] = files if room > 0 else [replace(file, data=b"") for file in files]
    return found


async def _fetched(context: CommandContext, adapter: ChatAdapter, attachment: Attachment) -> StoredFile:
    """Return the attachments that can be packed, those of a size that fits into an export at all."""
    data = await adapter.download(attachment, context.most_bytes)
    if context.photos is not None and is_picture(data):
        return await context.photos.read(attachment.name, data)
    if context.documents is not None:
        return await context.documents.take(attachment.name, data, plain=not attachment.is_picture)
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
