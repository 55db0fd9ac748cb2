"""What people can tell the bot, and what it says back."""

import pytest

from bot.commands import ASK, LISTED, QUESTIONS, CommandContext, parse
from bot.messages import Turn
from bot.ports import Store
from bot.words import catalogue
from tests.commands.conftest import again, told


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/new", ("new", "")),
        ("/model gpt-4o", ("model", "gpt-4o")),
        ("/Model@snap_bot  gpt-4o ", ("model", "gpt-4o")),
        ("/nonsense", ("nonsense", "")),
        ("what is /new", None),
        ("/usr/bin is what?", None),
        ("/ 7", None),
        ("", None),
    ],
)
def test_a_command_is_known_by_its_slash_and_its_word(text: str, parsed: tuple[str, str] | None) -> None:
    assert parse(text) == parsed


def test_every_command_has_its_line_of_help() -> None:
    described = {key.removeprefix("help_") for key in catalogue() if key.startswith("help_")}
    assert described == {"start", *LISTED, ASK, *QUESTIONS}


async def test_start_and_help_list_what_can_be_said(desk: CommandContext, turn: Turn) -> None:
    hello = await told(desk, turn, "start")
    assert "Hello!" in hello
    for name in LISTED:
        assert f"/{name} · " in hello


async def test_new_begins_afresh_with_the_same_model(desk: CommandContext, sqlite: Store, turn: Turn) -> None:
    await told(desk, turn, "model o3-mini")
    turn = await again(sqlite, turn)
    assert "New conversation" in await told(desk, turn, "new")
    fresh = await again(sqlite, turn)
    assert fresh.conversation.id != turn.conversation.id
    assert fresh.conversation.model == "sandbox/o3-mini"


async def test_stop_is_heard_at_the_front_desk_so_here_there_is_nothing_left_to_stop(
    desk: CommandContext, turn: Turn
) -> None:
    assert await told(desk, turn, "stop") == "There is nothing to stop."
