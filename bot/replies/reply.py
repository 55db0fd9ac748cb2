"""The answer to one turn as one channel sees it: it grows in few edits that never overlap."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.errors import BotError, Busy
from bot.messages import Button, Channel, File, Turn
from bot.ports import Adapter, Store
from bot.replies.pages import pages

log = structlog.get_logger(__name__)

CURSOR = " ▌"
NOTHING_MORE = "…"  # what a post reads that an earlier try filled and this one does not need


@dataclass(frozen=True, slots=True)
class PostPage:
    """What one post shows."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()


class Reply:
    """Knows which posts show the answer, also those that a process made before it died."""

    def __init__(
        self,
        adapter: Adapter,
        store: Store,
        turn: Turn,
        channel: Channel,
        *,
        lane: int = 0,
        heading: str = "",
        growing_buttons: Sequence[Button] = (),
        resumed: bool = False,
    ) -> None:
        """Several answers to a turn have a `lane` each. `resumed`: there may be posts, as after a crash."""
        self.adapter, self.store, self.turn, self.channel = adapter, store, turn, channel
        self.text = ""
        self._lane, self._heading, self._growing_buttons = lane, heading, growing_buttons
        # None: to be read from the store
        self._posts: list[str] | None = None if resumed or turn.deliveries > 1 else []
        self._shown: list[PostPage | None] = []
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

    async def show(
        self, text: str, *, buttons: Sequence[Button] = (), files: Sequence[File] = (), growing: bool = False
    ) -> None:
        """Let the posts read `text`, touching only those that differ; `growing`: more will follow.

        The buttons stand below the last page; files come with a post that is new.
        """
        if self._posts is None:
            self._posts = await self.store.list_posts(self.turn, self.channel, self._lane)
        wanted = pages(self._heading + text, self.adapter.max_length)
        last = len(wanted) - 1
        wanted += [NOTHING_MORE] * (len(self._posts) - len(wanted))
        for n, page in enumerate(wanted):
            is_last = n == last  # the others are full, and grow no more
            below = (tuple(buttons), tuple(files)) if is_last else ((), ())
            await self._show_page(self._posts, n, PostPage(page, *below), growing and is_last)

    async def _show_page(self, posts: list[str], n: int, page: PostPage, growing: bool) -> None:
        self._shown += [None] * (n + 1 - len(self._shown))
        if self._shown[n] == page:
            return
        if n < len(posts):
            post = await self.adapter.edit(self.channel, posts[n], page.text, buttons=page.buttons, growing=growing)
            if post != posts[n]:
                posts[n] = post
                await self.store.save_post_id(self.turn, self.channel, n, post, self._lane)
        else:
            posts.append(await self._send(n, page, growing))
        self._shown[n] = page

    async def _send(self, n: int, page: PostPage, growing: bool) -> str:
        asked = self.turn.message
        reply_to = asked.id if n == 0 and self.channel == asked.channel else None
        nonce = f"{self.turn.id}-{n}" if self._lane == 0 else f"{self.turn.id}-{n}-{self._lane}"
        post = await self.adapter.send(
            self.channel,
            page.text,
            reply_to=reply_to,
            nonce=nonce,
            buttons=page.buttons,
            files=page.files,
            growing=growing,
        )
        await self.store.save_post_id(self.turn, self.channel, n, post, self._lane)
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
                    await self.show(self.text + CURSOR, buttons=self._growing_buttons, growing=True)
            except Busy as error:  # the next edit brings all the text, so this one may be missed
                pause = error.retry_after or pause
            except BotError as error:
                log.warning("the answer cannot be seen growing", turn=self.turn.id, reason=error.key)
                return
            except Exception:  # a bug; whether it can be shown whole is another question
                log.exception("the answer cannot be seen growing", turn=self.turn.id)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._whole.wait()
