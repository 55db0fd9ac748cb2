"""Which model answers: the picker, and what a part of a name is worth."""

from dataclasses import replace

import pytest

from bot.commands import COMMANDS, CommandContext
from bot.commands.model_choice import LONGEST, PAGE, SUGGESTED, suggest
from bot.messages import Model, Turn
from bot.ports import Store
from tests.commands.conftest import again, pressable, response, told
from tests.conftest import MODEL
from tests.doubles.provider import FakeProvider


async def model_of_the_next_turn(store: Store, turn: Turn) -> str:
    return (await again(store, turn)).conversation.model


@pytest.fixture
def many(context: CommandContext, provider: FakeProvider) -> CommandContext:
    """A context with eighteen models of two providers: ten of one, the first of which sees, and eight of the other."""
    provider.catalogue = [Model(id=f"a{n}", name=f"A {n}", sees=n == 7) for n in range(10)]
    other = FakeProvider(name="other")
    other.catalogue = [Model(id=f"b{n}", name=f"B {n}", sees=True, price=f"${n}") for n in range(8)]
    return replace(context, providers={"sandbox": provider, "other": other})


async def test_alone_it_says_which_one_answers_and_offers_the_others(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "model")
    assert shown.text.startswith("**sandbox/gpt-4o** answers here.")
    assert "- `sandbox/gpt-4o` ✓ 👁\n" in shown.text
    assert "- `sandbox/o3-mini`\n" in shown.text
    assert pressable(shown) == {
        "✓ 👁 GPT-4o": "/model sandbox/gpt-4o",
        "👁 GPT-4o mini": "/model sandbox/gpt-4o-mini",
        "o3 mini": "/model sandbox/o3-mini",
        "Llama 3": "/model sandbox/meta/llama-3",
    }


async def test_the_picker_turns_its_pages_in_place_and_goes_round(many: CommandContext, turn: Turn) -> None:
    pages = {n: await response(many, turn, f"model #{n}") for n in (1, 2, 3)}
    assert all(page.in_place for page in pages.values())
    assert [len(page.buttons) for page in pages.values()] == [PAGE + 2, PAGE + 2, 2 + 2]
    assert pressable(pages[1])["1/3 ▶"] == "/model #2"
    assert pressable(pages[1])["◀"] == "/model #3"
    assert pressable(pages[3])["3/3 ▶"] == "/model #1"
    assert pressable(pages[3])["◀"] == "/model #2"
    assert await response(many, turn, "model #4") == pages[1]
    assert await response(many, turn, "model") == pages[1]


async def test_models_stand_below_their_provider_and_those_that_see_come_first(
    many: CommandContext, turn: Turn
) -> None:
    first, second = await told(many, turn, "model #1"), await told(many, turn, "model #2")
    assert first.index("**sandbox**") < first.index("`sandbox/a7` 👁") < first.index("`sandbox/a0`")
    assert "**other**" not in first
    assert second.index("`sandbox/a9`") < second.index("**other**") < second.index("- `other/b0` 👁 · $0")


@pytest.mark.parametrize("page", ["#0", "#", "#one", "#²", "#99999999999999999999"])
async def test_a_page_that_does_not_exist_is_another_one(context: CommandContext, turn: Turn, page: str) -> None:
    assert await response(context, turn, f"model {page}") == await response(context, turn, "model")


async def test_a_long_name_fits_on_its_button(context: CommandContext, provider: FakeProvider, turn: Turn) -> None:
    provider.catalogue = [Model(id="long", name="A very long name, " * 9, sees=True)]
    [button] = (await response(context, turn, "model")).buttons
    assert len(button.label) == LONGEST


@pytest.mark.parametrize("name", ["sandbox/gpt-4o-mini", "gpt-4o-mini", "GPT-4o-Mini", "4o-m", "meta/llama-3", "LLAMA"])
async def test_a_name_or_a_part_that_fits_one_model_switches_to_it(
    context: CommandContext, sqlite: Store, turn: Turn, name: str
) -> None:
    full = "sandbox/meta/llama-3" if "llama" in name.lower() else "sandbox/gpt-4o-mini"
    shown = await response(context, turn, f"model {name}")
    assert shown.text.startswith(f"From now on {full} answers here.")
    assert shown.in_place
    assert await model_of_the_next_turn(sqlite, turn) == full


