"""A command that one process heard is answered by another one, which has no connection and only the store."""

import asyncio
from pathlib import Path

import pytest

from adapters.platforms.discord.errors import InteractionExpired
from adapters.platforms.discord.interaction_tokens import LIFETIME, PREFIX, InteractionTokens
from adapters.platforms.discord.token_encryption import TokenEncryption
from bot.errors import BotError, Busy
from bot.messages import Button, OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.pair import Pair, process, until
from tests.doubles.discord import ANN, GENERAL, TOKEN, Fault

EDIT = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"


# the answer


async def test_the_first_answer_takes_the_place_of_thinking_and_is_edited_there(pair: Pair) -> None:
    asked, message = await pair.asks()
    assert asked.thinking
    post = await pair.speaker.send(
        message.channel, OutgoingPost(text="a c", reply_to=message.id, key="1-0", is_partial=True)
    )
    assert (
        await pair.speaker.edit(
            message.channel, post, OutgoingPost(text="a cat", buttons=(Button("Again", "/retry 1"),))
        )
        == post
    )
    assert asked.shows == "a cat"
    assert [(str(each.id), each.commands) for each in pair.discord.posts()] == [(post, ["say:/retry 1"])]


async def test_where_the_bot_is_no_member_later_posts_follow_and_only_the_asker_sees_them(pair: Pair) -> None:
    asked, message = await pair.visits()
    first = await pair.speaker.send(message.channel, OutgoingPost(text="page 1", reply_to=message.id, key="1-0"))
    second = await pair.speaker.send(message.channel, OutgoingPost(text="page 2", key="1-1"))
    await pair.speaker.edit(message.channel, second, OutgoingPost(text="page two"))
    await pair.speaker.edit(message.channel, first, OutgoingPost(text="page one"))
    assert asked.shows == "page one"
    [more] = asked.followups
    assert (str(more.id), more.text, more.ephemeral_to) == (second, "page two", ANN)


async def test_a_press_where_the_bot_is_no_member_is_answered_by_its_own_ticket(pair: Pair) -> None:
    asked, message = await pair.visits()
    await pair.speaker.send(
        message.channel, OutgoingPost(text="a cat", reply_to=message.id, buttons=(Button("Again", "/retry 1"),))
    )
    assert asked.response is not None
    pressed = await pair.discord.presses(asked.response, "say:/retry 1")
    again = await pair.hears(pressed)
    await pair.speaker.send(again.channel, OutgoingPost(text="a dog", reply_to=again.id, key="2-0"))
    assert [post.text for post in pressed.followups] == ["a dog"]
    assert asked.shows == "a cat"


async def test_a_press_is_acknowledged_before_anybody_could_answer_it(pair: Pair) -> None:
    asked, message = await pair.visits()
    await pair.speaker.send(
        message.channel, OutgoingPost(text="a cat", reply_to=message.id, buttons=(Button("Again", "/retry 1"),))
    )
    assert asked.response is not None
    pair.discord.delay = 0.2
    pressed = await pair.discord.presses(asked.response, "say:/retry 1")
    await until(lambda: len(pair.heard) == 2)
    assert pressed.kind is not None


async def test_an_ordinary_message_needs_no_ticket(pair: Pair) -> None:
    question = str(await pair.discord.says("help", mention=True))
    await until(lambda: pair.heard)
    post = await pair.speaker.send(pair.heard[0].channel, OutgoingPost(text="a c", reply_to=question))
    await pair.speaker.edit(pair.heard[0].channel, post, OutgoingPost(text="a cat"))
    assert pair.discord.reads() == ["a cat"]
    assert not [call for call in pair.discord.calls if call.path.startswith("/webhooks")]


# after a crash


async def test_the_same_answer_again_is_the_same_post_whoever_gives_it(
    pair: Pair, sqlite: Store, tmp_path: Path
) -> None:
    asked, message = await pair.asks()
    first = await pair.speaker.send(message.channel, OutgoingPost(text="a c", reply_to=message.id, key="1-0"))
    async with process(pair.discord, sqlite, tmp_path) as third:  # the speaker died before it noted the post
        assert await third.send(message.channel, OutgoingPost(text="a cat", reply_to=message.id, key="1-0")) == first
        other = await third.send(message.channel, OutgoingPost(text="a dog", reply_to=message.id, key="1-0-1"))
        await third.edit(message.channel, first, OutgoingPost(text="a cat."))
    assert asked.shows == "a cat."
    assert [str(post.id) for post in asked.followups] == [other]


async def test_the_post_of_one_process_is_edited_by_another_one_where_the_bot_is_no_member(pair: Pair) -> None:
    asked, message = await pair.visits()
    post = await pair.speaker.send(message.channel, OutgoingPost(text="a c", reply_to=message.id, key="1-0"))
    await pair.listener.edit(message.channel, post, OutgoingPost(text="a cat"))
    assert asked.shows == "a cat"


async def test_what_is_being_taken_in_when_a_process_ends_is_not_lost(pair: Pair) -> None:
    pair.discord.delay = 0.3
    await pair.discord.runs("help")
    await asyncio.sleep(0.1)  # it is being acknowledged
    await pair.stops_listening()
    assert [message.text for message in pair.heard] == ["/help"]


