"""An answer that could be better: which question is meant, by whom it may be answered, and the way back."""

from dataclasses import replace

import pytest

from bot.commands import COMMANDS, AskAgain, CommandContext, CommandResult, CompareModels
from bot.errors import Refused
from bot.messages import AnswerVersion, JobResult, LaneResult, MessageReference, Turn
from bot.ports import Store
from tests.commands.conftest import heard, pressable, response, told
from tests.conftest import MODEL, said
from tests.store.talk import HERE, THERE, answer, asked, claim_one

MINI, BLIND = "sandbox/gpt-4o-mini", "sandbox/o3-mini"


async def ordered(context: CommandContext, turn: Turn, words: str) -> CommandResult:
    name, _, rest = words.partition(" ")
    return await COMMANDS[name].run(context, turn, rest)


def replying(turn: Turn, post: str) -> Turn:
    """The same turn, as a reply to a post of the bot's."""
    return replace(turn, message=replace(turn.message, about=MessageReference(id=post, ours=True, text="")))


async def stored(store: Store, turn: Turn) -> Turn:
    """The turn with what came of it."""
    found = await store.turns.get_turn(turn.id)
    assert found is not None
    return found


@pytest.fixture
async def cat(sqlite: Store) -> Turn:
    """A question that was answered in a post called 10."""
    turn = await asked(sqlite, "what is this?", "a cat")
    await sqlite.posts.save_post_id(turn, HERE, 0, "10")
    return await stored(sqlite, turn)


@pytest.fixture
async def dog(sqlite: Store, cat: Turn) -> Turn:
    """The next question."""
    return await stored(sqlite, await asked(sqlite, "and this?", "a dog"))


@pytest.fixture
async def now(sqlite: Store, dog: Turn) -> Turn:
    """The turn of whoever wants something after both."""
    return await heard(sqlite)


# retry


async def test_the_last_question_is_asked_again_of_the_same_model(
    context: CommandContext, sqlite: Store, now: Turn, dog: Turn
) -> None:
    assert await ordered(context, now, "retry") == AskAgain(dog, MODEL)


async def test_a_model_can_be_named_as_people_name_it(context: CommandContext, now: Turn, dog: Turn) -> None:
    assert await ordered(context, now, "retry 4o-mini") == AskAgain(dog, MINI)


async def test_a_reply_to_an_answer_is_about_its_question(context: CommandContext, now: Turn, cat: Turn) -> None:
    assert await ordered(context, replying(now, "10"), "retry o3") == AskAgain(cat, BLIND)


async def test_a_number_names_the_question_whatever_is_replied_to(
    context: CommandContext, now: Turn, cat: Turn, dog: Turn
) -> None:
    assert await ordered(context, replying(now, "10"), f"retry {dog.id}") == AskAgain(dog, MODEL)
    assert await ordered(context, now, f"retry {cat.id}  o3-mini") == AskAgain(cat, BLIND)


async def test_a_reply_to_what_is_no_answer_means_the_last_question(
    context: CommandContext, sqlite: Store, now: Turn, dog: Turn
) -> None:
    await sqlite.queue.save_result(now, JobResult(text="a page of help"))
    await sqlite.posts.save_post_id(now, HERE, 0, "11")
    await sqlite.queue.finish(now)
    assert await ordered(context, replying(await heard(sqlite), "11"), "retry") == AskAgain(dog, MODEL)


async def test_a_reply_to_one_of_several_answers_means_the_question_that_was_compared(
    context: CommandContext, sqlite: Store, cat: Turn
) -> None:
    comparing = await compared(sqlite, "/compare gpt-4o o3-mini", "a cat", "an animal")
    await sqlite.posts.save_post_id(comparing, HERE, 0, "12", lane=1)
    await asked(sqlite, "and this?", "a dog")
    assert await ordered(context, replying(await heard(sqlite), "12"), "retry") == AskAgain(cat, MODEL)


@pytest.mark.parametrize("words", ["retry", "with", "version", "compare gpt-4o o3-mini"])
async def test_where_nothing_was_asked_there_is_nothing_to_ask_again(
    context: CommandContext, turn: Turn, words: str
) -> None:
    with pytest.raises(Refused, match="no earlier question"):
        await ordered(context, turn, words)


