"""The inbox: it turns messages to the bot into stored turns that survive a crash."""

import time
from contextlib import suppress
from dataclasses import replace
from math import inf

import structlog

from bot.accounting.limits import subject_of
from bot.commands import CROWDED, EDITED, RETRY, STOP, STOPPED, UNHEARD, may_claim, pairing_of, parse
from bot.errors import QueueFull
from bot.intake.access import Access, Verdict
from bot.intake.joining import (
    LONG,
    belong_together,
    find_photo_above,
    late_question,
    may_join,
    may_mean_photo_above,
    revised_message,
    with_pointer,
)
from bot.messages import POINTER_SECONDS, Message, MessageReference, PhotoPointer, RateLimit, Turn
from bot.ports import Channels, Conversations, Coordination, People, TurnIntake
from bot.turns.stops import Stops

ALBUM_SECONDS = 1.5  # wait for the next part: platforms do not mark the last one
PREVIEW_SECONDS = 5.0  # wait for the picture of a link: it ends with the picture, or without one
FORWARDS_SECONDS = 0.25  # wait for the next one: clients send several at once
UNFINISHED_SECONDS = 5.0  # in which the rest of a long text follows
CLAIMS, CLAIMS_SECONDS = 5, 600.0  # answered attempts of one stranger to claim the bot, and their window in seconds
ALT_TEXTS, ALT_TEXTS_SECONDS = 6, 60.0  # messages of a channel whose pictures get alt text, and in how many seconds
INDEXED, INDEXED_SECONDS = 20, 60.0  # messages of a channel whose pictures are described, likewise
REPLACED_SECONDS = 3.0  # wait for a proxy bot
EDIT = "edit"  # after the id of a message, in that of the turn that its edit became
EDIT_SECONDS = 3600.0  # after which an edit does not make a message one that is heard
HELP = "/help"
UNHEARD_SECONDS = 30 * 24 * 3600.0  # in which a conversation is told once what can be talked about
QUIET = 60.0  # seconds between two notices to a person that the queue is full
AGAIN_SECONDS = 8.0  # wait from the start until platforms have delivered the messages of the downtime

log = structlog.get_logger(__name__)


