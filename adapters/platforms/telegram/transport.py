"""The wire to Telegram: python-telegram-bot's Bot on aiohttp's connections, without retries and without noise."""

import json
from typing import Any

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.errors import Busy
from bot.util.http import aiohttp_transport

SILENCE = 20.0  # seconds that Telegram may say nothing
CONNECT = 15.0


class BotRequest(HTTPXRequest):
    """Reads replies more strictly than the library's own, and more quietly."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read what Telegram says; TelegramError for what is not Telegram's, Busy when it asks us to wait."""
        try:
            said = json.loads(payload)
        except ValueError:  # the library logs a traceback and the whole page that a proxy put in Telegram's place
            said = None
        if not isinstance(said, dict) or ("result" not in said and said.get("ok") is not False):
            raise TelegramError("what came back is not Telegram's")
        if seconds := (said.get("parameters") or {}).get("retry_after"):
            raise Busy("telegram_slow_down", retry_after=float(seconds))  # RetryAfter itself is deprecated
        return said


class TelegramBot(Bot):
    """A bot that can also hand out what Telegram said, unread."""

    async def raw(self, method: str, silence: float = SILENCE, **fields: Any) -> Any:
        """Call a method and return its result as plain JSON."""
        return await self._post(method, fields, read_timeout=silence)


def open_line(token: str, api_url: str) -> TelegramBot:
    """Make the bot, while the loop runs; `line.request.shutdown()` closes its connections."""
    url = api_url.rstrip("/")
    request = BotRequest(
        read_timeout=SILENCE,
        write_timeout=SILENCE,
        connect_timeout=CONNECT,
        pool_timeout=CONNECT,  # the transport counts connecting into it
        httpx_kwargs={"transport": aiohttp_transport(url), "headers": {"accept-encoding": "identity"}},
    )
    return TelegramBot(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=request,
        get_updates_request=request,
    )
