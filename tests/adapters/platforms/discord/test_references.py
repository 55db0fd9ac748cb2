"""References of messages: what they point at is found, whatever Discord leaves out, as far as the author may see it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
import pytest_asyncio

from adapters.platforms.discord.library_patches import read_unknown_components
from adapters.platforms.discord.references import References
from adapters.platforms.discord.translate import translate
from bot.messages import Message, MessageReference
from bot.util.retry import RetryPolicy
from tests.adapters.platforms.discord.conftest import Listener, discord_on_loopback, listening
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, BAD_GATEWAY, BOB, GENERAL, GUILD, ME, OTHER, FakeDiscord

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAT, ROCKET = ((f"{name}.jpg", (PHOTOS / f"{name}.jpg").read_bytes()) for name in ("cat", "rocket"))
MESSAGE = "/channels/{channel_id}/messages/{message_id}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(server: FakeDiscord) -> AsyncIterator[Listener]:
    async with listening(Listener()) as client:
        yield client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = RetryPolicy(attempts=3, first=0.01, longest=0.01)
    monkeypatch.setattr("adapters.platforms.discord.message_lookup.DISCORD_LOOKUP", quick)


def translated(said: discord.Message) -> Message:
    message = translate(said, ME)
    assert message is not None
    return message


async def completed(said: discord.Message) -> Message:
    return await References().complete(said, translated(said), ME)


async def pointing(client: Listener, id: int) -> Message:
    return await completed(await client.hears(id))


def shown(message: Message) -> list[tuple[str, list[str]]]:
    """The kind of each reference, with the names of what it shows."""
    return [(each.kind, [file.name for file in each.attachments]) for each in message.references]


def link(channel: int, message: int, guild: object = 0, host: str = "discord.com") -> str:
    return f"https://{host}/channels/{guild}/{channel}/{message}"


# replies


async def test_a_reply_of_which_discord_has_left_out_the_rest_is_looked_up(
    server: FakeDiscord, client: Listener
) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=photo, unresolved=True))
    assert shown(message) == [("reply", ["rocket.jpg"])]
    assert message.photos[0].ref.startswith(f"{GENERAL}/{photo}/")


async def test_what_has_been_deleted_meanwhile_is_named(server: FakeDiscord, client: Listener) -> None:
    for more in (dict[str, Any](), {"unresolved": True}):
        photo = await server.says("my rocket", by=BOB, files=[ROCKET])
        await server.deletes(GENERAL, photo)
        message = await pointing(client, await server.says("what is it?", mention=True, reply_to=photo, **more))
        assert message.about == MessageReference(id=str(photo), ours=False, text="", unseen="deleted")


async def test_a_reply_to_another_channel_is_looked_up_there(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", OTHER, BOB, files=[ROCKET])
    more: dict[str, Any] = {"unresolved": True, "reply_channel": OTHER}
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=photo, **more))
    assert shown(message) == [("reply", ["rocket.jpg"])]
    assert message.photos[0].ref.startswith(f"{OTHER}/{photo}/")


async def test_nobody_is_shown_what_they_could_not_open_themselves(server: FakeDiscord, client: Listener) -> None:
    secret = server.add_channel("secret")
    photo = await server.says("my rocket", secret, BOB, files=[ROCKET])
    server.hides(secret, ANN)
    more: dict[str, Any] = {"unresolved": True, "reply_channel": secret}
    for id in (
        await server.says("what is it?", mention=True, reply_to=photo, **more),
        await server.says(f"what is on {link(secret, photo, GUILD)}", mention=True),
    ):
        message = await pointing(client, id)
        assert [each.unseen for each in message.references] == ["forbidden"]
        assert message.photos == ()


async def test_a_reply_that_cannot_be_looked_up_for_now_is_named_after_a_while(
    server: FakeDiscord, client: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncio.sleep", _no_sleep)
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    said = await client.hears(await server.says("what?", mention=True, reply_to=photo, unresolved=True))
    server.fails("message", BAD_GATEWAY, times=30)
    message = await completed(said)
    server.faults.waiting["message"].clear()
    assert message.about is not None
    assert message.about.unseen == "unreachable"


# chains of replies


async def test_a_chain_of_replies_is_climbed_up_to_its_photo(server: FakeDiscord, client: Listener) -> None:
    id = await server.says("my rocket", by=BOB, files=[ROCKET])
    for n in range(9):
        id = await server.says(f"nice {n}", by=BOB, reply_to=id)
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=id))
    assert shown(message)[0] == ("reply", [])
    assert shown(message)[-1] == ("chain", ["rocket.jpg"])
    assert [each.text for each in message.references] == [*(f"nice {n}" for n in range(8, -1, -1)), "my rocket"]


async def test_a_chain_is_climbed_for_ten_steps_and_no_more(server: FakeDiscord, client: Listener) -> None:
    id = await server.says("my rocket", by=BOB, files=[ROCKET])
    for n in range(12):
        id = await server.says(f"nice {n}", by=BOB, reply_to=id)
    before = len(server.called("GET", MESSAGE))
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=id))
    assert len(message.references) == 10
    assert message.photos == ()
    assert len(server.called("GET", MESSAGE)) - before <= 10


async def test_a_chain_ends_where_the_bot_has_spoken(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    answer = await client.talked(GENERAL).send("A rocket.", reference=_reply(photo))
    thanks = await server.says("thanks", by=BOB, reply_to=answer.id)
    message = await pointing(client, await server.says("how big?", mention=True, reply_to=thanks))
    assert [(each.kind, each.ours) for each in message.references] == [("reply", False), ("chain", True)]


async def test_of_a_chain_that_is_broken_the_rest_counts(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    words = await server.says("c'est bien", by=BOB, reply_to=photo)
    await server.deletes(GENERAL, photo)
    message = await pointing(client, await server.says("translate this", mention=True, reply_to=words))
    assert [(each.text, each.unseen) for each in message.references] == [("c'est bien", None)]


async def test_a_message_without_references_costs_no_call(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    before = len(server.called("GET", MESSAGE))
    assert not (await pointing(client, await server.says("hello", mention=True))).references
    assert (await pointing(client, await server.says("what is it?", mention=True, reply_to=photo))).photos
    assert len(server.called("GET", MESSAGE)) == before


# forwards


async def test_a_comment_that_mentions_the_bot_is_about_what_was_forwarded_just_before(
    server: FakeDiscord, client: Listener
) -> None:
    there = await server.says("a long story", OTHER, BOB)
    references = References()
    forward = await client.hears(await server.says(forwarded=there))
    references.note_forward(forward)
    said = [await client.hears(await server.says("true?", by=by, mention=True)) for by in (BOB, ANN, ANN)]
    messages = [await references.complete(each, translated(each), ME) for each in said]
    assert [[(each.kind, each.text) for each in message.references] for message in messages] == [
        *([], [("forward", "a long story")]),
        [],
    ]


async def test_a_forward_names_who_wrote_it_and_where_if_whoever_forwards_it_may_open_that(
    server: FakeDiscord, client: Listener
) -> None:
    there = await server.says("a long story", OTHER, BOB)
    where = server.world.channels[OTHER].name
    assert (await pointing(client, await server.says(channel=server.dm(), forwarded=there))).origin == f"Bob (#{where})"

    references = References()
    references.note_forward(await client.hears(await server.says(forwarded=there)))
    comment = await client.hears(await server.says("true?", mention=True))
    assert (await references.complete(comment, translated(comment), ME)).origin == f"Bob (#{where})"

    kept = await client.hears(await server.says(channel=server.dm(), forwarded=there))
    await server.deletes(OTHER, there)
    assert (await completed(kept)).origin == ""


# links


@pytest.mark.parametrize("host", ["discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com"])
async def test_a_link_to_a_message_shows_it(server: FakeDiscord, client: Listener, host: str) -> None:
    photo = await server.says("my rocket", OTHER, BOB, files=[ROCKET])
    message = await pointing(client, await server.says(f"what is on {link(OTHER, photo, GUILD, host)} ?", mention=True))
    assert shown(message) == [("link", ["rocket.jpg"])]
    assert not message.awaits_preview  # Discord makes none for it
    assert message.photos[0].ref.startswith(f"{OTHER}/{photo}/")


async def test_a_link_into_a_private_chat_or_another_server_is_followed_for_nobody_else(
    server: FakeDiscord, client: Listener
) -> None:
    private = server.dm(BOB)
    photo = await server.says("my rocket", private, BOB, files=[ROCKET])
    theirs = server.add_guild("Theirs", BOB, member=False)
    channel = server.add_channel("rockets", theirs)
    other = await server.says("my rocket", channel, BOB, files=[ROCKET])
    for address in (link(private, photo, "@me"), link(channel, other, theirs)):
        message = await pointing(client, await server.says(f"what is on {address}", mention=True))
        assert [each.unseen for each in message.references] == ["forbidden"]


async def test_a_link_may_not_claim_that_a_channel_is_in_a_server_of_the_asker_s(
    server: FakeDiscord, client: Listener
) -> None:
    theirs = server.add_guild("Bob's", BOB)
    server.world.guilds[theirs].members.pop(ANN)
    channel = server.add_channel("rockets", theirs)
    photo = await server.says("my rocket", channel, BOB, files=[ROCKET])
    for claimed in (theirs, GUILD, "@me"):
        message = await pointing(client, await server.says(f"what is on {link(channel, photo, claimed)}", mention=True))
        assert [each.unseen for each in message.references] == ["forbidden"]


async def test_a_private_thread_is_open_to_its_members_only(server: FakeDiscord, client: Listener) -> None:
    thread = server.opens_thread("Secret", by=BOB, private=True)
    photo = await server.says("my rocket", thread, BOB, files=[ROCKET])
    text = f"what is on {link(thread, photo, GUILD)}"
    assert [each.unseen for each in (await pointing(client, await server.says(text, mention=True))).references] == [
        "forbidden"
    ]
    by_bob = await pointing(client, await server.says(text, mention=True, by=BOB))
    assert shown(by_bob) == [("link", ["rocket.jpg"])]


async def test_a_link_into_a_server_that_another_process_listens_to_is_followed_for_its_members(
    server: FakeDiscord, client: Listener
) -> None:
    far = server.add_guild("Far", BOB)
    rockets, secret = (server.add_channel(name, far) for name in ("rockets", "secret"))
    thread = server.opens_thread("Engines", rockets, by=BOB)
    private = server.opens_thread("Plans", rockets, by=BOB, private=True)
    server.hides(secret, ANN)
    places = (rockets, thread, secret, private)
    links = [link(place, await server.says("my rocket", place, BOB, files=[ROCKET]), far) for place in places]
    async with asyncio.timeout(5):
        while client.get_guild(far) is None:
            await asyncio.sleep(0.01)
    client._connection._guilds.pop(far)  # as if its events went to another process

    async def seen(by: int, address: str) -> tuple[list[str], str | None]:
        message = await pointing(client, await server.says(f"what is on {address}", mention=True, by=by))
        [reference] = message.references
        return [file.name for file in reference.attachments], reference.unseen

    assert [await seen(ANN, each) for each in links] == [(["rocket.jpg"], None)] * 2 + [([], "forbidden")] * 2
    assert [await seen(BOB, each) for each in links] == [(["rocket.jpg"], None)] * 4
    server.world.guilds[far].members.pop(ANN)
    assert await seen(ANN, links[0]) == ([], "forbidden")


# threads


async def test_a_thread_points_at_the_message_that_it_began_with(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    thread = server.opens_thread("Rockets", of=photo)
    message = await pointing(client, await server.says("what is this?", thread, mention=True))
    assert shown(message) == [("starter", ["rocket.jpg"])]
    assert message.photos[0].ref.startswith(f"{GENERAL}/{photo}/")
    assert message.references[0].channel is not None
    assert message.references[0].channel.id == str(GENERAL)


async def test_a_thread_of_the_bot_s_answer_points_at_that(server: FakeDiscord, client: Listener) -> None:
    answer = await client.talked(GENERAL).send("A rocket.")
    thread = server.opens_thread("Rockets", of=answer.id)
    message = await pointing(client, await server.says("how big?", thread, mention=True))
    assert [(each.kind, each.ours, each.id) for each in message.references] == [("starter", True, str(answer.id))]


async def test_a_reply_to_the_first_line_of_a_thread_is_one_to_its_photo(server: FakeDiscord, client: Listener) -> None:
    photo = await server.says("my rocket", by=BOB, files=[ROCKET])
    thread = server.opens_thread("Rockets", of=photo)
    [starter] = server.messages(thread)
    message = await pointing(client, await server.says("what is this?", thread, mention=True, reply_to=starter.id))
    assert shown(message) == [("reply", ["rocket.jpg"])]


async def test_a_forum_s_post_points_at_its_first_message(server: FakeDiscord, client: Listener) -> None:
    thread = await server.posts_in_forum("My rocket", "look", [ROCKET], by=BOB)
    message = await pointing(client, await server.says("what is this?", thread, mention=True))
    assert shown(message) == [("starter", ["rocket.jpg"])]
    first = await client.hears(thread)
    assert not (await completed(first)).references


async def test_a_thread_that_began_with_nothing_points_at_nothing(server: FakeDiscord, client: Listener) -> None:
    thread = server.opens_thread("Talk")
    assert not (await pointing(client, await server.says("hello", thread, mention=True))).references


# without the right to read what is not said to the bot


async def test_what_discord_hides_is_named_where_it_is_meant_and_else_passed_over(server: FakeDiscord) -> None:
    async with listening(Listener(content=False)) as blind:
        server.world.message_content = False
        try:
            photo = await server.says("my rocket", by=BOB, files=[ROCKET])
            thread = server.opens_thread("Rockets", of=photo)
            replied = await pointing(blind, await server.says("what is it?", mention=True, reply_to=photo))
            linked = await pointing(blind, await server.says(f"what is {link(GENERAL, photo, GUILD)}", mention=True))
            threaded = await pointing(blind, await server.says("hello", thread, mention=True))
        finally:
            server.world.message_content = True
    assert [each.ref for each in replied.photos] == [f"hidden/{photo}"]
    assert [each.unseen for each in linked.references] == ["hidden"]
    assert threaded.references == ()


# cards


async def test_the_pictures_and_words_of_a_card_are_found_however_deep_they_lie(
    server: FakeDiscord, client: Listener
) -> None:
    robot = server.add_user("robot", bot=True)
    card = await server.says(by=robot, **server.card(ROCKET[1], text="Launch at nine", thumbnail=CAT[1]))
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=card))
    [reference] = message.references
    assert reference.text == "Launch at nine"
    assert [each.ref for each in reference.photos] == [f"{GENERAL}/{card}/media0", f"{GENERAL}/{card}/media1"]


async def test_a_forwarded_card_shows_the_same(server: FakeDiscord, client: Listener) -> None:
    robot = server.add_user("robot2", bot=True)
    card = await server.says(channel=OTHER, by=robot, **server.card(ROCKET[1], text="Launch at nine"))
    message = await pointing(client, await server.says(channel=server.dm(), forwarded=card))
    assert len(message.own_photos) == 1
    assert [(each.kind, each.text) for each in message.references] == [("forward", "Launch at nine")]


async def test_components_of_unknown_kinds_are_looked_into(server: FakeDiscord, client: Listener) -> None:
    read_unknown_components()
    robot = server.add_user("robot4", bot=True)
    known = server.card(ROCKET[1], text="Launch at nine")
    strange = {"type": 99, "components": [*known["components"], {"type": 98}, {"type": 12}]}
    card = await server.says(by=robot, flags=known["flags"], components=[strange])
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=card))
    assert (len(message.photos), message.references[0].text) == (1, "Launch at nine")


async def test_what_is_behind_a_spoiler_is_marked_so(server: FakeDiscord, client: Listener) -> None:
    robot = server.add_user("robot3", bot=True)
    card = await server.says(by=robot, **server.card(ROCKET[1], spoiler=True))
    message = await pointing(client, await server.says("what is it?", mention=True, reply_to=card))
    assert [each.is_spoiler for each in message.photos] == [True]
    own = await pointing(client, await server.says("?", mention=True, files=[("SPOILER_cat.jpg", CAT[1]), ROCKET]))
    assert [each.is_spoiler for each in own.photos] == [True, False]


def _reply(message: int) -> discord.MessageReference:
    return discord.MessageReference(message_id=message, channel_id=GENERAL)


async def _no_sleep(seconds: float) -> None:
    """Return at once: discord.py waits between its own tries."""


async def test_the_picture_of_a_link_behind_a_spoiler_is_behind_one(server: FakeDiscord, client: Listener) -> None:
    embed = server.embed(ROCKET[1], "rocket.jpg")
    for text, is_spoiler in ((f"look ||{embed['url']}||", True), (f"||no|| look {embed['url']} ||no||", False)):
        message = await pointing(client, await server.says(text, mention=True, embeds=[embed]))
        assert [each.is_spoiler for each in message.attachments] == [is_spoiler]
