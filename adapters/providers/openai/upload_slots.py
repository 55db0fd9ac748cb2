"""How many questions with files are on their way at the same time: the others wait until one is over there.

More would share the same line and be no faster; but each holds pieces of its files in memory, and when a line that was
jammed moves again, all of them want to go on at the same moment, for which the event loop would stand still.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.providers.openai.request_body import RequestBody

MOST = 32


class UploadSlots:
    """Places on the way to one service."""

    def __init__(self, most: int = MOST) -> None:
        self._places = asyncio.Semaphore(most)
        # One is fast enough, and more would take turns with the event loop at the interpreter, each for a millisecond.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="sending")

    @asynccontextmanager
    async def place(self, body: RequestBody) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Wait for a place, if there are files, and hand out the pieces of the body; Busy when a file is gone.

        The place is free again as soon as all pieces are sent, or on leaving.
        """
        async with AsyncExitStack() as taken:
            if body.files:
                await taken.enter_async_context(self._places)
            await body.check()

            async def sent() -> AsyncIterator[bytes]:
                async for piece in body.sent(self._reader):
                    yield piece
                await taken.aclose()

            yield sent()
