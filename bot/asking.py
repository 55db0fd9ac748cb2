"""One question to one model: photos are fetched, cleaned and brought to the provider, and the answer grows."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import structlog

from bot.commands import ASKING, parse, question
from bot.errors import BotError, Busy, Forgotten, Refused, Unreadable
from bot.messages import (
    Attachment,
    Channel,
    Conversation,
    Exchange,
    Message,
    Photo,
    Preferences,
    Prompt,
    Text,
    Turn,
    Usage,
)
from bot.photos import Photos
from bot.ports import Adapter, Provider, Store
from bot.reply import Reply
from bot.stops import Stops
from bot.words import say

log = structlog.get_logger(__name__)

PHOTO_TRIES = 3  # how often a photo that cannot be fetched holds the others up
LONGEST_QUOTE = 1_000  # characters
LATE = 300.0  # seconds after which an answer says that it is late
HISTORY = 20  # exchanges for providers that keep none themselves
RETOLD = 5  # exchanges for a conversation beside ours

Looked = Photo | Unreadable


@dataclass(slots=True)
class Question:
    """What is asked, of which model, and where the answer grows. The model is that of the turn's conversation."""

    turn: Turn
    reply: Reply
    aside: bool = False  # asked beside the conversation, which goes on as if it had not been
    tries: int = 0
    notes: list[str] = field(default_factory=list)  # said before the answer
    started: float = field(default_factory=monotonic)
    first_words: float | None = None
    usage: Usage = field(default_factory=Usage)
    stopped: bool = False
    photos: list[Photo] = field(default_factory=list)  # those that were read


