"""Discord is told the commands in a form that it takes, and only when they have changed."""

import re
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any

import discord
import pytest

from adapters.platforms.discord.slash_commands import (
    ATTACHMENT,
    CHAT,
    MENUS,
    MESSAGE_MENU,
    Payload,
    command_payloads,
    menu_question,
    sync_commands,
)
from bot.commands import ASK, COMMANDS, LISTED, QUESTIONS, parse
from bot.words import say
from tests.doubles.discord import ADMIN, ANN, BOB, GENERAL, TOKEN, FakeDiscord, NotOffered

COMMANDS_PATH = "/applications/{application_id}/commands"
NAME = re.compile(r"[-_a-z0-9]{1,32}")


def chat(wanted: list[Payload]) -> list[Payload]:
    return [command for command in wanted if command["type"] == CHAT]


def options(wanted: list[Payload]) -> Iterator[Payload]:
    for command in chat(wanted):
        yield from command["options"]


def named(wanted: list[Payload], name: str) -> Payload:
    [command] = [command for command in wanted if command["name"] == name]
    return command


# what Discord is told


def test_there_are_no_more_commands_than_discord_takes() -> None:
    wanted = command_payloads()
    assert 0 < len(chat(wanted)) <= 100
    assert 0 < len([command for command in wanted if command["type"] == MESSAGE_MENU]) <= 15
    names = [(command["type"], command["name"]) for command in wanted]
    assert len(set(names)) == len(names)


def test_every_name_is_one_that_discord_takes() -> None:
    wanted = command_payloads()
    for command in wanted:
        if command["type"] == CHAT:
            assert NAME.fullmatch(command["name"])
        else:
            assert 1 <= len(command["name"]) <= 32
    for option in options(wanted):
        assert NAME.fullmatch(option["name"])


def test_every_description_is_as_long_as_discord_wants_it() -> None:
    wanted = command_payloads()
    for described in [*chat(wanted), *options(wanted)]:
        assert 1 <= len(described["description"]) <= 100
    assert not any("description" in command for command in wanted if command["type"] == MESSAGE_MENU)


def test_options_are_few_enough_and_what_is_required_comes_first() -> None:
    for command in chat(command_payloads()):
        required = [option["required"] for option in command["options"]]
        names = [option["name"] for option in command["options"]]
        assert len(names) <= 25
        assert len(set(names)) == len(names)
        assert required == sorted(required, reverse=True)


def test_choices_are_few_enough_and_nothing_is_both_chosen_and_suggested() -> None:
    for option in options(command_payloads()):
        assert len(option.get("choices", [])) <= 25
        assert all(
            1 <= len(choice["name"]) <= 100 and 1 <= len(choice["value"]) <= 100 for choice in option.get("choices", [])
        )
        assert not ("choices" in option and "autocomplete" in option)


def test_no_command_says_more_than_discord_reads() -> None:
    for command in chat(command_payloads()):
        texts = [command["name"], command["description"]]
        for option in command["options"]:
            texts += [option["name"], option["description"]]
            texts += [text for choice in option.get("choices", []) for text in choice.values()]
        assert sum(map(len, texts)) <= 8000


def test_whatever_can_be_said_can_be_picked() -> None:
    names = {command["name"] for command in chat(command_payloads())}
    assert names == {ASK, *QUESTIONS, *LISTED}
    assert all(parse(f"/{name}") == (name, "") for name in names)


def test_everything_but_the_claim_is_offered_in_servers_and_to_people_wherever_they_are() -> None:
    assert all(command["integration_types"] == [0, 1] for command in command_payloads())
    contexts = {command["name"]: command["contexts"] for command in command_payloads()}
    assert contexts.pop("claim") == [1]
    assert all(each == [0, 1, 2] for each in contexts.values())


async def test_a_server_shows_the_commands_of_those_who_manage_to_them_alone(
    fresh: FakeDiscord, app: discord.Client
) -> None:
    await sync_commands(app, command_payloads())
    limited = [name for name in LISTED if COMMANDS[name].audience in ("admins", "managers")]
    assert {"allow", "block", "link", "unlink", "forget", "export"} == set(limited)
    for name in limited:
        values = {option["name"]: "x" for option in named(command_payloads(), name)["options"] if option["required"]}
        with pytest.raises(NotOffered):
            await fresh.runs(name, GENERAL, BOB, options=values)
        await fresh.runs(name, fresh.dm(BOB), BOB, options=values)
        await fresh.runs(name, GENERAL, ADMIN, options=values)
    await fresh.runs("settings", GENERAL, BOB)
    with pytest.raises(NotOffered):
        await fresh.runs("claim", GENERAL, BOB, options={"claim": "x"})


def test_ask_takes_a_question_and_up_to_four_photos() -> None:
    question, *photos = named(command_payloads(), ASK)["options"]
    assert (question["name"], question["required"]) == ("question", True)
    assert [photo["name"] for photo in photos] == ["photo", "photo2", "photo3", "photo4"]
    assert all(photo["type"] == ATTACHMENT and not photo["required"] for photo in photos)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("imagine", ["words", "model", "size", "n", "quality"]),
        ("edit", ["words", "photo", "model"]),
        ("vary", ["photo", "model"]),
        ("cutout", ["photo", "model"]),
        ("upscale", ["photo", "model"]),
        ("speak", []),
    ],
)
def test_a_picture_is_ordered_by_what_people_call_its_parts(name: str, shown: list[str]) -> None:
    found = named(command_payloads(), name)["options"]
    assert [option["name"] for option in found] == shown
    assert {option["name"] for option in found if option["type"] == ATTACHMENT} == {"photo"} & set(shown)
    assert {option["name"] for option in found if option["required"]} == {"words"} & set(shown)
    assert {option["name"] for option in found if option.get("autocomplete")} == {"model"} & set(shown)


