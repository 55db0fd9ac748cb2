"""Telegram on loopback: the emulator from PyPI, with the users, files, faults and the screen that it lacks."""

import asyncio
import io
import itertools
import json
import math
import re
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator, updates  # type: ignore[import-untyped]
from PIL import Image

from tests.doubles.telegram_limits import FloodLimits
from tests.doubles.telegram_rich import RichRequest, read_rich_request

TOKEN = "4242:" + "sandbox_" * 4
USERNAME = "snapthread_bot"
ANN = 42  # a person, and the private chat with her
GRETA = 77  # another one, who speaks German
SPOKEN = {ANN: "en", GRETA: "de"}
GROUP = -1001
DIRECT = -1009  # the direct messages of a channel, in which each person has a topic
# What Telegram takes, and where that is written: [api] is the reference at core.telegram.org/bots/api, [server] the
# source of tdlib/telegram-bot-api, [emulator] is enforced by the emulator already. Nothing is imported from the bot.
MESSAGE = 4096  # UTF-16 units [api: sendMessage] [emulator]
CAPTION = 1024  # UTF-16 units [api: sendPhoto]
MOST_BYTES = 20 << 20  # that getFile takes [server: Client.h, MAX_DOWNLOAD_FILE_SIZE]
MOST_SENT = 50 << 20  # bytes of a file of the bot's, and of all files of a request [api: "Sending files"]
MOST_PHOTO = 10 << 20  # bytes of a picture that is shown as a photo [api: sendPhoto]
MOST_IN_ALBUM = 10  # [api: sendMediaGroup]
TALLEST = 20  # how many times higher than wide a photo may be, or the other way round [api: sendPhoto]
AROUND = 10_000  # pixels of a photo's width and height together [api: sendPhoto]
AGAIN = 0.1  # seconds until a webhook is tried again
STOPPED = "stopped_message_generation"
GUEST = "guest_message"
GUEST_SECONDS = 60.0  # for which a call of a guest can be answered; Telegram tells no number
# What getWebhookInfo says after a call of the webhook came to nothing, by its status [server: WebhookActor.cpp]
REASONS = {0: "Connection refused", 403: "Wrong response from the webhook: 403 Forbidden"}
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LINK = re.compile(r"https?://\S+")
PREVIEWING = ("sendMessage", "editMessageText")  # a caption has no preview, and neither has a draft
ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
MP3 = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")  # how one begins

updates.KINDS.update(
    {"edited_message", "my_chat_member", GUEST, STOPPED}
)  # the emulator's queue knows of three kinds only
updates.ALLOWED_UPDATE_TYPES.update({GUEST, STOPPED})


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call."""

    status: int = 500
    retry_after: int | None = None
    description: str = "Internal Server Error"
    page: str | None = None  # in place of JSON, as a proxy sends it
    cut: bool = False  # the connection ends before anything is done
    lost: bool = False  # all is done, but nobody is told

    def reply(self) -> web.Response:
        if self.page is not None:
            return web.Response(status=self.status, text=self.page, content_type="text/html")
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after:
            body["parameters"] = {"retry_after": self.retry_after}
        return web.json_response(body, status=self.status)


CHAT = web.RequestKey("chat", int)
FLOOD = "Too Many Requests: retry after 1"
BAD_GATEWAY = Fault(502, page="<html><h1>502 Bad Gateway</h1></html>")
LOST = Fault(lost=True)
CUT = Fault(cut=True)


def flood(seconds: int = 1) -> Fault:
    return Fault(429, retry_after=seconds, description=FLOOD)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of the bot's: a photo, a document, a voice message or an audio file."""

    kind: str
    name: str
    data: bytes
    ref: str = field(default="", compare=False)  # by which it can be fetched


