"""The context in which commands are run."""

from typing import Any

import pytest

from bot.commands import COMMANDS, CommandContext, Response, Rules
from bot.files.photos import PhotoIntake
from bot.messages import Turn
from bot.ports import Store
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider


def command_context(store: Store, **others: Any) -> CommandContext:
    """Return the services of commands, on the ports of a store."""
    return CommandContext(
        turns=store.turns,
        posts=store.posts,
        channels=store.channels,
        conversations=store.conversations,
        people=store.people,
        files=store.files,
        ledger=store.ledger,
        votes=store.votes,
        deletion=store.deletion,
        imports=store.imports,
        **others,
    )


@pytest.fixture
def telegram() -> FakePlatform:
    return FakePlatform("telegram")


@pytest.fixture
def context(
    sqlite: Store, provider: FakeProvider, platform: FakePlatform, telegram: FakePlatform, photos: PhotoIntake
) -> CommandContext:
    rules = Rules(consoles=frozenset({"web"}))
    return command_context(
        sqlite,
        providers={"sandbox": provider},
        platforms={"web": platform.as_platform(), "telegram": telegram.as_platform()},
        rules=rules,
        photos=photos,
    )


async def response(context: CommandContext, turn: Turn, words: str) -> Response:
    """What is answered to `name rest`."""
    name, _, rest = words.partition(" ")
    ordered = await COMMANDS[name].run(context, turn, rest)
    assert isinstance(ordered, Response)
    return ordered


async def told(context: CommandContext, turn: Turn, words: str) -> str:
    return (await response(context, turn, words)).text


async def again(store: Store, turn: Turn) -> Turn:
    """The turn of something that is said after this one in the same channel: what was chosen counts for it."""
    await store.queue.finish(turn)
    return await heard(store, str(turn.message.channel))


async def heard(store: Store, channel: str = "web:lobby") -> Turn:
    """The turn of something that is said in a channel where nobody waits."""
    await store.intake.add(said("/command", channel))
    turns = await store.queue.claim(10)
    return turns[-1]


def pressable(shown: Response) -> dict[str, str]:
    """What stands on each button, and what a press says."""
    return {button.label: button.command for button in shown.buttons}
