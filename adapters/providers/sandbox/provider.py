"""The sandbox as a provider: the 1min.ai client, asking the emulator that is started with it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters.providers.onemin import OneMin
from adapters.providers.sandbox.server import Sandbox
from bot.house import House


@asynccontextmanager
async def open_sandbox(house: House) -> AsyncGenerator[OneMin, None]:
    """Start an emulator and offer its models as sandbox/NAME."""
    async with (
        Sandbox() as sandbox,
        OneMin("sandbox", sandbox.url, "unified", house.store, name="sandbox", requests_per_minute=None) as provider,
    ):
        yield provider
