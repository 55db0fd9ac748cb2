"""Telegram as a chat platform like any other, put together from its parts."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import quote

import structlog
from telegram import BotCommand
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.platforms.telegram.errors import FILE_LIMIT, FileUnavailable, GroupMigrated, map_telegram_errors, too_big
from adapters.platforms.telegram.polling import POLL, Poller, Raw, Take
from adapters.platforms.telegram.polling_backoff import PollingBackoff
from adapters.platforms.telegram.posting import Posting, is_private
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.settings import TelegramSettings
from adapters.platforms.telegram.translate import (
    KINDS,
    NAME,
    STOPPED,
    BotIdentity,
    ButtonPress,
    GroupMigration,
    StaleButtonPress,
    address,
    translate,
)
from adapters.platforms.telegram.transport import SILENCE, open_line
from adapters.platforms.telegram.webhook import Webhook, secret_of
from bot.adapter_context import AdapterContext
from bot.chat_platform import Health, HealthState, Platform, PostLimits
from bot.commands import ASK, LISTED, QUESTIONS
from bot.errors import BotError, Busy, Refused, Unreadable
from bot.messages import Attachment, Author, Channel, Message, OutgoingPost
from bot.ports import Receive
from bot.util.http import MEGABYTE, Http, Reply, check_size, photo
from bot.util.retry import TELEGRAM_FILE, retry
from bot.util.tasks import BackgroundTasks
from bot.web.server import WebServer
from bot.words import ENGLISH, LANGUAGES, catalogue, say, speaking

log = structlog.get_logger(__name__)

LIMITS = PostLimits(max_length=4096, edit_interval=1.1)
TYPING = 4.5  # seconds; Telegram shows the sign for five
CHECK = 60.0  # seconds after which the webhook is looked at again
DEAF = 120.0  # seconds without a word from Telegram, after which something is wrong
MANAGING = ("creator", "administrator")  # as Telegram calls those who manage a group


T = TypeVar("T")


Work = Callable[[], Coroutine[Any, Any, None]]


async def _nobody_asks(old: Channel, new: Channel) -> None: ...


async def _there_is_nobody_else(work: Work) -> None:
    await work()


class Telegram:
    """Private chats, groups and topics."""

    name = NAME

    def __init__(
        self,
        token: str,
        api_url: str = "https://api.telegram.org",
        *,
        commands: Mapping[str, Mapping[str, str]] | None = None,
        moved: Callable[[Channel, Channel], Awaitable[None]] = _nobody_asks,
        alone: Callable[[Work], Awaitable[None]] = _there_is_nobody_else,
        drafts: bool = False,
        webhook: Webhook | None = None,
        pace: SendPacing | None = None,
        patience: PollingBackoff | None = None,
        poll: int = POLL,
    ) -> None:
        """`commands` are those of the bot with their descriptions, for each language; "" is for all others.

        `moved` is told when people have another address. `alone` does its work while no other process of the bot does
        the same: that is how one of them polls, and the others stand by.
        With `drafts`, answers in private chats grow as drafts. Without a `webhook` the bot polls.
        """
        self._token, self._url = token, api_url.rstrip("/")
        self._keep_moved, self._alone, self._drafts = moved, alone, drafts
        self._kinds = (*KINDS, STOPPED) if drafts else KINDS
        self._commands, self._webhook, self._poll = commands or {}, webhook, poll
        self._pace, self._patience = pace or SendPacing(), patience or PollingBackoff()
        self._poller: Poller | None = None
        self._stands_by = False
        self._tasks = BackgroundTasks()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._line = open_line(self._token, self._url)
        self._speech = Posting(self._line, self._pace, drafts=self._drafts)
        self._stack.push_async_callback(self._line.request.shutdown)
        self._files = await self._stack.enter_async_context(
            Http(f"{self._url}/file/bot{self._token}", silence=SILENCE),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._tasks.close()
        await self._stack.aclose()

    def as_platform(self) -> Platform:
        """Name what Telegram can do. It keeps everything itself, so nothing lies here that could be deleted."""
        return Platform(
            name=NAME,
            adapter=self,
            limits=lambda channel: LIMITS,
            edits=self,
            typing=self,
            token=self,
            connection=self,
        )

    # listening

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, until cancelled. Refused when the token has been revoked."""
        if self._webhook:
            me = await self._insist(self._introduce)
            await self._be_called(self._webhook, partial(self._take, receive, me))
            return
        self._stands_by = True
        try:
            await self._alone(partial(self._ask, receive))
        finally:
            self._stands_by = False

    @property
    def health(self) -> Health:
        """How long ago Telegram was heard, or who hears it."""
        if self._stands_by:
            return Health(HealthState.STANDBY, "another process listens to Telegram")
        source = self._webhook or self._poller
        if source is None:
            return Health(HealthState.DOWN, "not connected yet")
        quiet = time.monotonic() - source.good
        state = HealthState.DOWN if quiet > DEAF else HealthState.UP
        return Health(state, f"Telegram was last heard {round(quiet)} seconds ago")

    async def _introduce(self) -> BotIdentity:
        user = await self._line.get_me()
        log.info("listening on Telegram", username=user.username, webhook=self._webhook is not None)
        return BotIdentity(user.id, user.username or "", frozenset().union(*self._commands.values()))

    async def _list_commands(self) -> None:
        for language, described in self._commands.items():
            await self._insist(partial(self._list, language, described))

    async def _list(self, language: str, described: Mapping[str, str]) -> None:
        commands = [BotCommand(*command) for command in described.items()]
        try:
            await self._line.set_my_commands(commands, language_code=language or None)
        except BadRequest as error:
            log.warning("Telegram does not take the list of commands", language=language, reason=str(error))

    async def _ask(self, receive: Receive) -> None:
        self._stands_by = False
        try:
            me = await self._insist(self._introduce)
            await self._list_commands()
            await self._insist(self._line.delete_webhook)
            take = partial(self._take, receive, me)
            self._poller = Poller(self._line, take, self._patience, self._poll, self._kinds)
            await self._poller.run()
        finally:
            self._poller, self._stands_by = None, True

    async def _be_called(self, webhook: Webhook, take: Take) -> None:
        webhook.take = take
        try:
            await self._insist(partial(self._tell_the_way, webhook))
            await self._list_commands()
            while True:
                await asyncio.sleep(CHECK)
                await self._insist(partial(self._see_to, webhook))
        finally:
            webhook.take = None

    async def _tell_the_way(self, webhook: Webhook) -> None:
        await self._line.set_webhook(webhook.url, allowed_updates=self._kinds, secret_token=webhook.secret)

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

    async def _take(self, receive: Receive, me: BotIdentity, raw: Raw) -> None:
        """Once this returns, the update survives a crash, or there is nothing in it for us."""
        try:
            news = translate(raw, me, self._line)
        except Exception as error:  # it would make no more sense the next time
            log.error("an update was set aside", update=raw.get("update_id"), error=type(error).__name__)
            return
        if isinstance(news, Message):
            await receive(news)
        elif isinstance(news, ButtonPress):
            self._tasks.start(self._acknowledge(news.query))
            await receive(news.message)
        elif isinstance(news, StaleButtonPress):
            with speaking(news.language):
                self._tasks.start(self._acknowledge(news.query, say("telegram_old_button")))
        elif isinstance(news, GroupMigration):
            self._speech.moved[int(news.old.id)] = int(news.new.id)
            await self._keep_moved(news.old, news.new)

    async def _acknowledge(self, query: str, sentence: str | None = None) -> None:
        try:
            with map_telegram_errors():
                await self._line.answer_callback_query(query, text=sentence)
        except BotError as error:  # only the little clock on the button goes on turning
            log.info("a press was not acknowledged", reason=error.key)

    # speaking

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. Telegram cannot tell the same key again."""
        return await self._speech.send(channel, post)

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post. A whole text turns a draft into a post."""
        return await self._speech.edit(channel, post_id, post)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show that an answer is on its way."""
        done = asyncio.Event()
        self._tasks.start(self._type(channel, done))
        try:
            yield
        finally:
            done.set()

    async def _type(self, channel: Channel, done: asyncio.Event) -> None:
        chat, thread = self._speech.address(channel)
        while not done.is_set():
            if self._pace.spare(chat):
                with suppress(BotError), map_telegram_errors():
                    await self._line.send_chat_action(chat, "typing", message_thread_id=thread)
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Unreadable when it holds more than `limit` bytes, or than Telegram hands out, or is gone.

        What can be neither seen nor heard is not fetched.
        """
        if attachment.mime.startswith(("video/", "audio/")) and not attachment.sound:
            raise Unreadable("photo_not_an_image")
        theirs = FILE_LIMIT * MEGABYTE
        if theirs <= limit and attachment.size > theirs:
            raise too_big()
        check_size(attachment.size, limit)
        return await retry(TELEGRAM_FILE, partial(self._fetch, attachment, limit), FileUnavailable)

    async def _fetch(self, attachment: Attachment, limit: int) -> bytes:
        with map_telegram_errors():
            file = await self._line.raw("getFile", file_id=attachment.ref)
            check_size(file.get("file_size") or 0, limit)
            try:
                async with self._files.stream("GET", quote(file["file_path"])) as reply:
                    return await _body(reply, limit)
            except Busy as error:
                raise Busy("telegram_unreachable", error.retry_after) from error
        raise Unreadable("photo_gone")

    # odds and ends

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Whether it is a private chat, or this person an admin of the group."""
        if is_private(channel) or int(author.id) == address(channel)[0]:  # an admin who stays anonymous is the group
            return True
        if int(author.id) < 0:  # a channel; Telegram does not tell who speaks for it
            return False
        chat, _ = self._speech.address(channel)
        try:
            return await self._is_admin(chat, author)
        except GroupMigrated as moved:  # another process heard of that, or nobody yet
            self._speech.moved[chat] = moved.chat
            return await self._is_admin(moved.chat, author)

    async def _is_admin(self, chat: int, author: Author) -> bool:
        with map_telegram_errors():
            member = await self._line.raw("getChatMember", chat_id=chat, user_id=int(author.id))
            return member["status"] in MANAGING
        return False

    async def check(self) -> None:
        """Ask who we are. Refused when Telegram does not know the token."""
        with map_telegram_errors():
            try:
                await self._line.get_me()
            except InvalidToken as error:
                raise Refused("telegram_wrong_token") from error


async def _body(reply: Reply, limit: int) -> bytes:
    if reply.status_code == 404:
        raise Unreadable("photo_gone")
    if reply.status_code != 200:
        raise Busy("telegram_unreachable")
    return await photo(reply, limit)


def open_telegram(context: AdapterContext) -> Telegram:
    """Build the Telegram platform. Adds the webhook's route to the web server if TELEGRAM_WEBHOOK_URL is set."""
    settings = context.settings.of(TelegramSettings)
    token = settings.telegram_token.get_secret_value() if settings.telegram_token else ""
    name = f"telegram {hashlib.sha256(token.encode()).hexdigest()[:12]}"  # tells bots apart, and no token
    return Telegram(
        token,
        settings.telegram_api_url,
        commands={"" if language == ENGLISH else language: _command_menu(language) for language in LANGUAGES},
        moved=context.store.channels.migrate_channel,
        alone=partial(context.store.coordination.run_exclusively, name),
        drafts=settings.telegram_drafts,
        webhook=_webhook(context.web, settings, token),
        pace=SendPacing(admit=context.store.coordination.acquire, name=name),
    )


def _command_menu(language: str) -> dict[str, str]:
    """Return what each command does, for Telegram's menu of them."""
    sentences = catalogue(language)
    return {name: sentences[f"help_{name}"] for name in ("start", *LISTED, ASK, *QUESTIONS)}


def _webhook(web: WebServer, settings: TelegramSettings, token: str) -> Webhook | None:
    if settings.telegram_webhook_url is None:
        return None
    secret = settings.telegram_webhook_secret
    return Webhook(web, settings.telegram_webhook_url, secret.get_secret_value() if secret else secret_of(token))