async def test_a_part_that_fits_several_offers_them(context: CommandContext, sqlite: Store, turn: Turn) -> None:
    shown = await response(context, turn, "model mini")
    assert shown.text.startswith("Several models match mini:")
    assert list(pressable(shown).values()) == ["/model sandbox/gpt-4o-mini", "/model sandbox/o3-mini"]
    assert shown.in_place
    assert await model_of_the_next_turn(sqlite, turn) == MODEL


@pytest.mark.parametrize("typed", ["gpt4o", "GPT4O"])
async def test_a_name_that_fits_none_offers_the_closest(
    context: CommandContext, sqlite: Store, turn: Turn, typed: str
) -> None:
    shown = await response(context, turn, f"model {typed}")
    close = "sandbox/gpt-4o, sandbox/gpt-4o-mini"
    assert shown.text == f"I don't know the model {typed}. Did you mean {close}?"
    assert list(pressable(shown).values()) == ["/model sandbox/gpt-4o", "/model sandbox/gpt-4o-mini"]
    assert await model_of_the_next_turn(sqlite, turn) == MODEL


async def test_of_many_close_names_the_three_closest_are_offered_even_those_that_cannot_see(
    context: CommandContext, provider: FakeProvider, turn: Turn
) -> None:
    provider.catalogue = [Model(id=f"o{n}-maxi", name="", sees=True) for n in range(9)] + [
        Model(id="o9-mini", name="", sees=False)
    ]
    offered = pressable(await response(context, turn, "model o9-mnii"))
    assert len(offered) == 3
    assert next(iter(offered.values())) == "/model sandbox/o9-mini"


async def test_a_name_like_no_other_is_said_to_be_unknown(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "model zzzzzz")
    assert shown.text == "I don't know the model zzzzzz. Type /model to see the ones I know."
    assert not shown.buttons


async def test_a_model_that_cannot_see_says_so_and_offers_one_that_can(context: CommandContext, turn: Turn) -> None:
    shown = await response(context, turn, "model o3-mini")
    assert shown.text == "From now on sandbox/o3-mini answers here. It can't see photos; sandbox/gpt-4o can."
    assert pressable(shown) == {"👁 sandbox/gpt-4o": "/model sandbox/gpt-4o"}
    assert shown.in_place


async def test_another_provider_is_another_remote_conversation_and_the_same_one_is_not(
    many: CommandContext, sqlite: Store, turn: Turn
) -> None:
    await sqlite.conversations.save_remote_id(turn.conversation, "uuid-1")
    turn = await again(sqlite, turn)
    await told(many, turn, "model a7")
    turn = await again(sqlite, turn)
    assert turn.conversation.remote_id == "uuid-1"
    await told(many, turn, "model b0")
    assert (await again(sqlite, turn)).conversation.remote_id is None


async def test_who_types_gets_what_fits_first_and_then_what_is_close(context: CommandContext) -> None:
    [option] = COMMANDS["model"].options
    assert option.suggest is suggest
    assert [each.label for each in await suggest(context.providers, "")] == [
        "👁 sandbox/gpt-4o",
        "👁 sandbox/gpt-4o-mini",
        "sandbox/o3-mini",
        "sandbox/meta/llama-3",
    ]
    assert [each.value for each in await suggest(context.providers, "mini")][:2] == [
        "sandbox/gpt-4o-mini",
        "sandbox/o3-mini",
    ]
    close = [each.value for each in await suggest(context.providers, "gpt4o")]
    assert close[0] == "sandbox/gpt-4o"


async def test_no_more_is_suggested_than_platforms_can_show(context: CommandContext, provider: FakeProvider) -> None:
    provider.catalogue = [Model(id=f"m{n}", name="", sees=False) for n in range(99)]
    assert len(await suggest(context.providers, "")) == SUGGESTED
