"""The subject of a question: the photos, files and words that it is about.

It is found in one order on every platform, which only translate what they see into references:

1. what came with the message;
2. what it points at: the first of its references that shows something, or whose turn did, and of links all that do;
   that a thread or forum post began with a photo counts until the thread has shown another one;
3. the numbers that it names ("photo 2");
4. the photo just above it, which the inbox has made a reference of (`bot/intake/joining`);
5. what the conversation showed last, only if it points at nothing.

A reference that cannot be resolved ends the search: nothing else stands in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.asking import context as memory
from bot.asking.mentions import named, named_in_words
from bot.commands import ASKING, NEEDING_PHOTO, parse
from bot.errors import FailureCode, Refused
from bot.messages import Attachment, Channel, Message, MessageReference, RememberedFile, Turn
from bot.ports import Files, Posts, Turns
from bot.words import say

MOST_STEPS = 10  # of a chain of replies
LONGEST_QUOTE = 1_000  # characters
LONGEST_CAPTION = 500  # characters


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that was posted in a channel."""

    channel: Channel
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that a question is about; `key` is the sentence that tells the model so."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The files and words that a question is about."""

    files: tuple[PlacedFile, ...] = ()
    quotes: tuple[Quote, ...] = ()
    recalls: bool = False  # it points at nothing, so what the conversation showed last may stand in
    recalled: tuple[int, ...] = ()  # the numbers of earlier files that it names, or that stand in
    note: str = ""  # what people read before the answer
    is_spoiler: bool = False  # some of it is shown only to those who choose to see it

    @property
    def has_only_previews(self) -> bool:
        """True if its files are pictures beside words that can be asked about without them."""
        return bool(self.files) and all(each.attachment.is_preview for each in self.files)

    def with_quotes(self, text: str) -> str:
        """Return the words of a question together with those that it is about."""
        for quote in (*self.quotes, *self._captions()):
            text = say(quote.key, text=text, quote=quote.text)
        return text

    def _captions(self) -> Iterator[Quote]:
        """Yield what people wrote about single files, so that those who can't see them know."""
        for file in self.files:
            if alt := file.attachment.alt.strip()[:LONGEST_CAPTION]:
                name = f"{file.attachment.name}: " if len(self.files) > 1 else ""
                yield Quote("ask_alt", f"{name}{alt}")


