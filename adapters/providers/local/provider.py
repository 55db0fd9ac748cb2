"""The provider `local`: one model, `eyes`, which reads and measures the photos that come with a question."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Self

from adapters.providers.local.marked_differences import MarkedDifferences, find_differences
from adapters.providers.local.measurements import measure
from adapters.providers.local.readings import can_read, read
from adapters.providers.local.report import MeasuredPhoto, is_marked, write_report
from adapters.providers.local.settings import LocalSettings
from bot.adapter_context import AdapterContext
from bot.errors import Busy, FailureCode, Refused, Unreadable
from bot.files.isolation.client import WorkerFailed
from bot.messages import Drawn, File, Model, Photo, Piece, Prompt, Text, Usage
from bot.ports import Capabilities
from bot.words import say

EYES = Model(id="eyes", name="Local eyes", sees=True)
PACE = 0.015  # seconds between two words of an answer
_WORD = re.compile(r"\S+\s*")


class LocalEyes:
    """The provider that answers from measurements. It keeps no state: each question brings all that it needs."""

    name = "local"

    def __init__(self, pace: float = PACE, *, reads_text: bool = True) -> None:
        self.pace = pace
        self.reads_text = reads_text and can_read()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    @property
    def capabilities(self) -> Capabilities:
        """Read words and tell what a photo's file carried: no history, no uploads, no documents, nothing generated."""
        return Capabilities(tells_traces=True, reads_for_nothing=self.reads_text)

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Measure the photos of the question, then yield the report word by word, and two photos' differences."""
        photos = [await self._look_at(photo, n, prompt) for n, photo in enumerate(prompt.photos, 1)]
        differences = await self._compare(prompt)
        for word in _WORD.findall(write_report(photos, prompt, differences)):
            yield Text(word)
            await asyncio.sleep(self.pace)
        if differences and differences.picture and is_marked(differences):
            about = say("local_marked_about")
            yield Drawn(File(name="differences.jpg", mime="image/jpeg", data=differences.picture, about=about))
        yield Usage()

    async def models(self) -> Sequence[Model]:
        """List the one model."""
        return [EYES]

    async def _compare(self, prompt: Prompt) -> MarkedDifferences | None:
        """Find what differs in two photos; None for any other number of them."""
        if len(prompt.photos) != 2:
            return None
        try:
            return await find_differences(*prompt.photos, owner=str(prompt.conversation.id))
        except (FileNotFoundError, Unreadable, WorkerFailed):  # the measurements compare them as well, more coarsely
            return None

    async def _look_at(self, photo: Photo, n: int, prompt: Prompt) -> MeasuredPhoto:
        """Measure and read a photo, which keeps the number that it has in the conversation."""
        owner = str(prompt.conversation.id)
        try:
            measurements = await measure(photo.file, owner)
            reading = await read(photo.file, owner) if self.reads_text else None
        except FileNotFoundError as error:  # another process needed the place; by the next try it is fetched again
            raise Busy(FailureCode.PHOTO_GONE) from error
        except (Unreadable, WorkerFailed) as error:
            raise Refused(FailureCode.PROVIDER_PHOTO_REFUSED) from error
        return MeasuredPhoto(
            number=prompt.numbers.get(photo.sha256, n), photo=photo, measurements=measurements, reading=reading
        )

    async def check(self) -> None:
        """Do nothing: there is no key and no network that could be wrong."""


def open_local(context: AdapterContext) -> LocalEyes:
    """Build the provider from the operator's settings."""
    return LocalEyes(reads_text=context.settings.of(LocalSettings).bot_local_text)
