"""From frames to what people read: the words without the noise, the usage, and an honest word when it broke off."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Protocol

from adapters.providers.error_rules import ServiceFailure
from adapters.providers.frames import EndFrame, Frame, Frames, ResultFrame, TextFrame
from bot.errors import BotError, Busy, Cut, Refused
from bot.messages import Piece, Text, Usage

MOST = 1_000_000  # characters of an answer
LINGER = 0.5  # seconds for the last bytes of a body, so that its connection can be used again

# Worth saying even after half an answer; everything else is then "the answer broke off".
_SAID_ANYWAY = ("provider_no_credits", "provider_too_long", "provider_filtered")


class TextFilter(Protocol):
    """Takes out of a growing text what people need not read, wherever its pieces are cut."""

    def feed(self, piece: str) -> str:
        """Take the next piece in, and return what is surely part of the answer."""
        ...

    def end(self) -> str:
        """Return what is left when nothing more comes."""
        ...


class BlankTrimmer:
    """Takes away the blanks at both ends."""

    def __init__(self) -> None:
        self._begun = False
        self._held = ""  # blanks that may be the last ones

    def feed(self, piece: str) -> str:
        """Hand on all but the blanks at its end."""
        text = self._held + piece if self._begun else piece.lstrip()
        said = text.rstrip()
        self._held = text[len(said) :]
        self._begun = self._begun or bool(said)
        return said

    def end(self) -> str:
        """Drop the last blanks."""
        self._held = ""
        return ""


async def pieces(
    frames: Frames, judge: Callable[[ServiceFailure], BotError], sieve: Callable[[], TextFilter] = BlankTrimmer
) -> AsyncGenerator[Piece, None]:
    """Hand out Text as it comes, then one Usage. `judge` says what a failure in the answer means.

    What `sieve` makes takes out the noise. Raises Cut when the answer broke off after words were out, Busy when before.
    """
    telling = _AnswerState(judge, sieve)
    try:
        async for frame in frames:
            if text := telling.take(frame):
                yield Text(text)
            if telling.over:
                break
    except BotError as error:  # the connection, mostly
        telling.broke(error)
    if text := telling.rest():
        yield Text(text)
    telling.check()
    yield telling.usage
    with suppress(BotError, TimeoutError):
        async with asyncio.timeout(LINGER):
            async for _ in frames:
                pass


class _AnswerState:
    """What is known of an answer while it comes."""

    def __init__(self, judge: Callable[[ServiceFailure], BotError], sieve: Callable[[], TextFilter]) -> None:
        self._judge, self._sieve = judge, sieve
        self._filter = sieve()
        self._said = False
        self._length = 0
        self._record: ResultFrame | None = None
        self._error: BotError | None = None
        self._complete = False

    @property
    def over(self) -> bool:
        """Whether nothing more is of interest: what follows the record can only say that it is done."""
        return self._complete or self._record is not None or self._error is not None

    @property
    def usage(self) -> Usage:
        return self._record.usage if self._record else Usage()

    def take(self, frame: Frame) -> str:
        """Take a frame in, and return the words to show."""
        if isinstance(frame, TextFrame):
            return self._take_words(frame.text)
        if isinstance(frame, ResultFrame):
            self._record = frame
        elif isinstance(frame, EndFrame):
            self._complete = True
        else:
            self._error = self._judge(frame)
        return ""

    def _take_words(self, text: str) -> str:
        self._length += len(text)
        if self._length > MOST:
            self._error = Refused("provider_too_long")
            return ""
        return self._show(self._filter.feed(text))

    def _show(self, text: str) -> str:
        self._said = self._said or bool(text)
        return text

    def broke(self, error: BotError) -> None:
        """Take in that nothing more comes. With the record, the answer is here all the same."""
        if not self._record:
            self._error = self._error or error

    def rest(self) -> str:
        """Return the words that are left at the end."""
        rest = self._show(self._filter.end())
        if self._said or not self._record:
            return rest
        if len(self._record.text) > MOST:
            self._error = Refused("provider_too_long")
        whole = self._sieve()
        return self._show(whole.feed(self._record.text[:MOST]) + whole.end())

    def check(self) -> None:
        """Raise what is wrong with the answer as a whole."""
        error = self._error
        if error is None and not self._complete and not self._record:
            error = Busy("provider_unreachable")
        if error is None and not self._said:
            error = Refused("provider_empty")
        if error and self._said and error.key not in _SAID_ANYWAY:
            raise Cut("answer_cut") from error
        if error:
            raise error