@dataclass(slots=True)
class Post:
    """A message of the bot's, as the chat shows it. With a file, `text` is what stands below that."""

    id: int
    chat: int
    thread: int | None
    text: str
    reply_to: int | None
    entities: list[dict[str, Any]] = field(default_factory=list)
    buttons: list[list[dict[str, Any]]] = field(default_factory=list)
    edits: int = 0
    file: Sent | None = None
    album: str | None = None
    direct: int | None = None  # the topic in the direct messages of a channel
    rich: list[dict[str, Any]] | None = None  # its blocks, if it is a rich message; `text` has the words of these
    pictures: list[bytes] = field(default_factory=list)  # in it

    @property
    def commands(self) -> list[str]:
        return [button["callback_data"] for row in self.buttons for button in row]

    def formatted(self, kind: str) -> list[str]:
        """The pieces of text that an entity of this kind covers."""
        units = self.text.encode("utf-16-le")
        return [
            units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")
            for entity in self.entities
            if entity["type"] == kind
        ]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that arrived, whatever became of it."""

    at: float
    method: str
    chat: int  # 0: none
    status: int


class TelegramBed(LoBotApiEmulator):  # type: ignore[misc]
    """Serves while entered. People say things with `says` and `sends_...`; `posts` is what they see.

    Leaving fails where the bot let Telegram fetch an address that it wrote (`previewed`).
    """

    def __init__(self, token: str = TOKEN, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__(max_updates=20_000, allow_insecure_loopback_webhooks=True, max_history=1)
        self.token, self.port, self.host = token, port, host
        self.revoked = False
        self.limits: FloodLimits | None = None  # on what is posted; None: there are none
        self.calls: list[Call] = []
        self.guest_posts: dict[str, Post] = {}  # by their inline id: what the bot said where it is no member
        self.guest_seconds = GUEST_SECONDS
        self.guest_chats: set[int] = set()  # where it is no member
        self._calls_of_guest: dict[str, tuple[float, int, str]] = {}  # when, in which chat, and the id once answered
        self.drafts: list[tuple[int, int, str]] = []  # (chat, draft, text)
        self.previewed: list[str] = []  # addresses in what the bot said that Telegram fetched, to show what is there
        self.knows_rich = True  # Bot API 10.2
        self.refuses_rich = False
        self.stoppable: set[int] = set()  # drafts that show Stop
        self.knows_stop = True  # Bot API 10.3
        self.commands: list[dict[str, str]] = []
        self.acknowledged: list[tuple[str, str]] = []  # (query, sentence)
        self.silent: list[str] = []  # texts that came without a sound
        self.usernames: dict[str, int] = {}  # of public groups, in lower case
        self.forums: set[int] = set()  # groups with topics
        self.outsiders: set[tuple[int, int]] = set()  # groups, with people who have left them
        self.admins: dict[int, str] = {}  # people who manage the groups: creator or administrator
        self.closed_topics: set[tuple[int, int]] = set()
        self.moved_groups: dict[int, int] = {}
        self.no_voices: set[int] = set()  # people who want no voice messages
        self._screen: dict[int, dict[int, Post]] = defaultdict(dict)
        self._said: dict[tuple[int, int], dict[str, Any]] = {}
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._files = itertools.count(1)
        self._queries = itertools.count(1)
        self._direct: int | None = None  # the topic that the call under way names
        self.local_folder: Path | None = None  # of a server that runs with --local; it hands out paths on its disk
        self.writes_local_files = True  # such a server, on this machine
        self.leaves_out_path = 0  # from so many of the next replies to getFile
        self.downloads = 0  # files that were fetched over HTTP
        self.reactions: dict[int, list[list[str]]] = defaultdict(list)  # the bot's on each message, one after the other
        self.forbids_reactions = False
        self.reads_all = False  # privacy mode is off
        self.delivery_fails_for = ""  # what getWebhookInfo says of a delivery that failed; empty: what became of it
        self.webhook_stands_still = False  # nothing is delivered, and nobody says why
        self.webhook_error: dict[str, Any] = {}  # the latest one, as getWebhookInfo tells it
        tell = self._update_queues.info
        self._update_queues.info = lambda token: {**tell(token), **self.webhook_error}
        self._update_queues.record = self._note_delivery
        deliver = self._update_queues.deliver

        async def deliver_unless_it_stands_still(token: str) -> int:
            return 0 if self.webhook_stands_still else await deliver(token)

        self._update_queues.deliver = deliver_unless_it_stands_still

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self._delivering = asyncio.create_task(self._deliver_again())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._delivering.cancel()
        with suppress(asyncio.CancelledError):
            await self._delivering
        await self._runner.cleanup()
        if exc[:1] in ((), (None,)):
            assert not self.previewed, f"Telegram fetched what the bot linked to: {self.previewed}"

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    # what people do

    async def says(self, text: str, chat: int = ANN, **more: Any) -> int:
        """Somebody says something; returns the message's id, as all of these do."""
        return await self.sends({"text": text}, chat, **more)

    async def sends_photo(self, data: bytes, caption: str = "", chat: int = ANN, **more: Any) -> int:
        return await self.sends({"photo": self.sizes(data), **_caption(caption)}, chat, **more)

    async def sends_file(
        self, data: bytes, name: str, mime: str = "", caption: str = "", chat: int = ANN, size: int | None = None
    ) -> int:
        document = {**self.file(data, size), "file_name": name, "mime_type": mime}
        return await self.sends({"document": document, **_caption(caption)}, chat)

    async def sends_voice(
        self, data: bytes, caption: str = "", chat: int = ANN, *, seconds: int = 3, size: int | None = None, **more: Any
    ) -> int:
        """Somebody holds the microphone."""
        voice = {**self.file(data, size), "duration": seconds, "mime_type": "audio/ogg"}
        return await self.sends({"voice": voice, **_caption(caption)}, chat, **more)

    async def sends_audio(self, data: bytes, name: str, mime: str, chat: int = ANN, **more: Any) -> int:
        """Somebody sends a piece of music, or what looks like one."""
        audio = {**self.file(data), "duration": 3, "mime_type": mime, "file_name": name}
        return await self.sends({"audio": audio}, chat, **more)

    async def sends_album(
        self, photos: Sequence[bytes], caption: str = "", chat: int = ANN, order: Sequence[int] | None = None
    ) -> list[int]:
        """Several photos that belong together; `order` is that of their arrival."""
        parts = self.album(photos, caption, chat)
        for n in order or range(len(parts)):
            await self.arrives({"message": parts[n]})
        return [part["message_id"] for part in parts]

    async def sends_documents(
        self, files: Sequence[tuple[str, bytes]], caption: str = "", chat: int = ANN, *, apart: float = 0
    ) -> None:
        """Somebody sends several files at once, in one media group; the caption stands below the last, as apps do it.

        They arrive `apart` seconds after each other.
        """
        group = f"album{next(self._files)}"
        contents: list[dict[str, Any]] = [{"document": {**self.file(data), "file_name": name}} for name, data in files]
        contents[-1] |= _caption(caption)
        for content in contents:
            await self.sends({**content, "media_group_id": group}, chat)
            await asyncio.sleep(apart)

    async def presses(self, post: Post, command: str, by: int = ANN, *, is_old: bool = False) -> str:
        """Somebody presses a button of a post; of one that `is_old`, Telegram tells little more than its id."""
        query = f"query{next(self._queries)}"
        message = self._as_message(post)
        if is_old:
            message = {"message_id": post.id, "date": 0, "chat": _chat(post.chat)}
        press = {"id": query, "from": _person(by), "chat_instance": "1", "data": command, "message": message}
        await self.arrives({"callback_query": press})
        return query

    async def stops(self, draft: int, chat: int = ANN, thread: int | None = None) -> int:
        """Somebody presses Stop at a draft; returns the update's id."""
        assert draft in self.stoppable, "there is no Stop to press"
        topic = {} if thread is None else {"message_thread_id": thread}
        return await self.arrives({STOPPED: {"chat": _chat(chat), "draft_id": draft, **topic}})

    async def adds_bot(self, chat: int = GROUP, *, as_admin: bool = False, by: int = ANN) -> None:
        """Somebody adds the bot to a group, which Telegram tells in two ways."""
        me = {"id": 7, "is_bot": True, "first_name": "Snapthread", "username": USERNAME}
        admin = {"can_be_edited": False, "is_anonymous": False, **dict.fromkeys(ADMIN_RIGHTS, False)}
        new = {"user": me, "status": "administrator", **admin} if as_admin else {"user": me, "status": "member"}
        change = {"chat": _chat(chat), "from": _person(by), "date": int(time.time())}
        change |= {"old_chat_member": {"user": me, "status": "left"}, "new_chat_member": new}
        await self.arrives({"my_chat_member": change})
        if not as_admin:
            await self.sends({"new_chat_members": [me]}, chat, by=by)

    async def calls_guest(
        self,
        text: str = "",
        chat: int = GROUP,
        *,
        by: int = ANN,
        photo: bytes | None = None,
        replied: Mapping[str, Any] | None = None,
        again: str = "",
    ) -> str:
        """Somebody mentions the bot in a chat where it is no member; returns the id of the query.

        Of the chat it is told this message alone, and the one that it replies to.
        """
        content = {"text": text} if photo is None else {"photo": self.sizes(photo), **_caption(text)}
        message = self.message(content, chat, by=by)
        self.guest_chats.add(chat)
        query = again or str(next(self._queries) * 1_000_003)
        self._calls_of_guest.setdefault(query, (time.monotonic(), chat, ""))
        more = {"reply_to_message": dict(replied)} if replied else {}
        await self.arrives({GUEST: {**message, **more, "guest_query_id": query}})
        return query

    def as_replied(self, inline_id: str) -> dict[str, Any]:
        """A message of the bot's as somebody's reply shows it where it is no member."""
        post = self.guest_posts[inline_id]
        return {**self._as_message(post), "guest_bot_caller_user": _person(ANN)}

    def deletes_guest_post(self, inline_id: str) -> None:
        """Somebody deletes what the bot said as a guest."""
        del self.guest_posts[inline_id]

    async def edits(self, message: int, chat: int = ANN, **changes: Any) -> None:
        """Somebody changes what they said."""
        self._said[chat, message] |= {**changes, "edit_date": int(time.time())}
        await self.arrives({"edited_message": self._said[chat, message]})

    async def sends(self, content: Mapping[str, Any], chat: int = ANN, **more: Any) -> int:
        message = self.message(content, chat, **more)
        await self.arrives({"message": message})
        return int(message["message_id"])

    async def arrives(self, update: dict[str, Any]) -> int:
        """Queue an update as it is; returns its id."""
        return int(await self.enqueue_update(update, token=self.token))

    def album(self, photos: Sequence[bytes], caption: str = "", chat: int = ANN) -> list[dict[str, Any]]:
        """The messages of an album, not yet sent."""
        album = f"album{next(self._files)}"
        contents = [{"photo": self.sizes(data), "media_group_id": album} for data in photos]
        contents[0] |= _caption(caption)
        return [self.message(content, chat) for content in contents]

    def message(
        self,
        content: Mapping[str, Any],
        chat: int = ANN,
        *,
        by: int | None = None,
        thread: int | None = None,
        reply_to: int | None = None,
        sent: float | None = None,
        direct: int | None = None,
    ) -> dict[str, Any]:
        """A message of a person's as Telegram would hand it out; in private it is from whoever the chat is with."""
        message = {
            "message_id": self._next_id(),
            "date": int(sent or time.time()),
            "chat": _chat(chat),
            "from": _person(by or (chat if chat > 0 else ANN)),
            **content,
        }
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        if direct is not None:
            message["direct_messages_topic"] = {"topic_id": direct, "user": _person(direct)}
        if reply_to is not None:
            ours = self._screen[chat].get(reply_to)
            replied = self._as_message(ours) if ours else self._said[chat, reply_to]
            message["reply_to_message"] = {  # Telegram shows one step of a chain
                name: value for name, value in replied.items() if name not in ("reply_to_message", "external_reply")
            }
        self._said[chat, message["message_id"]] = message
        return message

    def file(self, data: bytes, size: int | None = None) -> dict[str, Any]:
        """A file that somebody has uploaded."""
        ref = f"file-{next(self._files)}"
        size = len(data) if size is None else size
        self.assets[ref] = {"data": data, "size": size, "filename": ref}
        return {"file_id": ref, "file_unique_id": f"{ref}-unique", "file_size": size}

    def sizes(self, data: bytes) -> list[dict[str, Any]]:
        """A photo in the sizes that Telegram makes of it; only the largest can be fetched."""
        small = {"file_id": "too-small", "file_unique_id": "too-small", "width": 90, "height": 60}
        return [small, {**self.file(data), "width": 1280, "height": 853}]

    # what people see

    def posts(self, chat: int = ANN, thread: int | None = None) -> list[Post]:
        """The bot's posts in a chat, or in one topic of it, as they read now."""
        return [post for post in self._screen[chat].values() if thread is None or post.thread == thread]

    def reads(self, chat: int = ANN) -> list[str]:
        return [post.text for post in self.posts(chat)]

    def called(self, method: str, chat: int | None = None) -> list[Call]:
        return [call for call in self.calls if call.method == method and chat in (None, call.chat)]

    def pending(self) -> int:
        """How many updates Telegram still keeps for the bot."""
        return int(self._update_queues.info(self.token)["pending_update_count"])

    @property
    def allowed(self) -> list[str]:
        """The kinds of updates that the bot wants to hear of."""
        return list(self._update_queues.info(self.token)["allowed_updates"])

    # what goes wrong

    def fails(self, method: str, fault: Fault, times: int = 1) -> None:
        """The next calls of the method go wrong; `file` is the fetching of one."""
        self._faults[method].extend([fault] * times)

    # the emulator's own, with what it lacks

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        request[CHAT] = await _chat_of(request)
        if self.revoked or request.match_info["token"] != self.token:
            return self._note(method, request, Fault(401, description="Unauthorized").reply())
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault is None and self.limits is not None:
            wait = self.limits.take(method, request[CHAT], time.monotonic())
            fault = flood(math.ceil(wait)) if wait else None
        if fault is None:
            return self._note(method, request, await super().handle(request))
        if not fault.lost and not fault.cut:
            return self._note(method, request, fault.reply())
        if fault.lost:
            await super().handle(request)
        if request.transport is not None:
            request.transport.close()
        return self._note(method, request, web.Response(status=500))

    async def read_request(self, request: web.Request) -> tuple[dict[str, Any], dict[str, Any]]:
        fields, uploads = await super().read_request(request)
        request[CHAT] = self._chat_id(fields)  # files come in a form that can be read only once
        return fields, uploads

    async def download(self, request: web.Request) -> web.StreamResponse:
        self.downloads += 1
        if self._faults["file"]:
            return self._faults["file"].popleft().reply()
        asset = self.assets.get(request.match_info["path"].rpartition("/")[2])
        if asset is None:
            raise web.HTTPNotFound
        return web.Response(body=asset["data"])

    def validate(self, method: str, fields: dict[str, Any], uploads: Any) -> Any:
        thread = int(fields.pop("message_thread_id", 0)) or None
        self._direct = int(fields.pop("direct_messages_topic_id", 0)) or None
        self._preview(method, fields)
        if str(fields.get("disable_notification")).lower() == "true":
            self.silent.append(str(fields.get("text")))
        chat = self._chat_id(fields)
        if chat in self.guest_chats:
            raise ApiRefusal("Forbidden: bot is not a member of the supergroup chat", 403)
        if chat == DIRECT and method.startswith("send"):
            self._check_direct(method)
        if thread and (chat, thread) in self.closed_topics:
            raise ApiRefusal("Bad Request: message thread not found")
        if chat in self.moved_groups:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiRefusal(description, 400, {"migrate_to_chat_id": self.moved_groups[chat]})
        own = getattr(self, f"_do_{method}", None)
        if own is None:
            return super().validate(method, fields, uploads)
        return own(fields, uploads, chat, thread)

    def _chat_id(self, fields: dict[str, Any]) -> int:
        id = str(fields.get("chat_id", 0))
        return self.usernames.get(id.removeprefix("@").lower(), 0) if id.startswith("@") else int(id)

    def _check_direct(self, method: str) -> None:
        """Refuse what Telegram refuses in the direct messages of a channel."""
        if self._direct is None or method in ("sendChatAction", "sendMessageDraft"):
            raise ApiRefusal("Bad Request: chat not found" if self._direct else "Bad Request: topic must be specified")

    def _preview(self, method: str, fields: dict[str, Any]) -> None:
        """Fetch the first address in a text, as Telegram does unless it is told not to."""
        options = json.loads(fields.pop("link_preview_options", "{}"))
        if method in PREVIEWING and not options.get("is_disabled"):
            self.previewed += LINK.findall(fields.get("text", ""))[:1]

    def _do_getMe(self, fields: dict[str, Any], uploads: Any, *_: Any) -> Any:
        me: dict[str, Any] = super().validate("getMe", fields, uploads)
        return {
            **me,
            "username": USERNAME,
            "has_topics_enabled": True,
            "can_read_all_group_messages": self.reads_all,
        }

    def _do_setMyCommands(self, fields: dict[str, Any], uploads: Any, *_: Any) -> Any:
        commands = json.loads(fields["commands"])
        for each in commands:
            if not COMMAND.fullmatch(each["command"]):
                raise ApiRefusal("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= _units(each["description"]) <= 256:
                raise ApiRefusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = commands
        return super().validate("setMyCommands", fields, uploads)

    def _do_answerCallbackQuery(self, fields: dict[str, Any], uploads: Any, *_: Any) -> Any:
        self.acknowledged.append((fields["callback_query_id"], fields.get("text", "")))
        return super().validate("answerCallbackQuery", fields, uploads)

    def _do_getFile(self, fields: dict[str, Any], uploads: Any, *_: Any) -> Any:
        file = super().validate("getFile", fields, uploads)
        size = self.assets[file["file_id"]]["size"]
        if self.leaves_out_path:
            self.leaves_out_path -= 1
            return {name: value for name, value in file.items() if name != "file_path"}
        if self.local_folder is not None:
            return {**file, "file_path": str(self._local_path(file["file_id"], self.local_folder)), "file_size": size}
        if size > MOST_BYTES:
            raise ApiRefusal("Bad Request: file is too big")
        return {**file, "file_path": f"photos/{file['file_id']}", "file_size": size}

    def _local_path(self, ref: str, folder: Path) -> Path:
        """The place of a file on the disk of a server that runs with --local."""
        path = folder / self.token / "photos" / ref
        if self.writes_local_files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.assets[ref]["data"])
        return path

    def _do_getChatMember(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        person = int(fields["user_id"])
        if person < 0:
            raise ApiRefusal("Bad Request: invalid user_id specified")
        status = "left" if (chat, person) in self.outsiders else self.admins.get(person, "member")
        return {"status": status, "user": _person(person)}

    def _do_getChat(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if chat in self.guest_chats or not any(said == chat for said, _ in self._said):  # the bot is no member
            raise ApiRefusal("Bad Request: chat not found")
        return {**_chat(chat), "is_forum": chat in self.forums}

    def _do_sendMessageDraft(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if "can_stop" in fields and not self.knows_stop:
            raise ApiRefusal("Bad Request: can_stop is not supported yet")
        draft = int(fields["draft_id"])
        self.drafts.append((chat, draft, fields.get("text", "")))
        if fields.get("can_stop") == "true":
            self.stoppable.add(draft)
        return True

    def _do_sendPhoto(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        return self._send_file("photo", fields, uploads, chat, thread)

    def _do_sendDocument(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        return self._send_file("document", fields, uploads, chat, thread)

    def _do_sendVoice(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if chat in self.no_voices:
            raise ApiRefusal("Bad Request: VOICE_MESSAGES_FORBIDDEN")
        return self._send_file("voice", fields, uploads, chat, thread)

    def _do_sendAudio(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        return self._send_file("audio", fields, uploads, chat, thread)

    def _send_file(self, kind: str, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        entities = _entities(fields, "caption")
        upload = self.source(kind, fields.get(kind), uploads)
        _check(kind, upload)
        if _units(fields.get("caption", "")) > CAPTION:
            raise ApiRefusal("Bad Request: message caption is too long")
        like = kind if kind in ("photo", "document") else "document"  # the emulator knows little of sounds
        if like != kind:
            fields, uploads = {key: fields[key] for key in fields if key != kind}, {**uploads, like: upload}
            uploads.pop(kind, None)
        sent = super().validate(f"send{like.title()}", fields, uploads)
        file = self._kept(kind, upload)
        buttons = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
        text, reply = fields.get("caption", ""), _reply(fields)
        return self._show(Post(sent["message_id"], chat, thread, text, reply, entities, buttons, file=file))

    def _do_sendMediaGroup(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        media = json.loads(fields["media"])
        found = [(item["type"], self.source(item["type"], item["media"], uploads, album=True)) for item in media]
        if len(found) > MOST_IN_ALBUM or sum(len(upload["data"]) for _, upload in found) > MOST_SENT:
            raise ApiRefusal("Request Entity Too Large", 413)
        for kind, upload in found:
            _check(kind, upload)
        kinds = {kind for kind, _ in found}
        if len(kinds) > 1 and not kinds <= {"photo", "video"}:
            raise ApiRefusal("Bad Request: documents can't be mixed with other media types")
        sent = super().validate("sendMediaGroup", fields, uploads)
        ids = [sent[0]["message_id"], *(self._next_id() for _ in found[1:])]
        album, reply = sent[0]["media_group_id"], _reply(fields)
        files = [self._kept(kind, upload) for kind, upload in found]
        posts = [Post(id, chat, thread, "", reply, file=file, album=album) for id, file in zip(ids, files, strict=True)]
        return [self._show(post) for post in posts]

    def _kept(self, kind: str, upload: Mapping[str, Any]) -> Sent:
        """The file as the chat has it, from where it can be fetched again: a photo becomes a JPEG.

        What is said to be a sound and cannot be played goes as a document.
        """
        data = upload["data"]
        kind = kind if kind in ("photo", "document") or _plays(kind, data) else "document"
        ref = self.file(_as_photo(data) if kind == "photo" else data)["file_id"]
        return Sent(kind, upload["filename"], data, ref)

    def _do_sendMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        entities = _entities(fields)
        sent = super().validate("sendMessage", fields, uploads)
        buttons = sent.get("reply_markup", {}).get("inline_keyboard", [])
        return self._show(Post(sent["message_id"], chat, thread, fields["text"], _reply(fields), entities, buttons))

    def _do_answerGuestQuery(self, fields: dict[str, Any], uploads: Any, *_: Any) -> Any:
        query, result = fields["guest_query_id"], json.loads(fields["result"])
        called, chat, answered = self._calls_of_guest.get(query, (-math.inf, 0, ""))
        if answered or time.monotonic() > called + self.guest_seconds:
            raise ApiRefusal("Bad Request: query is too old and response timeout expired or query ID is invalid")
        content = result["input_message_content"]
        self._preview_content(content)
        if uploads or not (result["title"] and 0 < _units(content["message_text"]) <= MESSAGE):
            raise ApiRefusal("Bad Request: RESULT_ID_INVALID")
        inline = f"inline-{query}"
        self._calls_of_guest[query] = (called, chat, inline)
        entities = _entities({**content, "entities": json.dumps(content.get("entities", []))})
        post = Post(self._next_id(), chat, None, content["message_text"], None, entities)
        self.guest_posts[inline] = post
        return {"inline_message_id": inline}

    def _preview_content(self, content: Mapping[str, Any]) -> None:
        if not content.get("link_preview_options", {}).get("is_disabled"):
            self.previewed += LINK.findall(content.get("message_text", ""))[:1]

    def _edit_inline(self, fields: dict[str, Any], uploads: Any) -> Any:
        post = self.guest_posts.get(fields["inline_message_id"])
        if post is None:
            raise ApiRefusal("Bad Request: MESSAGE_ID_INVALID")
        entities = _entities(fields)
        if uploads or not 0 < _units(fields["text"]) <= MESSAGE:
            raise ApiRefusal("Bad Request: MESSAGE_TOO_LONG")
        if (post.text, post.entities) == (fields["text"], entities):
            raise ApiRefusal("Bad Request: message is not modified")
        post.text, post.entities, post.edits = fields["text"], entities, post.edits + 1
        return True

    def _do_sendRichMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        content = self._rich(fields, uploads)
        buttons = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
        post = Post(self._next_id(), chat, thread, content.words, _reply(fields), buttons=buttons)
        post.rich, post.pictures = content.blocks, content.pictures
        return self._show(post)

    def _rich(self, fields: dict[str, Any], uploads: Mapping[str, Any]) -> RichRequest:
        if not self.knows_rich:
            raise ApiRefusal("Not Found", 404)
        if self.refuses_rich:
            raise ApiRefusal("Bad Request: RICH_MESSAGE_INVALID")
        content = read_rich_request(json.loads(fields["rich_message"]), uploads)
        self.previewed += content.fetched
        return content

    def _edit_rich(self, fields: dict[str, Any], uploads: Any, chat: int) -> Any:
        content = self._rich(fields, uploads)
        post = self._screen[chat].get(int(fields["message_id"]))
        if post is None:
            raise ApiRefusal("Bad Request: message to edit not found")
        if post.file is not None:
            raise ApiRefusal("Bad Request: there is no text in the message to edit")
        buttons = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
        if (post.rich, post.buttons) == (content.blocks, buttons):
            raise ApiRefusal("Bad Request: message is not modified")
        post.text, post.entities, post.buttons, post.edits = content.words, [], buttons, post.edits + 1
        post.rich = content.blocks
        return self._as_message(post)

    def _do_editMessageText(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if "rich_message" in fields:
            return self._edit_rich(fields, uploads, chat)
        if "inline_message_id" in fields:
            return self._edit_inline(fields, uploads)
        return self._edit("editMessageText", "text", fields, uploads, chat)

    def _do_editMessageCaption(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        return self._edit("editMessageCaption", "caption", fields, uploads, chat)

    def _do_setMessageReaction(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if self.forbids_reactions:
            raise ApiRefusal("Bad Request: REACTION_INVALID")
        emojis = [reaction["emoji"] for reaction in json.loads(fields.get("reaction", "[]"))]
        self.reactions[int(fields["message_id"])].append(emojis)
        return True

    def _do_deleteMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
        if self._screen[chat].pop(int(fields["message_id"]), None) is None:
            raise ApiRefusal("Bad Request: message to delete not found")
        return True

    def _edit(self, method: str, part: str, fields: dict[str, Any], uploads: Any, chat: int) -> Any:
        entities = _entities(fields, part)
        edited = super().validate(method, fields, uploads)
        post = self._screen[chat].get(int(fields["message_id"]))
        if post is None:
            raise ApiRefusal("Bad Request: message to edit not found")
        if (post.file is None) != (part == "text"):
            raise ApiRefusal(f"Bad Request: there is no {part} in the message to edit")
        buttons = edited.get("reply_markup", {}).get("inline_keyboard", [])
        if post.rich is None and (post.text, post.entities, post.buttons) == (fields[part], entities, buttons):
            raise ApiRefusal("Bad Request: message is not modified: specified new message content is exactly the same")
        post.text, post.entities, post.buttons, post.edits = fields[part], entities, buttons, post.edits + 1
        post.rich = None  # a text flattens it
        return self._as_message(post)

    def _show(self, post: Post) -> dict[str, Any]:
        post.direct = self._direct
        self._screen[post.chat][post.id] = post
        return self._as_message(post)

    def _note_delivery(self, event: Mapping[str, Any]) -> None:
        """Remember the latest delivery to the webhook that failed, as Telegram does."""
        if event.get("event") == "webhook" and not 200 <= event["status"] < 300:
            status = event["status"]
            reason = REASONS.get(status, f"Wrong response from the webhook: {status}")
            reason = self.delivery_fails_for or reason
            self.webhook_error = {"last_error_date": int(time.time()) + 1, "last_error_message": reason}

    def loses_secret(self) -> None:
        """A proxy before the bot strips the secret from each call of the webhook."""
        self._update_queues._state(self.token).secret = ""

    async def set_webhook_of_another(self, url: str) -> None:
        """Another program that has the token sets a webhook of its own."""
        self._update_queues._state(self.token).url = url

    async def _deliver_again(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            if self.pending():
                await self.deliver_updates(token=self.token)

    def _note(self, method: str, request: web.Request, reply: web.StreamResponse) -> web.StreamResponse:
        self.calls.append(Call(time.monotonic(), method, request[CHAT], reply.status))
        return reply

    def _next_id(self) -> int:
        self.next_id += 1
        return int(self.next_id - 1)

    def _as_message(self, post: Post) -> dict[str, Any]:
        me = {"id": 7, "is_bot": True, "first_name": "Snapthread", "username": USERNAME}
        message = {"message_id": post.id, "date": int(time.time()), "chat": _chat(post.chat), "from": me}
        if post.thread:
            message |= {"message_thread_id": post.thread, "is_topic_message": True}
        if post.direct:
            message["direct_messages_topic"] = {"topic_id": post.direct, "user": _person(post.direct)}
        if post.file is None:
            return {**message, "text": post.text}
        file: dict[str, Any] = {"file_id": post.file.ref, "file_unique_id": post.file.ref}
        named = {**file, "file_name": post.file.name}
        media: dict[str, Any] = {
            "photo": [{**file, "width": 1, "height": 1}],
            "document": named,
            "voice": {**file, "duration": 1, "mime_type": "audio/ogg"},
            "audio": {**named, "duration": 1},
        }
        kind = post.file.kind
        return {
            **message,
            kind: media[kind],
            **_caption(post.text),
            **({"media_group_id": post.album} if post.album else {}),
        }


async def _chat_of(request: web.Request) -> int:
    if request.content_type != "application/x-www-form-urlencoded":
        return 0
    chat = str((await request.post()).get("chat_id", 0))
    return 0 if chat.startswith("@") else int(chat)


def _caption(caption: str) -> dict[str, str]:
    return {"caption": caption} if caption else {}


def _person(id: int) -> dict[str, Any]:
    person = {"id": id, "is_bot": False, "first_name": "Ann" if id == ANN else f"Person {id}"}
    return {**person, "language_code": SPOKEN[id]} if id in SPOKEN else person


def _chat(id: int) -> dict[str, Any]:
    if id > 0:
        return {"id": id, "type": "private", "first_name": "Ann"}
    chat = {"id": id, "type": "supergroup", "title": "G"}
    return {**chat, "is_direct_messages": True} if id == DIRECT else chat


def external_reply(of: Mapping[str, Any], **media: Any) -> dict[str, Any]:
    """A reply into another chat, as Telegram shows it: what the message there holds, but never its words."""
    origin = {"type": "user", "sender_user": of["from"], "date": of["date"]}
    known = {"chat": of["chat"], "message_id": of["message_id"]} if of["chat"]["id"] < 0 else {}
    kinds = ("photo", "document", "sticker", "story", "paid_media", "video", "has_media_spoiler")
    return {"origin": origin, **known, **{kind: of[kind] for kind in kinds if kind in of}, **media}


def _reply(fields: Mapping[str, Any]) -> int | None:
    found: int | None = json.loads(fields.get("reply_parameters", "{}")).get("message_id")
    return found


def _check(kind: str, upload: Mapping[str, Any]) -> None:
    """Refuse an upload that Telegram would not take as what it is said to be."""
    data: bytes = upload["data"]
    if not data:
        raise ApiRefusal("Bad Request: file must be non-empty")
    if len(data) > MOST_SENT:
        raise ApiRefusal("Request Entity Too Large", 413)
    if kind == "photo":
        _check_photo(data)


def _check_photo(data: bytes) -> None:
    if len(data) > MOST_PHOTO:
        raise ApiRefusal("Bad Request: file is too big for a photo")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except OSError as error:
        raise ApiRefusal("Bad Request: IMAGE_PROCESS_FAILED") from error
    if max(width, height) > TALLEST * min(width, height) or width + height > AROUND:
        raise ApiRefusal("Bad Request: PHOTO_INVALID_DIMENSIONS")


def _plays(kind: str, data: bytes) -> bool:
    is_opus = data.startswith(b"OggS") and b"OpusHead" in data[:64]
    return data.startswith(MP3) or data[4:8] == b"ftyp" or (kind == "voice" and is_opus)


def _as_photo(data: bytes) -> bytes:
    """What Telegram makes of a picture that is to be shown: it has no transparency any more."""
    with Image.open(io.BytesIO(data)) as picture:
        if picture.format == "JPEG":
            return data
        made = io.BytesIO()
        picture.convert("RGB").save(made, "JPEG", quality=90)
        return made.getvalue()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _entities(fields: Mapping[str, Any], part: str = "text") -> list[dict[str, Any]]:
    """The entities of a post, as strict as Telegram is at its strictest."""
    entities: list[dict[str, Any]] = json.loads(fields.get("entities" if part == "text" else "caption_entities", "[]"))
    length = _units(fields.get(part, ""))
    if len(entities) > 100:
        raise ApiRefusal("Bad Request: ENTITIES_TOO_LONG")
    for entity in entities:
        if entity["offset"] < 0 or entity["length"] < 1 or entity["offset"] + entity["length"] > length:
            raise ApiRefusal("Bad Request: ENTITY_BOUNDS_INVALID")
    return entities
