"""The answer to one turn in one channel: it grows in few edits that never overlap."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from bot.chat_platform import Platform
from bot.errors import BotError, Busy
from bot.messages import Button, Channel, File, OutgoingPost, Turn, with_notes
from bot.ports import Posts
from bot.replies.pages import pages
from bot.util.tasks import running_task

log = structlog.get_logger(__name__)

CURSOR = " ▌"
NOTHING_MORE = "…"  # text of a post that an earlier try filled and this one does not need


class Reply:
    """Keeps the posts that show the answer, including those of a process that died."""

    def __init__(
        self,
        platform: Platform,
        posts: Posts,
        turn: Turn,
        channel: Channel,
        *,
        lane: int = 0,
        heading: str = "",
        growing_buttons: Sequence[Button] = (),
        resumed: bool = False,
    ) -> None:
        """Prepare a reply; of several answers to a turn each has a `lane`. `resumed`: posts may exist already."""
        self.platform, self.posts, self.turn, self.channel = platform, posts, turn, channel
        self.text = ""
        self.notes: Sequence[str] = ()  # ours, above the text while it grows
        self._lane, self._heading, self._growing_buttons = lane, heading, growing_buttons
        # None: to be read from the store
        self._posts: list[str] | None = None if resumed or turn.deliveries > 1 else []
        self._shown: list[OutgoingPost | None] = []
        self._grown = asyncio.Event()
        self._whole = asyncio.Event()

    def grow(self, text: str) -> None:
        """Add to the answer; the next edit shows it."""
        self.text += text
        self._grown.set()

    @asynccontextmanager
    async def growing(self) -> AsyncGenerator[None, None]:
        """Let the posts follow the text while entered. Reading the provider never waits for the platform."""
        async with running_task(self._follow()) as following:
            try:
                yield
            except asyncio.CancelledError:
                following.cancel()
                raise
            finally:
                # Not cancelled otherwise: the id of a post that was sent must get stored.
                self._whole.set()
                self._grown.set()
                await asyncio.wait([following])
            following.result()

    async def show(
        self, text: str, *, buttons: Sequence[Button] = (), files: Sequence[File] = (), growing: bool = False
    ) -> None:
        """Make the posts show `text`, touching only those that differ; `growing`: more will follow.

        The buttons are below the last page; files come with a new post.
        """
        if self._posts is None:
            self._posts = await self.posts.list_posts(self.turn, self.channel, self._lane)
        wanted = pages(self._heading + text, self.platform.limits(self.channel).max_length)
        last = len(wanted) - 1
        wanted += [NOTHING_MORE] * (len(self._posts) - len(wanted))
        for n, page in enumerate(wanted):
            is_last = n == last  # the others are full, and no longer grow
            post = OutgoingPost(text=page, is_partial=growing and is_last)
            if is_last:
                post = replace(post, buttons=tuple(buttons), files=tuple(files))
            await self._show_post(self._posts, n, post)

    async def _show_post(self, ids: list[str], n: int, post: OutgoingPost) -> None:
        self._shown += [None] * (n + 1 - len(self._shown))
        visible = replace(post, is_partial=False)
        if self._shown[n] == visible:
            return
        if n < len(ids):
            id = await self._replace(n, ids[n], post)
            if id != ids[n]:
                ids[n] = id
                await self.posts.save_post_id(self.turn, self.channel, n, id, self._lane)
        else:
            ids.append(await self._send(n, post))
        self._shown[n] = visible

    async def _replace(self, n: int, id: str, post: OutgoingPost) -> str:
        """Edit the post and return its id. What cannot be edited is posted once more, unless it says nothing new."""
        if self.platform.edits is not None:
            return await self.platform.edits.edit(self.channel, id, post)
        if post.text == NOTHING_MORE:
            return id
        digest = hashlib.blake2b(post.text.encode(), digest_size=4).hexdigest()  # after a crash, the same post again
        return await self.platform.adapter.send(self.channel, replace(post, key=f"{self._key(n)}-{digest}"))

    def _key(self, n: int) -> str:
        return f"{self.turn.id}-{n}" if self._lane == 0 else f"{self.turn.id}-{n}-{self._lane}"

    async def _send(self, n: int, post: OutgoingPost) -> str:
        asked = self.turn.message
        reply_to = asked.id if n == 0 and self.channel == asked.channel else None
        id = await self.platform.adapter.send(self.channel, replace(post, reply_to=reply_to, key=self._key(n)))
        await self.posts.save_post_id(self.turn, self.channel, n, id, self._lane)
        return id

    async def _follow(self) -> None:
        while self.platform.edits is not None:
            await self._grown.wait()
            self._grown.clear()
            if self._whole.is_set():
                return
            pause = self.platform.limits(self.channel).edit_interval
            try:
                if self.text.strip():
                    text = with_notes(self.notes, self.text + CURSOR)
                    await self.show(text, buttons=self._growing_buttons, growing=True)
            except Busy as error:  # the next edit includes all the text, so this one is best-effort
                pause = error.retry_after or pause
            except BotError as error:
                log.warning("the answer cannot be seen growing", turn=self.turn.id, reason=error.code)
                return
            except Exception:  # a bug; delivering the complete text is another matter
                log.exception("the answer cannot be seen growing", turn=self.turn.id)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._whole.wait()
