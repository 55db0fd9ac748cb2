"""Discord fetches no address that the bot writes, whichever way it came to the chat."""

from pathlib import Path

import pytest

from bot.messages import Button, File, OutgoingPost
from tests.adapters.platforms.discord.pair import Pair, until
from tests.conftest import PHOTOS
from tests.doubles.discord import Call, FakeDiscord

LINK = "https://evil.example/?said=the-pin-is-4711"
CHANGED = f"a cat, see {LINK}&more"
CHART = File(name="usage.jpg", mime="image/jpeg", data=(PHOTOS / "cat.jpg").read_bytes())
SUPPRESS_EMBEDS = 4
SAYING = ("POST", "PATCH")


def said(discord: FakeDiscord) -> list[Call]:
    """The calls that brought words with a link to a chat."""
    texts = ((call, (call.body.get("data") or call.body).get("content")) for call in discord.calls)
    return [call for call, text in texts if call.method in SAYING and LINK in (text or "")]


def assert_nothing_was_fetched(discord: FakeDiscord, calls: int) -> None:
    assert discord.world.previewed == []
    assert len(said(discord)) == calls
    assert all((call.body.get("data") or call.body)["flags"] & SUPPRESS_EMBEDS for call in said(discord))


async def test_an_ordinary_answer_and_each_of_its_edits(pair: Pair) -> None:
    question = str(await pair.discord.says("help", mention=True))
    await until(lambda: pair.heard)
    channel = pair.heard[0].channel
    post = await pair.speaker.send(channel, OutgoingPost(text=LINK, reply_to=question, key="1-0", is_partial=True))
    await pair.speaker.edit(channel, post, OutgoingPost(text=f"{LINK} more", is_partial=True))
    await pair.speaker.edit(channel, post, OutgoingPost(text=CHANGED, buttons=(Button("Again", "/retry 1"),)))
    assert_nothing_was_fetched(pair.discord, calls=3)


async def test_the_same_nonce_with_other_words_after_a_crash(pair: Pair) -> None:
    question = str(await pair.discord.says("help", mention=True))
    await until(lambda: pair.heard)
    await pair.speaker.send(pair.heard[0].channel, OutgoingPost(text="a cat", reply_to=question, key="1-0"))
    await pair.speaker.send(pair.heard[0].channel, OutgoingPost(text=CHANGED, reply_to=question, key="1-0"))
    assert pair.discord.reads() == [CHANGED]
    assert_nothing_was_fetched(pair.discord, calls=2)


@pytest.mark.parametrize("first", [LINK, "a c"])
async def test_the_answer_to_a_command_and_each_of_its_edits(pair: Pair, first: str) -> None:
    asked, message = await pair.asks()
    post = await pair.speaker.send(
        message.channel, OutgoingPost(text=first, reply_to=message.id, key="1-0", is_partial=True)
    )
    await pair.speaker.edit(message.channel, post, OutgoingPost(text=f"{LINK} more", is_partial=True))
    await pair.speaker.edit(message.channel, post, OutgoingPost(text=CHANGED))
    assert asked.shows == CHANGED
    assert_nothing_was_fetched(pair.discord, calls=3 if first == LINK else 2)


async def test_further_posts_of_an_answer_to_a_command_and_their_edits(pair: Pair) -> None:
    asked, message = await pair.visits()
    await pair.speaker.send(message.channel, OutgoingPost(text="page 1", reply_to=message.id, key="1-0"))
    second = await pair.speaker.send(message.channel, OutgoingPost(text=LINK, key="1-1"))
    await pair.speaker.edit(message.channel, second, OutgoingPost(text=CHANGED))
    assert [post.text for post in asked.followups] == [CHANGED]
    assert asked.followups[0].ephemeral_to is not None
    assert_nothing_was_fetched(pair.discord, calls=2)


async def test_files_that_come_with_a_link(pair: Pair) -> None:
    asked, message = await pair.asks()
    post = await pair.speaker.send(
        message.channel, OutgoingPost(text=LINK, reply_to=message.id, key="1-0", files=(CHART,))
    )
    await pair.speaker.send(message.channel, OutgoingPost(text=CHANGED, reply_to=message.id, key="1-1", files=(CHART,)))
    await pair.speaker.edit(message.channel, post, OutgoingPost(text=CHANGED))
    assert asked.response is not None
    assert [len(each.files) for each in (asked.response, *asked.followups)] == [1, 1]
    assert pair.discord.world.previewed == []


async def test_the_answer_to_a_press(pair: Pair) -> None:
    asked, message = await pair.visits()
    await pair.speaker.send(
        message.channel, OutgoingPost(text="a cat", reply_to=message.id, buttons=(Button("Again", "/retry 1"),))
    )
    assert asked.response is not None
    again = await pair.hears(await pair.discord.presses(asked.response, "say:/retry 1"))
    post = await pair.speaker.send(again.channel, OutgoingPost(text=LINK, reply_to=again.id, key="2-0"))
    await pair.speaker.edit(again.channel, post, OutgoingPost(text=CHANGED))
    assert_nothing_was_fetched(pair.discord, calls=2)


async def test_an_answer_that_outlived_its_ticket(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, message = await pair.asks()
    post = await pair.speaker.send(message.channel, OutgoingPost(text=LINK, reply_to=message.id, key="1-0"))
    monkeypatch.setattr("adapters.platforms.discord.interaction_tokens.LIFETIME", -1.0)
    await pair.speaker.edit(message.channel, post, OutgoingPost(text=CHANGED))
    await pair.speaker.send(message.channel, OutgoingPost(text=LINK, reply_to=message.id, key="1-1"))
    assert asked.shows == CHANGED
    assert_nothing_was_fetched(pair.discord, calls=3)


def test_no_other_module_edits_a_message_of_the_bot() -> None:
    """discord.py's own edits have no way to say that nothing may be fetched."""
    modules = (Path(__file__).parents[4] / "adapters/platforms/discord").glob("*.py")
    edits = [path.name for path in modules if ".edit_message(" in path.read_text() or ").edit(" in path.read_text()]
    assert edits == ["previews.py"]