@pytest.mark.parametrize("words", ["retry {}", "with {}", "version {} 1", "compare {} gpt-4o o3-mini", "pick {} 1"])
async def test_the_numbers_of_other_conversations_are_nobody_s_business(
    context: CommandContext, sqlite: Store, now: Turn, words: str
) -> None:
    theirs = await asked(sqlite, "what is my secret?", "it is …", THERE)
    for id in (str(theirs.id), "999", "9" * 30):
        with pytest.raises(Refused, match="no earlier question"):
            await ordered(context, now, words.format(id))


async def test_a_model_that_nobody_knows_is_not_asked(context: CommandContext, now: Turn) -> None:
    with pytest.raises(Refused, match="I don't know the model zzz"):
        await ordered(context, now, "retry zzz")


# with


async def test_another_model_is_picked_from_a_post_of_its_own(context: CommandContext, now: Turn, cat: Turn) -> None:
    shown = await response(context, now, f"with {cat.id}")
    assert shown.text.startswith("Which model should answer that again?")
    assert pressable(shown)["o3 mini"] == f"/retry {cat.id} {BLIND}"
    assert not shown.in_place


async def test_the_pages_of_the_picker_are_turned_in_that_post(context: CommandContext, now: Turn, cat: Turn) -> None:
    assert (await response(context, now, f"with {cat.id} #1")).in_place


# versions


async def test_any_answer_can_be_shown_and_counts_from_then_on(
    context: CommandContext, sqlite: Store, now: Turn, cat: Turn
) -> None:
    for n, text in enumerate(("a lynx", "a tiger")):
        await sqlite.turns.add_version(cat, replace(now, id=now.id + n), AnswerVersion(text=text, model=MINI))
    shown = await response(context, now, f"version {cat.id} 1")
    assert shown.text == "a cat"
    assert shown.turn is not None
    assert shown.turn.id == cat.id
    assert pressable(shown) == {
        "◀": f"/version {cat.id} 3",
        "1/3 ▶": f"/version {cat.id} 2",
        "🔁 Again": f"/retry {cat.id}",
        "Other model …": f"/with {cat.id}",
    }
    assert (await sqlite.turns.list_history(now, 2))[0].answer == "a cat"
    assert await told(context, now, f"version {cat.id} 2") == "a lynx"
    assert pressable(await response(context, now, f"version {cat.id} 3"))["3/3 ▶"] == f"/version {cat.id} 1"
    assert (await sqlite.turns.list_history(now, 2))[0].answer == "a tiger"


async def test_of_two_answers_one_button_leads_to_the_other(
    context: CommandContext, sqlite: Store, now: Turn, cat: Turn
) -> None:
    await sqlite.turns.add_version(cat, now, AnswerVersion(text="a lynx", model=MINI))
    assert pressable(await response(context, now, f"version {cat.id} 2"))["2/2 ▶"] == f"/version {cat.id} 1"
    assert "◀" not in pressable(await response(context, now, f"version {cat.id} 2"))


@pytest.mark.parametrize("n", ["2", "99", "9" * 5000])
async def test_an_answer_that_there_never_was_cannot_be_shown(
    context: CommandContext, now: Turn, cat: Turn, n: str
) -> None:
    assert await told(context, now, f"version {cat.id}") == "a cat"
    if len(n) < 18:
        with pytest.raises(Refused, match="answer no longer exists"):
            await told(context, now, f"version {cat.id} {n}")
    else:  # no number at all: the last one
        assert await told(context, now, f"version {cat.id} {n}") == "a cat"


# compare


async def test_two_to_four_models_are_compared_over_the_last_question(
    context: CommandContext, now: Turn, dog: Turn
) -> None:
    assert await ordered(context, now, "compare gpt-4o o3") == CompareModels(dog, [MODEL, BLIND])
    assert await ordered(context, now, "compare gpt-4o,o3-mini, llama 4o-mini") == CompareModels(
        dog, [MODEL, BLIND, "sandbox/meta/llama-3", MINI]
    )


