"""What people can tell the bot, and what it says back."""

import pytest

from bot.commands import ASK, COMMANDS, LISTED, QUESTIONS, Desk, Response, parse
from bot.messages import Turn
from bot.ports import Store
from bot.words import catalogue
from tests.conftest import MODEL, said
from tests.doubles.provider import FakeProvider


@pytest.fixture
def desk(sqlite: Store) -> Desk:
    return Desk(sqlite, {"sandbox": FakeProvider()})


async def told(name: str, desk: Desk, turn: Turn, rest: str) -> str:
    """What a command answers."""
    ordered = await COMMANDS[name].obey(desk, turn, rest)
    assert isinstance(ordered, Response)
    return ordered.text


async def model_of_the_next_turn(sqlite: Store, turn: Turn) -> str:
    await sqlite.finished(turn)
    await sqlite.add(said())
    [following] = await sqlite.claim(1)
    return following.conversation.model


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


async def test_start_and_help_list_what_can_be_said(desk: Desk, turn: Turn) -> None:
    hello = await told("start", desk, turn, "")
    assert "Hello!" in hello
    for name in LISTED:
        assert f"/{name} · " in hello


async def test_model_alone_says_which_one_answers(desk: Desk, turn: Turn) -> None:
    answer = await told("model", desk, turn, "")
    assert answer.startswith("**sandbox/gpt-4o** answers here.")
    assert "- `sandbox/gpt-4o` ✓ 👁" in answer
    assert "- `sandbox/o3-mini`" in answer


@pytest.mark.parametrize("name", ["sandbox/gpt-4o-mini", "gpt-4o-mini", "GPT-4o-Mini"])
async def test_a_model_is_switched_with_or_without_its_provider(
    desk: Desk, sqlite: Store, turn: Turn, name: str
) -> None:
    assert await told("model", desk, turn, name) == "From now on sandbox/gpt-4o-mini answers here."
    assert await model_of_the_next_turn(sqlite, turn) == "sandbox/gpt-4o-mini"


async def test_a_model_name_may_hold_slashes(desk: Desk, sqlite: Store, turn: Turn) -> None:
    await told("model", desk, turn, "sandbox/meta/llama-3")
    assert await model_of_the_next_turn(sqlite, turn) == "sandbox/meta/llama-3"


async def test_a_model_that_sees_no_photos_says_so_and_names_one_that_does(desk: Desk, turn: Turn) -> None:
    answer = await told("model", desk, turn, "o3-mini")
    assert "cannot see photos; sandbox/gpt-4o can" in answer


async def test_an_unknown_model_gets_close_names_and_changes_nothing(desk: Desk, sqlite: Store, turn: Turn) -> None:
    answer = await told("model", desk, turn, "gpt4o")
    assert "I don't know the model gpt4o" in answer
    assert "gpt-4o" in answer
    assert await told("model", desk, turn, "zzzzzz") == (
        "I don't know the model zzzzzz. Say /model to see those that I know."
    )
    assert await model_of_the_next_turn(sqlite, turn) == MODEL


async def test_new_begins_afresh(desk: Desk, sqlite: Store, turn: Turn) -> None:
    assert "fresh start" in await told("new", desk, turn, "")