def test_a_menu_is_known_by_what_stands_on_it() -> None:
    menus = [command["name"] for command in command_payloads() if command["type"] == MESSAGE_MENU]
    assert [menu_question(name) for name in menus] == list(MENUS.values())
    assert set(MENUS.values()) <= {ASK, *QUESTIONS}
    assert menu_question(say("discord_ask")) == ASK
    assert menu_question("Something else") is None


# telling it


@pytest.fixture
async def fresh() -> AsyncIterator[FakeDiscord]:
    """A Discord that has not been told anything."""
    with pytest.MonkeyPatch.context() as patch:
        async with FakeDiscord() as fresh:
            patch.setattr(discord.http.Route, "BASE", fresh.url)
            yield fresh


@pytest.fixture
async def app(fresh: FakeDiscord) -> AsyncIterator[discord.Client]:
    """A client that knows who it is, without a live connection."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as app:
        await app.login(TOKEN)
        yield app


def told(server: FakeDiscord) -> int:
    return len(server.called("PUT", COMMANDS_PATH))


def kept(server: FakeDiscord) -> dict[str, Any]:
    return {command["name"]: command for command in server.rest.commands.get("", [])}


async def test_discord_takes_the_commands_and_offers_them(fresh: FakeDiscord, app: discord.Client) -> None:
    await sync_commands(app, command_payloads())
    assert list(kept(fresh)) == [command["name"] for command in command_payloads()]
    asked = await fresh.runs(ASK, GENERAL, ANN, options={"question": "what is this?"}, files={"photo3": b"a photo"})
    assert [option["name"] for option in asked.data["options"]] == ["question", "photo3"]
    await fresh.runs("settings", fresh.dm())
    await fresh.uses_menu(say("discord_ask"), await fresh.says("look"))
    await fresh.runs("describe", fresh.add_group(), files={"photo": b"a photo"}, as_user_app=True)
    with pytest.raises(NotOffered):
        await fresh.runs(ASK, GENERAL, ANN, files={"photo": b"a photo"})
    with pytest.raises(NotOffered):
        await fresh.runs("settings", options={"name": "colour"})


async def test_the_first_start_tells_and_the_second_one_does_not(fresh: FakeDiscord, app: discord.Client) -> None:
    await sync_commands(app, command_payloads())
    assert told(fresh) == 1
    for _ in range(2):
        await sync_commands(app, command_payloads())
    assert told(fresh) == 1
    assert len(fresh.called("GET", COMMANDS_PATH)) == 3


def described_otherwise(wanted: list[Payload]) -> None:
    named(wanted, "new")["description"] = "begin again"


def with_a_new_option(wanted: list[Payload]) -> None:
    named(wanted, "new")["options"].append({"type": 3, "name": "model", "description": "which one", "required": False})


def with_an_option_less(wanted: list[Payload]) -> None:
    named(wanted, ASK)["options"].pop()


def with_other_choices(wanted: list[Payload]) -> None:
    option = next(option for option in options(wanted) if "choices" in option)
    option["choices"] = option["choices"][1:]


def with_a_command_less(wanted: list[Payload]) -> None:
    wanted.remove(named(wanted, "describe"))


def with_a_new_command(wanted: list[Payload]) -> None:
    wanted.append(named(wanted, "new") | {"name": "newer"})


def for_servers_alone(wanted: list[Payload]) -> None:
    named(wanted, "settings")["contexts"] = [0]


def with_a_menu_named_otherwise(wanted: list[Payload]) -> None:
    named(wanted, say("discord_ask"))["name"] = "What is this?"


@pytest.mark.parametrize(
    "change",
    [
        described_otherwise,
        with_a_new_option,
        with_an_option_less,
        with_other_choices,
        with_a_command_less,
        with_a_new_command,
        for_servers_alone,
        with_a_menu_named_otherwise,
    ],
)
async def test_a_change_is_told_once(fresh: FakeDiscord, app: discord.Client, change: Any) -> None:
    await sync_commands(app, command_payloads())
    wanted = deepcopy(command_payloads())
    change(wanted)
    for _ in range(2):
        await sync_commands(app, wanted)
    assert told(fresh) == 2
    assert {name: kept(fresh)[name].get("description", "") for name in kept(fresh)} == {
        command["name"]: command.get("description", "") for command in wanted
    }


async def test_what_discord_leaves_out_because_it_is_usual_is_no_change(
    fresh: FakeDiscord, app: discord.Client
) -> None:
    await sync_commands(app, command_payloads())
    for command in kept(fresh).values():
        for option in command.get("options", []):
            if not option.get("required"):
                option.pop("required", None)
        if not command.get("options"):
            command.pop("options", None)
    await sync_commands(app, command_payloads())
    assert told(fresh) == 1


async def test_what_stays_keeps_its_number(fresh: FakeDiscord, app: discord.Client) -> None:
    await sync_commands(app, command_payloads())
    before = kept(fresh)["help"]["id"]
    wanted = command_payloads()
    described_otherwise(wanted)
    await sync_commands(app, wanted)
    assert kept(fresh)["help"]["id"] == before


async def test_who_is_not_logged_in_tells_nothing(fresh: FakeDiscord) -> None:
    async with discord.Client(intents=discord.Intents(guilds=True)) as nobody:
        await sync_commands(nobody, command_payloads())
    assert fresh.calls == []
