"""The answer to one question: from its model, or from the next one if that is down, until it is complete."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import monotonic
from typing import Any, Protocol, TypeVar

import structlog

from bot.accounting.limits import UsageLimits, subject_of
from bot.asking.attempt import Attempt
from bot.asking.failover import Failover
from bot.asking.file_loader import FileLoader
from bot.asking.photo_descriptions import PhotoDescriber
from bot.asking.prompt_composition import AttemptContext
from bot.asking.question import Question, detached, with_model
from bot.errors import BotError, Busy, FailureCode, LeaseLost, Refused
from bot.messages import ANSWERED, STOPPED, JobResult, Turn, Usage
from bot.ports import Channels, Conversations, Files, Ledger, Provider, Turns
from bot.turns.stops import Stops
from bot.util.retry import ASK_AGAIN, MOST_DELIVERIES
from bot.util.tasks import BackgroundTasks, running_task
from bot.words import say

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

Hear = Callable[[Question], Awaitable[Turn]]
"""Returns the question's turn with the transcript of its recordings."""
# Outcomes of an answer of which there may be more.
CUTS = frozenset({FailureCode.ANSWER_CUT, FailureCode.PROVIDER_FILTERED, FailureCode.PROVIDER_TOO_LONG})
LONGEST_THOUGHTS = 3_000  # characters that are kept


