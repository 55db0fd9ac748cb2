"""A Telegram on loopback, and the adapter that talks to it, as fast as it can unless a test is about pace."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.polling import PollingBackoff
from adapters.platforms.telegram.send_pacing import SendLimits, SendPacing
from bot.messages import Message
from bot.util.retry import RetryPolicy
from tests.doubles.telegram import TOKEN, TelegramBed

PHOTO = (Path(__file__).parents[3] / "files" / "photos" / "cat.jpg").read_bytes()
AT_ONCE = SendLimits(private=0, group=0, group_minute=10_000, overall=10_000)
COMMANDS = {
    "": {"start": "say hello", "help": "what I can do", "new": "start afresh"},
    "de": {"start": "Hallo sagen", "help": "was ich kann", "new": "neu anfangen"},
}

Client = Callable[..., Telegram]


class Menus(TelegramBed):
    """Knows which commands it was told for which language, with their descriptions; "" is for all others."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, dict[str, str]] = {}

    def _do_setMyCommands(self, fields: dict[str, Any], uploads: Any, *more: Any) -> Any:
        listed = json.loads(fields["commands"])
        language, taken = fields.get("language_code", ""), super()._do_setMyCommands(fields, uploads, *more)
        self.told[language] = {each["command"]: each["description"] for each in listed}
        return taken


@pytest.fixture
async def bed() -> AsyncIterator[Menus]:
    async with Menus() as bed:
        yield bed


@pytest.fixture
def client(bed: TelegramBed) -> Client:
    """Makes an adapter, to be entered."""

    def make(token: str = TOKEN, limits: SendLimits = AT_ONCE, **options: Any) -> Telegram:
        backoff = PollingBackoff(RetryPolicy(first=0.01, longest=0.05))
        usual: dict[str, Any] = {
            "commands": COMMANDS,
            "backoff": backoff,
            "poll_seconds": 1,
        }
        return Telegram(token, bed.url, pacing=SendPacing(limits), **(usual | options))

    return make


@pytest.fixture
async def telegram(client: Client) -> AsyncIterator[Telegram]:
    async with client() as telegram:
        yield telegram


class Inbox:
    """Takes messages in, or fails to while it has troubles."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.troubles: list[Exception] = []
        self.unbearable = ""  # a text that this inbox never takes in

    async def receive(self, message: Message) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        if self.unbearable and self.unbearable in message.text:
            raise RuntimeError("a bug")
        self.messages.append(message)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@asynccontextmanager
async def listening(telegram: Telegram, inbox: Inbox) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(telegram.listen(inbox.receive))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(holds: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