# when it is over


async def test_a_post_outlives_its_ticket_and_is_edited_like_any_other(pair: Pair) -> None:
    pair.discord.interactions.token_seconds = 0.5
    asked, message = await pair.asks()
    post = await pair.speaker.send(message.channel, OutgoingPost(text="a c", reply_to=message.id, key="1-0"))
    await asyncio.sleep(0.5)
    await pair.speaker.edit(message.channel, post, OutgoingPost(text="a cat"))
    assert asked.response is not None
    assert asked.response.text == "a cat"
    await pair.speaker.send(message.channel, OutgoingPost(text="and more", reply_to=message.id, key="1-0-1"))
    assert pair.discord.reads() == ["a cat", "and more"]


async def test_where_the_bot_is_no_member_nothing_can_be_said_when_it_is_over(pair: Pair) -> None:
    pair.discord.interactions.token_seconds = 0.5
    _, message = await pair.visits()
    post = await pair.speaker.send(message.channel, OutgoingPost(text="a c", reply_to=message.id, key="1-0"))
    await asyncio.sleep(0.5)
    for late in (
        pair.speaker.edit(message.channel, post, OutgoingPost(text="a cat")),
        pair.speaker.send(message.channel, OutgoingPost(text="and more", key="1-1")),
    ):
        with pytest.raises(InteractionExpired):
            await late


async def test_what_is_over_is_not_even_tried(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    _, message = await pair.visits()
    monkeypatch.setattr("adapters.platforms.discord.interaction_tokens.LIFETIME", -1.0)
    with pytest.raises(InteractionExpired):
        await pair.speaker.send(message.channel, OutgoingPost(text="a cat", reply_to=message.id))
    assert not pair.discord.called("PATCH", EDIT)


async def test_tickets_go_when_they_are_over(pair: Pair, sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, message = await pair.visits()
    await pair.speaker.expire(0, 0)
    assert await sqlite.blobs.get_blob(f"{PREFIX}{asked.id}")
    monkeypatch.setattr("adapters.platforms.discord.interaction_tokens.LIFETIME", -1.0)
    await pair.speaker.expire(0, 0)
    assert await sqlite.blobs.get_blob(f"{PREFIX}{asked.id}") is None
    assert await sqlite.blobs.get_blob(f"{PREFIX}place:{message.channel.id}") is None


# nobody else may see the token


async def test_the_token_shows_in_no_database_no_error_and_no_log(
    pair: Pair,
    sqlite: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked, message = await pair.visits()
    post = await pair.speaker.send(message.channel, OutgoingPost(text="a cat", reply_to=message.id, key="1-0"))
    ticket = await InteractionTokens(sqlite.blobs, TokenEncryption(TOKEN)).find_for_post(post)
    assert ticket is not None
    assert ticket.token == asked.token
    pair.discord.fails("response", Fault(400))
    with pytest.raises(BotError) as caught:
        await pair.speaker.edit(message.channel, post, OutgoingPost(text="a dog"))
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*"))
    logged = capsys.readouterr()
    assert asked.token.encode() not in stored
    assert asked.token not in f"{ticket!r}{caught.value!r}{logged.out}{logged.err}{caplog.text}"


async def test_a_ticket_of_another_token_is_none(pair: Pair, sqlite: Store) -> None:
    asked, _ = await pair.asks()
    tickets = InteractionTokens(sqlite.blobs, TokenEncryption("another token"))
    assert await sqlite.blobs.get_blob(f"{PREFIX}{asked.id}")
    assert await tickets.find_for_post("1") is None
    await sqlite.blobs.put_blob(f"{PREFIX}post:2", str(asked.id).encode())
    assert await tickets.find_for_post("2") is None
    assert await InteractionTokens(sqlite.blobs, TokenEncryption(TOKEN)).find_for_post("2") is not None


# limits


async def test_a_growing_answer_leaves_the_last_call_of_its_ticket_to_the_whole_one(pair: Pair) -> None:
    pair.discord.limits(response=(3, 5.0))
    asked, message = await pair.asks()
    post = await pair.speaker.send(
        message.channel, OutgoingPost(text="a", reply_to=message.id, key="1-0", is_partial=True)
    )
    await pair.speaker.edit(message.channel, post, OutgoingPost(text="a c", is_partial=True))
    with pytest.raises(Busy) as caught:
        await pair.speaker.edit(message.channel, post, OutgoingPost(text="a ca", is_partial=True))
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 5
    await pair.speaker.edit(message.channel, post, OutgoingPost(text="a cat"))
    assert asked.shows == "a cat"


async def test_a_flood_of_somebody_else_delays_an_answer_and_loses_nothing(pair: Pair) -> None:
    asked, message = await pair.asks()
    pair.discord.fails("response", Fault(429, retry_after=0.1), times=2)
    await pair.speaker.send(message.channel, OutgoingPost(text="a cat", reply_to=message.id, key="1-0"))
    assert asked.shows == "a cat"
    assert len(pair.discord.posts(GENERAL)) == 1


def test_a_ticket_ends_before_discord_ends_it() -> None:
    assert LIFETIME < 15 * 60
