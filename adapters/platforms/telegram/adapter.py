"""Telegram as a chat platform like any other, put together from its parts."""

import asyncio
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import Self, TypeVar
from urllib.parse import quote

import structlog
from telegram import BotCommand, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.platforms.telegram.draft import Draft
from adapters.platforms.telegram.errors import BadFormatting, FileAway, Moved, TopicGone, our_errors
from adapters.platforms.telegram.keyboard import keyboard
from adapters.platforms.telegram.listen import POLL, Poller, Raw, Take
from adapters.platforms.telegram.pace import Pace
from adapters.platforms.telegram.patience import Patience
from adapters.platforms.telegram.render import Rendered, plain, render
from adapters.platforms.telegram.translate import KINDS, NAME, Me, MovedTo, Pressed, Stale, address, translate
from adapters.platforms.telegram.transport import SILENCE, open_line
from adapters.platforms.telegram.webhook import Webhook
from bot.errors import BotError, Busy, Refused, Unreadable
from bot.messages import Attachment, Author, Button, Channel, Message
from bot.net import CAP, Http, Reply, chunks
from bot.ports import Receive
from bot.words import say

log = structlog.get_logger(__name__)

TYPING = 4.5  # seconds; Telegram shows the sign for five
CHECK = 60.0  # seconds after which the webhook is looked at again
DEAF = 120.0  # seconds without a word from Telegram, after which something is wrong
AGAIN = 1.0  # seconds until a file that was away is asked for once more
FALLBACKS = 3
MANAGING = ("creator", "administrator")  # as Telegram calls those who manage a group
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

MEGABYTE = 1024 * 1024

T = TypeVar("T")
Say = Callable[[int, int | None, Rendered], Awaitable[str]]


async def _nobody_asks(old: Channel, new: Channel) -> None: ...


