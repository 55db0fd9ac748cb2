"""The transport to Telegram: the library's Bot without retries, its errors as the bot's, and files of an own server.

A Bot API server that runs with --local hands out where files lie on its disk. Bot and server then have to see the same
folder at the same path, with the right to read it. Where the bot doesn't, it asks the server for the file over HTTP,
which works if something in front of it serves that folder.
"""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData

from adapters.platforms.budgets import TelegramBudgets
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.util.http import ConnectionOptions, check_size, open_session
from bot.util.proxies import PROXY_ERRORS

log = structlog.get_logger(__name__)

READ_TIMEOUT = 20.0  # seconds without a byte from Telegram
CONNECT_TIMEOUT = 15.0
HEADERS = {"user-agent": BaseRequest.USER_AGENT, "accept-encoding": "identity"}
FORM_HEADERS = {**HEADERS, "content-type": "application/x-www-form-urlencoded"}


class TopicGone(Refused):
    """The failure that a topic is closed, deleted or unknown: worth posting outside of a topic."""


class BadFormatting(Refused):
    """The failure that Telegram refuses the entities: worth posting without them."""


class FileUnavailable(Unreadable):
    """The failure that a file is wrong or temporarily unavailable, which look the same: worth one more try."""


class GroupMigrated(Refused):
    """The failure that the group became a supergroup, which has an id of its own."""

    def __init__(self, chat: int) -> None:
        super().__init__("telegram_moved")
        self.chat = chat


Meaning = Callable[[], BotError | None]


def file_too_big() -> BotError:
    """Return the error for a file that is too large for a bot to fetch."""
    return Unreadable(FailureCode.TELEGRAM_TOO_HEAVY, limit=TelegramBudgets.DOWNLOAD_MEGABYTES)


def _shut_out() -> BotError:
    return Refused(FailureCode.CHANNEL_LOST)


def _post_gone() -> BotError:
    return Refused(FailureCode.TELEGRAM_POST_GONE)


def _file_gone() -> BotError:
    return Unreadable(FailureCode.PHOTO_GONE)


