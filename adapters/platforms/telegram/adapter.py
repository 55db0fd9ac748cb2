"""The Telegram adapter, assembled from its parts."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import quote

import structlog
from telegram import BotCommand
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.platforms.budgets import MEGABYTE, TelegramBudgets
from adapters.platforms.refused_reactions import RefusedReactions
from adapters.platforms.telegram.formatting import rendered_length
from adapters.platforms.telegram.group_greetings import GroupGreetings
from adapters.platforms.telegram.guests import GuestAnswers
from adapters.platforms.telegram.linked_chats import follow_links
from adapters.platforms.telegram.message_content import (
    NAME,
    address_of,
    is_direct_topic,
    is_guest,
    parse_address,
)
from adapters.platforms.telegram.polling import POLL_SECONDS, Poller, PollingBackoff, RawUpdate, TakeUpdate
from adapters.platforms.telegram.posting import Posting, is_private
from adapters.platforms.telegram.rich_posting import WantsRich, never_rich
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.settings import TelegramSettings
from adapters.platforms.telegram.setup_check import (
    describe_guest_mode,
    describe_privacy,
    describe_webhook,
    find_webhook_faults,
)
from adapters.platforms.telegram.translate import (
    GUEST_MESSAGE,
    KINDS,
    STOP_PRESSED,
    BotIdentity,
    ButtonPress,
    GroupJoined,
    GroupMigration,
    StaleButtonPress,
    read_update,
    translate,
)
from adapters.platforms.telegram.transport import (
    READ_TIMEOUT,
    FileUnavailable,
    GroupMigrated,
    file_too_big,
    is_absolute,
    map_telegram_errors,
    open_bot,
    path_below_token,
    read_local_file,
)
from adapters.platforms.telegram.webhook import Webhook, derive_secret
from adapters.platforms.telegram.webhook_watch import CHECK_SECONDS, WebhookWatch
from bot.adapter_context import AdapterContext
from bot.adapter_settings import reveal
from bot.chat_platform import FIRST_POST_WAIT, Health, HealthState, Platform, PostLimits, SetupRemark, plausible_time
from bot.commands import ASK, FOR_FEW, LISTED, QUESTIONS
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.messages import Attachment, Author, Channel, Message, OutgoingPost
from bot.operations.metrics import Metrics
from bot.operations.set_aside import SetAsideLog
from bot.ports import Blobs, Channels, Receive
from bot.util.http import ConnectionOptions, Http, Reply, check_size, photo
from bot.util.retry import TELEGRAM_FILE, retry
from bot.util.tasks import BackgroundTasks, running_task
from bot.web.server import WebServer
from bot.words import ENGLISH, LANGUAGES, catalogue, say, speaking

log = structlog.get_logger(__name__)

LIMITS = PostLimits(
    max_length=TelegramBudgets.MESSAGE_LENGTH,
    edit_interval=1.1,
    first_post_wait=FIRST_POST_WAIT,
    measure=rendered_length,
)
GUEST_LIMITS = replace(LIMITS, edit_interval=3.1, max_posts=1, takes_files=False)
OFFICIAL_SERVER = "https://api.telegram.org"
TYPING = 4.5  # seconds; Telegram shows the sign for five
POLL_GRACE = 20.0  # seconds beyond the length of a poll, after which a failure is one that the operator has to know
MAX_SILENCE = 120.0  # seconds without contact with Telegram, after which something is wrong
MANAGER_STATUSES = ("creator", "administrator")


T = TypeVar("T")


Task = Callable[[], Coroutine[Any, Any, None]]


async def _ignore_migration(old: Channel, new: Channel) -> None: ...


async def _find_no_channel(chat: Channel, post: str) -> Channel | None:
    return None


async def _run_directly(work: Task) -> None:
    await work()


class Telegram:
    """The platform of private chats, groups and topics."""

    name = NAME

    def __init__(
        self,
        token: str,
        api_url: str = OFFICIAL_SERVER,
        *,
        commands: Mapping[str, Mapping[str, str]] | None = None,
        migrate_channel: Callable[[Channel, Channel], Awaitable[None]] = _ignore_migration,
        find_channel_of_post: Callable[[Channel, str], Awaitable[Channel | None]] = _find_no_channel,
        run_exclusively: Callable[[Task], Awaitable[None]] = _run_directly,
        drafts: bool = False,
        guests: bool = True,
        wants_rich: WantsRich = never_rich,
        webhook: Webhook | None = None,
        pacing: SendPacing | None = None,
        backoff: PollingBackoff | None = None,
        poll_seconds: int = POLL_SECONDS,
        proxy: str | None = None,
        is_local: bool = False,
        blobs: Blobs | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Make the adapter. `commands` are the bot's commands with descriptions, by language; "" is for all others.

        `migrate_channel` is called when a group gets another id, `find_channel_of_post` when Telegram does not tell to
        which topic a post belongs. `run_exclusively` works while no other process does
        the same: so one process polls, and the others stand by.
        `blobs` remember which groups were greeted, and answers as a guest. With `drafts`, partial answers in private
        chats are drafts; with `guests`, the bot answers where it is no member. Without a `webhook` the bot polls.
        `proxy` is the way to Telegram, if it is not that of the environment.
        `wants_rich` tells which channels want rich messages, and `is_local` that the server is one's own and runs with
        --local; a file's path tells it as well.
        """
        self._token, self._url, self._proxy = token, api_url.rstrip("/").removesuffix("/bot"), proxy
        self._is_own_server, self._is_local = self._url != OFFICIAL_SERVER, is_local
        self._find_channel_of_post = find_channel_of_post
        self._migrate_channel, self._run_exclusively, self._drafts = migrate_channel, run_exclusively, drafts
        self._kinds = (*KINDS, *([STOP_PRESSED] if drafts else []), *([GUEST_MESSAGE] if guests else []))
        self._commands, self._webhook, self._poll_seconds = commands or {}, webhook, poll_seconds
        self._pacing, self._backoff = pacing or SendPacing(), backoff or PollingBackoff()
        self._wants_rich = wants_rich
        self._poller: Poller | None = None
        self._watch = WebhookWatch(webhook) if webhook else None
        self._greetings, self._blobs = GroupGreetings(self.send, blobs), blobs
        self._set_aside = SetAsideLog(NAME, metrics)
        self._refused_reactions = RefusedReactions()
        self._is_standby = False
        self._tasks = BackgroundTasks()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._bot = open_bot(self._token, self._url, self._proxy)
        self._posting = Posting(self._bot, self._pacing, drafts=self._drafts, wants_rich=self._wants_rich)
        self._guests = GuestAnswers(self._bot, self._pacing, self._blobs)
        self._note_local_server(self._is_local)
        self._stack.push_async_callback(self._bot.request.shutdown)
        self._files = await self._stack.enter_async_context(
            Http(
                f"{self._url}/file/bot{self._token}",
                silence=READ_TIMEOUT,
                options=ConnectionOptions(proxy=self._proxy or ""),
            ),
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
            rich=True,
            limits=lambda channel: GUEST_LIMITS if is_guest(channel) else LIMITS,
            edits=self,
            deletes=self,
            private_chats=self,
            reactions=self,
            links=self,
            typing=self,
            token=self,
            connection=self,
        )

    def link_to(self, message: Message) -> str | None:
        """Return the address of a message of a supergroup, for its members; other chats have none."""
        return address_of(message)

    # listening

    async def listen(self, receive: Receive) -> None:
        """Pass every message to `receive`, until cancelled. Raises Refused when the token has been revoked."""
        if self._webhook:
            identity = await self._retry(self._fetch_identity)
            await self._listen_by_webhook(self._webhook, partial(self._take_update, receive, identity))
            return
        self._is_standby = True
        try:
            await self._run_exclusively(partial(self._listen_by_polling, receive))
        finally:
            self._is_standby = False

    @property
    def health(self) -> Health:
        """The seconds since the last contact with Telegram, or the process that listens to it."""
        if self._is_standby:
            return Health(HealthState.STANDBY, "another process listens to Telegram")
        source = self._webhook or self._poller
        if source is None:
            return Health(HealthState.DOWN, "not connected yet")
        if self._watch and self._watch.trouble:
            return Health(HealthState.DOWN, self._watch.trouble)
        silence = time.monotonic() - source.last_success
        detail = f"Telegram was last heard {round(silence)} seconds ago"
        if self._poller and self._poller.trouble and silence > self._poll_seconds + POLL_GRACE:
            return Health(HealthState.DOWN, f"{detail}: {self._poller.trouble}")
        return Health(HealthState.DOWN if silence > MAX_SILENCE else HealthState.UP, detail)

    async def _fetch_identity(self) -> BotIdentity:
        user = await self._bot.get_me()
        log.info("listening on Telegram", username=user.username, webhook=self._webhook is not None)
        commands = frozenset().union(*self._commands.values())
        return BotIdentity(user.id, user.username or "", commands, bool(user.can_read_all_group_messages))

    async def _set_all_commands(self) -> None:
        backoff = PollingBackoff(self._backoff.policy)
        for language, descriptions in self._commands.items():
            await self._retry(partial(self._set_commands, language, descriptions), backoff)

    async def _set_commands(self, language: str, descriptions: Mapping[str, str]) -> None:
        commands = [BotCommand(*command) for command in descriptions.items() if command[0] not in FOR_FEW]
        try:
            await self._bot.set_my_commands(commands, language_code=language or None)
        except BadRequest as error:
            log.warning("Telegram does not take the list of commands", language=language, reason=str(error))

    async def _listen_by_polling(self, receive: Receive) -> None:
        self._is_standby = False
        try:
            identity = await self._retry(self._fetch_identity)
            await self._retry(self._bot.delete_webhook)
            take_update = partial(self._take_update, receive, identity)
            self._poller = Poller(
                self._bot,
                take_update,
                backoff=self._backoff,
                poll_seconds=self._poll_seconds,
                kinds=self._kinds,
                set_aside=self._set_aside,
            )
            async with running_task(self._set_all_commands()):  # once for each language, which nobody waits for
                await self._poller.run()
        finally:
            self._poller, self._is_standby = None, True

    async def _listen_by_webhook(self, webhook: Webhook, take_update: TakeUpdate) -> None:
        webhook.take_update = take_update
        try:
            await self._retry(partial(self._set_webhook, webhook))
            await self._set_all_commands()
            while True:
                await self._retry(partial(self._check_webhook, webhook))
                await asyncio.sleep(CHECK_SECONDS)
        finally:
            webhook.take_update = None

    async def _set_webhook(self, webhook: Webhook) -> None:
        await self._bot.set_webhook(webhook.url, allowed_updates=self._kinds, secret_token=webhook.secret)

    async def _check_webhook(self, webhook: Webhook) -> None:
        webhook_info = await self._bot.get_webhook_info()
        if self._watch and not self._watch.look(webhook_info):
            log.warning("somebody else changed the webhook; it is set again")
            await self._set_webhook(webhook)
        webhook.last_success = time.monotonic()

    async def _retry(self, step: Callable[[], Awaitable[T]], backoff: PollingBackoff | None = None) -> T:
        backoff = backoff or self._backoff
        while True:
            try:
                result = await step()
            except (TelegramError, Busy) as error:
                await backoff.wait_after(error)
            else:
                backoff.reset()
                return result

    async def _take_update(self, receive: Receive, identity: BotIdentity, raw_update: RawUpdate) -> None:
        """Take an update in. Once this returns, it survives a crash, or there is nothing in it for us."""
        try:
            update = read_update(lambda raw: translate(raw, identity, self._bot), raw_update)
        except Exception as error:  # it would make no more sense the next time
            self._set_aside.note("update", error, update=raw_update.get("update_id"))
            return
        if isinstance(update, Message):
            source = self._webhook or self._poller
            sent = plausible_time(update.sent, source.empty_at if source else None)
            message = await follow_links(replace(update, sent=sent), self._bot.call_raw)
            if not message.is_guest:
                await receive(message)
            elif await receive(await self._guests.with_answer(message)):
                self._tasks.start(self._guests.greet(message))  # other updates need not wait for it
        elif isinstance(update, ButtonPress):
            self._tasks.start(self._acknowledge(update.query))
            await receive(await self._with_topic(update.message))
        elif isinstance(update, StaleButtonPress):
            with speaking(update.language):
                self._tasks.start(self._acknowledge(update.query, say("telegram_old_button")))
        elif isinstance(update, GroupJoined):
            if not (identity.reads_all or update.is_admin):
                self._tasks.start(self._greetings.greet(update, identity.username))
        elif isinstance(update, GroupMigration):
            self._posting.migrated_groups[int(update.old.id)] = int(update.new.id)
            await self._migrate_channel(update.old, update.new)

    async def _with_topic(self, press: Message) -> Message:
        """Let a press of a button below a message that Telegram no longer shows happen in the topic of that message."""
        if press.about is None or press.about.unseen is None:
            return press
        channel = await self._find_channel_of_post(press.channel, press.about.id)
        return replace(press, channel=channel or press.channel)

    async def _acknowledge(self, query: str, sentence: str | None = None) -> None:
        try:
            with map_telegram_errors():
                await self._bot.answer_callback_query(query, text=sentence)
        except BotError as error:  # the button only goes on showing its progress sign
            log.info("a press was not acknowledged", reason=error.code)

    # speaking

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. Telegram cannot tell the same key again."""
        if is_guest(channel):
            return await self._guests.send(channel, post)
        return await self._posting.send(channel, post)

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post. A whole text turns a draft into a post."""
        if is_guest(channel):
            return await self._guests.edit(channel, post_id, post)
        return await self._posting.edit(channel, post_id, post)

    async def delete(self, channel: Channel, post_id: str) -> None:
        """Delete a post. One that is not there any more is no error; a guest's is emptied."""
        if is_guest(channel):
            await self._guests.empty(channel, post_id)
        else:
            await self._posting.delete(channel, post_id)

    async def open_private_chat(self, author: Author) -> Channel:
        """Return the private chat with a person, in which the bot may write once they have spoken to it there."""
        if int(author.id) < 0:  # a channel, or an admin who stays anonymous
            raise Refused(FailureCode.CHANNEL_LOST)
        return Channel(NAME, author.id)

    async def react(self, channel: Channel, message_id: str, emoji: str, *, is_on: bool) -> None:
        """Put a reaction on a message, or take it away. Busy where the chat has no room for it."""
        chat, _ = self._posting.address(channel)
        if is_on and not self._pacing.has_room(chat):
            raise Busy(FailureCode.TELEGRAM_SLOW_DOWN)
        if not self._refused_reactions.has(channel):
            with self._refused_reactions.noting(channel), map_telegram_errors():
                await self._bot.set_message_reaction(chat, int(message_id), reaction=emoji if is_on else None)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show the typing sign while an answer is being made."""
        done = asyncio.Event()
        if not is_guest(channel):  # only members can show it
            self._tasks.start(self._send_typing(channel, done))
        try:
            with self._pacing.answering():
                yield
        finally:
            done.set()

    async def _send_typing(self, channel: Channel, done: asyncio.Event) -> None:
        chat, topic = self._posting.address(channel)
        while not done.is_set():
            if self._pacing.has_room(chat) and not is_direct_topic(channel):  # Telegram shows no sign there
                with suppress(BotError), map_telegram_errors():
                    await self._bot.send_chat_action(chat, "typing", **topic)
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Raises Unreadable when it is gone, or larger than `limit` bytes or than Telegram allows.

        A file that is neither picture, video, document nor sound is not fetched.
        """
        if attachment.mime.startswith("audio/") and not attachment.sound:
            raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
        telegram_limit = TelegramBudgets.DOWNLOAD_MEGABYTES * MEGABYTE
        if not self._is_local and telegram_limit <= limit and attachment.size > telegram_limit:
            raise file_too_big()
        check_size(attachment.size, limit)
        return await retry(TELEGRAM_FILE, partial(self._fetch, attachment, limit), FileUnavailable)

    async def _fetch(self, attachment: Attachment, limit: int) -> bytes:
        with map_telegram_errors():
            file = await self._bot.call_raw("getFile", file_id=attachment.ref)
            check_size(file.get("file_size") or 0, limit)
            path = file.get("file_path") or ""
            if not path:  # Telegram leaves it out at times, and tells it when it is asked again
                raise FileUnavailable(FailureCode.PHOTO_GONE)
            if self._is_own_server and is_absolute(path):
                self._note_local_server(True)
                if (data := await read_local_file(path, limit)) is not None:
                    return data
                path = path_below_token(path, self._token)
            try:
                async with self._files.stream("GET", quote(path)) as reply:
                    return await _body(reply, limit)
            except Busy as error:
                raise Busy(FailureCode.TELEGRAM_UNREACHABLE, error.retry_after) from error
        raise Unreadable(FailureCode.PHOTO_GONE)

    def _note_local_server(self, is_local: bool) -> None:
        """Take over the limits of a server that runs with --local, once that is known."""
        self._is_local = is_local
        if is_local:
            self._posting.upload_megabytes = TelegramBudgets.LOCAL_UPLOAD_MEGABYTES

    # odds and ends

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Tell whether it is a private chat, or this person an admin of the group."""
        if is_guest(channel):  # what is chosen there holds for this person alone
            return True
        if (
            is_private(channel) or int(author.id) == parse_address(channel)[0]
        ):  # an admin who stays anonymous is the group
            return True
        if int(author.id) < 0:  # a channel; Telegram does not tell who speaks for it
            return False
        chat, _ = self._posting.address(channel)
        try:
            return await self._is_admin(chat, author)
        except GroupMigrated as migrated:  # this process has not received that update
            self._posting.migrated_groups[chat] = migrated.chat
            return await self._is_admin(migrated.chat, author)

    async def _is_admin(self, chat: int, author: Author) -> bool:
        with map_telegram_errors():
            member = await self._bot.call_raw("getChatMember", chat_id=chat, user_id=int(author.id))
            return member["status"] in MANAGER_STATUSES
        return False

    async def check(self) -> Sequence[SetupRemark]:
        """Fetch our own user, and the webhook. Raises Refused when Telegram does not know the token."""
        remarks: list[SetupRemark] = []
        with map_telegram_errors():
            try:
                user = await self._bot.get_me()
                remarks.append(describe_privacy(user))
                remarks += describe_guest_mode(user, is_on=GUEST_MESSAGE in self._kinds)
            except InvalidToken as error:
                raise Refused(FailureCode.TELEGRAM_WRONG_TOKEN) from error
            if self._webhook:
                remarks += find_webhook_faults(self._webhook, self._url)
        with suppress(TelegramError):  # the token has been proven, and a server of one's own may know less
            remarks += describe_webhook(await self._bot.get_webhook_info(), self._webhook)
        return remarks


async def _body(reply: Reply, limit: int) -> bytes:
    if reply.status_code in (401, 404):  # the link is over, or the file has moved: getFile tells a new one
        raise FileUnavailable(FailureCode.PHOTO_GONE)
    if reply.status_code != 200:
        raise Busy(FailureCode.TELEGRAM_UNREACHABLE)
    return await photo(reply, limit)


def open_telegram(context: AdapterContext) -> Telegram:
    """Build the Telegram platform. Adds the webhook's route to the web server if TELEGRAM_WEBHOOK_URL is set."""
    settings = context.settings.of(TelegramSettings)
    token = settings.telegram_token.get_secret_value() if settings.telegram_token else ""
    name = f"telegram {hashlib.sha256(token.encode()).hexdigest()[:12]}"  # tells bots apart, and no token
    return Telegram(
        token,
        settings.telegram_api_url,
        proxy=reveal(settings.telegram_proxy),
        is_local=settings.telegram_local,
        # Telegram knows languages without regions.
        commands={
            "" if language == ENGLISH else language.partition("-")[0]: _command_menu(language) for language in LANGUAGES
        },
        migrate_channel=context.store.channels.migrate_channel,
        find_channel_of_post=context.store.posts.find_channel_of_post,
        run_exclusively=partial(context.store.coordination.run_exclusively, name),
        drafts=settings.telegram_drafts,
        guests=settings.telegram_guests,
        wants_rich=partial(_wants_rich, context.store.channels),
        webhook=_webhook(context.web, settings, token),
        blobs=context.store.blobs,
        metrics=context.metrics,
        pacing=SendPacing(acquire=context.store.coordination.acquire, name=name),
    )


async def _wants_rich(channels: Channels, channel: Channel) -> bool:
    return (await channels.get_channel_settings(channel)).rich


def _command_menu(language: str) -> dict[str, str]:
    """Return what each command does, for Telegram's menu of them."""
    sentences = catalogue(language)
    return {name: sentences[f"help_{name}"] for name in ("start", *LISTED, ASK, *QUESTIONS)}


def _webhook(web: WebServer, settings: TelegramSettings, token: str) -> Webhook | None:
    if settings.telegram_webhook_url is None:
        return None
    secret = settings.telegram_webhook_secret
    return Webhook(web, settings.telegram_webhook_url, secret.get_secret_value() if secret else derive_secret(token))
