"""What people can tell the bot, and what it says back."""

from dataclasses import replace

import pytest

from bot.accounting.limits import subject_of
from bot.commands import ASK, COMMANDS, LISTED, MAKING, QUESTIONS, UNHEARD, CommandContext, Rules, parse
from bot.messages import Turn
from bot.ports import Store
from bot.words import catalogue
from tests.commands.conftest import again, response, told
from tests.doubles.platform import FakePlatform


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


@pytest.mark.parametrize("line", ["start", "start ref_42"])  # the latter is what a link to the bot brings along
async def test_start_is_one_screen_with_three_buttons(context: CommandContext, turn: Turn, line: str) -> None:
    shown = await response(context, turn, line)
    assert "Hello!" in shown.text
    assert len(shown.text) < 300
    assert [button.command for button in shown.buttons] == ["/help", "/model #1", "/settings language"]


async def test_help_lists_what_can_be_said(context: CommandContext, turn: Turn) -> None:
    shown = await told(replace(context, rules=Rules(admins=frozenset({subject_of(turn.message)}))), turn, "help")
    making = {name for name in LISTED if name in MAKING}  # nobody here makes anything
    for name in {*LISTED} - making - {"claim"}:
        assert f"/{name} · " in shown
    assert not any(f"/{name} · " in shown for name in (*making, "claim"))


async def test_help_leaves_out_what_the_person_may_not_use(context: CommandContext, turn: Turn) -> None:
    shown = await told(replace(context, rules=Rules(admins=frozenset({"web:somebody else"}))), turn, "help")
    assert "/new · " in shown
    for name in ("allow", "block", "claim"):
        assert f"/{name} · " not in shown


async def test_help_names_to_those_who_manage_the_channel_what_is_theirs(
    context: CommandContext, turn: Turn, platform: FakePlatform
) -> None:
    managing = [name for name in LISTED if COMMANDS[name].audience == "managers"]
    shown = await told(context, turn, "help")
    assert all(f"/{name} · " in shown for name in managing)
    platform.managers = set()
    shown = await told(context, turn, "help")
    assert "/settings · " in shown
    assert not any(f"/{name} · " in shown for name in managing)


async def test_places_polls_and_the_like_get_one_friendly_line(context: CommandContext, turn: Turn) -> None:
    assert (await told(context, turn, UNHEARD)).startswith("I can't do anything with that. Send me a photo")


async def test_new_begins_afresh_with_the_same_model(context: CommandContext, sqlite: Store, turn: Turn) -> None:
    await told(context, turn, "model o3-mini")
    turn = await again(sqlite, turn)
    assert "New conversation" in await told(context, turn, "new")
    fresh = await again(sqlite, turn)
    assert fresh.conversation.id != turn.conversation.id
    assert fresh.conversation.model == "sandbox/o3-mini"


async def test_stop_is_heard_at_the_front_desk_so_here_there_is_nothing_left_to_stop(
    context: CommandContext, turn: Turn
) -> None:
    assert await told(context, turn, "stop") == "There is nothing to stop."
