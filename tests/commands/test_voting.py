"""Votes show in /usage models, and /model marks the best buy."""

from bot.commands import CommandContext
from bot.ports import Store
from tests.commands.conftest import heard, pressable, response, told
from tests.web.filled import voted

GPT, MINI = "sandbox/gpt-4o", "sandbox/gpt-4o-mini"


async def test_usage_tells_wins_with_intervals_price_and_seconds(context: CommandContext, sqlite: Store) -> None:
    await voted(sqlite, {GPT: 18, MINI: 15}, votes=20)
    await voted(sqlite, {GPT: 1, MINI: 0}, votes=1, kind="count")
    lines = (await told(context, await heard(sqlite), "usage models")).splitlines()
    assert lines[2:] == [
        f"- **{GPT}**: 19 of 21 votes (71–97 %) · 2.0 s · 900 credits",
        f"- **{MINI}** 🏅: 15 of 21 votes (50–86 %) · 3.0 s · 90 credits",
        "",
        f"**Counting**: {GPT} 1 of 1 · {MINI} 0 of 1",
        "",
        f"**Reading text**: {GPT} 18 of 20 · {MINI} 15 of 20",
        "",
        f"🏅 {MINI} is the cheapest of the models that win as often as the best one.",
    ]


async def test_without_votes_usage_says_how_to_vote(context: CommandContext, sqlite: Store) -> None:
    assert "/compare blind" in await told(context, await heard(sqlite), "usage models")


async def test_the_list_of_models_marks_the_best_buy_once_there_are_enough_votes(
    context: CommandContext, sqlite: Store
) -> None:
    await voted(sqlite, {GPT: 4, MINI: 3}, votes=4)
    turn = await heard(sqlite)
    assert "🏅" not in await told(context, turn, "model")
    await sqlite.queue.finish(turn)
    await voted(sqlite, {GPT: 9, MINI: 8}, votes=10)
    shown = await response(context, await heard(sqlite), "model")
    assert f"- `{MINI}` 🏅" in shown.text
    assert f"🏅 {MINI} is the cheapest" in shown.text
    assert [command for label, command in pressable(shown).items() if "🏅" in label] == [f"/model {MINI}"]
