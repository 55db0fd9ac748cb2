"""The answer to one turn as one channel sees it: it grows in few edits that never overlap."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.errors import BotError, Busy
from bot.messages import Button, Channel, Turn
from bot.pages import pages
from bot.ports import Adapter, Store

log = structlog.get_logger(__name__)

CURSOR = " ▌"
NOTHING_MORE = "…"  # what a post reads that an earlier try filled and this one does not need


@dataclass(frozen=True, slots=True)
class Page:
    """What one post shows."""

    text: str
    buttons: tuple[Button, ...] = ()


class Reply:
    """Knows which posts show the answer, also those that a process made before it died."""

    def __init__(self, adapter: Adapter, store: Store, turn: Turn, channel: Channel) -> None:
        self.adapter, self.store, self.turn, self.channel = adapter, store, turn, channel
        self.text = ""
        self._posts: list[str] | None = [] if turn.claims <= 1 else None  # None: to be read from the store
        self._shown: list[Page | None] = []
        self._grown = asyncio.Event()
        self._whole = asyncio.Event()

    def grow(self, text: str) -> None:
        """Add to the answer; the next edit shows it."""
        self.text += text
        self._grown.set()

    @asynccontextmanager
    async def growing(self) -> AsyncGenerator[None, None]:
        """While entered, the posts follow the text. Reading the provider never waits for the platform."""
        following = asyncio.create_task(self._follow())
        try:
            yield
        except asyncio.CancelledError:
            following.cancel()
            raise
        finally:
            # Not cancelled otherwise: a post that was sent must not miss having its id stored.
            self._whole.set()
            self._grown.set()
            await asyncio.wait([following])
        following.result()

    async def show(self, text: str, *, buttons: Sequence[Button] = (), growing: bool = False) -> None:
        """Let the posts read `text`, touching only those that differ; `growing`: more will follow.

        The buttons stand below the last page.
        """
        if self._posts is None:
            self._posts = await self.store.posts(self.turn, self.channel)
        wanted = pages(text, self.adapter.max_length)
        last = len(wanted) - 1
        wanted += [NOTHING_MORE] * (len(self._posts) - len(wanted))
        for n, page in enumerate(wanted):
            is_last = n == last  # the others are full, and grow no more
            await self._show_page(self._posts, n, Page(page, tuple(buttons) if is_last else ()), growing and is_last)

    async def _show_page(self, posts: list[str], n: int, page: Page, growing: bool) -> None:
        self._shown += [None] * (n + 1 - len(self._shown))
        if self._shown[n] == page:
            return
        if n < len(posts):
            post = await self.adapter.edit(self.channel, posts[n], page.text, buttons=page.buttons, growing=growing)
            if post != posts[n]:
                posts[n] = post
                await self.store.posted(self.turn, self.channel, n, post)
        else:
            posts.append(await self._send(n, page, growing))
        self._shown[n] = page

    async def _send(self, n: int, page: Page, growing: bool) -> str:
        asked = self.turn.message
        reply_to = asked.id if n == 0 and self.channel == asked.channel else None
        nonce = f"{self.turn.id}-{n}"
        post = await self.adapter.send(
            self.channel, page.text, reply_to=reply_to, nonce=nonce, buttons=page.buttons, growing=growing
        )
        await self.store.posted(self.turn, self.channel, n, post)
        return post

    async def _follow(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            if self._whole.is_set():
                return
            pause = self.adapter.edit_interval
            try:
                if self.text.strip():
                    await self.show(self.text + CURSOR, growing=True)
            except Busy as error:  # the next edit brings all the text, so this one may be missed
                pause = error.retry_after or pause
            except BotError as error:
                log.warning("the answer cannot be seen growing", turn=self.turn.id, reason=error.key)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._whole.wait()
