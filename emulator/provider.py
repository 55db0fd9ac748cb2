"""The emulator as a provider: the 1min.ai client, asking the emulator that is started with it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.providers.onemin import OneMin
from bot.house import House
from emulator.server import Emulator


@asynccontextmanager
async def open_sandbox(house: House) -> AsyncGenerator[OneMin, None]:
    """Start an emulator and offer its models as sandbox/NAME."""
    async with (
        Emulator() as emulator,
        OneMin("sandbox", emulator.url, "unified", house.store, name="sandbox", requests_per_minute=None) as provider,
    ):
        yield provider