@dataclass(frozen=True, slots=True)
class SubjectFinder:
    """Finds the subject of a question."""

    files: Files
    posts: Posts
    turns: Turns

    async def find(self, turn: Turn) -> Subject:
        """Return the subject; Refused if a reference cannot be resolved, or a picture is needed and there is none."""
        subject = await self._find(turn)
        recalled = await self._recalled(turn, subject)
        files = [*(each.attachment for each in subject.files), *(each.attachment for each in recalled)]
        numbers = tuple(each.number for each in recalled)
        return replace(subject, recalled=numbers, is_spoiler=any(each.is_spoiler for each in files))

    async def find_as_asked(self, turn: Turn) -> Subject:
        """Return the subject of an earlier turn, as it was when that was asked."""
        files = await self._files_of_turn(turn, MOST_STEPS)
        return Subject(files=files, is_spoiler=any(each.attachment.is_spoiler for each in files))

    async def _recalled(self, turn: Turn, subject: Subject) -> Sequence[RememberedFile]:
        """Return the earlier files that the question names or goes on about."""
        if not (subject.recalls or named(turn.words)):
            return ()
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        earlier = [each for each in known if each.turn <= turn.id]
        return memory.select_relevant(turn.words, (), earlier, stands_in=subject.recalls)

    async def _find(self, turn: Turn) -> Subject:
        message = turn.message
        references = [each for each in message.references if not _is_only_the_place(turn, each)]
        quotes = await self._quotes(turn, references)
        if message.origin:
            quotes = (*quotes, Quote("ask_forwarded", message.origin))
        if message.own_photos:
            return Subject(files=_placed(message.channel, message.own_photos), quotes=quotes)
        for n, reference in enumerate(references):
            if files := await self._files_of(message, reference, MOST_STEPS):
                if reference.kind == "link":
                    files = await self._linked_files(message, references[n:])
                return Subject(files=files, quotes=quotes, note=_note(reference))
        self._require_visible(references)
        note = await self._note_without_files(message, references)
        if not references:
            await self._require_number(turn)
        if not references and (begun_with := await self._begun_with(turn)):
            return begun_with
        if _needs_photo(message):
            await self._require_photo(turn, references)
        return Subject(files=(), quotes=quotes, recalls=not (references or message.awaits_preview), note=note)

    async def _linked_files(self, message: Message, references: Sequence[MessageReference]) -> tuple[PlacedFile, ...]:
        """Return the files of all messages that are linked to, each once: people compare them."""
        links = [each for each in references if each.kind == "link"]
        found = [file for each in links for file in await self._files_of(message, each, MOST_STEPS)]
        return tuple(dict.fromkeys(found))

    async def _begun_with(self, turn: Turn) -> Subject | None:
        """Return the subject that the place began with, such as a thread at a photo, until it has shown another one."""
        message = turn.message
        starters = [each for each in message.references if each.kind == "starter"]
        if not starters or named(turn.words):
            return None
        refs = {file.ref for starter in starters for file in starter.attachments}
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        if any(each.channel == message.channel and each.attachment.ref not in refs for each in known):
            return None
        for starter in starters:
            if files := await self._files_of(message, starter, MOST_STEPS):
                return Subject(files=files, quotes=await self._quotes(turn, [starter]))
        return None

    async def _require_number(self, turn: Turn) -> None:
        """Refuse a question about a number that no photo of the conversation ever had. A large one may be a year."""
        numbers = {number for number in named_in_words(turn.words) if number < memory.LOOKED_BACK}
        if not numbers:
            return
        known = await self.files.list_files(turn.conversation, 1)
        if known and min(numbers) > known[-1].number:
            raise Refused(FailureCode.SUBJECT_NUMBER, n=min(numbers), last=known[-1].number)

    async def _require_photo(self, turn: Turn, references: Sequence[MessageReference]) -> None:
        """Refuse a command that is about a picture, where there is none."""
        if references:
            raise _unseen(references[0], "no_photo")
        if turn.message.awaits_preview:  # a link that shows none
            raise Refused(FailureCode.SUBJECT_UNSEEN, which=say("which_itself"), why=say("why_no_photo"))
        if not await self.files.list_files(turn.conversation, 1):
            raise Refused(FailureCode.STUDIO_NO_PHOTO)

    def _require_visible(self, references: Sequence[MessageReference]) -> None:
        for reference in references:
            if reference.unseen:
                raise _unseen(reference, reference.unseen)

    async def _note_without_files(self, message: Message, references: Sequence[MessageReference]) -> str:
        """Return what people read where only words are pointed at; Refused if there are none, and nothing is known.

        An answer of ours may have been forgotten; others write messages that show neither words nor files.
        """
        if not references:
            return ""
        turns = [await self._turn_of(message.channel, each) for each in references]
        if not any(turns) and not any(each.text or each.attachments for each in references):
            raise _unseen(references[0], "too_old" if references[0].ours else "no_photo")
        return say("subject_forgotten") if references[0].ours and turns[0] is None else ""

    async def _files_of(self, message: Message, reference: MessageReference, steps: int) -> tuple[PlacedFile, ...]:
        """Return the files of a message that is pointed at: its own, else those that it was about itself."""
        channel = reference.channel or message.channel
        turn = await self._turn_of(message.channel, reference)
        if turn and reference.ours and (answered := await self._replaced_since(turn)):
            return answered
        known = turn.message.own_photos if turn else ()
        is_mirrored = bool(turn and known and reference.ours and turn.message.channel != channel)
        if reference.photos and not is_mirrored and len(known) <= len(reference.photos):
            return _placed(channel, reference.photos)  # of an album, the turn knows all parts
        return await self._files_of_turn(turn, steps - 1) if turn else ()

    async def _replaced_since(self, turn: Turn) -> tuple[PlacedFile, ...]:
        """Return the files that an answer was about, if an edit has put others in their place that nobody looked at."""
        message = turn.message
        if not message.own_photos:
            return ()
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        if {each.attachment.ref for each in known} & {each.ref for each in message.own_photos}:
            return ()
        if len(await self.turns.list_versions(turn)) > 1:  # it was asked again since
            return ()
        shown = [each for each in known if each.turn == turn.id and each.channel == message.channel]
        return tuple(PlacedFile(each.channel, each.attachment) for each in shown)

    async def _turn_of(self, asked_in: Channel, reference: MessageReference) -> Turn | None:
        channel = reference.channel or asked_in
        if not reference.is_open_to(asked_in):
            return None
        if not reference.ours:
            turn = await self.posts.find_turn_of_message(channel, reference.id)
            if turn or not reference.unseen:
                return turn  # else it may be a post of ours that the platform does not show
        turn = await self.posts.find_turn_of_post(channel, reference.id)
        command = parse(turn.message.text) if turn else None
        if turn and command and command[0] in ASKING:  # one of several compared answers
            return await self._last_before(turn) or turn
        return turn

    async def _last_before(self, turn: Turn) -> Turn | None:
        """Return the latest earlier turn with photos in the conversation."""
        earlier = await self.turns.list_answered(turn.conversation)
        return next((each for each in reversed(earlier) if each.id < turn.id and each.message.photos), None)

    async def _files_of_turn(self, turn: Turn, steps: int) -> tuple[PlacedFile, ...]:
        """Return the files that an earlier turn was about, as they were when it was asked."""
        message = turn.message
        if message.own_photos or not steps:
            return _placed(message.channel, message.own_photos)
        for reference in message.references:
            if files := await self._files_of(message, reference, steps):
                return files
        if message.references:
            return ()
        if turn.result and turn.result.recalled:  # as it was then: they may have been shown again since
            went_on_about = await self.files.find_files(turn.conversation, turn.result.recalled)
            return tuple(PlacedFile(each.channel, each.attachment) for each in went_on_about)
        known = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        earlier = [each for each in known if each.turn <= turn.id]
        shown = memory.select_relevant(turn.words, (), earlier, until=turn.id)
        return tuple(PlacedFile(each.channel, each.attachment) for each in shown)

    async def _quotes(self, turn: Turn, references: Sequence[MessageReference]) -> tuple[Quote, ...]:
        quotes = [
            Quote(key, reference.text[:LONGEST_QUOTE])
            for reference in references
            if (key := await self._quote_key(turn, reference))
        ]
        return tuple(quotes)

    async def _quote_key(self, turn: Turn, reference: MessageReference) -> str:
        """Return the sentence for the words of a reference; empty where the model has just said them."""
        if not reference.text:
            return ""
        if reference.is_part:
            return "ask_about_part"
        if not reference.ours:
            return "ask_about"
        behind = await self.posts.find_turn_of_post(reference.channel or turn.message.channel, reference.id)
        last = await self.turns.list_history(turn, 1)
        return "" if behind and last and last[-1].turn == behind.id else "ask_about_answer"


