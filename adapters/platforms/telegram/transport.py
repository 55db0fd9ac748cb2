"""The transport to Telegram: python-telegram-bot's Bot on aiohttp's connections, without retries."""

import json
from http import HTTPStatus
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, TelegramError
from telegram.request import HTTPXRequest

from bot.errors import Busy, FailureCode
from bot.util.http import ConnectionOptions, aiohttp_transport

READ_TIMEOUT = 20.0  # seconds without a byte from Telegram
CONNECT_TIMEOUT = 15.0


class BotRequest(HTTPXRequest):
    """A request that reads replies more strictly than the library's own, and logs less."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make a request. What is too large for Telegram, or for a proxy, is refused: it would be so again."""
        status, payload = await super().do_request(*args, **kwargs)
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
    request = BotRequest(
        read_timeout=READ_TIMEOUT,
        write_timeout=READ_TIMEOUT,
        connect_timeout=CONNECT_TIMEOUT,
        pool_timeout=CONNECT_TIMEOUT,  # the transport counts connecting into it
        httpx_kwargs={
            "transport": aiohttp_transport(url, ConnectionOptions(proxy=proxy or "")),
            "headers": {"accept-encoding": "identity"},
        },
    )
    return TelegramBot(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=request,
        get_updates_request=request,
    )