# A piece of what Telegram says in lower case, and what it means: None where all is well. The first that fits counts.
MEANINGS: tuple[tuple[str, Meaning], ...] = (
    ("message is not modified", lambda: None),
    ("query is too old", lambda: None),
    ("file is too big", file_too_big),
    ("file is temporarily unavailable", lambda: FileUnavailable(FailureCode.PHOTO_GONE)),
    ("file identifier", _file_gone),
    ("file_id", _file_gone),
    ("file reference", _file_gone),
    ("thread not found", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("topic_closed", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("topic_deleted", lambda: TopicGone(FailureCode.TELEGRAM_TOPIC_GONE)),
    ("request entity too large", lambda: Refused(FailureCode.POST_FILES_REFUSED)),
    ("message is too long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("message_too_long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("caption is too long", lambda: Refused(FailureCode.POST_TOO_LONG)),
    ("entit", lambda: BadFormatting(FailureCode.TELEGRAM_FORMATTING)),
    ("message to edit not found", _post_gone),
    ("message can't be edited", _post_gone),
    ("message to delete not found", lambda: None),
    ("message_id_invalid", _post_gone),
    ("chat not found", _shut_out),
    ("not enough rights", _shut_out),
    ("have no rights", _shut_out),
    ("chat_write_forbidden", _shut_out),
    ("chat_send_", _shut_out),  # CHAT_SEND_PHOTOS_FORBIDDEN and its like
    ("peer_id_invalid", _shut_out),
    ("need administrator rights", _shut_out),
    ("chat_admin_required", _shut_out),
    ("chat_restricted", _shut_out),
    ("chat_guest_send_forbidden", _shut_out),
    ("channel_private", _shut_out),
    ("user_banned_in_channel", _shut_out),
    ("user_is_blocked", _shut_out),
    ("allow_payment_required", _shut_out),  # whoever writes there pays Stars
)


def is_caption(error: TelegramError) -> bool:
    """Tell whether an edit failed because the post is a file, which has a caption instead of a text."""
    return "no text in the message" in str(error).lower()


def is_unchanged(error: TelegramError) -> bool:
    """Tell whether an edit was refused because the post says that already."""
    return "message is not modified" in str(error).lower()


@contextmanager
def map_telegram_errors() -> Iterator[None]:
    """Map the library's errors to the bot's. A body that is left without an error succeeded, or had nothing to do."""
    try:
        yield
    except ChatMigrated as error:
        raise GroupMigrated(error.new_chat_id) from error
    except Forbidden as error:
        raise _shut_out() from error
    except BadRequest as error:
        if meaning := _meaning(error):
            raise meaning from error
    except InvalidToken as error:  # any 404 as well, such as for a method that an old server does not have
        raise Refused(FailureCode.TELEGRAM_REFUSED) from error
    except TelegramError as error:
        raise Busy(FailureCode.TELEGRAM_UNREACHABLE) from error


def _meaning(error: BadRequest) -> BotError | None:
    said = str(error).lower()
    for piece, meaning in MEANINGS:
        if piece in said:
            return meaning()
    log.warning("Telegram refused a request", reason=str(error))
    return Refused(FailureCode.TELEGRAM_REFUSED)


def is_absolute(path: str) -> bool:
    """Tell whether a file's path is one on the disk of the server."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


async def read_local_file(path: str, limit: int) -> bytes | None:
    """Read a file from the disk; None where the bot can't. Raises Unreadable when it has more than `limit` bytes."""
    try:
        return await asyncio.to_thread(_read, path, limit)
    except OSError as error:
        log.warning("a file of the Bot API server cannot be read here", reason=type(error).__name__)
        return None


def path_below_token(path: str, token: str) -> str:
    """Return the part of a path that stands below the folder of the bot: photos/file_1.jpg."""
    for folder in (f"/{token}/", f"/{token.replace(':', '~')}/"):  # Windows has no colons in names
        if folder in path:
            return path.rpartition(folder)[2]
    return path.lstrip("/")


def _read(path: str, limit: int) -> bytes:
    file_path = Path(path)
    if not file_path.is_file():  # a pipe would never end
        raise FileNotFoundError
    check_size(file_path.stat().st_size, limit)
    with file_path.open("rb") as file:
        data = file.read(limit + 1)
    check_size(len(data), limit)
    return data


class BotRequest(BaseRequest):
    """Requests over aiohttp, which cost less than the library's own; replies are read more strictly.

    Nothing of an address gets into an error: it holds the token.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @property
    def read_timeout(self) -> float:
        """The seconds without a byte after which a request is given up."""
        return READ_TIMEOUT

    async def initialize(self) -> None:
        """Do nothing: the connections are open."""

    async def shutdown(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        *timeouts: Any,
        **named_timeouts: Any,
    ) -> tuple[int, bytes]:
        """Make a request. What is too large for Telegram, or for a proxy, is refused: it would be so again."""
        silence = read_timeout if isinstance(read_timeout, int | float) else READ_TIMEOUT
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=silence)
        try:
            async with self._session.request(
                method,
                url,
                data=(form := _form(request_data)),
                headers=FORM_HEADERS if isinstance(form, bytes) else HEADERS,
                timeout=timeout,
                allow_redirects=False,
            ) as reply:
                status, payload = reply.status, await reply.read()
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, *PROXY_ERRORS) as error:
            raise NetworkError(type(error).__name__) from None
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse a reply. Raises TelegramError for one that is not Telegram's, Busy when it asks us to wait."""
        try:
            reply_json = json.loads(payload)
        except ValueError:  # the library would log a traceback and the whole page of a proxy
            reply_json = None
        if not isinstance(reply_json, dict) or ("result" not in reply_json and reply_json.get("ok") is not False):
            raise TelegramError("what came back is not Telegram's")
        if seconds := (reply_json.get("parameters") or {}).get("retry_after"):
            raise Busy(FailureCode.TELEGRAM_SLOW_DOWN, retry_after=float(seconds))  # RetryAfter itself is deprecated
        return reply_json


def _form(request_data: RequestData | None) -> aiohttp.FormData | bytes | None:
    """Return the fields of a request, and its files."""
    if request_data is None:
        return None
    if not request_data.contains_files:
        return urlencode(request_data.json_parameters).encode()
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (filename, data, mime) in request_data.multipart_data.items():
        body = io.BytesIO(data) if isinstance(data, bytes) else data  # large bytes would hold up the loop
        form.add_field(name, body, filename=filename, content_type=mime)
    return form


class TelegramBot(Bot):
    """A bot that can also return Telegram's replies as plain JSON."""

    async def call_raw(self, method: str, read_timeout: float = READ_TIMEOUT, **fields: Any) -> Any:
        """Call a method and return its result as plain JSON."""
        return await self._post(method, fields, read_timeout=read_timeout)


def open_bot(token: str, api_url: str, proxy: str | None = None) -> TelegramBot:
    """Make the bot, while the loop runs; `bot.request.shutdown()` closes its connections.

    `proxy` is the way to Telegram, if it is not that of the environment.
    """
    url = api_url.rstrip("/")
    request = BotRequest(open_session(url, ConnectionOptions(proxy=proxy or "")))
    return TelegramBot(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=request,
        get_updates_request=request,
    )
