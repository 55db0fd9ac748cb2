"""A limit on the questions with files that are sent at the same time.

More would share the same bandwidth and be no faster; but each holds pieces of its files in memory, and when a
stalled link moves again, all of them go on at the same moment, which would block the event loop.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.providers.openai.request_body import RequestBody

MAX_UPLOADS = 32


class UploadSlots:
    """The upload slots of one service."""

    def __init__(self, max_uploads: int = MAX_UPLOADS) -> None:
        self._slots = asyncio.Semaphore(max_uploads)
        # One is fast enough, and more would take turns with the event loop at the interpreter, each for a millisecond.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="sending")

    @asynccontextmanager
    async def acquire(self, body: RequestBody) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Wait for a slot, if there are files, and return the pieces of the body. Raises Busy when a file is gone.

        The slot is free again as soon as all pieces are sent, or on leaving.
        """
        async with AsyncExitStack() as stack:
            if body.files:
                await stack.enter_async_context(self._slots)
            await body.check()

            async def stream() -> AsyncIterator[bytes]:
                async for piece in body.stream(self._reader):
                    yield piece
                await stack.aclose()

            yield stream()
