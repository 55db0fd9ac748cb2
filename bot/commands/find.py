"""/find: photos, documents, questions and answers of the conversation, by words and dates."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.command import ASK, Command, CommandContext, Option, Response
from bot.commands.search_words import Wanted, quote, read_search
from bot.errors import BotError, FailureCode, Refused
from bot.files.photos import is_picture
from bot.messages import Button, File, Photo, RememberedFile, SearchHit, Turn
from bot.words import say, say_day

FEATURE = "find"  # as it is switched off
MOST_HITS = 5
MOST_COMPARED = 200  # hits that are ranked
QUOTED = 140  # characters of the line that tells why


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with the turn that said it, and its photo or document, if it has one."""

    hit: SearchHit
    turn: Turn
    file: RememberedFile | None


async def find(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Find what was shown or said here: /find WORDS."""
    if FEATURE in context.rules.off:
        raise Refused(FailureCode.FEATURE_OFF)
    if not rest:
        return Response(text=say("find_how"))
    wanted = read_search(rest, time.time())
    found = await _found(context, turn, wanted)
    if not found:
        return Response(text=say("find_nothing"))
    lines = [_line(context, each, wanted) for each in found]
    files = [file for each in found if (file := await _picture(context, each))]
    photos = [each.hit.number for each in found if each.hit.number]
    buttons = [Button(say("find_label", n=n), f"/{ASK} {say('find_question', n=n)}") for n in photos]
    return Response(
        text="\n".join([say("find_done"), "", *lines]),
        buttons=tuple(buttons),
        files=tuple(files),
        is_spoiler=any(file.is_spoiler for file in files),
    )


async def _found(context: CommandContext, turn: Turn, wanted: Wanted) -> list[Found]:
    """Return the best hits. Of one that was deleted at this moment nothing is left."""
    hits: dict[tuple[int, int], SearchHit] = {}
    for query in wanted.queries:
        for hit in await context.turns.search(turn, query, MOST_COMPARED):
            hits.setdefault((hit.turn, hit.number), hit)
    best = wanted.ranked(list(hits.values()))[:MOST_HITS]
    numbers = {hit.number for hit in best if hit.number}
    known = {file.number: file for file in await context.files.find_files(turn.conversation, numbers)}
    turns = [(hit, await context.turns.get_turn(hit.turn)) for hit in best]
    return [Found(hit, said, known.get(hit.number)) for hit, said in turns if said is not None]


def _line(context: CommandContext, found: Found, wanted: Wanted) -> str:
    """Return number, day and a line of why, with a link to where it was posted where the platform has links."""
    day = say_day(datetime.fromtimestamp(found.hit.sent, UTC))
    name = say("find_photo", n=found.hit.number) if found.hit.number else say("find_words")
    message = found.turn.message
    platform = context.platforms.get(message.channel.platform)
    link = platform.links.link_to(message) if platform and platform.links else None
    why = quote("\n".join(_texts(found)), wanted.words, QUOTED)
    return f"- **{name}** · {f'[{day}]({link})' if link else day} · {why}"


def _texts(found: Found) -> Sequence[str]:
    """Return what was said about it."""
    file, turn = found.file, found.turn
    alts = [each.alt for each in turn.message.attachments if each.alt]
    answer = turn.result.text if turn.result else ""
    described, name = ([file.description, file.words], [file.attachment.name]) if file else ([], [])
    return [turn.words, *alts, *described, answer, *name]


async def _picture(context: CommandContext, found: Found) -> File | None:
    """Return the photo again, cleaned; None for a document, and where it cannot be had."""
    file, photos = found.file, context.photos
    if file is None or file.is_document or photos is None:
        return None
    photo = await photos.recall(file.sha256, file.attachment.name) or await _fetched(context, file)
    if photo is None:
        return None
    with suppress(FileNotFoundError):  # another process needed its place
        seen = file.attachment.alt.strip() or file.description
        about = ": ".join(filter(None, (say("find_photo", n=file.number), seen)))
        data = photo.overview.file.read_bytes()
        is_spoiler = file.attachment.is_spoiler
        return File(name=photo.filename, mime=photo.mime, data=data, about=about, is_spoiler=is_spoiler)
    return None


async def _fetched(context: CommandContext, file: RememberedFile) -> Photo | None:
    platform = context.platforms.get(file.channel.platform)
    if platform is None or context.photos is None:
        return None
    with suppress(BotError):
        data = await platform.adapter.download(file.attachment, context.most_bytes)
        return await context.photos.read(file.attachment.name, data) if is_picture(data) else None
    return None


FIND = {"find": Command(find, (Option(name="search", required=True),))}