@dataclass(kw_only=True)
class Asker:
    """Asks questions. `fallbacks` are the models to use if a channel has chosen no others."""

    turns: Turns
    files: Files
    conversations: Conversations
    channels: Channels
    ledger: Ledger
    providers: Mapping[str, Provider]
    loader: FileLoader
    stops: Stops
    first_model: str = ""
    fallbacks: Sequence[str] = ()
    failover: Failover = field(default_factory=Failover)
    transcribe: Hear | None = None  # transcribes recordings
    videos: bool = True  # providers may follow links to videos
    limits: UsageLimits | None = None  # None: there are none

    @cached_property
    def context(self) -> AttemptContext:
        """The services that every attempt uses."""
        limits = self.limits or UsageLimits(self.ledger)
        describer = PhotoDescriber(
            channels=self.channels,
            files=self.files,
            ledger=self.ledger,
            providers=self.providers,
            preferred=[self.first_model, *self.fallbacks],
            limits=limits,
        )
        return AttemptContext(
            turns=self.turns,
            files=self.files,
            conversations=self.conversations,
            providers=self.providers,
            loader=self.loader,
            failover=self.failover,
            describer=describer,
            videos=self.videos,
        )

    async def ask(self, asked: Question) -> str:
        """Stream the answer, and return it complete, or as far as it came before it was stopped."""
        if asked.turn.conversation.provider not in self.providers:
            raise Refused(FailureCode.MODEL_MISSING, model=asked.turn.conversation.model)
        async with (
            self._reading_ahead(asked),
            asked.reply.platform.show_typing(asked.reply.channel),
            asked.reply.growing(),
        ):
            await self.until_stopped(asked, self._hear_and_ask(asked))
        return asked.reply.text

    @asynccontextmanager
    async def _reading_ahead(self, asked: Question) -> AsyncGenerator[None, None]:
        """Fetch the message's own photos while everything else about the question is found out."""
        message, state, reading = asked.turn.message, asked.state, BackgroundTasks(shared=True)
        for attachment in dict.fromkeys(message.own_photos):
            if attachment.is_picture and not attachment.is_preview and attachment not in state.seen:
                read = self.loader.read(message.channel, attachment, subject_of(message))
                state.coming[attachment] = reading.start(read)
        try:
            yield
        finally:
            state.coming.clear()
            await reading.close()

    async def until_stopped(self, asked: Question, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Return what the work does, or None if it is stopped. Raises Refused once nobody can be told of it.

        Only the work is cancelled: a post that is being sent completes, so that its id gets stored.
        """
        async with running_task(work) as working, running_task(asked.reply.shut_out.wait()) as shut_out:
            with self.stops.stoppable(asked.turn.conversation.id, working.cancel):
                await asyncio.wait([working, shut_out], return_when=asyncio.FIRST_COMPLETED)
            if not working.done() and asked.reply.refusal is not None:
                raise asked.reply.refusal
        asked.state.stopped = working.cancelled()  # stopped by a person: a cancelled caller does not get here
        return None if asked.state.stopped else working.result()

    async def _hear_and_ask(self, asked: Question) -> None:
        asked.state.subject = asked.subject or await self.loader.subjects.find(asked.turn)
        asked.state.notes += filter(None, [asked.state.subject.note])
        asked.reply.is_spoiler = asked.state.subject.is_spoiler
        if self.transcribe is not None and asked.turn.message.may_speak:
            asked = replace(asked, turn=await self.transcribe(asked))
            asked.state.transcript = asked.turn.transcript
        await self._ask(asked)

    async def _ask(self, asked: Question) -> None:
        """Ask one model after the other, until one answers. An answer that broke off is continued once."""
        line = deque(await self._line(asked))
        first: BotError | None = None
        continued = False
        while line:
            model = line.popleft()
            try:
                return await self._ask_one(asked, model)
            except BotError as error:
                if not self.failover.is_outage(error):
                    raise
                log.warning("no answer", model=model, reason=error.code)
                first = first or error
            if asked.reply.text:
                line = deque() if continued else line or deque([model] if not isinstance(first, Refused) else [])
                continued = True
        raise first or Refused(FailureCode.MODEL_MISSING, model=asked.turn.conversation.model)

    async def _line(self, asked: Question) -> Sequence[str]:
        if asked.alone:
            return [asked.turn.conversation.model]
        settings = await self.channels.get_channel_settings(asked.reply.channel)
        fallbacks = self.fallbacks if settings.fallbacks is None else settings.fallbacks
        there = [model for model in fallbacks if model.partition("/")[0] in self.providers]
        return self.failover.line(asked.turn.conversation.model, there)

    async def _ask_one(self, asked: Question, model: str) -> None:
        turn = with_model(asked.turn, model)
        aside = asked.aside or turn.conversation.provider != asked.turn.conversation.provider
        if aside:  # whose conversation at the provider is deleted afterwards
            turn = replace(turn, conversation=detached(turn.conversation))
        is_probe = self.failover.began(model)
        try:
            await Attempt(context=self.context, asked=asked, turn=turn, aside=aside).answer()
        except BotError as error:
            self.failover.failed(model, error)
            raise
        finally:
            if is_probe:
                self.failover.ended(model)


class AnswersQuestions(Protocol):
    """Answers questions."""

    async def ask(self, asked: Question) -> str:
        """Stream the answer, and return it complete."""
        ...


async def answer_question(asker: AnswersQuestions, asked: Question, *, patient: bool = True) -> JobResult:
    """Ask, and return the words there are; what went wrong is said below them.

    Raises Busy only if another try makes sense: before any words, and within the number of tries. If not `patient`,
    a sentence is returned instead.
    """
    try:
        if asked.turn.deliveries > MOST_DELIVERIES:
            raise Refused(FailureCode.GAVE_UP)
        text = await asker.ask(asked)
    except Busy as error:
        if asked.reply.text:
            return _failed(asked, FailureCode.ANSWER_CUT, say("answer_cut"))
        if patient and not ASK_AGAIN.is_over(asked.attempts + 1):
            raise
        return _failed(asked, error.code, say("busy_still", reason=error, tries=asked.attempts + 1))
    except BotError as error:
        return _failed(asked, error.code, str(error))
    except LeaseLost:
        raise
    except Exception:
        log.exception("a bug")
        return _failed(asked, FailureCode.BUG, say("bug"))
    if asked.state.stopped:
        return _result(asked, STOPPED, text.rstrip(), f"⏹ {say('stopped')}")
    return _result(asked, ANSWERED, text or (say("picture_drawn") if asked.state.pictures else ""))


def failure(code: str, sentence: str) -> JobResult:
    """Return the result of work that was not even begun."""
    return JobResult(outcome=code, ending=f"⚠️ {sentence}", booked=False)


def _failed(asked: Question, code: str, sentence: str) -> JobResult:
    result = _result(asked, code, asked.reply.text.rstrip(), f"⚠️ {sentence}")
    return replace(result, booked=asked.state.usage != Usage())  # the cost of a failed try counts all the same


def _result(asked: Question, outcome: str, text: str, ending: str = "") -> JobResult:
    return JobResult(
        text=text,
        model=asked.answered_by,
        outcome=outcome,
        notes=tuple(asked.state.notes) if asked.state.first_words is not None else (),
        ending="\n\n".join(filter(None, (asked.state.ending, ending or _unfinished(asked)))),
        answered_by=asked.answered_by,
        usage=asked.state.usage,
        first_words=asked.state.first_words,
        took=monotonic() - asked.state.started,
        has_pictures=bool(asked.state.pictures),
        is_cut=outcome == FailureCode.ONLY_THOUGHTS
        or (bool(text) and (bool(asked.state.unfinished) or outcome in CUTS)),
        is_spoiler=asked.state.subject.is_spoiler and bool(text),
        is_large=asked.state.is_large,
        recalled=asked.state.subject.recalled,
        thoughts=asked.state.thoughts.strip()[:LONGEST_THOUGHTS],
    )


def _unfinished(asked: Question) -> str:
    """Return the sentence that says that there is more to say; empty if there is not."""
    return f"⚠️ {say(f'unfinished_{asked.state.unfinished}')}" if asked.state.unfinished else ""
