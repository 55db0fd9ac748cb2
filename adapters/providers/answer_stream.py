"""Turns the frames of a reply into the pieces of an answer: cleaned text, then the usage, or an error."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from adapters.providers.error_rules import ServiceFailure
from adapters.providers.stream_filters import Found, InlinePictureFilter, ThoughtFilter
from bot.errors import BotError, Busy, Cut, FailureCode, Refused
from bot.messages import Drawn, File, Piece, Text, Thought, Unfinished, Usage, WebSource

MAX_LENGTH = 1_000_000  # characters of an answer
DRAIN_TIMEOUT = 0.5  # seconds for the last bytes of a body, so that its connection can be used again

# These are reported even after half an answer; every other error then becomes "the answer broke off".
_REPORTED_AFTER_TEXT = (FailureCode.PROVIDER_NO_CREDITS, FailureCode.PROVIDER_TOO_LONG, FailureCode.PROVIDER_FILTERED)


Shown = Found | Drawn
"""The pieces of an answer that people see."""


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtFrame:
    """A piece of what the model thinks, where the service keeps it apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """A picture in the answer."""

    file: File


@dataclass(frozen=True, slots=True)
class ResultFrame:
    """The record of a complete answer: its usage, and its whole text and its sources where the service tells them."""

    text: str
    usage: Usage
    unfinished: Unfinished | None = None  # the model stopped before the end
    sources: tuple[WebSource, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """The record of an answer that is still being worked on; `uuid` is where the service has it later."""

    uuid: str


@dataclass(frozen=True, slots=True)
class EndFrame:
    """The service's word that the answer is complete."""


Frame = TextFrame | ThoughtFrame | PictureFrame | ResultFrame | ServiceFailure | EndFrame | PendingFrame
Frames = AsyncGenerator[Frame, None]


async def rejoin(head: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield a whole body: the head that was read ahead, then the rest."""
    yield head
    async for chunk in rest:
        yield chunk


class TextFilter(Protocol):
    """A filter that removes noise from a stream of text, wherever its pieces are cut."""

    def feed(self, piece: str) -> str:
        """Accept the next piece, and return the text that is certainly part of the answer."""
        ...

    def end(self) -> str:
        """Return what is left when nothing more comes."""
        ...


class BlankTrimmer:
    """A filter that strips the blanks at both ends."""

    def __init__(self) -> None:
        self._has_begun = False
        self._pending = ""  # blanks that may be the last ones

    def feed(self, piece: str) -> str:
        """Return the piece without the blanks at its end, which wait for the next piece."""
        text = self._pending + piece if self._has_begun else piece.lstrip()
        trimmed = text.rstrip()
        self._pending = text[len(trimmed) :]
        self._has_begun = self._has_begun or bool(trimmed)
        return trimmed

    def end(self) -> str:
        """Drop the last blanks."""
        self._pending = ""
        return ""


async def read_pieces(
    frames: Frames, judge: Callable[[ServiceFailure], BotError], make_filter: Callable[[], TextFilter] = BlankTrimmer
) -> AsyncGenerator[Piece, None]:
    """Yield Text and Thought as they come, then one Usage. `judge` maps a failure in the answer to an error.

    `make_filter` makes the filter of the text. Raises Cut when the answer broke off after its first words, Busy before.
    """
    state = _AnswerState(judge, make_filter)
    try:
        async for frame in frames:
            for piece in state.take(frame):
                yield piece
            if state.is_over:
                break
    except BotError as error:  # the connection, mostly
        state.fail(error)
    for piece in state.rest():
        yield piece
    state.check()
    if state.unfinished:
        yield state.unfinished
    yield state.usage
    with suppress(BotError, TimeoutError):
        async with asyncio.timeout(DRAIN_TIMEOUT):
            async for _ in frames:
                pass


class _AnswerState:
    """The state of an answer while it is being read."""

    def __init__(self, judge: Callable[[ServiceFailure], BotError], make_filter: Callable[[], TextFilter]) -> None:
        self._judge, self._make_filter = judge, make_filter
        self._filter, self._pictures, self._thoughts = make_filter(), InlinePictureFilter(), ThoughtFilter()
        self._has_text = self._has_thought = self._has_picture = False
        self._length = 0
        self._record: ResultFrame | None = None
        self._error: BotError | None = None
        self._complete = False

    @property
    def is_over(self) -> bool:
        """True once nothing more is of interest: after the record only an end can follow."""
        return self._complete or self._record is not None or self._error is not None

    @property
    def usage(self) -> Usage:
        return self._record.usage if self._record else Usage()

    @property
    def unfinished(self) -> Unfinished | None:
        return self._record.unfinished if self._record else None

    def take(self, frame: Frame) -> Sequence[Shown]:
        """Process a frame, and return the text and the thoughts in it."""
        if isinstance(frame, TextFrame):
            return self._take_text(frame.text)
        if isinstance(frame, ThoughtFrame):
            return self._show([Thought(frame.text)])
        if isinstance(frame, PictureFrame):
            return self._show([Drawn(frame.file)])
        if isinstance(frame, ResultFrame):
            self._record = frame
        elif isinstance(frame, EndFrame):
            self._complete = True
        elif isinstance(frame, PendingFrame):  # the service's client should have waited for it
            self._error = Refused(FailureCode.PROVIDER_NONSENSE)
        else:
            self._error = self._judge(frame)
        return ()

    def _take_text(self, text: str) -> Sequence[Shown]:
        return self._show(self._sort(self._pictures.feed(text)))

    def _sort(self, found: Sequence[str | Drawn]) -> Sequence[Shown]:
        """Clean the words between pictures, and tell thoughts from the answer."""
        shown = list[Shown]()
        for part in found:
            if isinstance(part, Drawn):
                shown.append(part)
                continue
            self._length += len(part)
            if self._length > MAX_LENGTH:
                self._error = Refused(FailureCode.PROVIDER_TOO_LONG)
                break
            shown += self._thoughts.feed(self._filter.feed(part))
        return shown

    def _end(self) -> Sequence[Shown]:
        """Return what the filters have held back."""
        return [
            *self._sort(self._pictures.end()),
            *self._thoughts.feed(self._filter.end()),
            *self._thoughts.end(),
        ]

    def _show(self, pieces: Sequence[Shown]) -> Sequence[Shown]:
        for piece in pieces:
            if isinstance(piece, Drawn):
                self._has_picture = True
            elif isinstance(piece, Text):
                self._has_text = True
            else:
                self._has_thought, self._has_text = True, self._has_text and not piece.takes_back
        return pieces

    def fail(self, error: BotError) -> None:
        """Record that the stream failed. If the record has come, the answer is complete all the same."""
        if not self._record:
            self._error = self._error or error

    def rest(self) -> Sequence[Shown]:
        """Return what is left at the end."""
        remainder = self._show(self._end())
        if self._has_text or self._has_thought or self._has_picture or not self._record:
            return remainder
        self._filter, self._pictures, self._thoughts = self._make_filter(), InlinePictureFilter(), ThoughtFilter()
        self._length = 0
        return self._show([*self._sort(self._pictures.feed(self._record.text)), *self._end()])

    def check(self) -> None:
        """Raise what is wrong with the answer as a whole."""
        error = self._error
        if error is None and not self._complete and not self._record:
            error = Busy(FailureCode.PROVIDER_UNREACHABLE)
        if error is None and not self._has_text and not self._has_picture:
            thought_only = self._has_thought or self.unfinished is not None
            error = Refused(FailureCode.ONLY_THOUGHTS if thought_only else FailureCode.PROVIDER_EMPTY)
        if error and self._has_picture and not self._has_text:
            return  # it is there, and paid for
        if error and self._has_text and error.code not in _REPORTED_AFTER_TEXT:
            raise Cut(FailureCode.ANSWER_CUT) from error
        if error:
            raise error
