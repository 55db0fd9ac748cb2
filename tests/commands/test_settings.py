"""What people choose for a channel and its conversation."""

import pytest

from bot.commands import COMMANDS, CommandContext
from bot.commands.settings import CHOICES, FREE, LONGEST_PERSONA, OF_CHANNEL, OF_CONVERSATION
from bot.errors import Refused
from bot.messages import ChannelSettings, Preferences, Turn
from bot.ports import Store
from bot.words import LANGUAGES, speaking
from tests.commands.conftest import again, pressable, response, told
from tests.conftest import MODEL
from tests.doubles.platform import FakePlatform


async def chosen(store: Store, turn: Turn) -> ChannelSettings:
    return await store.channels.get_channel_settings(turn.message.channel)


async def preferred(store: Store, turn: Turn) -> Preferences:
    conversation = await store.conversations.find_conversation(turn.message.channel)
    assert conversation is not None
    return conversation.preferences


async def test_alone_it_shows_everything_and_offers_to_change_it(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "settings")
    assert shown.text.startswith(f"How I behave in this channel, with {MODEL}:")
    assert "- **Listening**: when asked · what I answer" in shown.text
    assert "- **Sites**: 3 · " in shown.text
    assert "- **Language**: the language of whoever writes · " in shown.text
    assert "- **Persona**: off · " in shown.text
    assert list(pressable(shown).values()) == ["/model #1", *(f"/settings {name}" for name in (*CHOICES, *FREE))]
    assert shown.in_place


async def test_a_setting_shows_what_it_may_be_and_marks_what_it_is(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "settings mirroring")
    assert shown.text == "**Mirroring**: off\nwhat is shown here from the channels it is linked to"
    assert pressable(shown) == {
        "✓ off": "/settings mirroring off",
        "answers": "/settings mirroring answers",
        "questions, photos and answers": "/settings mirroring everything",
        "↩": "/settings",
    }
    assert shown.in_place


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in CHOICES.items() for value in values], ids=str
)
async def test_whatever_is_offered_can_be_chosen_and_is_marked_from_then_on(
    context: CommandContext, sqlite: Store, turn: Turn, name: str, value: str
) -> None:
    done = await response(context, turn, f"settings {name} {value}")
    assert done.text.startswith("From now on, ")
    assert done.in_place
    turn = await again(sqlite, turn)
    marked = [button for button in (await response(context, turn, f"settings {name}")).buttons if "✓" in button.label]
    assert [button.command for button in marked] == [f"/settings {name} {value}"]


async def test_what_belongs_to_the_channel_is_kept_for_it_alone(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    await told(context, turn, "settings Footer ON")
    assert await chosen(sqlite, turn) == ChannelSettings(footer=True)
    assert await preferred(sqlite, turn) == Preferences()
    await told(context, turn, "settings language de")
    assert await chosen(sqlite, turn) == ChannelSettings(footer=True, language="de")
    await told(context, turn, "settings language auto")
    assert await chosen(sqlite, turn) == ChannelSettings(footer=True)


async def test_what_belongs_to_the_conversation_goes_with_it(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    await told(context, turn, "settings sites 10")
    assert await chosen(sqlite, turn) == ChannelSettings()
    assert await preferred(sqlite, turn) == Preferences(sites=10)
    turn = await again(sqlite, turn)
    await told(context, turn, "settings length short")
    assert await preferred(sqlite, turn) == Preferences(sites=10, length="short")


def test_every_setting_is_one_of_ours_and_starts_as_one_of_its_choices() -> None:
    for nouns, table in ((ChannelSettings(), OF_CHANNEL), (Preferences(), OF_CONVERSATION)):
        assert all(getattr(nouns, name) in values.values() for name, values in table.items())


async def test_a_persona_is_written_as_people_like_and_switched_off_again(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    assert "/settings persona You are" in await told(context, turn, "settings persona")
    words = "You are a Pirate. Say  arr!"
    assert f"**Persona**: {words} · " in await told(context, turn, f"settings persona {words}")
    assert (await preferred(sqlite, turn)).persona == words
    turn = await again(sqlite, turn)
    assert "From now on, Persona: off\n" in await told(context, turn, "settings persona OFF")
    assert (await preferred(sqlite, turn)).persona == ""


async def test_of_a_persona_that_is_too_long_the_beginning_is_kept(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    await told(context, turn, f"settings persona {'x' * (LONGEST_PERSONA + 1)}")
    assert (await preferred(sqlite, turn)).persona == "x" * LONGEST_PERSONA


async def test_who_does_not_manage_the_place_may_look_and_no_more(
    context: CommandContext, sqlite: Store, turn: Turn, platform: FakePlatform
) -> None:
    platform.managers = set()
    assert "when asked" in await told(context, turn, "settings")
    assert "when asked" in await told(context, turn, "settings listening")
    for change in ("listening all", "length long", "persona You are a pirate."):
        with pytest.raises(Refused, match="Only those who manage this place"):
            await told(context, turn, f"settings {change}")
    assert await chosen(sqlite, turn) == ChannelSettings()
    assert await preferred(sqlite, turn) == Preferences()


async def test_languages_are_called_what_those_who_speak_them_call_them(context: CommandContext, turn: Turn) -> None:
    offered = pressable(await response(context, turn, "settings language"))
    assert {label: command.rpartition(" ")[2] for label, command in offered.items() if label in LANGUAGES.values()} == {
        name: code for code, name in LANGUAGES.items()
    }
    assert "**Language**: Deutsch · " in await told(context, turn, "settings language de")


async def test_an_unknown_name_gets_all_those_that_are_known(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "settings colour blue")
    assert shown.text.startswith(f"I don't know that setting. These are the ones I know, with {MODEL}:")
    assert "/settings listening" in pressable(shown).values()


async def test_an_unknown_value_gets_those_that_there_are_and_changes_nothing(
    context: CommandContext, sqlite: Store, turn: Turn
) -> None:
    assert (
        "/settings listening photos" in pressable(await response(context, turn, "settings listening nobody")).values()
    )
    assert await chosen(sqlite, turn) == ChannelSettings()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_setting_and_value_has_a_word_of_its_own_in_every_language(
    context: CommandContext, turn: Turn, language: str
) -> None:
    with speaking(language):
        for name in CHOICES:
            labels = [button.label for button in (await response(context, turn, f"settings {name}")).buttons]
            assert len(set(labels)) == len(labels) == len(CHOICES[name]) + 1


def test_a_form_offers_every_setting() -> None:
    name, value = COMMANDS["settings"].options
    assert name.choices == (*CHOICES, *FREE)
    assert not value.choices
