"""Telegram end to end: many chats send a photo at the same moment, until each shows the whole answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp

from bench import floor, together
from bench.result import Result
from bench.together import CURSOR, QUESTION, Crowd, Screens

TOKEN = "4242:" + "sandbox_" * 4
FIRST_CHAT = 1000
TELEGRAM_PER_SECOND = 30  # posts and edits in all chats, as its FAQ says


def report(*, quick: bool) -> Result:
    """Both programs, one photo at a time and many at the same moment."""
    return together.report("Telegram", open_crowd, TELEGRAM_PER_SECOND, quick=quick)


# the people and their Telegram


def open_crowd(screens: Screens, chats: int, *, limited: bool) -> AbstractAsyncContextManager[Crowd]:
    """Private chats with the bot."""
    from tests.doubles.telegram import TelegramBed
    from tests.doubles.telegram_limits import FloodLimits

    class Bed(TelegramBed):
        """Notes what a chat shows."""

        rooms = range(FIRST_CHAT, FIRST_CHAT + chats)

        async def __aenter__(self) -> "Bed":
            await super().__aenter__()
            together.take_any_number(self)
            self.limits = FloodLimits() if limited else None
            return self

        def _do_sendMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
            return self._see(fields["text"], chat, super()._do_sendMessage(fields, uploads, chat, thread))

        def _do_editMessageText(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
            return self._see(fields["text"], chat, super()._do_editMessageText(fields, uploads, chat, thread))

        def _see(self, text: str, chat: int, shown: Any) -> Any:
            screens.show(chat, text)
            return shown

        async def asks(self, room: int, photo: bytes) -> None:
            screens.ask(room)
            await self.sends_photo(photo, QUESTION.format(room=room), room, by=room)

        def tidy(self) -> None:
            self.assets.clear()

        def count_calls(self) -> tuple[int, int]:
            if self.limits is not None:
                return self.limits.calls, self.limits.refused
            return sum(len(self.called(method)) for method in ("sendMessage", "editMessageText", "sendMessageDraft")), 0

    return Bed(TOKEN)


# the programs under test


@asynccontextmanager
async def _floor(telegram: str, provider: str, at_once: int, *, limited: bool) -> AsyncGenerator[None, None]:
    """A bare script that makes the same calls and keeps nothing."""
    tasks: set[asyncio.Task[None]] = set()
    bot = f"{telegram}/bot{TOKEN}"

    async def call(method: str, **fields: str | int) -> Any:
        async with chat.post(f"{bot}/{method}", data=fields) as reply:
            said = await reply.json()
        assert said["ok"], said
        return said["result"]

    async def listen() -> None:
        offset = 0
        while True:
            for update in await call("getUpdates", offset=offset, timeout=30):
                offset = update["update_id"] + 1
                task = asyncio.create_task(answer(update["message"]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def answer(message: dict[str, Any]) -> None:
        here = message["chat"]["id"]
        file = await call("getFile", file_id=message["photo"][-1]["file_id"])
        async with chat.get(f"{telegram}/file/bot{TOKEN}/{file['file_path']}") as reply:
            photo = await reply.read()
        text, sent = "", None
        async for piece in floor.ask(http, provider, photo, message["caption"], here):
            text += piece
            if text and sent is None:
                sent = asyncio.create_task(call("sendMessage", chat_id=here, text=text + CURSOR))
        assert sent
        await call("editMessageText", chat_id=here, message_id=(await sent)["message_id"], text=text)

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as chat,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=floor.HEADERS) as http,
    ):
        tasks.add(asyncio.create_task(listen()))
        yield


@asynccontextmanager
async def _snapthread(telegram: str, provider: str, at_once: int, *, limited: bool) -> AsyncGenerator[None, None]:
    """Snapthread with Telegram alone."""
    from adapters.platforms.telegram.adapter import Telegram
    from adapters.platforms.telegram.send_pacing import SendLimits, SendPacing
    from bench import snapthread

    none = SendLimits(private=0, group=0, group_minute=10_000_000, overall=10_000_000)
    pace = None if limited else SendPacing(none)
    async with snapthread.running(lambda store, folder: Telegram(TOKEN, telegram, pacing=pace), provider, at_once):
        yield


if __name__ == "__main__":
    together.serve({"floor": _floor, "snapthread": _snapthread})
