"""A button says its command, whoever made it and however long ago."""

from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio

from adapters.platforms.discord.buttons import MAX_ID, PREFIX, CommandButton, CommandSelect, keyboard
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import RestPacing
from bot.commands import quick_actions
from bot.messages import Attachment, Author, Button, Channel, Conversation, Message, Turn
from bot.store import open_store
from tests.adapters.platforms.discord.conftest import Listener
from tests.conftest import MODEL
from tests.doubles.discord import BOB, GENERAL, TOKEN, FakeDiscord, Post

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMANDS = [
    "/describe",
    "/model 1min/gpt-4o",
    "/model a/b/c:free",
    "say:say:/ask: what? 100 % \\ {x} [y] (z) .*",
    "/ask is this a 🐈‍⬛ or a 犬?",
    " /help  with  spaces ",
    "/" + "x" * (MAX_ID - len(PREFIX) - 1),
]


def ids(view: discord.ui.View | None) -> list[str]:
    assert view is not None
    return [row["custom_id"] for line in view.to_components() for row in line["components"]]


def buttons(count: int) -> list[Button]:
    return [Button(f"Number {n}", f"/number{n}") for n in range(count)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pressed(client: Listener) -> Listener:
    """Hears of presses by what is said on a bot's start, and not by having made the buttons."""
    client.add_dynamic_items(CommandButton, CommandSelect)
    return client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest(server: FakeDiscord, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RestClient]:
    """Posts, and forgets what it has posted."""
    async with open_store(f"sqlite:///{tmp_path_factory.mktemp('rest')}/bot.db", MODEL) as store:
        rest = RestClient(TOKEN, server.url, RestPacing(store.coordination, TOKEN))
        yield rest
        await rest.close()


async def shown(rest: RestClient, server: FakeDiscord, view: discord.ui.View | None) -> Post:
    """A post with these buttons, as people see it."""
    assert view is not None
    id = (await (await rest.get_channel(GENERAL)).send("pick one", view=view)).id
    return next(post for post in server.posts() if post.id == id)


async def test_without_buttons_there_is_no_keyboard() -> None:
    assert keyboard([]) is None


async def test_all_that_a_button_needs_fits_into_its_id() -> None:
    assert ids(keyboard([Button("x", command) for command in COMMANDS])) == [PREFIX + command for command in COMMANDS]
    assert all(len(id) <= 100 for id in ids(keyboard([Button("x", command) for command in COMMANDS])))


async def test_a_command_that_does_not_fit_is_left_out_and_the_others_stay() -> None:
    long = "/model " + "x" * 100
    assert ids(keyboard([Button("a", "/a"), Button("long", long), Button("b", "/b")])) == ["say:/a", "say:/b"]
    assert keyboard([Button("long", long)]) is None


async def test_one_character_decides_whether_a_command_fits() -> None:
    room = MAX_ID - len(PREFIX)
    assert ids(keyboard([Button("fits", "x" * room)])) == [PREFIX + "x" * room]
    assert keyboard([Button("does not", "x" * (room + 1))]) is None


async def test_a_command_is_on_one_button_alone(rest: RestClient, server: FakeDiscord) -> None:
    laid = keyboard([Button("A", "/a"), Button("also A", "/a"), Button("B", "/b"), Button("A again", "/a")])
    assert ids(laid) == ["say:/a", "say:/b"]
    assert [button["label"] for button in (await shown(rest, server, laid)).buttons] == ["A", "B"]


@pytest.mark.parametrize("count", [1, 5, 6, 25, 26, 40])
async def test_there_are_five_rows_of_five_at_most(count: int) -> None:
    view = keyboard(buttons(count))
    assert view is not None
    assert ids(view) == [f"say:/number{n}" for n in range(min(count, 25))]
    assert all(len(row["components"]) <= 5 for row in view.to_components())


async def test_what_is_left_out_makes_room_for_another_one() -> None:
    assert len(ids(keyboard([Button("long", "x" * 100), *buttons(25)]))) == 25


async def test_what_stands_on_a_button_is_cut_where_discord_would_refuse_it() -> None:
    view = keyboard([Button("a name " * 20, "/model a")])
    assert view is not None
    [row] = view.to_components()
    [shown] = row["components"]
    assert shown["label"] == ("a name " * 20)[:80]


async def test_the_questions_below_an_answer_all_fit() -> None:
    photo = Message(
        channel=Channel("discord", "1"),
        id="2",
        author=Author("3", "Ann"),
        text="",
        sent=0.0,
        attachments=(Attachment(ref="4", name="cat.jpg"),),
    )
    actions = quick_actions(Turn(id=1, conversation=Conversation(1, "local/eyes"), message=photo))
    assert ids(keyboard(actions)) == [PREFIX + button.command for button in actions]


def models(count: int) -> list[Button]:
    return [Button(f"Model {n}", f"/model 1min/m{n}") for n in range(count)]


async def test_many_ways_to_say_a_command_are_a_list_and_pages_are_turned_by_buttons() -> None:
    assert ids(keyboard(models(5))) == [f"say:/model 1min/m{n}" for n in range(5)]
    view = keyboard([*models(8), Button("◀", "/model #3"), Button("1/3 ▶", "/model #2")])
    assert ids(view) == ["pick:/model", "say:/model #3", "say:/model #2"]
    assert view is not None
    [listed] = view.to_components()[0]["components"]
    assert [option["value"] for option in listed["options"]] == [f"/model 1min/m{n}" for n in range(8)]
    assert len(ids(keyboard(models(40)))) == 1 + 15  # what a list cannot hold stands below it


async def test_what_is_picked_from_a_list_is_said(rest: RestClient, pressed: Listener, server: FakeDiscord) -> None:
    post = await shown(rest, server, keyboard(models(8)))
    await server.presses(post, "pick:/model", BOB, values=["/model 1min/m3"])
    interaction, said = await pressed.press()
    assert said == "/model 1min/m3"
    assert interaction.message is not None
    assert interaction.message.id == post.id


# on Discord


async def test_discord_takes_every_keyboard(rest: RestClient, server: FakeDiscord) -> None:
    for laid in (buttons(25), [Button("b" * 200, command) for command in COMMANDS]):
        post = await shown(rest, server, keyboard(laid))
        assert post.commands == [PREFIX + button.command for button in laid]


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_press_says_the_command_also_to_a_bot_that_knows_nothing_of_the_button(
    rest: RestClient, pressed: Listener, server: FakeDiscord, command: str
) -> None:
    post = await shown(rest, server, keyboard([Button("Press me", command)]))
    await server.presses(post, post.commands[0], BOB)
    interaction, said = await pressed.press()
    assert said == command
    assert interaction.message is not None
    assert (interaction.message.id, interaction.user.id) == (post.id, BOB)


async def test_other_buttons_are_not_taken_for_ours(rest: RestClient, pressed: Listener, server: FakeDiscord) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Other", custom_id="other:say:/help"))
    other = await shown(rest, server, view)
    ours = await shown(rest, server, keyboard([Button("Help", "/help")]))
    await server.presses(other, "other:say:/help", BOB)
    await server.presses(ours, "say:/help", BOB)
    interaction, said = await pressed.press()
    assert interaction.message is not None
    assert (interaction.message.id, said) == (ours.id, "/help")