@dataclass
class Asker:
    """Asks."""

    store: Store
    adapters: Mapping[str, Adapter]
    providers: Mapping[str, Provider]
    photos: Photos
    stops: Stops
    most_bytes: int

    async def ask(self, asked: Question) -> str:
        """Let the answer grow, and return it whole, or as much of it as there was when somebody stopped it."""
        provider = self.providers.get(asked.turn.conversation.provider)
        if provider is None:
            raise Refused("model_missing", model=asked.turn.conversation.model)
        async with asked.reply.adapter.typing(asked.reply.channel), asked.reply.growing():
            await self._until_stopped(asked, self._ask(asked, provider))
        return asked.reply.text

    async def _until_stopped(self, asked: Question, work: Coroutine[Any, Any, None]) -> None:
        """Only the work ends at once: what is being posted ends as usual, or a post would miss having its id stored."""
        working = asyncio.create_task(work)

        def stop() -> None:
            asked.stopped = True
            working.cancel()

        try:
            with self.stops.stoppable(asked.turn.conversation.id, stop):
                await working
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.wait([working])
            if not asked.stopped:
                raise

    async def _ask(self, asked: Question, provider: Provider) -> None:
        (photos, unread), begun = await together(self._look(asked, provider), self._begin(asked, asked.turn, provider))
        asked.photos = photos
        late = time.time() - asked.turn.message.sent
        if late > LATE and not asked.aside:
            asked.notes.insert(0, say("late", ago=_ago(late)))
        asked.notes += filter(None, [unread])
        preferences = begun.conversation.preferences
        prompt = Prompt(begun.conversation, words(begun.message), tuple(photos), instructions=instructions(preferences))
        if unread:  # or the model would wonder where the others are
            prompt = replace(prompt, text=f"{prompt.text}\n\n({unread})")
        try:
            await self._stream(asked, provider, begun, prompt)
        except Forgotten:
            log.warning("the provider forgot the conversation")
            if not asked.aside:
                await self.store.began(begun.conversation, None)
            forgotten = replace(begun, conversation=replace(begun.conversation, remote_id=None))
            begun = await self._begin(asked, forgotten, provider)
            asked.notes.append(say("began_anew"))
            await self._stream(asked, provider, begun, replace(prompt, conversation=begun.conversation))
        finally:
            if asked.aside:  # nobody would find it there to delete it later
                with suppress(BotError):
                    await provider.forget(begun.conversation)

    async def _begin(self, asked: Question, turn: Turn, provider: Provider) -> Turn:
        if turn.conversation.remote_id is not None:
            return turn
        title = f"{turn.message.channel.platform} {turn.conversation.id}"  # no words or names of people
        remote_id = await provider.begin(turn.conversation, title)
        if remote_id is not None and not asked.aside:
            await self.store.began(turn.conversation, remote_id)
        return replace(turn, conversation=replace(turn.conversation, remote_id=remote_id))

    # photos

    async def _look(self, asked: Question, provider: Provider) -> tuple[list[Photo], str]:
        """Fetch, clean and upload all photos side by side; return them and a sentence that names the unread ones."""
        source = await self.source(asked.turn.message)
        if asked.aside and not source.photos:  # what the conversation is about is not known there
            source = await self._last_photos(asked.turn) or source
        attachments = source.photos
        looked: list[Looked] = await together(*(self._look_at(asked, provider, source, each) for each in attachments))
        photos = [photo for photo in looked if isinstance(photo, Photo)]
        unread = [
            f"{attachment.name}: {error}"
            for attachment, error in zip(attachments, looked, strict=True)
            if isinstance(error, Unreadable)
        ]
        if not unread:
            return photos, ""
        names = "; ".join(unread)
        if not photos:
            raise Refused("photos_none_read", names=names)
        return photos, say("photos_some_read", read=len(photos), total=len(attachments), names=names)

    async def _look_at(self, asked: Question, provider: Provider, source: Message, attachment: Attachment) -> Looked:
        try:
            photo = await self.read(source.channel, attachment)
            await provider.upload(photo)
        except Unreadable as error:
            return error
        except Busy:
            if asked.tries < PHOTO_TRIES:
                raise
            return Unreadable("photo_gone")
        return photo

    async def read(self, channel: Channel, attachment: Attachment) -> Photo:
        """Fetch a photo from where it was posted, and clean it."""
        adapter = self.adapters.get(channel.platform)
        if adapter is None:
            raise Unreadable("photo_gone")
        return await self.photos.read(attachment.name, await adapter.download(attachment, self.most_bytes))

    async def source(self, message: Message) -> Message:
        """The message whose photos this one is about: itself, or that behind the answer it replies to."""
        if message.photos or message.about is None or not message.about.ours:
            return message
        behind = await self.store.turn_behind(message.channel, message.about.id)
        if behind is None:
            return message
        said = parse(behind.message.text)
        if said and said[0] in ASKING:  # one of several answers that were compared
            return await self._last_photos(behind) or message
        return await self.source(behind.message)

    async def _last_photos(self, turn: Turn) -> Message | None:
        """The latest message with photos that was said before in the conversation."""
        earlier = await self.store.transcript(turn.conversation)
        return next((each.message for each in reversed(earlier) if each.id < turn.id and each.message.photos), None)

    # words

    async def _stream(self, asked: Question, provider: Provider, turn: Turn, prompt: Prompt) -> None:
        keeps_history = turn.conversation.remote_id is not None
        if asked.aside and keeps_history:  # a conversation of its own, which knows nothing of ours
            prompt = replace(prompt, text=with_history(prompt.text, await self.store.history(turn, RETOLD)))
        elif not keeps_history:
            prompt = replace(prompt, history=tuple(await self.store.history(turn, HISTORY)))
        async with aclosing(provider.ask(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    asked.usage = piece
                else:
                    _grow(asked, piece)


def _grow(asked: Question, piece: Text) -> None:
    if asked.first_words is None:
        asked.first_words = monotonic() - asked.started
        asked.reply.grow("".join(f"_{note}_\n\n" for note in asked.notes))
    asked.reply.grow(piece.text)


def words(message: Message) -> str:
    """What to ask; the provider has not seen the message of somebody else that it may be about."""
    asked = question(parse(message.text), message.text)
    text = (message.text if asked is None else asked) or say("ask_plain")
    about = message.about
    if about and about.text and not about.ours:
        return say("ask_about", text=text, quote=about.text[:LONGEST_QUOTE])
    return text


def with_history(text: str, history: Sequence[Exchange]) -> str:
    """The question, after what was said before it."""
    if not history:
        return text
    told = "\n\n".join(f"{each.author}: {each.question}\n→ {each.answer[:LONGEST_QUOTE]}" for each in history)
    return say("ask_history", history=told, text=text)


def instructions(preferences: Preferences) -> str:
    """How the model is to answer, as people chose it; empty where they did not."""
    length = "" if preferences.length == "normal" else say(f"instruct_{preferences.length}")
    return "\n".join(filter(None, (preferences.persona, length)))


def asked_by(turn: Turn, subject: Turn, conversation: Conversation) -> Turn:
    """The question of `subject` as `turn` asks it, in this conversation: as late, and as often tried, as `turn` is."""
    message = replace(subject.message, sent=turn.message.sent)
    return replace(subject, conversation=conversation, message=message, claims=turn.claims)


def of_model(turn: Turn, model: str) -> Turn:
    """The same turn for another model. Another provider knows nothing of the conversation."""
    conversation = replace(turn.conversation, model=model)
    if conversation.provider != turn.conversation.provider:
        conversation = replace(conversation, remote_id=None)
    return replace(turn, conversation=conversation)


def apart(conversation: Conversation) -> Conversation:
    """As if nothing had been said yet."""
    return replace(conversation, remote_id=None)


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run all at the same time; the first failure ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(coroutine) for coroutine in work]
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    return [task.result() for task in started]


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return say("minutes", n=minutes) if minutes < 120 else say("hours", n=round(minutes / 60))
