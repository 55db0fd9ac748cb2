"""The answer to one turn in one channel: it grows in few edits that never overlap."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

import structlog

from bot.chat_platform import Platform, PostLimits
from bot.errors import CLOSED, POST_GONE, SHUT_OUT, BotError, Busy, FailureCode, Refused
from bot.messages import Button, Channel, File, OutgoingPost, Turn, with_notes
from bot.ports import Posts
from bot.replies.pages import pages, units
from bot.replies.plainer_posts import blocked_notice, plainer, text_file
from bot.util.tasks import running_task
from bot.words import say

log = structlog.get_logger(__name__)

CURSOR = " ▌"
NOTHING_MORE = "…"  # text of a post that an earlier try filled and this one does not need
FEW_WORDS = 3  # complete ones, before the one that grows
WORTH_READING = 24  # characters, however few words they are
SPOILER_ROOM = 16  # UTF-16 units of a page for the signs that hide it
MOST_FROZEN = 100  # posts of an answer that a process which died may have left unfinished


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
        self.unstored: Sequence[str] = ()  # pieces of the text that are shown and not stored
        self.is_spoiler = False  # what it says is shown only to those who choose to see it
        self.is_quiet = False  # small and without a sound, where the platform can
        self.is_stopped = False  # by a person, who is told so wherever that is possible
        self.hides_words = False  # the words that come are not those that people will read
        self.status = ""  # shown as long as there is no text: what the model is doing
        self.heading = heading  # above the text
        self.hidden_names: Mapping[str, str] = {}  # what stands for names in the notes and the status
        self._lane, self._growing_buttons = lane, growing_buttons
        # None: to be read from the store
        self._posts: list[str] | None = None if resumed or turn.deliveries > 1 else []
        self._shown: list[OutgoingPost | None] = []
        # Posts that look unfinished; one of a process that died may
        self._frozen: set[int] = set(range(MOST_FROZEN)) if turn.deliveries > 1 and not resumed else set()
        self._told_rest: tuple[str, bool] | None = None  # what was sent in private, and whether that worked
        self.refusal: Refused | None = None  # set with `shut_out`
        self.shut_out = asyncio.Event()  # nobody can be told anything here
        self._grown = asyncio.Event()
        self._whole = asyncio.Event()

    def grow(self, text: str) -> None:
        """Add to the answer; the next edit shows it."""
        self.text += text
        self._grown.set()

    def replace(self, text: str) -> None:
        """Let the answer so far be another one."""
        self.text = text
        self._grown.set()

    def tell(self, status: str) -> None:
        """Show what the model is doing, until its first words."""
        self.status = status
        self._grown.set()

    def without_names(self, text: str) -> str:
        """Return words of ours without the names that are hidden."""
        for name, stand_in in self.hidden_names.items():
            text = text.replace(name, stand_in)
        return text

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

        The buttons are below the last page; files come with a new post. What the platform refuses gets a plainer form;
        raises Refused where there is none, and then no post goes on to look as if it grew.
        """
        if self._posts is None:
            self._posts = await self.posts.list_posts(self.turn, self.channel, self._lane)
        limits = self.platform.limits(self.channel)
        ending = CURSOR if growing else ""
        room = limits.max_length - (SPOILER_ROOM if self.is_spoiler else 0)
        wanted = pages(self.heading + text, room, measure=limits.measure or units, ending=ending)
        if not limits.takes_files:
            wanted, files = await self._fit_without_files(wanted, limits, text, files, growing=growing)
        elif limits.max_posts is not None and len(wanted) > limits.max_posts:
            wanted, files = _shortened(wanted, limits.max_posts, text, files, growing=growing)
        last = len(wanted) - 1
        wanted += [NOTHING_MORE] * (len(self._posts) - len(wanted))
        try:
            for n, page in enumerate(wanted):
                is_last = n == last  # the others are full, and no longer grow
                post = OutgoingPost(
                    text=page,
                    is_partial=growing and is_last,
                    is_spoiler=self.is_spoiler,
                    is_quiet=self.is_quiet,
                    stored_text=self._stored(page),
                )
                if is_last:
                    post = replace(post, buttons=tuple(buttons), files=tuple(files))
                await self._show_post(self._posts, n, post)
        except Refused as error:
            if growing:
                raise
            whole = OutgoingPost(text=text, files=tuple(files), is_spoiler=self.is_spoiler)
            await self._show_otherwise(self._posts, error, whole)

    async def _fit_without_files(
        self, wanted: list[str], limits: PostLimits, text: str, files: Sequence[File], *, growing: bool
    ) -> tuple[list[str], Sequence[File]]:
        """Return the pages that fit where no file can be posted. The whole answer goes to whoever asked, alone."""
        most = limits.max_posts or len(wanted)
        if self._lane and most == 1:  # the only post shows the first lane
            await self._tell_rest_in_private(text, files)
            return [], ()
        if growing or (len(wanted) <= most and not files):
            return wanted[:most], ()
        is_told = await self._tell_rest_in_private(text, files)
        note = f"\n\n_{say('post_rest_private' if is_told else 'post_rest_nowhere')}_"
        room = limits.max_length - len(note) - (SPOILER_ROOM if self.is_spoiler else 0)
        wanted = pages(self.heading + text, room, measure=limits.measure or units)[:most]
        return [*wanted[:-1], wanted[-1] + note], ()

    async def _tell_rest_in_private(self, text: str, files: Sequence[File]) -> bool:
        """Send the whole answer to whoever asked, once, and tell whether that worked."""
        if self._told_rest is None or self._told_rest[0] != text:
            whole = OutgoingPost(text=text, files=tuple(files), is_spoiler=self.is_spoiler)
            self._told_rest = (text, await self._tell_in_private(whole))
        return self._told_rest[1]

    def _stored(self, page: str) -> str:
        """Return a page without what is not to be stored; empty if that makes no difference."""
        stored = page
        for piece in self.unstored:
            stored = stored.replace(piece, NOTHING_MORE)
        return stored if stored != page else ""

    async def _show_post(self, ids: list[str], n: int, post: OutgoingPost) -> None:
        self._shown += [None] * (n + 1 - len(self._shown))
        visible = replace(post, is_partial=False)
        if self._shown[n] == visible:
            return
        if n == 0 == len(ids) and self.channel == self.turn.message.channel:
            post = replace(post, reply_to=self.turn.message.id)
        if post.is_partial:
            self._frozen.add(n)
            await self._publish(ids, n, post)
        else:
            await self._publish_in_some_form(ids, n, post)
            self._frozen.discard(n)
        self._shown[n] = visible

    async def _publish_in_some_form(self, ids: list[str], n: int, post: OutgoingPost) -> None:
        """Publish the post, or what comes closest to it of all that the platform takes."""
        is_new = n >= len(ids)
        try:
            await self._try_forms(post, partial(self._publish, ids, n))
        except Refused as error:  # a post that takes no edit at all is replaced by a new one
            if is_new or self._is_final(error):
                raise
            await self._try_forms(post, partial(self._publish_anew, ids, n))

    async def _try_forms(self, post: OutgoingPost, publish: Callable[..., Awaitable[None]]) -> None:
        """Publish one form of the post after the other, until one is taken. Raises Refused after the plainest."""
        form: OutgoingPost | None = post
        while form is not None:
            try:
                return await publish(form, adds_files=form is not post)
            except Refused as error:
                refusal = error
            if self._is_final(refusal):
                raise refusal
            log.warning("a post was refused", turn=self.turn.id, reason=refusal.code)
            form = plainer(form, refusal)
            if refusal.code is FailureCode.POST_BLOCKED and form is not None and await self._tell_in_private(post):
                form = replace(form, text=blocked_notice(sent_in_private=True))
        raise refusal

    def _is_final(self, refusal: Refused) -> bool:
        """Tell whether no other form is worth a try: nothing is taken there, or it is a linked channel."""
        return refusal.code in CLOSED or self.channel != self.turn.message.channel

    async def _publish(self, ids: list[str], n: int, post: OutgoingPost, *, adds_files: bool = False) -> None:
        if n >= len(ids):
            ids.append(await self._send(n, post))
            return
        id = await self._replace(n, ids[n], post if adds_files else replace(post, files=()))
        if id != ids[n]:
            ids[n] = id
            await self.posts.save_post_id(self.turn, self.channel, n=n, post=id, lane=self._lane)

    async def _replace(self, n: int, id: str, post: OutgoingPost) -> str:
        """Edit the post and return its id. What cannot be edited is posted once more, unless it says nothing new."""
        if self.platform.edits is not None:
            try:
                return await self.platform.edits.edit(self.channel, id, post)
            except Refused as error:
                if error.code not in POST_GONE or post.is_partial:
                    raise
            await self._delete(id)  # it may be there after all, if the platform only says so
        if post.text == NOTHING_MORE:
            return id
        return await self._send_again(n, post)

    async def _publish_anew(self, ids: list[str], n: int, post: OutgoingPost, *, adds_files: bool = False) -> None:
        """Publish the post in place of one that cannot be edited, which is deleted."""
        former, ids[n] = ids[n], await self._send_again(n, post if adds_files else replace(post, files=()))
        await self.posts.save_post_id(self.turn, self.channel, n=n, post=ids[n], lane=self._lane)
        await self._delete(former)

    async def _send_again(self, n: int, post: OutgoingPost) -> str:
        digest = hashlib.blake2b(post.text.encode(), digest_size=4).hexdigest()  # after a crash, the same post again
        return await self.platform.adapter.send(self.channel, replace(post, key=f"{self._key(n)}-{digest}"))

    # where nothing more can be posted

    async def _show_otherwise(self, ids: list[str], refusal: Refused, whole: OutgoingPost) -> None:
        """Show the answer in another place, or raise the refusal; nothing looks as if it still grew."""
        if refusal.code is FailureCode.POSTS_USED_UP and ids and self.platform.edits is not None:
            form = OutgoingPost(text=f"📄 {say('post_as_file')}", files=(*whole.files[:9], text_file(whole.text)))
            await self.platform.edits.edit(self.channel, ids[-1], form)
            return
        for n in sorted(self._frozen & set(range(len(ids)))):
            await self._delete(ids[n])
        if not await self._tell_in_private(whole):
            raise refusal

    async def _delete(self, id: str) -> None:
        if self.platform.deletes is None:
            return
        try:
            await self.platform.deletes.delete(self.channel, id)
        except BotError as error:
            log.info("a post could not be taken back", turn=self.turn.id, reason=error.code)

    async def _tell_in_private(self, post: OutgoingPost) -> bool:
        """Send a model's answer, or that it was stopped, to whoever asked, alone; tell whether that worked.

        Raises Busy where it may work later: nobody else can be told.
        """
        message, private_chats = self.turn.message, self.platform.private_chats
        is_worth_it = self.is_stopped or bool(self.text) or self.turn.result is not None
        if private_chats is None or message.private or self.channel != message.channel or not is_worth_it:
            return False
        try:
            chat = await private_chats.open_private_chat(message.author)
            text = f"_{say('post_private')}_\n\n{post.text}"
            for n, page in enumerate(parts := pages(text, self.platform.limits(chat).max_length)):
                files = post.files if n == len(parts) - 1 else ()
                key = f"{self._key(n)}-private"
                form = OutgoingPost(text=page, files=files, key=key, is_spoiler=post.is_spoiler)
                await self._send_in_private(chat, form)
        except Busy:
            raise
        except BotError as error:
            log.info("an answer could not be sent in private", turn=self.turn.id, reason=error.code)
            return False
        return True

    async def _send_in_private(self, chat: Channel, post: OutgoingPost) -> None:
        """Send a part of an answer to a person, or what comes closest to it. Raises Refused where nothing is taken."""
        form: OutgoingPost | None = post
        while form is not None:
            try:
                await self.platform.adapter.send(chat, form)
                return
            except Refused as error:
                refusal = error
            form = None if refusal.code in {*CLOSED, FailureCode.POST_BLOCKED} else plainer(form, refusal)
        raise refusal

    def _key(self, n: int) -> str:
        return f"{self.turn.id}-{n}" if self._lane == 0 else f"{self.turn.id}-{n}-{self._lane}"

    async def _send(self, n: int, post: OutgoingPost) -> str:
        id = await self.platform.adapter.send(self.channel, replace(post, key=self._key(n)))
        await self.posts.save_post_id(self.turn, self.channel, n=n, post=id, lane=self._lane)
        return id

    async def _wait_for_words(self) -> None:
        """Wait until the first post is worth reading: a single letter costs as much as a sentence."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.platform.limits(self.channel).first_post_wait):
                while not (self._whole.is_set() or self.status or _is_worth_reading(self.text)):
                    await self._grown.wait()
                    self._grown.clear()

    async def _follow(self) -> None:
        if self.platform.edits is not None:
            await self._grown.wait()
            await self._wait_for_words()
            self._grown.set()
        while self.platform.edits is not None:
            await self._grown.wait()
            self._grown.clear()
            if self._whole.is_set():
                return
            pause = self.platform.limits(self.channel).edit_interval
            try:
                words = "" if self.hides_words else self.text
                if growing := (words.strip() and words) or self.without_names(self.status):
                    text = with_notes([self.without_names(note) for note in self.notes], growing)
                    await self.show(text, buttons=self._growing_buttons, growing=True)
            except Busy as error:  # the next edit includes all the text, so this one is best-effort
                pause = error.retry_after or pause
            except BotError as error:
                log.warning("the answer cannot be seen growing", turn=self.turn.id, reason=error.code)
                if isinstance(error, Refused) and error.code in SHUT_OUT:
                    self.refusal = error
                    self.shut_out.set()
                return
            except Exception:  # a bug; delivering the complete text is another matter
                log.exception("the answer cannot be seen growing", turn=self.turn.id)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._whole.wait()


def _is_worth_reading(text: str) -> bool:
    """Tell whether there are a few words, also in writing that puts no blanks between them."""
    return len(text) >= WORTH_READING or len(text.split()) > FEW_WORDS


def _shortened(
    wanted: list[str], most: int, text: str, files: Sequence[File], *, growing: bool
) -> tuple[list[str], Sequence[File]]:
    """Return the first pages, as many as may be posted; the whole text comes in a file with the last one."""
    beginning = wanted[: most - 1]
    return (beginning, files) if growing else ([*beginning, f"📄 {say('post_as_file')}"], (*files, text_file(text)))
