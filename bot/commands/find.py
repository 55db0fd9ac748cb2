"""/find: photos, documents, questions and answers of the conversation, by words and dates."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.command import ASK, Command, CommandContext, Option, Response
from bot.commands.earlier_photos import (
    fetch_photo,
    find_earlier,
    import_order,
    import_photos,
    message_of,
    number_earlier,
)
from bot.commands.search_words import Wanted, quote, read_search
from bot.errors import FailureCode, Refused
from bot.messages import Button, File, Message, RememberedFile, SearchHit, Turn
from bot.words import say, say_day

FEATURE = "find"  # as it is switched off
MOST_HITS = 5
MOST_COMPARED = 200  # hits that are ranked
QUOTED = 140  # characters of the line that tells why


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hit with the message that said it, and its photo or document, if it has one."""

    hit: SearchHit
    message: Message
    words: str
    answer: str = ""
    file: RememberedFile | None = None

    @property
    def name(self) -> str:
        """The name by which people read of it."""
        if self.file is not None:
            return say("find_photo", n=self.file.number)
        return say("find_words" if self.hit.turn else "find_earlier")


async def find(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Find what was shown or said here: /find WORDS."""
    if FEATURE in context.rules.off:
        raise Refused(FailureCode.FEATURE_OFF)
    if not rest:
        return Response(text=say("find_how"))
    if (what := import_order(rest)) is not None:
        return await import_photos(context, turn, what)
    wanted = read_search(rest, time.time())
    found = await _found(context, turn, wanted)
    if not found:
        return Response(text=say("find_nothing"))
    lines = [_line(context, each, wanted) for each in found]
    files = [file for each in found if (file := await _picture(context, each))]
    photos = [each.file.number for each in found if each.file]
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
    earlier = dict(await find_earlier(context, turn, wanted, MOST_COMPARED))
    best = wanted.ranked([*hits.values(), *earlier])[:MOST_HITS]
    numbers = {hit.number for hit in best if hit.turn and hit.number}
    known = {file.number: file for file in await context.files.find_files(turn.conversation, numbers)}
    found: list[Found] = []
    for hit in best:
        if (photo := earlier.get(hit)) is not None:
            file = await number_earlier(context, turn, photo)
            found.append(Found(hit=hit, message=message_of(photo), words=photo.words, file=file))
        elif (said := await context.turns.get_turn(hit.turn)) is not None:
            answer = said.result.text if said.result else ""
            file = known.get(hit.number)
            found.append(Found(hit=hit, message=said.message, words=said.words, answer=answer, file=file))
    return _each_photo_once(found)


def _each_photo_once(found: Sequence[Found]) -> list[Found]:
    """Return the hits, those of the same photo once: as it was posted first."""
    numbers = dict[int, Found]()
    for each in found:
        if each.file is not None:
            is_first = each.file.number not in numbers or not each.hit.turn
            numbers[each.file.number] = each if is_first else numbers[each.file.number]
    return [each for each in found if each.file is None or numbers[each.file.number] is each]


def _line(context: CommandContext, found: Found, wanted: Wanted) -> str:
    """Return number, day and a line of why, with a link to where it was posted where the platform has links."""
    day = say_day(datetime.fromtimestamp(found.hit.sent, UTC))
    message = found.message
    platform = context.platforms.get(message.channel.platform)
    link = platform.links.link_to(message) if platform and platform.links else None
    why = quote("\n".join(_texts(found)), wanted.words, QUOTED)
    return f"- **{found.name}** · {f'[{day}]({link})' if link else day} · {why}"


def _texts(found: Found) -> Sequence[str]:
    """Return what was said about it."""
    file = found.file
    alts = [each.alt for each in found.message.attachments if each.alt]
    described = [file.description, file.words] if file else []
    names = [file.attachment.name] if file else [each.name for each in found.message.attachments]
    return [found.words, *alts, *described, found.answer, *names]


async def _picture(context: CommandContext, found: Found) -> File | None:
    """Return the photo again, cleaned; None for a document, and where it cannot be had."""
    file, photos = found.file, context.photos
    if file is None or file.is_document or photos is None:
        return None
    photo = await photos.recall(file.sha256, file.attachment.name) or await fetch_photo(
        context, file.channel, file.attachment
    )
    if photo is None:
        return None
    with suppress(FileNotFoundError):  # another process needed its place
        seen = file.attachment.alt.strip() or file.description
        about = ": ".join(filter(None, (say("find_photo", n=file.number), seen)))
        data = photo.overview.file.read_bytes()
        is_spoiler = file.attachment.is_spoiler
        return File(name=photo.filename, mime=photo.mime, data=data, about=about, is_spoiler=is_spoiler)
    return None


FIND = {"find": Command(find, (Option(name="search", required=True),))}
