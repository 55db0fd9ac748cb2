"""A photo is described for /find in the background, where people chose that, one at a time between their questions."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

import structlog

from bot.commands import parse
from bot.errors import BotError
from bot.messages import (
    INSIDE,
    OBEYED,
    STOPPED,
    Attachment,
    JobResult,
    Message,
    Photo,
    RememberedFile,
    StoredFile,
    Turn,
)
from bot.turns.jobs.job import JobContext
from bot.util.tasks import running_task
from bot.words import say

log = structlog.get_logger(__name__)

INDEX = "index"  # what the bot says to itself when there is a photo to be described
FEATURES = frozenset({"find", "index"})  # as they are switched off
LOOKED_BACK = 50  # photos of the conversation
LONGEST = 2_000  # characters of what is kept
MADE = "made"  # the place of generated pictures, whose words are known


@dataclass
class IndexPhotoJob:
    """Describes or reads one photo; nobody is told, whatever comes of it. None: there is nothing to be done."""

    context: JobContext
    turn: Turn
    photo: RememberedFile | None
    model: str | None

    @property
    def is_free(self) -> bool:
        """Tell whether the words are only read, which costs nothing."""
        return self.turn.conversation.preferences.index == "local"

    async def list_models(self) -> list[str]:
        """Return the model that is to describe the photo, if that costs something."""
        return [self.model] if self.photo and self.model and not self.is_free else []

    async def do(self, notes: object) -> JobResult:
        """Describe the photo, unless somebody stops it."""
        if self.photo is None or self.model is None:
            return JobResult(outcome=OBEYED, booked=False)
        async with running_task(self._describe(self.photo, self.model)) as working:
            with self.context.asker.stops.stoppable(self.turn.conversation.id, working.cancel):
                await asyncio.wait([working])
        return JobResult(outcome=STOPPED, booked=False) if working.cancelled() else working.result()

    async def show(self, result: JobResult) -> None:
        """Show nothing."""

    async def _describe(self, known: RememberedFile, model: str) -> JobResult:
        started, files = monotonic(), self.context.files
        conversation = replace(self.turn.conversation, model=model, remote_id=None)
        describer, loader = self.context.asker.context.describer, self.context.asker.loader
        try:
            photo = await loader.read(known.channel, known.attachment)
            if not isinstance(photo, Photo):
                return JobResult(outcome=OBEYED, booked=False)
            text = say("ask_read" if self.is_free else "ask_in_words")
            words, usage = await describer.describe(conversation, photo, text)
        except BotError as error:
            log.info("a photo was not described", reason=error.code)
            return JobResult(outcome=error.code, booked=False)
        if self.is_free:
            await files.save_words(self.turn.conversation, known.sha256, _read_words(words))
            return JobResult(outcome=OBEYED, booked=False)
        await files.save_description(self.turn.conversation, known.sha256, words[:LONGEST])
        return JobResult(outcome=OBEYED, answered_by=model, usage=usage, took=monotonic() - started)


@dataclass
class NumberPhotosJob:
    """Numbers the photos of a message that nobody said to the bot; each is described by a turn of its own."""

    context: JobContext
    turn: Turn

    async def list_models(self) -> list[str]:
        """Return nothing: no model is asked."""
        return []

    async def do(self, notes: object) -> JobResult:
        """Number those that can be read."""
        if not is_wanted(self.context, self.turn):
            return JobResult(outcome=OBEYED, booked=False)
        message, loader = self.turn.message, self.context.asker.loader
        photos: dict[Attachment, StoredFile] = {}
        for attachment in message.attachments:
            if attachment.is_picture and not attachment.is_preview:
                with suppress(BotError):
                    photos[attachment] = await loader.read(message.channel, attachment)
        await self.context.files.save_files(self.turn, photos, message.channel)
        return JobResult(outcome=OBEYED, booked=False)

    async def show(self, result: JobResult) -> None:
        """Show nothing."""


def _read_words(report: str) -> str:
    """Return the words of a photo without the heading, and without the sentence that there are none."""
    _, _, words = report.partition("\n")
    words = words.replace("```", "").strip()
    return "" if words == say("local_no_text") else words[:LONGEST]


async def index_job(context: JobContext, turn: Turn, rest: str) -> IndexPhotoJob:
    """Return the job of `/index TURN NUMBER`. What people chose, and what is known of the photo, is looked up now."""
    number = _numbers(rest)[1]
    wanted = turn.conversation.preferences.index
    photo = next(iter(await context.files.find_files(turn.conversation, {number})), None)
    if photo is None or not _lacks_words(photo) or not is_wanted(context, turn):
        return IndexPhotoJob(context, turn, None, None)
    model = await _free_reader(context) if wanted == "local" else await _describing_model(context, turn)
    return IndexPhotoJob(context, turn, photo, model)


async def next_to_index(context: JobContext, turn: Turn, outcome: str) -> Message | None:
    """Return what the bot says to itself after a turn that showed a photo which nobody has described; None: nothing.

    Each photo has a turn of its own, after whatever people asked meanwhile, so nobody waits for more than one.
    """
    if outcome == STOPPED or not is_wanted(context, turn):
        return None
    message, command = turn.message, parse(turn.message.text)
    shown_by, last = _numbers(command[1]) if command and command[0] == INDEX else (turn.id, 0)
    known = await context.files.list_files(turn.conversation, LOOKED_BACK)
    new = [each for each in known if each.turn == shown_by and each.number > last and _lacks_words(each)]
    if not new:
        return None
    id = message.id.partition(f"/{INDEX}/")[0]
    return replace(
        message,
        id=f"{id}/{INDEX}/{new[0].number}",
        text=f"/{INDEX} {shown_by} {new[0].number}",
        attachments=(),
        addressed=True,
        wants_alt_text=False,
        wants_index=False,
        about=None,
        more=(),
        album=None,
        awaits=0.0,
        awaits_preview=False,
    )


def is_wanted(context: JobContext, turn: Turn) -> bool:
    """Tell whether people want photos to be described here, and the operator allows it."""
    return turn.conversation.preferences.index != "off" and not FEATURES & context.commands.rules.off


def _lacks_words(photo: RememberedFile) -> bool:
    """Tell whether it is a photo of a person's that nobody has described."""
    is_photo = not photo.is_document and photo.channel.platform not in (MADE, INSIDE)
    return is_photo and not photo.description and not photo.words


async def _free_reader(context: JobContext) -> str | None:
    """Return the model that reads words on this machine."""
    for name, provider in context.providers.items():
        if provider.capabilities.reads_for_nothing:
            return f"{name}/{(await provider.models())[0].id}"
    return None


async def _describing_model(context: JobContext, turn: Turn) -> str | None:
    """Return the model of the conversation, or one that sees in its place."""
    describer, model = context.asker.context.describer, turn.conversation.model
    if turn.conversation.provider in context.providers and await describer.sees(model):
        return model
    return await describer.find_seeing(model)


def _numbers(rest: str) -> tuple[int, int]:
    """Read `TURN NUMBER`; zeros for anything else."""
    parts = [int(part) for part in rest.split() if part.isdecimal() and len(part) < 19]
    return (parts[0], parts[1]) if len(parts) == 2 else (0, 0)