async def test_or_over_another_one(context: CommandContext, now: Turn, cat: Turn) -> None:
    assert await ordered(context, replying(now, "10"), "compare gpt-4o o3-mini") == CompareModels(cat, [MODEL, BLIND])
    assert await ordered(context, now, f"compare {cat.id} gpt-4o o3-mini") == CompareModels(cat, [MODEL, BLIND])


@pytest.mark.parametrize("models", ["", "gpt-4o", "gpt-4o sandbox/gpt-4o", "a0 a1 a2 a3 a4"])
async def test_fewer_or_more_are_not(context: CommandContext, now: Turn, models: str) -> None:
    context.providers["sandbox"].catalogue += [  # type: ignore[attr-defined]
        replace((await context.providers["sandbox"].models())[0], id=f"a{n}") for n in range(5)
    ]
    with pytest.raises(Refused, match="Name two to 4 models"):
        await ordered(context, now, f"compare {models}".strip())


async def test_the_first_unknown_name_is_said(context: CommandContext, now: Turn) -> None:
    with pytest.raises(Refused, match="I don't know the model zzz"):
        await ordered(context, now, "compare gpt-4o zzz yyy")


# pick


async def compared(store: Store, words: str, *texts: str) -> Turn:
    """A turn that compared two models, over the question that was asked last."""
    lanes = [
        LaneResult(answer=AnswerVersion(text=text, model=model))
        for text, model in zip(texts, (MODEL, BLIND), strict=False)
    ]
    await store.intake.add(said(words))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(lanes=tuple(lanes)))
    await store.queue.finish(turn)
    return turn


async def test_the_picked_model_answers_from_then_on_and_its_answer_counts(
    context: CommandContext, sqlite: Store, cat: Turn
) -> None:
    comparing = await compared(sqlite, "/compare gpt-4o o3-mini", "a cat, I think", "an animal")
    turn = await heard(sqlite)
    assert f"From now on {BLIND} answers here" in await told(context, turn, f"pick {comparing.id} 2")
    assert [exchange.answer for exchange in await sqlite.turns.list_history(turn, 9)] == ["an animal"]
    assert await sqlite.turns.list_versions(cat) == [
        AnswerVersion(text="a cat", model=MODEL),
        AnswerVersion(text="an animal", model=BLIND),
    ]
    await answer(sqlite, turn, "yes")
    assert (await heard(sqlite)).conversation.model == BLIND


async def test_who_picks_late_picks_for_the_question_that_was_compared(
    context: CommandContext, sqlite: Store, cat: Turn
) -> None:
    comparing = await compared(sqlite, "/compare\ngpt-4o o3-mini", "a cat, I think", "an animal")
    dog = await asked(sqlite, "and this?", "a dog")
    await told(context, await heard(sqlite), f"pick {comparing.id} 1")
    assert [version.text for version in await sqlite.turns.list_versions(cat)] == ["a cat", "a cat, I think"]
    assert [version.text for version in await sqlite.turns.list_versions(dog)] == ["a dog"]


async def test_who_picks_again_changes_the_choice(context: CommandContext, sqlite: Store, cat: Turn) -> None:
    comparing = await compared(sqlite, "/compare gpt-4o o3-mini", "a cat, I think", "an animal")
    turn = await heard(sqlite)
    await told(context, turn, f"pick {comparing.id} 1")
    await told(context, turn, f"pick {comparing.id} 2")
    assert [version.text for version in await sqlite.turns.list_versions(cat)] == ["a cat", "an animal"]


@pytest.mark.parametrize("n", ["", "0", "3", "two", "²"])
async def test_only_what_there_is_can_be_picked(context: CommandContext, sqlite: Store, cat: Turn, n: str) -> None:
    comparing = await compared(sqlite, "/compare gpt-4o o3-mini", "a cat, I think", "an animal")
    with pytest.raises(Refused, match="answer no longer exists"):
        await told(context, await heard(sqlite), f"pick {comparing.id} {n}")


async def test_where_nobody_was_asked_nothing_can_be_picked(context: CommandContext, sqlite: Store, cat: Turn) -> None:
    comparing = await compared(sqlite, "/compare gpt-4o o3-mini")
    turn = await heard(sqlite)
    with pytest.raises(Refused, match="answer no longer exists"):
        await told(context, turn, f"pick {comparing.id} 1")
    assert len(await sqlite.turns.list_versions(cat)) == 1
