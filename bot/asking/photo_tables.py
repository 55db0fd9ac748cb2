"""Tables of photos: the model is asked for one, once more if its reply is none, and its values are checked."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from bot.accounting.limits import UsageLimits, subject_of
from bot.asking import context as memory
from bot.asking.asker import Asker
from bot.asking.closer_look import price_in_brackets
from bot.asking.mentions import NAMED
from bot.asking.question import AnswerState, Question, detached
from bot.asking.subject import PlacedFile, Subject
from bot.commands import MakeTable, column_names
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.messages import Attachment, Channel, File, RememberedFile, Turn, Usage
from bot.ports import Files, Ledger, PaidSteps
from bot.tables.photo_table import PhotoTable, build_table
from bot.tables.sheet_writer import write_xlsx
from bot.tables.sum_checks import check_sums
from bot.tables.table_files import CSV_MIME, XLSX_MIME, preview, remarks, write_csv
from bot.tables.table_reply import RawTable, has_json, read_reply
from bot.words import say

FIRST, REPAIR = 0, 1  # the steps of a turn that are paid for
LANE = 310  # the lane that books the cost of the second question, besides those of answers
LONGEST_REPLY = 60_000  # characters of a reply that are quoted in the second question


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReply:
    """A model's reply to one question, as it is kept with the turn, so that it is paid for once."""

    text: str
    model: str
    usage: Usage
    first_words: float | None
    notes: tuple[str, ...] = ()
    photos: tuple[int, ...] = ()  # the numbers of the photos it is about
    recalled: tuple[int, ...] = ()  # of these, those that were shown before
    is_cut: bool = False
    is_spoiler: bool = False

    def write(self) -> str:
        """Return the record."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, record: str) -> "RecordedReply":
        """Return the reply of a record."""
        values = json.loads(record)
        lists = {name: tuple(values[name]) for name in ("notes", "photos", "recalled")}
        return cls(**{**values, **lists, "usage": Usage(**values["usage"])})


@dataclass(frozen=True, slots=True)
class MadeTable:
    """The answer to a request for a table, and its files; none where there is no table."""

    text: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PhotoTables:
    """Makes tables of photos."""

    asker: Asker
    files: Files
    steps: PaidSteps
    ledger: Ledger
    limits: UsageLimits

    async def make(self, asked: Question, order: MakeTable) -> MadeTable | None:
        """Ask for the table and check it; None where somebody stopped it. What was answered before is not asked again.

        `asked` is shown in the reply of the turn that asks for it; its state gets notes and costs.
        """
        turn = asked.reply.turn
        record = await self.steps.find_step(turn.id, FIRST)
        first = RecordedReply.read(record) if record else await self._ask(asked, order)
        if first is None:
            return None
        _restore(asked.state, first)
        raw = await asyncio.to_thread(read_reply, first.text)
        if raw is None:
            second = await self._ask_again(asked, order, first)
            if second is None:
                return None
            asked.state.notes.append(say("table_repaired", price=price_in_brackets(second.usage)))
            raw = await asyncio.to_thread(read_reply, second.text)
            if raw is None or not (raw.rows or has_json(first.text)):
                asked.state.notes.append(say("table_unreadable"))
                return MadeTable(_as_it_is(first.text or second.text))
            first = replace(first, is_cut=second.is_cut)
        return await self._finished(asked, order, raw, first)

    async def _finished(self, asked: Question, order: MakeTable, raw: RawTable, reply: RecordedReply) -> MadeTable:
        if not raw.rows:
            return MadeTable(say("table_none", photos=max(1, len(reply.photos))))
        if raw.is_cut or reply.is_cut:
            asked.state.ending = "\n\n".join(filter(None, [asked.state.ending, f"⚠️ {say('table_cut')}"]))
        table = await asyncio.to_thread(_checked, raw, column_names(asked_columns(order)), reply.photos)
        files = await self._files_of(asked, table)
        notes = remarks(table)
        if len(files) < 2:
            notes.append(f"⚠️ {say('table_no_sheet')}")
        return MadeTable("\n\n".join([preview(table), *(["\n".join(notes)] if notes else [])]), files)

    async def _files_of(self, asked: Question, table: PhotoTable) -> tuple[File, ...]:
        name = say("table_files")
        is_spoiler = asked.state.subject.is_spoiler
        data = await asyncio.to_thread(write_csv, table)
        files = [File(name="table.csv", mime=CSV_MIME, data=data, about=name, is_spoiler=is_spoiler)]
        sheet = await write_xlsx(table, subject_of(asked.turn.message))
        if sheet is not None:
            files.append(File(name="table.xlsx", mime=XLSX_MIME, data=sheet, about=name, is_spoiler=is_spoiler))
        return tuple(files)

    # questions

    async def _ask(self, asked: Question, order: MakeTable) -> RecordedReply | None:
        """Ask for the table; None where that is stopped. What came before the connection broke is better than nothing.

        The reply is kept at once.
        """
        question = await self.asker.until_stopped(asked, self._about_photos(asked, order, _request(order)))
        if question is None:
            return None
        is_broken = False
        try:
            text = await self.asker.ask(question)
        except BotError:
            text, is_broken = asked.reply.text, True
            asked.reply.replace("")
            raw = read_reply(text)
            if raw is None or not raw.rows:
                raise
        asked.reply.replace("")
        if asked.state.stopped:
            return None
        reply = RecordedReply(
            text=text,
            model=asked.answered_by,
            usage=asked.state.usage,
            first_words=asked.state.first_words,
            notes=tuple(asked.state.notes),
            photos=await self._numbers(asked),
            recalled=asked.state.subject.recalled,
            is_cut=is_broken or bool(asked.state.unfinished),
            is_spoiler=asked.state.subject.is_spoiler,
        )
        asked.state.unfinished = ""
        await self.steps.save_step(asked.reply.turn.id, FIRST, reply.write())
        return reply

    async def _ask_again(self, asked: Question, order: MakeTable, first: RecordedReply) -> RecordedReply | None:
        """Ask once more, with the reply that is no table; with the photos only where it is no attempt at JSON.

        What it costs is booked by itself.
        """
        turn = asked.reply.turn
        record = await self.steps.find_step(turn.id, REPAIR)
        reply = RecordedReply.read(record) if record else await self._ask_for_repair(asked, order, first)
        if reply is not None:
            await self.ledger.settle(turn, LANE, reply.model, reply.usage)
        return reply

    async def _ask_for_repair(self, asked: Question, order: MakeTable, first: RecordedReply) -> RecordedReply | None:
        text = say("table_ask_repair", text=_request(order), said=first.text[:LONGEST_REPLY])
        await self.limits.hold(asked.reply.turn, LANE, asked.answered_by)
        subject = Subject(is_spoiler=first.is_spoiler)
        second = replace(_with_text(asked, text), subject=subject, again=True, state=AnswerState())
        if not has_json(first.text):
            with_photos = await self.asker.until_stopped(asked, self._about_photos(asked, order, text))
            if with_photos is None:
                return None
            second = replace(with_photos, state=replace(with_photos.state, usage=Usage(), notes=[], unfinished=""))
        try:
            answer = await self.asker.ask(second)
        except Busy:
            asked.reply.replace("")
            raise
        except BotError:  # the words of the first one are shown
            answer = asked.reply.text
        asked.reply.replace("")
        state = second.state
        if state.stopped:
            asked.state.stopped = True
            await self.ledger.settle(asked.reply.turn, LANE, second.answered_by, state.usage)
            return None
        reply = RecordedReply(
            text=answer,
            model=second.answered_by,
            usage=state.usage,
            first_words=state.first_words,
            is_cut=bool(state.unfinished),
        )
        await self.steps.save_step(asked.reply.turn.id, REPAIR, reply.write())
        return reply

    async def _about_photos(self, asked: Question, order: MakeTable, text: str) -> Question:
        """Return the question with the photos that it is about. Refused where there is none."""
        turn = order.subject or asked.reply.turn
        finder = self.asker.loader.subjects
        subject = await (finder.find(turn) if order.subject is None else finder.find_as_asked(turn))
        recalled = await self.files.find_files(turn.conversation, subject.recalled)
        placed = [*subject.files, *(PlacedFile(each.channel, each.attachment) for each in recalled)]
        placed = list({_place(each.channel, each.attachment): each for each in placed}.values())
        if not placed:
            raise Refused(FailureCode.STUDIO_NO_PHOTO)
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        by_place = {_place(each.channel, each.attachment): each for each in known}
        for each in placed:
            if remembered := by_place.get(_place(each.channel, each.attachment)):
                await self._load_again(asked, each.attachment, remembered)
        asked.state.subject = Subject(
            files=tuple(placed), recalled=subject.recalled, note=subject.note, is_spoiler=subject.is_spoiler
        )
        return replace(_with_text(asked, text), subject=asked.state.subject)

    async def _load_again(self, asked: Question, attachment: Attachment, remembered: RememberedFile) -> None:
        """Load a photo that the conversation knows, which may no longer be had where it was posted."""
        try:
            file = await self.asker.loader.again(remembered, subject_of(asked.turn.message))
        except Unreadable:  # the question says so, and goes on with the others
            return
        asked.state.seen[attachment] = file

    async def _numbers(self, asked: Question) -> tuple[int, ...]:
        """Return the numbers of the photos in the conversation, in the order in which they were sent."""
        known = await self.files.list_files(asked.reply.turn.conversation, memory.LOOKED_BACK)
        numbers = {each.sha256: each.number for each in known}
        inside = {each.sha256 for each in known if each.is_inside}  # pages of a document, which has a number itself
        files = [file for file in asked.state.files if file.sha256 not in inside]
        found = [numbers.get(file.sha256, n) for n, file in enumerate(files, 1)]
        return tuple(dict.fromkeys(found)) or (1,)


def _checked(raw: RawTable, wanted: Sequence[str], photos: Sequence[int]) -> PhotoTable:
    return check_sums(build_table(raw, wanted, photos))


def _restore(state: AnswerState, reply: RecordedReply) -> None:
    """Let the state be as it was after this reply."""
    state.answered_by, state.usage, state.first_words = reply.model, reply.usage, reply.first_words or 0.0
    state.notes = list(reply.notes)
    state.subject = replace(state.subject, recalled=reply.recalled, is_spoiler=reply.is_spoiler)


def _with_text(asked: Question, text: str) -> Question:
    """Return the question with these words alone, beside the conversation."""
    turn: Turn = asked.reply.turn
    message = replace(turn.message, text=text, attachments=(), about=None, more=())
    return replace(asked, turn=replace(turn, message=message, conversation=detached(turn.conversation)))


def _place(channel: Channel, attachment: Attachment) -> tuple[Channel, str]:
    return channel, attachment.ref


def _request(order: MakeTable) -> str:
    """Return the question for the table, with the columns that people want."""
    words = asked_columns(order)
    return "\n\n".join([say("table_ask"), *([say("table_ask_columns", columns=words)] if words else [])])


def asked_columns(order: MakeTable) -> str:
    """Return the words about the columns, without the photos that they name."""
    return NAMED.sub("", order.columns).strip(" \t\n:,;.")


def _as_it_is(text: str) -> str:
    """Return what a model said, which is shown as it stands where it looks like data."""
    if has_json(text) and "```" not in text:
        return f"```\n{text.strip()}\n```"
    return text.strip()