class Inbox:
    """Receives the messages of the platforms."""

    def __init__(
        self,
        *,
        intake: TurnIntake,
        conversations: Conversations,
        channels: Channels,
        people: People,
        coordination: Coordination,
        access: Access,
        stops: Stops,
        most_waiting: int | None = None,
        consoles: frozenset[str] = frozenset(),
    ) -> None:
        """Keep the parts; `most_waiting` is the limit of unanswered messages per person, except on `consoles`."""
        self._intake, self._conversations, self._channels = intake, conversations, channels
        self._people, self._coordination = people, coordination
        self._access, self._stops = access, stops
        self._most_waiting, self._consoles = most_waiting, consoles
        self._unfinished: dict[tuple[str, str], float] = {}  # until when the rest of a long text may come
        self._told: dict[str, float] = {}  # time of the last notice that the queue is full, by person

    async def reopen(self) -> None:
        """Extend the wait of unfinished albums after a restart: more of their parts are still to arrive."""
        await self._intake.hold_albums(AGAIN_SECONDS)

    async def receive(self, message: Message) -> bool:
        """Store a message to the bot. Once this returns, it may be acknowledged to the platform.

        False: it was not addressed to the bot, or its author has no access and gets no reply for now.
        """
        message = await self._as_people_chose(message)
        if message.edited:
            return await self._take_edit(message)
        if await self._joins(message):
            return True
        if not message.addressed and message.own_photos:
            await self._intake.save_pointer(_pointer(message))
        message = await self._with_index(await self._with_alt_text(message))
        is_wanted = message.wants_alt_text or message.wants_index
        if not (message.addressed or is_wanted or await self._may_turn_out_addressed(message)):
            return False
        verdict = await self._access.judge(message)
        if is_wanted and verdict is not Verdict.WELCOME:
            return False
        if verdict is Verdict.WELCOME:
            await self._access.let_in_place(message)
        elif verdict is Verdict.TURNED_AWAY or not await self._answers_stranger(message):
            log.info("turned away", channel=str(message.channel), author=message.author.id)
            return False
        if verdict is Verdict.WELCOME and message.addressed and parse(message.text) == (STOP, ""):
            return await self._stop(message)
        if message.text == f"/{UNHEARD}":
            return await self._keep_unheard(message)
        return await self._keep(message)

    async def _keep_unheard(self, message: Message) -> bool:
        """Store a message that holds nothing to talk about, which is answered once in a conversation."""
        is_begun = await self._conversations.find_conversation(message.channel) is not None
        if is_begun and not await self._is_first_unheard(message):
            return True
        kept = await self._keep(message)
        if not is_begun:
            await self._is_first_unheard(message)
        return kept

    async def _is_first_unheard(self, message: Message) -> bool:
        conversation = await self._conversations.find_conversation(message.channel)
        name = f"unheard in conversation {conversation.id if conversation else message.channel}"
        return await self._coordination.acquire(RateLimit(name, 1, UNHEARD_SECONDS), 0) == 0

    async def _take_edit(self, message: Message) -> bool:
        """Take an edit in: as new words, as a message heard for the first time, or as one to be asked again.

        The picture of a link that comes after the question was asked is asked about by itself.
        """
        if await self._access.judge(message) is not Verdict.WELCOME:
            return True
        turn = await self._intake.amend(await self._with_photo_above(message))
        edit = replace(message, edited=False)
        if turn is None:
            return await self._hear_edited(edit)
        if follow_up := late_question(turn, edit):
            return await self._keep(follow_up)
        if turn.deliveries and turn.message.addressed:
            await self._offer_again(turn, edit)
        elif turn.deliveries and message.addressed:  # an album that nobody had said to the bot
            photos = turn.message.attachments or message.attachments
            return await self._keep(replace(edit, id=f"{edit.id}/{EDIT}", attachments=photos, album=None))
        return True

    async def _hear_edited(self, message: Message) -> bool:
        """Hear a message to which an edit added a mention of the bot, if it is not an old one."""
        is_new = time.time() - message.sent < EDIT_SECONDS
        if message.addressed:
            return not message.private and is_new and await self.receive(message)
        if is_new or not message.own_photos:  # without any, they were taken out of it
            await self._intake.save_pointer(_pointer(message))
        return True

    async def _offer_again(self, turn: Turn, message: Message) -> None:
        """Keep what a message says now that was answered as it was, and offer to ask again."""
        revised = revised_message(turn.message, message)
        if revised is None:
            return
        await self._intake.revise(turn.id, revised)
        if set(revised.own_photos) != set(turn.message.own_photos):  # the next question is about the new photo
            await self._intake.save_pointer(replace(_pointer(revised), message=message.id, sent=time.time()))
        command, number = (RETRY, f"/{message.asks_again}") if message.asks_again else (EDITED, "")
        notice = replace(message, id=f"{message.id}/{EDIT}{number}", text=f"/{command} {turn.id}", attachments=())
        await self._intake.add(replace(notice, about=None, more=(), album=None, awaits=0.0))

    async def _joins(self, message: Message) -> bool:
        """Let a message join what its author said just before it, if both are one question."""
        expected = (str(message.channel), message.author.id) in self._unfinished
        if not may_join(message) or not (message.addressed or message.forwarded or expected):
            return False
        if await self._access.judge(message) is not Verdict.WELCOME:
            return False
        waiting = await self._intake.find_waiting(message.channel, subject_of(message))
        if waiting is None or not belong_together(waiting[1], message):
            return False
        return await self._intake.join_turn(waiting[0], message, _wait_of_part(message))

    def _note_unfinished(self, message: Message) -> None:
        """Remember who has sent a text that goes on, or a photo without a question.

        What belongs to it is looked for among what people say to each other.
        """
        now = time.monotonic()
        self._unfinished = {who: until for who, until in self._unfinished.items() if until > now}
        if (message.text or message.own_photos) and message.awaits >= LONG:
            self._unfinished[str(message.channel), message.author.id] = now + UNFINISHED_SECONDS

    async def _answers_stranger(self, message: Message) -> bool:
        """Tell whether a stranger gets a reply. The message is stored as it is: access is checked again later."""
        if await may_claim(self._people, message):
            return (
                await self._coordination.acquire(
                    RateLimit(f"claims of {subject_of(message)}", CLAIMS, CLAIMS_SECONDS), 0
                )
                == 0
            )
        return not await self._people.has_code(*pairing_of(message))

    async def _keep(self, message: Message) -> bool:
        """Store the message; False: the queue is full, and the author was told a moment ago."""
        most = None if message.channel.platform in self._consoles else self._most_waiting
        message = await self._with_photo_above(message)
        try:
            added = await self._intake.add(message, _wait(message), most)
        except QueueFull:
            return await self._turn_down(message, most or 0)
        if added:
            self._note_unfinished(message)
            log.info("heard", channel=str(message.channel), message=message.id, files=len(message.attachments))
        return True

    async def _with_photo_above(self, message: Message) -> Message:
        """Let a question that points at nothing point at the photo just above it. A bare call becomes one for help."""
        if not message.addressed:
            return message
        message = await self._with_linked_photos(message)
        if not may_mean_photo_above(message):
            return message
        recent = await self._intake.list_pointers(message.channel, message.sent - POINTER_SECONDS)
        above = find_photo_above(message, recent)
        if above is not None:
            return replace(message, about=above, more=message.references)
        is_for_help = message.is_call and not message.photos
        return replace(message, text=HELP) if is_for_help else message

    async def _with_linked_photos(self, message: Message) -> Message:
        """Let a link point at the photo of a recent message that the platform does not show again."""
        if not any(each.unseen and each.kind == "link" for each in message.references):
            return message
        references = [await self._with_pointer(each, message) for each in message.references]
        return replace(message, about=references[0], more=tuple(references[1:]))

    async def _with_pointer(self, reference: MessageReference, message: Message) -> MessageReference:
        channel = reference.channel or message.channel
        if not reference.is_open_to(message.channel):
            return reference
        return with_pointer(
            reference, channel, await self._intake.list_pointers(channel, message.sent - POINTER_SECONDS)
        )

    async def _with_alt_text(self, message: Message) -> Message:
        """Mark a message whose pictures are to get alt text: people chose so there, and its author nothing else."""
        lacks_some = any(each.lacks_alt_text for each in message.attachments)
        if message.addressed or message.private or message.forwarded or not lacks_some:
            return message
        if not (await self._channels.get_channel_settings(message.channel)).alttext:
            return message
        if not await self._people.wants_alt_text(subject_of(message)):
            return message
        limit = RateLimit(f"alt text in {message.channel}", ALT_TEXTS, ALT_TEXTS_SECONDS)
        return replace(message, wants_alt_text=await self._coordination.acquire(limit, 0) == 0)

    async def _with_index(self, message: Message) -> Message:
        """Mark a message whose pictures are to be found by what they show, where people chose so."""
        is_shown = any(each.is_picture and not each.is_preview for each in message.attachments)
        if message.addressed or message.private or not is_shown:
            return message
        conversation = await self._conversations.find_conversation(message.channel)
        if conversation is None or conversation.preferences.index == "off":
            return message
        if not await self._people.wants_alt_text(subject_of(message)):  # they want no model to look at their pictures
            return message
        limit = RateLimit(f"photos to index in {message.channel}", INDEXED, INDEXED_SECONDS)
        return replace(message, wants_index=await self._coordination.acquire(limit, 0) == 0)

    async def _turn_down(self, message: Message, most: int) -> bool:
        """Tell an author with `most` unanswered messages that the queue is full; once in a while, not each time."""
        author, now = subject_of(message), time.monotonic()
        log.info("no room", channel=str(message.channel), author=message.author.id)
        if not message.addressed or now < self._told.get(author, -inf) + QUIET:
            return False
        self._told = {each: told for each, told in self._told.items() if now < told + QUIET} | {author: now}
        notice = replace(message, text=f"/{CROWDED}", attachments=(), about=None, album=None)
        with suppress(QueueFull):  # another process has sent the notice
            return await self._intake.add(notice, most=most + 1)
        return False

    async def _stop(self, message: Message) -> bool:
        """Stop at once: a turn of its own would wait until there is nothing left to stop.

        Whoever typed it reads what came of it; below a button that was tapped the answer shows that.
        """
        conversation = await self._conversations.find_conversation(message.channel)
        stopped = conversation is not None and (
            self._stops.stop(conversation.id) or await self._coordination.request_stop(conversation.id)
        )
        if message.about is not None and message.about.ours:
            return True
        return await self._keep(replace(message, text=f"/{STOPPED}") if stopped else message)

    async def _may_turn_out_addressed(self, message: Message) -> bool:
        """Tell whether more of a message may show that it is for the bot; the worker checks again once all is there.

        Any part of an album may mention the bot, and the picture of a link may be one that the channel wants looked at.
        """
        if message.awaits_preview:
            return (await self._channels.get_channel_settings(message.channel)).listening == "photos"
        return message.album is not None

    async def _as_people_chose(self, message: Message) -> Message:
        """Treat photos, or everything, as addressed to the bot if the channel chose so. A voice message is no photo."""
        if message.addressed or not (message.text or message.attachments):
            return message
        listening = (await self._channels.get_channel_settings(message.channel)).listening
        shows = any(not attachment.sound for attachment in message.attachments)
        meant = listening == "all" or (listening == "photos" and shows)
        return replace(message, addressed=meant)


def _wait(message: Message) -> float:
    """Return the seconds for which there may be more of a message to come."""
    if message.awaits_preview:
        return PREVIEW_SECONDS
    if message.may_be_replaced:
        return REPLACED_SECONDS
    return ALBUM_SECONDS if message.album else message.awaits


def _wait_of_part(message: Message) -> float:
    """Return the seconds for which more may follow what has joined a turn: the next piece, part or forward."""
    if message.forwarded and not message.album:
        return min(message.awaits, FORWARDS_SECONDS)
    return ALBUM_SECONDS if message.awaits >= LONG or message.album else 0.0


def _pointer(message: Message) -> PhotoPointer:
    return PhotoPointer(
        channel=message.channel,
        message=message.id,
        author=message.author,
        sent=message.sent,
        attachments=message.own_photos,
        album=message.album,
    )
