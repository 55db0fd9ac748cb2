"""Refused posts: what Discord does not take gets another form, and nothing goes on to look as if it grew."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.platforms.budgets import DiscordBudgets
from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.slash_commands import command_payloads
from bot.commands import Suggestion
from bot.errors import Busy, Refused
from bot.messages import Author, Button, File, Message, OutgoingPost, Turn
from bot.ports import Store
from bot.replies.plainer_posts import ANSWER_FILE
from bot.replies.reply import CURSOR, Reply
from bot.words import say
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.adapters.platforms.discord.pair import Pair
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, BAD_GATEWAY, GENERAL, LOST, TOKEN, FakeDiscord, Fault, budgets

CAT = (PHOTOS / "cat.jpg").read_bytes()
HERE = Place(GENERAL).channel
STOP = (Button("Stop", "/stop"),)
BAD_LINK = "https://steal.example/nitro"


async def suggest(command: str, option: str, typed: str) -> Sequence[Suggestion]:
    return ()


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest.fixture
async def bot(server: FakeDiscord, sqlite: Store, tmp_path: Path) -> AsyncIterator[Discord]:
    async with Discord(
        TOKEN,
        server.url,
        tmp_path / "discord",
        intake=sqlite.intake,
        channels=sqlite.channels,
        blobs=sqlite.blobs,
        coordination=sqlite.coordination,
        commands=command_payloads(),
        suggest=suggest,
    ) as bot:
        yield bot


async def taken_up(store: Store, message: Message) -> Turn:
    await store.intake.add(message)
    [turn] = await store.queue.claim(1)
    return turn


@pytest.fixture
async def reply(bot: Discord, server: FakeDiscord, sqlite: Store) -> Reply:
    """The answer to a question that Ann asked in a channel."""
    question = await server.says("what is this?", mention=True)
    turn = await taken_up(
        sqlite, Message(channel=HERE, id=str(question), author=Author(str(ANN), "ann"), text="what is this?", sent=0)
    )
    return Reply(bot.as_platform(), sqlite.posts, turn, HERE, growing_buttons=STOP)


async def grows(reply: Reply, text: str) -> None:
    """The first words of the answer are posted."""
    reply.text = text
    await reply.show(text + CURSOR, buttons=STOP, growing=True)


def pictures(count: int, size: int) -> tuple[File, ...]:
    return tuple(File(name=f"cat{n}.png", mime="application/zip", data=bytes([n]) * size) for n in range(count))


def test_the_bots_table_of_budgets_keeps_within_what_the_double_enforces() -> None:
    assert DiscordBudgets.MESSAGE_LENGTH <= budgets.MESSAGE_LENGTH
    assert DiscordBudgets.MESSAGE_FILES <= budgets.FILES
    assert DiscordBudgets.FILE_BYTES <= budgets.FILE_BYTES
    assert DiscordBudgets.REQUEST_BYTES <= budgets.REQUEST_BYTES
    assert DiscordBudgets.FILE_DESCRIPTION <= budgets.DESCRIPTION_LENGTH
    assert DiscordBudgets.USER_APP_FOLLOWUPS <= budgets.FOLLOWUPS
    assert DiscordBudgets.SESSIONS_PER_DAY <= budgets.SESSIONS_PER_DAY


# links and words


async def test_an_answer_with_a_harmful_link_comes_without_it(reply: Reply, server: FakeDiscord) -> None:
    server.world.harmful_links.add(BAD_LINK)
    await grows(reply, "a cat, see ")
    await reply.show(f"a cat, see [this]({BAD_LINK}) or {BAD_LINK}?x=1 and that's all", buttons=(Button("A", "/a"),))
    [post] = server.posts()
    assert post.text == f"a cat, see this or … and that's all\n\n⚠️ {say('post_without_links')}"
    assert post.commands == ["say:/a"], "Stop is gone, and the usual buttons are there"


async def test_a_link_that_is_none_to_us_comes_in_a_file(reply: Reply, server: FakeDiscord) -> None:
    server.world.harmful_links.add("steal dot example")
    await grows(reply, "a cat")
    await reply.show("a cat, see steal dot example")
    [post] = server.posts()
    assert post.text == f"📄 {say('post_as_file')}"
    assert [(file.name, file.data) for file in post.files] == [(ANSWER_FILE, b"a cat, see steal dot example")]


async def test_what_automod_keeps_out_goes_to_the_asker_alone(reply: Reply, server: FakeDiscord) -> None:
    server.world.blocked_words.add("kitten")
    await grows(reply, "a ")
    await reply.show("a kitten")
    assert server.reads() == [f"⚠️ {say('post_blocked_private')}"]
    [told] = server.reads(server.dm(ANN))
    assert "a kitten" in told


async def test_where_automod_and_the_person_refuse_a_sentence_stands_in_its_place(
    reply: Reply, server: FakeDiscord
) -> None:
    server.world.blocked_words.add("kitten")
    server.world.users[ANN].refuses_dms = True
    await grows(reply, "a ")
    await reply.show("a kitten")
    [post] = server.posts()
    assert (post.text, post.commands, post.files) == (f"⚠️ {say('post_blocked')}", [], [])


async def test_an_unknown_refusal_ends_in_a_sentence(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    server.fails("edit", Fault(400, code=50035), times=3)  # with buttons, without, as a file
    await reply.show("a kitten", buttons=(Button("A", "/a"),))
    [post] = server.posts()
    assert (post.text, post.commands) == (f"⚠️ {say('post_refused')}", [])
    assert len([call for call in server.calls if call.method == "PATCH"]) == 4


@pytest.mark.parametrize("refusals", [1, 2, 3])
async def test_an_unknown_refusal_of_a_new_post_is_tried_in_plainer_forms(
    reply: Reply, server: FakeDiscord, refusals: int
) -> None:
    server.fails("send", Fault(400, code=50035), times=refusals)
    await reply.show("a kitten", buttons=(Button("A", "/a"),))
    [post] = server.posts()
    is_file = refusals == 3
    assert post.reply_to is None
    assert post.commands == (["say:/a"] if refusals == 1 else [])
    assert post.text == (f"📄 {say('post_as_file')}" if is_file else "a kitten")


async def test_a_post_that_takes_no_edit_at_all_is_replaced_by_a_new_one(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    server.fails("edit", Fault(400, code=240000), times=100)
    await reply.show("a kitten", buttons=(Button("A", "/a"),))
    [post] = server.posts()
    assert (post.text, post.commands) == ("a kitten", ["say:/a"])


async def test_where_nothing_is_taken_no_cursor_stays(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    server.world.harmful_links.update(("kitten", say("post_as_file"), say("post_refused")))
    with pytest.raises(Refused):
        await reply.show("a kitten")
    assert server.posts() == [], "no cursor stays"


# gone and closed


@pytest.mark.parametrize("fault", [Fault(404, code=10008), Fault(404), Fault(404, page="nothing here")])
async def test_an_answer_whose_post_is_gone_is_posted_anew(reply: Reply, server: FakeDiscord, fault: Fault) -> None:
    await grows(reply, "a ")
    server.fails("edit", fault)
    await reply.show("a kitten")
    assert server.reads() == ["a kitten"]


async def test_an_answer_whose_post_an_admin_deleted_is_posted_anew(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    await server.deletes(GENERAL, server.posts()[0].id)
    await reply.show("a kitten")
    assert server.reads() == ["a kitten"]


async def test_a_channel_that_is_closed_in_mid_answer_keeps_no_cursor(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    server.fails("edit", Fault(403, code=50013))
    await reply.show("a kitten")
    assert server.posts() == []
    [told] = server.reads(server.dm(ANN))
    assert "a kitten" in told


@pytest.mark.parametrize("fault", [BAD_GATEWAY, Fault(400, code=50035), Fault(400, code=240000)])
async def test_an_answer_goes_to_the_asker_alone_also_where_that_takes_two_tries(
    reply: Reply, server: FakeDiscord, fault: Fault
) -> None:
    await grows(reply, "a ")
    server.deny(GENERAL, "VIEW_CHANNEL")
    server.fails("send", fault)
    with suppress(Busy):
        await reply.show("a kitten")
    await reply.show("a kitten")  # as the worker does
    [told] = server.direct(ANN)
    assert "a kitten" in "\n".join([told.text, *(file.data.decode() for file in told.files)])


async def test_a_post_that_was_made_unnoticed_keeps_no_cursor_when_its_edit_is_refused(
    reply: Reply, server: FakeDiscord
) -> None:
    reply.text = "a "
    server.fails("send", LOST)
    with suppress(Busy):
        await reply.show("a " + CURSOR, buttons=STOP, growing=True)
    assert server.posts(), "it is there, though nobody was told"
    server.fails("edit", Fault(413, page="Request Entity Too Large"))
    await reply.show("a kitten")
    assert server.reads() == ["a kitten"]


async def test_an_edit_that_is_refused_as_a_reply_is_a_refused_edit(reply: Reply, server: FakeDiscord) -> None:
    await grows(reply, "a ")
    server.fails("edit", Fault(400, code=160002))
    await reply.show("a kitten")
    [post] = server.posts()
    assert post.files[0].data == b"a kitten"


@pytest.mark.parametrize("permission", ["VIEW_CHANNEL", "SEND_MESSAGES"])  # without the latter the bot is timed out
async def test_reading_the_model_ends_where_nobody_can_be_told(
    reply: Reply, server: FakeDiscord, permission: str
) -> None:
    server.deny(GENERAL, permission)
    async with reply.growing():
        reply.grow("a cat")
        await reply.shut_out.wait()
    assert reply.refusal is not None
    assert reply.refusal.code == "channel_lost"


# files


async def test_pictures_that_are_too_large_together_come_in_several_posts(bot: Discord, server: FakeDiscord) -> None:
    files = pictures(4, 9_400_000)
    await bot.send(HERE, OutgoingPost(text="four", key="1-0", files=files, buttons=(Button("A", "/a"),)))
    assert [len(post.files) for post in server.posts()] == [2, 2]
    assert [file.data for post in server.posts() for file in post.files] == [file.data for file in files]
    assert server.reads() == ["four", ""]


async def test_a_server_that_takes_less_gets_fewer_at_once(bot: Discord, server: FakeDiscord) -> None:
    server.fails("send", Fault(413, code=40005))
    server.fails("send", Fault(413, page="Request Entity Too Large"))
    await bot.send(HERE, OutgoingPost(text="three", files=pictures(4, 1000)))
    assert [len(post.files) for post in server.posts()] == [1, 1, 2]


async def test_an_explicit_picture_is_left_out_and_named(bot: Discord, server: FakeDiscord) -> None:
    files = pictures(3, 1000)
    server.world.explicit_pictures.add(files[1].data)
    await bot.send(HERE, OutgoingPost(text="three", files=files))
    assert [file.name for post in server.posts() for file in post.files] == ["cat0.png", "cat2.png"]
    assert server.reads()[0] == f"three\n\n⚠️ {say('post_files_refused')} (cat1.png)"


async def test_a_single_picture_that_is_refused_leaves_its_words(reply: Reply, server: FakeDiscord) -> None:
    server.world.explicit_pictures.add(CAT)
    await reply.show("a lighthouse", files=[File(name="a.jpg", mime="image/jpeg", data=CAT)])
    [post] = server.posts()
    assert (post.text, post.files) == (f"a lighthouse\n\n⚠️ {say('post_files_refused')}", [])


# where the bot is no member


async def test_a_long_answer_of_a_user_app_ends_in_a_file(pair: Pair, sqlite: Store) -> None:
    asked, message = await pair.visits()
    turn = await taken_up(sqlite, message)
    reply = Reply(pair.speaker.as_platform(), sqlite.posts, turn, message.channel)
    text = "A sentence of words. " * 760  # 16,000 characters
    async with reply.growing():
        reply.grow(text)
    await reply.show(text)
    posts = [post for post in (asked.response, *asked.followups) if post is not None]
    assert posts[0].text.startswith("A sentence of words.")
    assert posts[-1].text == f"📄 {say('post_as_file')}"
    assert posts[-1].files[0].data.decode() == text
    assert not any(CURSOR.strip() in post.text for post in posts)


async def test_an_answer_that_finds_no_post_left_is_added_as_a_file(pair: Pair, sqlite: Store) -> None:
    asked, message = await pair.visits()
    channel = message.channel
    turn = await taken_up(sqlite, message)
    await pair.speaker.send(channel, OutgoingPost(text="first", reply_to=message.id, key="x"))
    for n in range(4):  # of other answers to the same command
        await pair.speaker.send(channel, OutgoingPost(text=f"lane {n}", reply_to=message.id, key=f"x{n}"))
    reply = Reply(pair.speaker.as_platform(), sqlite.posts, turn, channel, lane=1)
    text = "A sentence of words. " * 200
    await reply.show(text)
    assert asked.followups[-1].text == f"📄 {say('post_as_file')}"
    assert asked.followups[-1].files[0].data.decode() == text


@pytest.mark.parametrize("code", [20016, 20028, 20029])
async def test_a_limit_of_a_channel_or_a_server_is_waited_for(bot: Discord, server: FakeDiscord, code: int) -> None:
    server.fails("send", Fault(400, code=code))
    with pytest.raises(Busy):
        await bot.send(HERE, OutgoingPost(text="a cat"))


async def test_nobody_is_written_to_in_private_without_an_answer(reply: Reply, server: FakeDiscord) -> None:
    server.deny(GENERAL, "VIEW_CHANNEL")
    with pytest.raises(Refused):
        await reply.show("You may not use this bot.")
    assert not server.reads(server.dm(ANN))


async def test_a_stop_before_the_first_words_is_confirmed_in_private_where_the_channel_was_lost(
    reply: Reply, server: FakeDiscord
) -> None:
    server.deny(GENERAL, "VIEW_CHANNEL")
    reply.is_stopped = True
    await reply.show(f"⏹ {say('stopped')}")
    [told] = server.reads(server.dm(ANN))
    assert told.endswith(f"⏹ {say('stopped')}")


async def test_a_reaction_comes_and_goes_and_a_channel_without_them_is_left_alone(
    bot: Discord, server: FakeDiscord
) -> None:
    photo = await server.says("look", files=[CAT])
    await bot.react(HERE, str(photo), "👀", is_on=True)
    assert server.world.find(photo).reactions == ["👀"]
    await bot.react(HERE, str(photo), "👀", is_on=False)
    assert server.world.find(photo).reactions == []
    server.deny(GENERAL, "ADD_REACTIONS")
    with pytest.raises(Refused):
        await bot.react(HERE, str(photo), "👀", is_on=True)
    calls = len(server.calls)
    await bot.react(HERE, str(photo), "👀", is_on=True)
    assert len(server.calls) == calls