def _is_only_the_place(turn: Turn, reference: MessageReference) -> bool:
    """Tell whether a reference counts after a number: the beginning of a thread, and the photo above one spoken."""
    if reference.kind == "above":
        return bool(named(turn.words))
    return reference.kind == "starter" and not reference.unseen


def _placed(channel: Channel, attachments: Sequence[Attachment]) -> tuple[PlacedFile, ...]:
    return tuple(PlacedFile(channel, each) for each in attachments)


def _needs_photo(message: Message) -> bool:
    """Tell whether it is a command about a picture, or says nothing at all and points at no words."""
    command = parse(message.text)
    is_silent = not message.text and not message.sounds and not any(each.text for each in message.references)
    return is_silent or (command is not None and command[0] in NEEDING_PHOTO)


def _note(reference: MessageReference) -> str:
    """Return which photo is meant, where another one could be."""
    if reference.is_replacement or reference.is_late:
        return say("subject_replaced" if reference.is_replacement else "subject_late")
    return say("subject_above", author=reference.author) if reference.is_ambiguous else ""


def _unseen(reference: MessageReference, why: str) -> Refused:
    """Return the error that names the message that shows no photo, and what would help."""
    return Refused(FailureCode.SUBJECT_UNSEEN, which=say(f"which_{reference.kind}"), why=say(f"why_{why}"))
