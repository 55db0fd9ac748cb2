"""Photos from before the bot listened: read back with /find import, and found like those of the conversation."""

from collections.abc import Sequence
from contextlib import suppress

from bot.commands.command import CommandContext, Response
from bot.commands.search_words import Wanted
from bot.errors import BotError, FailureCode, Refused
from bot.files.photos import is_picture
from bot.messages import Attachment, Channel, ImportedPhoto, Message, Photo, RememberedFile, SearchHit, Turn
from bot.words import say

IMPORT = "import"
SERVER, STOP = "server", "stop"
LOOKED_AT = 50  # numbered files, among which the one that was just numbered is


def import_order(rest: str) -> str | None:
    """Return what is ordered of an import: server, stop, or nothing more; None if words are looked for."""
    verb, _, what = rest.lower().partition(" ")
    return what.strip() if verb == IMPORT and what.strip() in ("", SERVER, STOP) else None


async def import_photos(context: CommandContext, turn: Turn, what: str) -> Response:
    """Have the earlier photos of this channel, or of the server's, read for /find. For those who manage the place."""
    message = turn.message
    platform = context.platforms.get(message.channel.platform)
    if platform is None or platform.history is None or context.imports is None or message.is_guest:
        return Response(text=say("find_import_none"))
    if not await context.can_manage(message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    if what == STOP:
        stopped = await context.imports.stop_import(message.channel)
        return Response(text=say("find_import_stopped" if stopped else "find_import_nothing"))
    progress = await context.imports.get_import_progress(message.channel)
    if progress is not None and progress.left:
        text = say("find_import_running", photos=progress.photos, messages=progress.messages, left=progress.left)
        return Response(text=text)
    channels = [message.channel]
    if what == SERVER:
        channels = list(await platform.history.list_readable_channels(message.channel, message.author))
    if not channels:
        return Response(text=say("find_import_none"))
    await context.imports.order_import(channels, message.channel)
    return Response(text=say("find_import_begun", n=len(channels)))


async def find_earlier(
    context: CommandContext, turn: Turn, wanted: Wanted, most: int
) -> Sequence[tuple[SearchHit, ImportedPhoto]]:
    """Return what was imported and holds the words. The hits have no turn; their numbers count backwards."""
    if context.imports is None:
        return ()
    found: dict[tuple[str, str], tuple[ImportedPhoto, str]] = {}
    for query in wanted.queries:
        for photo, folded in await context.imports.find_imported(turn.conversation, query, most):
            found.setdefault((str(photo.channel), photo.attachment.ref), (photo, folded))
    return [
        (SearchHit(turn=0, number=-n, sent=photo.sent, text=folded), photo)
        for n, (photo, folded) in enumerate(found.values(), 1)
    ]


async def number_earlier(context: CommandContext, turn: Turn, photo: ImportedPhoto) -> RememberedFile | None:
    """Take an imported photo into the conversation, so it has a number; None where it can't be had any more."""
    taken = await fetch_photo(context, photo.channel, photo.attachment)
    if taken is None:
        return None
    await context.files.save_files(turn, {photo.attachment: taken}, photo.channel)
    known = await context.files.list_files(turn.conversation, LOOKED_AT)
    return next((each for each in known if each.sha256 == taken.sha256), None)


def message_of(photo: ImportedPhoto) -> Message:
    """Return the message with the photo, as far as it was kept."""
    return Message(
        channel=photo.channel,
        id=photo.message,
        author=photo.author,
        text=photo.words,
        sent=photo.sent,
        attachments=(photo.attachment,),
        server=photo.server,
    )


async def fetch_photo(context: CommandContext, place: Channel, attachment: Attachment) -> Photo | None:
    """Return a photo that is at its place still, taken in anew; None where it cannot be had."""
    platform = context.platforms.get(place.platform)
    if platform is None or context.photos is None:
        return None
    with suppress(BotError):
        data = await platform.adapter.download(attachment, context.most_bytes)
        return await context.photos.read(attachment.name, data) if is_picture(data) else None
    return None