class Telegram:
    """Private chats, groups and topics."""

    name = NAME
    max_length = 4096
    edit_interval = 1.1

    def __init__(
        self,
        token: str,
        api_url: str = "https://api.telegram.org",
        *,
        commands: dict[str, str] | None = None,
        moved: Callable[[Channel, Channel], Awaitable[None]] = _nobody_asks,
        drafts: bool = False,
        webhook: Webhook | None = None,
        pace: Pace | None = None,
        patience: Patience | None = None,
        poll: int = POLL,
    ) -> None:
        """`commands` are those of the bot with their descriptions; `moved` is told when people have another address.

        With `drafts`, answers in private chats grow as drafts. Without a `webhook` the bot polls.
        """
        self._token, self._url = token, api_url.rstrip("/")
        self._keep_moved, self._drafts = moved, drafts
        self._commands, self._webhook, self._poll = commands or {}, webhook, poll
        self._pace, self._patience = pace or Pace(), patience or Patience()
        self._moved: dict[int, int] = {}  # groups that became supergroups since we started
        self._poller: Poller | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._line = open_line(self._token, self._url)
        self._stack.push_async_callback(self._line.request.shutdown)
        self._files = await self._stack.enter_async_context(
            Http(f"{self._url}/file/bot{self._token}", silence=SILENCE),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    # listening

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, until cancelled. Refused when the token has been revoked."""
        me = await self._insist(self._introduce)
        take = partial(self._take, receive, me)
        await (self._be_called(self._webhook, take) if self._webhook else self._ask(take))

    @property
    def trouble(self) -> str | None:
        """What keeps us from hearing, for /readyz."""
        quiet = self._quiet
        return self.status if quiet is None or quiet > DEAF else None

    @property
    def status(self) -> str:
        """How long ago Telegram was heard."""
        quiet = self._quiet
        return "not connected yet" if quiet is None else f"Telegram was last heard {round(quiet)} seconds ago"

    @property
    def _quiet(self) -> float | None:
        source = self._webhook or self._poller
        return time.monotonic() - source.good if source else None

    async def _introduce(self) -> Me:
        user = await self._line.get_me()
        try:
            await self._line.set_my_commands([BotCommand(*command) for command in self._commands.items()])
        except BadRequest as error:
            log.warning("Telegram does not take the list of commands", reason=str(error))
        log.info("listening on Telegram", username=user.username, webhook=self._webhook is not None)
        return Me(user.id, user.username or "", frozenset(self._commands))

    async def _ask(self, take: Take) -> None:
        await self._insist(self._line.delete_webhook)
        self._poller = Poller(self._line, take, self._patience, self._poll)
        await self._poller.run()

    async def _be_called(self, webhook: Webhook, take: Take) -> None:
        webhook.take = take
        try:
            await self._insist(partial(self._tell_the_way, webhook))
            while True:
                await asyncio.sleep(CHECK)
                await self._insist(partial(self._see_to, webhook))
        finally:
            webhook.take = None

    async def _tell_the_way(self, webhook: Webhook) -> None:
        await self._line.set_webhook(webhook.url, allowed_updates=KINDS, secret_token=webhook.secret)

    async def _see_to(self, webhook: Webhook) -> None:
        known = await self._line.get_webhook_info()
        if known.url != webhook.url:
            log.warning("somebody else changed the webhook; it is set again")
            await self._tell_the_way(webhook)
        webhook.good = time.monotonic()

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                result = await step()
            except (TelegramError, Busy) as error:
                await self._patience.after(error)
            else:
                self._patience.over()
                return result

    async def _take(self, receive: Receive, me: Me, raw: Raw) -> None:
        """Once this returns, the update survives a crash, or there is nothing in it for us."""
        try:
            news = translate(raw, me, self._line)
        except Exception as error:  # it would make no more sense the next time
            log.error("an update was set aside", update=raw.get("update_id"), error=type(error).__name__)
            return
        if isinstance(news, Message):
            await receive(news)
        elif isinstance(news, Pressed):
            self._soon(self._acknowledge(news.query))
            await receive(news.message)
        elif isinstance(news, Stale):
            self._soon(self._acknowledge(news.query, say("telegram_old_button")))
        elif isinstance(news, MovedTo):
            self._moved[int(news.old.id)] = int(news.new.id)
            await self._keep_moved(news.old, news.new)

    async def _acknowledge(self, query: str, sentence: str | None = None) -> None:
        try:
            with our_errors():
                await self._line.answer_callback_query(query, text=sentence)
        except BotError as error:  # only the little clock on the button goes on turning
            log.info("a press was not acknowledged", reason=error.key)

    # speaking

    async def send(
        self,
        channel: Channel,
        text: str,
        *,
        reply_to: str | None = None,
        nonce: str | None = None,
        buttons: Sequence[Button] = (),
        growing: bool = False,
    ) -> str:
        """Post `text` and return the post's id. Telegram cannot tell the same nonce again.

        `growing`: more will follow, so that it is said now or not at all: Busy with the seconds until it can be.
        """
        if growing and self._drafts and _is_private(channel):
            return await self._draft(channel, Draft(_draft_number(nonce), reply_to or ""), text)
        about = ReplyParameters(_number(reply_to), allow_sending_without_reply=True) if reply_to else None

        async def send(chat: int, thread: int | None, post: Rendered) -> str:
            said = await self._line.send_message(
                chat,
                post.text,
                entities=post.entities or None,
                message_thread_id=thread,
                reply_parameters=about,
                reply_markup=keyboard(buttons),
                link_preview_options=NO_PREVIEW,
            )
            return str(said.message_id)

        return await self._say(channel, text, growing, send)

    async def edit(
        self, channel: Channel, post: str, text: str, *, buttons: Sequence[Button] = (), growing: bool = False
    ) -> str:
        """Let the post read `text`; `growing` as in `send`. A whole text turns a draft into a post."""
        if draft := Draft.parse(post):
            if growing:
                return await self._draft(channel, draft, text)
            return await self.send(channel, text, reply_to=draft.reply_to or None, buttons=buttons)

        async def edit(chat: int, thread: int | None, rendered: Rendered) -> str:
            await self._line.edit_message_text(
                rendered.text,
                chat,
                _number(post),
                entities=rendered.entities or None,
                reply_markup=keyboard(buttons),
                link_preview_options=NO_PREVIEW,
            )
            return post

        return await self._say(channel, text, growing, edit) or post

    async def _draft(self, channel: Channel, draft: Draft, text: str) -> str:
        async def show(chat: int, thread: int | None, post: Rendered) -> str:
            await self._line.send_message_draft(
                chat, draft.number, post.text, message_thread_id=thread, entities=post.entities or None
            )
            return str(draft)

        return await self._say(channel, text, True, show) or str(draft)

    async def _say(self, channel: Channel, text: str, growing: bool, call: Say) -> str:
        chat, thread = self._address(channel)
        post = render(text)
        async with self._pace.growing(chat) if growing else self._pace.whole(chat):
            for _ in range(FALLBACKS):
                try:
                    with our_errors():
                        return await call(chat, thread, post)
                    return ""  # nothing to change
                except TopicGone:
                    thread = None
                except BadFormatting:
                    post = plain(text)
                except Moved as moved:
                    self._moved[chat] = chat = moved.chat
            raise Refused("telegram_refused")

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show that an answer is on its way."""
        done = asyncio.Event()
        self._soon(self._type(channel, done))
        try:
            yield
        finally:
            done.set()

    async def _type(self, channel: Channel, done: asyncio.Event) -> None:
        chat, thread = self._address(channel)
        while not done.is_set():
            if self._pace.spare(chat):
                with suppress(BotError), our_errors():
                    await self._line.send_chat_action(chat, "typing", message_thread_id=thread)
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Unreadable when it holds more than `limit` bytes, is gone, or cannot be a picture."""
        if attachment.mime.startswith(("video/", "audio/")):
            raise Unreadable("photo_not_an_image")
        _weigh(attachment.size, limit)
        try:
            return await self._fetch(attachment, limit)
        except FileAway:
            await asyncio.sleep(AGAIN)
            return await self._fetch(attachment, limit)

    async def _fetch(self, attachment: Attachment, limit: int) -> bytes:
        with our_errors():
            file = await self._line.raw("getFile", file_id=attachment.ref)
            _weigh(file.get("file_size") or 0, limit)
            try:
                async with self._files.stream("GET", quote(file["file_path"])) as reply:
                    return await _body(reply, limit)
            except Busy as error:
                raise Busy("telegram_unreachable", error.retry_after) from error
        raise Unreadable("photo_gone")

    # odds and ends

    async def manages(self, channel: Channel, author: Author) -> bool:
        """Whether it is a private chat, or this person an admin of the group."""
        if _is_private(channel) or int(author.id) == address(channel)[0]:  # an admin who stays anonymous is the group
            return True
        if int(author.id) < 0:  # a channel; Telegram does not tell who speaks for it
            return False
        chat, _ = self._address(channel)
        with our_errors():
            member = await self._line.raw("getChatMember", chat_id=chat, user_id=int(author.id))
            return member["status"] in MANAGING
        return False

    async def check(self) -> None:
        """Ask who we are. Refused when Telegram does not know the token."""
        with our_errors():
            try:
                await self._line.get_me()
            except InvalidToken as error:
                raise Refused("telegram_wrong_token") from error

    def _address(self, channel: Channel) -> tuple[int, int | None]:
        chat, thread = address(channel)
        return self._moved.get(chat, chat), thread

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        """Let it run on its own: whoever waits for it would wait for Telegram."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_private(channel: Channel) -> bool:
    return address(channel)[0] > 0


def _draft_number(nonce: str | None) -> int:
    """The same answer is the same draft, also after a crash."""
    return zlib.crc32((nonce or "").encode()) or 1


def _number(id: str) -> int:
    """A message's id as Telegram has it; the press of a button is known by that of its post and one of its own."""
    return int(id.partition("/")[0])


def _weigh(size: int, limit: int) -> None:
    if size > limit:
        raise Unreadable("photo_too_heavy", limit=limit // MEGABYTE)


async def _body(reply: Reply, limit: int) -> bytes:
    if reply.status_code == 404:
        raise Unreadable("photo_gone")
    if reply.status_code != 200:
        raise Busy("telegram_unreachable")
    data = bytearray()
    async with aclosing(chunks(reply, cap=limit + CAP)) as pieces:
        async for piece in pieces:
            data += piece
            _weigh(len(data), limit)
    return bytes(data)
