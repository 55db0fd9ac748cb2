"""The back room: a claimed turn goes in, an answered turn comes out. Every failure of a turn is decided here."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import structlog

from bot.commands import COMMANDS, Desk, parse, question, quick_actions
from bot.errors import BotError, Busy, Forgotten, LeaseLost, Refused, Unreadable
from bot.messages import Answer, Attachment, Button, Message, Photo, Prompt, Text, Turn, Usage
from bot.metrics import Metrics
from bot.photos import Photos
from bot.ports import Adapter, Provider, Store
from bot.reply import Reply
from bot.words import say

log = structlog.get_logger(__name__)

PHOTO_TRIES = 3  # how often a photo that cannot be fetched holds the others up
TRIES = 6  # how often somebody may be busy before we tell the asker
LONGEST_QUOTE = 1_000  # characters
CLAIMS = 30  # how often processes may die over a turn before it is given up
ASIDE = 10.0  # seconds until a turn is taken up again that a bug kept from being delivered
LATE = 300.0  # seconds after which an answer says that it is late
HISTORY = 20  # exchanges for providers that keep none themselves


@dataclass(slots=True)
class _Work:
    """What is known of a turn while it is answered."""

    turn: Turn
    adapter: Adapter
    reply: Reply
    started: float = field(default_factory=monotonic)
    first_words: float | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass
class Worker:
    """Answers turns, as many side by side as somebody calls `take`."""

    store: Store
    adapters: Mapping[str, Adapter]
    providers: Mapping[str, Provider]
    photos: Photos
    metrics: Metrics
    most_bytes: int = 20 * 1024 * 1024

    async def take(self, turn: Turn) -> None:
        """Answer the turn and deliver it, or put it back. Cancelled, it leaves the lease to whoever cancels."""
        with structlog.contextvars.bound_contextvars(turn=turn.id):
            try:
                await self._take(turn)
            except LeaseLost:
                log.warning("another process has taken this turn over")
            except Busy as error:
                await self._put_back(turn, error)
            except Exception:
                log.exception("a turn failed")
                await self._put_aside(turn)

    async def _take(self, turn: Turn) -> None:
        if not turn.message.addressed:  # an album in which no part speaks to the bot
            await self.store.finished(turn)
            return
        adapter = self.adapters.get(turn.message.channel.platform)
        if adapter is None:  # the platform is switched off; the turn waits for it
            raise Busy("platform_off", retry_after=60)
        work = _Work(turn, adapter, Reply(adapter, self.store, turn, turn.message.channel))
        outcome = "answered"
        text = turn.answer
        if text is None:
            text, outcome = await self._outcome(work)
            model = None if outcome == "command" else turn.conversation.model
            answer = Answer(text, model, work.usage, work.first_words, monotonic() - work.started)
            await self.store.answered(turn, answer)
            self.metrics.answered(turn, answer)
        buttons = quick_actions(turn.message) if outcome == "answered" else ()
        outcome = await self._deliver(work, text, buttons) or outcome
        await self.store.finished(turn, error=None if outcome in ("answered", "command") else outcome)
        self.metrics.finished(turn, outcome)
        log.info("finished", outcome=outcome, seconds=round(monotonic() - work.started, 2))

    async def _deliver(self, work: _Work, text: str, buttons: Sequence[Button]) -> str | None:
        """Show the whole answer; the key of what went wrong where it cannot be shown for good."""
        try:
            await work.reply.show(text, buttons=buttons)
        except Busy as error:
            if work.turn.tries < TRIES:
                raise
            return self._undelivered(error)
        except BotError as error:
            return self._undelivered(error)
        return None

    def _undelivered(self, error: BotError) -> str:
        log.error("the answer could not be delivered", reason=error.key)
        return error.key

    async def _put_aside(self, turn: Turn) -> None:
        """Try again later what a bug kept from being said, and at last let the conversation go on without it."""
        try:
            if turn.tries < TRIES:
                await self.store.postponed(turn, ASIDE)
            else:
                await self.store.finished(turn, error="bug")
        except Exception:  # the store itself is away
            log.exception("a turn could not be put aside")

    async def _put_back(self, turn: Turn, error: Busy) -> None:
        pause = error.retry_after or min(2.0**turn.tries, 60)
        log.warning("again later", seconds=pause, reason=error.key)
        try:
            if turn.tries and turn.answer is None:  # the first hiccup is not worth a word
                await self._say_why_it_takes_so_long(turn, error)
            await self.store.postponed(turn, pause)
        except LeaseLost:
            log.warning("another process has taken this turn over")

    async def _say_why_it_takes_so_long(self, turn: Turn, error: Busy) -> None:
        adapter = self.adapters.get(turn.message.channel.platform)
        if adapter is None:
            return
        try:  # in the post that will hold the answer
            await Reply(adapter, self.store, turn, turn.message.channel).show(f"⏳ {say('busy_now', reason=error)}")
        except BotError as trouble:
            log.warning("could not say so", reason=trouble.key)

    # what to say

    async def _outcome(self, work: _Work) -> tuple[str, str]:
        """The text to show and how it came about. Raises Busy only before any words, and within the number of tries."""
        try:
            if work.turn.claims > CLAIMS:
                raise Refused("gave_up")
            return await self._answer(work)
        except Busy as error:
            if work.reply.text:
                return _with_warning(work, say("answer_cut")), "answer_cut"
            if work.turn.tries < TRIES:
                raise
            return _with_warning(work, say("busy_still", reason=error, tries=TRIES + 1)), error.key
        except BotError as error:
            return _with_warning(work, str(error)), error.key
        except LeaseLost:
            raise
        except Exception:
            log.exception("a bug")
            return _with_warning(work, say("bug")), "bug"

    async def _answer(self, work: _Work) -> tuple[str, str]:
        turn = work.turn
        said = parse(turn.message.text)
        is_question = question(said, turn.message.text) is not None
        if said and not is_question and (said[0] in COMMANDS or not turn.message.attachments):
            return await self._obey(turn, *said), "command"
        provider = self.providers.get(turn.conversation.provider)
        if provider is None:
            raise Refused("model_missing", model=turn.conversation.model)
        async with work.adapter.typing(turn.message.channel):
            return await self._ask(work, provider), "answered"

    async def _obey(self, turn: Turn, name: str, rest: str) -> str:
        command = COMMANDS.get(name)
        if command is None:
            return say("command_unknown", command=f"/{name}")
        return (await command.obey(Desk(self.store, self.providers, self.adapters), turn, rest)).text

    # asking

    async def _ask(self, work: _Work, provider: Provider) -> str:
        (photos, unread), begun = await _together(self._look(work, provider), self._begin(work.turn, provider))
        late = time.time() - work.turn.message.sent
        notes = [say("late", ago=_ago(late))] if late > LATE else []
        notes += filter(None, [unread])
        prompt = Prompt(begun.conversation, _question(begun.message), tuple(photos))
        if unread:  # or the model would wonder where the others are
            prompt = replace(prompt, text=f"{prompt.text}\n\n({unread})")
        try:
            return await self._stream(work, provider, begun, prompt, notes)
        except Forgotten:
            log.warning("the provider forgot the conversation")
            await self.store.began(begun.conversation, None)
            forgotten = replace(begun, conversation=replace(begun.conversation, remote_id=None))
            begun = await self._begin(forgotten, provider)
            prompt = replace(prompt, conversation=begun.conversation)
            return await self._stream(work, provider, begun, prompt, [*notes, say("began_anew")])

    async def _begin(self, turn: Turn, provider: Provider) -> Turn:
        if turn.conversation.remote_id is not None:
            return turn
        title = f"{turn.message.channel.platform} {turn.conversation.id}"  # no words or names of people
        remote_id = await provider.begin(turn.conversation, title)
        if remote_id is not None:
            await self.store.began(turn.conversation, remote_id)
        return replace(turn, conversation=replace(turn.conversation, remote_id=remote_id))

    async def _look(self, work: _Work, provider: Provider) -> tuple[list[Photo], str]:
        """Fetch, clean and upload all photos side by side; return them and a sentence that names the unread ones."""
        attachments = await self._photos_of(work.turn.message)
        looked = await _together(*(self._look_at(work, provider, attachment) for attachment in attachments))
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

    async def _photos_of(self, message: Message) -> Sequence[Attachment]:
        """Its own photos, or those it is about: of the message it replies to, or behind the answer it replies to."""
        if message.photos or message.about is None or not message.about.ours:
            return message.photos
        return await self.store.photos_behind(message.channel, message.about.id)

    async def _look_at(self, work: _Work, provider: Provider, attachment: Attachment) -> Photo | Unreadable:
        try:
            data = await work.adapter.download(attachment, self.most_bytes)
            photo = await self.photos.read(attachment.name, data)
            await provider.upload(photo)
        except Unreadable as error:
            return error
        except Busy:
            if work.turn.tries < PHOTO_TRIES:
                raise
            return Unreadable("photo_gone")
        return photo

    async def _stream(self, work: _Work, provider: Provider, turn: Turn, prompt: Prompt, notes: list[str]) -> str:
        if turn.conversation.remote_id is None:
            prompt = replace(prompt, history=tuple(await self.store.history(turn, HISTORY)))
        async with work.reply.growing(), aclosing(provider.ask(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    work.usage = piece
                else:
                    self._grow(work, piece, notes)
        return work.reply.text

    def _grow(self, work: _Work, piece: Text, notes: list[str]) -> None:
        if not work.reply.text:
            work.first_words = monotonic() - work.started
            work.reply.grow("".join(f"_{note}_\n\n" for note in notes))
        work.reply.grow(piece.text)


async def _together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run all at the same time; the first failure ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(coroutine) for coroutine in work]
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    return [task.result() for task in started]


def _question(message: Message) -> str:
    """The words to ask with; the provider has not seen the message of somebody else that they may be about."""
    asked = question(parse(message.text), message.text)
    text = (message.text if asked is None else asked) or say("ask_plain")
    about = message.about
    if about and about.text and not about.ours:
        return say("ask_about", text=text, quote=about.text[:LONGEST_QUOTE])
    return text


def _with_warning(work: _Work, sentence: str) -> str:
    return "\n\n".join(filter(None, (work.reply.text.rstrip(), f"⚠️ {sentence}")))


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
