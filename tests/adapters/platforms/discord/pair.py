"""Two processes of one bot on one store: one listens and only takes in, the other speaks and has no connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.slash_commands import command_payloads
from bot.chat_platform import HealthState
from bot.commands import Suggestion
from bot.messages import Message
from bot.ports import Store
from tests.doubles.discord import TOKEN, FakeDiscord, Interaction


@dataclass
class Pair:
    """Two processes of one bot: one that listens, and one that speaks. What was heard is in `heard`."""

    discord: FakeDiscord
    listener: Discord
    speaker: Discord
    listening: asyncio.Task[None]
    heard: list[Message]

    async def hears(self, asked: Interaction) -> Message:
        """The message that an interaction became, once the person sees that it was heard."""
        await asked.acknowledged()
        await until(lambda: any(message.id.endswith(f"/{asked.id}") for message in self.heard))
        return next(message for message in self.heard if message.id.endswith(f"/{asked.id}"))

    async def stops_listening(self) -> None:
        """The one that listens is told to end."""
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)

    async def asks(self, **how: object) -> tuple[Interaction, Message]:
        """Somebody uses a command."""
        asked = await self.discord.runs("help", **how)  # type: ignore[arg-type]
        return asked, await self.hears(asked)

    async def visits(self) -> tuple[Interaction, Message]:
        """Somebody uses a command where the bot is no member."""
        return await self.asks(channel=self.discord.add_group(), as_user_app=True)


async def suggest(command: str, option: str, typed: str) -> Sequence[Suggestion]:
    return ()


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def process(
    discord: FakeDiscord, store: Store, folder: Path, max_calls: int | None = None
) -> AsyncIterator[Discord]:
    """One more process, which can speak."""
    async with Discord(
        TOKEN,
        discord.url,
        folder,
        intake=store.intake,
        channels=store.channels,
        blobs=store.blobs,
        coordination=store.coordination,
        commands=command_payloads(),
        suggest=suggest,
        max_calls=max_calls,
    ) as bot:
        yield bot


@asynccontextmanager
async def side_by_side(discord: FakeDiscord, store: Store, folder: Path) -> AsyncIterator[Pair]:
    """Both, once the one that listens does."""
    async with process(discord, store, folder) as one, process(discord, store, folder) as other:
        heard: list[Message] = []

        async def receive(message: Message) -> None:
            heard.append(message)

        pair = Pair(discord, one, other, asyncio.create_task(one.listen(receive)), heard)
        await until(lambda: one.health.state is HealthState.UP and discord.rest.commands)
        yield pair
        await pair.stops_listening()
