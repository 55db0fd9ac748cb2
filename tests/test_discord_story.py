"""People in Discord and the bot as a real process: what the channels show."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.words import say
from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.discord import (
    ADMIN,
    ANN,
    BAD_GATEWAY,
    BOB,
    FORUM,
    GENERAL,
    GUILD,
    LOST,
    ME,
    OTHER,
    TOKEN,
    FakeDiscord,
    flood,
)
from tests.doubles.process import BotProcess
from tests.doubles.waiting import until

CAT, ROCKET, COFFEE = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg", "coffee.png"))
KILLS, MESSAGES, AWAY = 10, 30, 6


@asynccontextmanager
async def server(
    folder: Path, *, message_content: bool = False, pace: float = 0.01, **settings: str
) -> AsyncIterator[tuple[FakeDiscord, BotProcess, Emulator]]:
    """A Discord, a bot that is ready to listen to it, and the provider behind that."""
    async with FakeDiscord(message_content=message_content) as discord, Emulator(pace=pace) as emulator:
        bot = BotProcess(
            folder,
            DISCORD_TOKEN=TOKEN,
            DISCORD_API_URL=discord.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
            **settings,
        )
        async with bot:
            await bot.ready()
            yield discord, bot, emulator


def whole(discord: FakeDiscord, channel: int = GENERAL) -> list[str]:
    """What the posts of a channel read, those left out that still grow."""
    return [text for text in discord.reads(channel) if text and not text.endswith("▌")]


async def answered(discord: FakeDiscord, count: int = 1, channel: int = GENERAL) -> list[str]:
    """As many whole posts as that, no fewer and no more."""
    try:
        await until(lambda: len(whole(discord, channel)) >= count)
    except TimeoutError:
        raise AssertionError(discord.reads(channel)) from None
    texts = whole(discord, channel)
    assert len(texts) == count, texts
    return texts


# photos, and who is addressed


async def test_a_photo_is_answered_in_reply_and_the_follow_up_knows_it(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        photo = await discord.says("what is this?", mention=True, files=[CAT])
        [answer] = await answered(discord)
        assert "You asked: “what is this?”" in answer
        assert "451 × 300 pixels" in answer
        assert "No metadata was left in it." in answer
        [post] = discord.posts()
        assert post.reply_to == photo
        await discord.says("and how bright is it?", reply_to=post.id)
        assert "turn 2 of our conversation" in (await answered(discord, 2))[1]


async def test_ten_photos_are_one_turn_and_bad_ones_are_named(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("compare", mention=True, files=[CAT, ROCKET, COFFEE] * 3 + [CAT])
        [answer] = await answered(discord)
        assert "Photo 10" in "".join(discord.reads()) or "451 × 300" in answer
        assert sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen) == 1
        await discord.tells("what?", files=[("a.jpg", CAT), ("bill.pdf", b"%PDF-1.7 and so on")])
        [told] = await answered(discord, 1, discord.dm())
        assert "Read 1 of 2 files. Not read: bill.pdf: the file is damaged" in told


async def test_the_bot_hears_whom_it_is_meant_to(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        await discord.says("look at this, everybody", files=[CAT])
        await discord.says("by its role: what is this?", mention_role=True, files=[CAT])
        assert "by its role" in (await answered(discord, 1))[0]
        await discord.tells("in private: what is this?", files=[CAT])
        assert "in private" in (await answered(discord, 1, discord.dm()))[0]
        await discord.says(mention=True)
        assert "/describe · " in (await answered(discord, 2))[1]


async def test_without_the_right_to_read_everything_a_mention_of_the_role_is_asked_for_by_name(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        photo = await discord.says("what is this?", mention_role=True, files=[CAT])
        assert (await answered(discord))[0].startswith("Discord doesn't show me messages to my role.")
        assert discord.posts()[0].reply_to == photo


async def test_a_reply_asks_about_somebody_elses_photo(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        photo = await discord.says("my cat", by=BOB, files=[CAT])
        await discord.says("what is on it?", mention=True, reply_to=photo)
        [answer] = await answered(discord)
        assert "451 × 300" in answer
        assert "my cat" in answer


async def test_a_photo_that_discord_hides_is_named_and_no_other_one_is_answered_about(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("what is this?", mention=True, files=[ROCKET])
        await answered(discord, 1)
        photo = await discord.says("my cat", by=BOB, files=[CAT])
        await discord.says("and what is this?", mention=True, reply_to=photo)
        told = (await answered(discord, 2))[1]
        assert "I couldn't read the message you reply to: Discord doesn't show it to me" in told
        assert "640" not in told
        link = f"https://discord.com/channels/{GUILD}/{GENERAL}/{photo}"
        await discord.says(f"and what is this? {link}", mention=True)
        assert "The message you linked to: Discord doesn't show it to me" in (await answered(discord, 3))[2]
        assert not [seen.prompt for seen in emulator.seen if "and what is this?" in seen.prompt], "nothing is asked"


async def test_forwards_embeds_and_stickers_are_seen(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        there = await discord.says("from elsewhere", OTHER, BOB, files=[ROCKET])
        await discord.says(channel=discord.dm(), forwarded=there)
        assert "640 × 427" in (await answered(discord, 1, discord.dm()))[0]
        link = await discord.says("https://photos.example/cat.jpg what is it?", mention=True)
        await discord.edits(GENERAL, link, embeds=[discord.embed(CAT, "cat.jpg")])
        assert "451 × 300" in (await answered(discord, 1))[0]
        await discord.says("and this?", mention=True, stickers=[discord.sticker(COFFEE)])
        assert "600 × 400" in (await answered(discord, 2))[1]


async def test_a_forums_first_post_is_answered_in_its_thread_and_followed_up_there(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        thread = await discord.posts_in_forum("My cat", f"<@{ME}> what is this?", [CAT])
        assert "451 × 300" in (await answered(discord, 1, thread))[0]
        await discord.says("and how bright?", thread)
        assert "turn 2" in (await answered(discord, 2, thread))[1]
        assert discord.threads(FORUM)


async def test_an_expired_link_is_asked_for_again(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        photo = await discord.says("my cat", by=BOB, files=[CAT])
        discord.expire_links()
        await discord.says("what is on it?", mention=True, reply_to=photo)
        discord.expire_links()
        assert "451 × 300" in (await answered(discord))[0]


async def test_what_is_edited_or_deleted_in_time_counts(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.says("a long wait, slowly please", mention=True, files=[CAT])
        second = await discord.says("what is ths?", mention=True, files=[CAT])
        third = await discord.says("never mind", mention=True, files=[CAT])
        await discord.edits(GENERAL, second, f"<@{ME}> what is this?")
        await discord.deletes(GENERAL, third)
        texts = await answered(discord, 2)
        assert "“what is this?”" in texts[1]
        await discord.says("are you there?", mention=True)
        assert "never mind" not in "".join(await answered(discord, 3))


# settings, threads, permissions


async def test_only_who_manages_the_server_makes_the_bot_listen(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        await discord.says("/settings listening photos", mention=True, by=ANN)
        assert "Only those who manage" in (await answered(discord, 1))[0]
        await discord.says("/settings listening photos", mention=True, by=ADMIN)
        assert "From now on, Listening: photos" in (await answered(discord, 2))[1]
        await discord.says("just talking", by=BOB)
        await discord.says(by=BOB, files=[CAT])
        assert "451 × 300" in (await answered(discord, 3))[2]


async def test_a_channel_may_give_each_photo_a_thread_of_its_own(tmp_path: Path) -> None:
    async with server(tmp_path, message_content=True) as (discord, _, _):
        await discord.says("/settings threads on", mention=True, by=ADMIN)
        await answered(discord, 1)
        photo = await discord.says("what is my cat doing?", mention=True, files=[CAT])
        await until(lambda: discord.threads())
        [thread] = discord.threads()
        assert (thread.id, thread.name) == (photo, "what is my cat doing?")
        assert "451 × 300" in (await answered(discord, 1, thread.id))[0]
        await discord.says("and how bright is it?", thread.id, BOB)
        assert "turn 2" in (await answered(discord, 2, thread.id))[1]
        assert len(whole(discord)) == 1


async def test_who_asks_where_the_bot_may_not_speak_is_told_once_in_private(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        discord.deny(GENERAL, "SEND_MESSAGES")
        await discord.says("what is this?", mention=True, files=[CAT])
        await discord.says("and this?", mention=True, files=[CAT])
        await until(lambda: discord.direct())
        [told] = discord.direct()
        assert f"I saw your message in <#{GENERAL}>" in told.text
        assert "Send Messages" in told.text
        discord.allow(GENERAL, "SEND_MESSAGES")
        discord.deny(GENERAL, "READ_MESSAGE_HISTORY")
        await discord.says("and now?", mention=True, files=[CAT])
        assert "and now?" in (await answered(discord, 1))[0]
        assert len(discord.direct()) == 1
        assert sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen) == 1


async def test_nobody_is_called_by_what_the_model_says(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.says(f"say @everyone and <@{BOB}>", mention=True, files=[CAT])
        await answered(discord)
        [post] = discord.posts()
        assert post.mentions_pinged == []


# commands, menus and buttons


async def test_ask_takes_photos_and_the_answer_grows_in_its_own_response(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        asked = await discord.runs("ask", options={"question": "what is this?", "photo": CAT, "photo2": ROCKET})
        [answer] = await answered(discord)
        assert "451 × 300" in answer
        assert "640 × 427" in answer
        assert asked.response is not None
        assert asked.response.text == answer


async def test_every_command_of_the_chat_is_a_slash_command(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        await discord.runs("help")
        assert "/describe · " in (await answered(discord, 1))[0]
        found = await discord.types("model", "model", "mini")
        assert next(choice["name"] for choice in found).startswith("👁 onemin/")
        await discord.runs("model", options={"model": found[0]["value"]})
        assert f"From now on {found[0]['value']} answers here." in (await answered(discord, 2))[1]
        await discord.runs("settings", options={"name": "listening", "value": "all"}, by=ADMIN)
        assert "From now on, Listening: everything said" in (await answered(discord, 3))[2]
        await discord.runs("describe", options={"photo": CAT})
        assert "Describe this picture in detail." in (await answered(discord, 4))[3]


async def test_a_menu_asks_about_somebody_elses_photo(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        photo = await discord.says("my cat", by=BOB, files=[CAT])
        await discord.uses_menu("Describe", photo)
        assert "451 × 300" in (await answered(discord, 1))[0]
        form = await discord.uses_menu("Ask about this photo", photo)
        await form.acknowledged()
        await discord.submits(form, {"question": "how bright is it?"})
        answer = (await answered(discord, 2))[1]
        assert "how bright is it?" in answer
        assert "451 × 300" in answer


async def test_a_personal_app_answers_where_the_bot_is_no_member(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        theirs = discord.add_guild("Theirs", BOB, member=False)
        channel = discord.add_channel("cats", theirs)
        photo = await discord.says("my cat", channel, BOB, files=[CAT])
        discord.expire_links()
        await discord.uses_menu("Describe", photo, as_user_app=True)
        assert "451 × 300" in (await answered(discord, 1, channel))[0]
        [post] = discord.posts(channel)
        assert post.ephemeral_to == ANN
        await discord.runs("ask", channel, options={"question": "and how bright?"}, as_user_app=True)
        assert "turn 2" in (await answered(discord, 2, channel))[1]


async def test_buttons_still_work_after_a_restart(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, _):
        await discord.says(mention=True, files=[CAT])
        await answered(discord, 1)
        [post] = discord.posts()
        said = ["describe", "read", "translate", "explain", "buttons 1"]
        assert post.commands == [f"say:/{command}" for command in said]
        await bot.stop()
        await bot.start()
        await bot.ready()
        await discord.presses(post, "say:/read")
        answer = (await answered(discord, 2))[1]
        assert "Read all the text in this picture" in answer
        assert "451 × 300" in answer
        assert discord.posts()[1].reply_to == post.id


async def test_stop_as_a_slash_command_ends_the_answer_and_is_answered_itself(tmp_path: Path) -> None:
    async with server(tmp_path, pace=0.1) as (discord, _, emulator):
        await discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: discord.posts())
        stopping = await discord.runs("stop")
        await until(lambda: any(seen.left for seen in emulator.seen))
        await until(lambda: discord.posts()[0].text.endswith("⏹ Stopped."))
        await until(lambda: stopping.shows == say("stopped"))
        assert not stopping.followups, "it is said once"


async def test_an_answer_that_outlives_its_interaction_goes_on_as_an_ordinary_message(tmp_path: Path) -> None:
    async with server(tmp_path, pace=0.08) as (discord, _, _):
        discord.interactions.token_seconds = 2.0
        asked = await discord.runs("ask", options={"question": "what is this?", "photo": CAT})
        [answer] = await answered(discord)
        assert answer.endswith("🙂.")
        assert asked.response is not None
        assert asked.response.text == answer
        assert discord.called("PATCH", "/channels/{channel_id}/messages/{message_id}")


async def test_commands_that_were_in_work_at_a_crash_are_answered_where_they_belong(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, emulator):
        channel = discord.add_channel("cats", discord.add_guild("Theirs", BOB, member=False))
        asked = await discord.runs("ask", options={"question": "long answer please", "photo": CAT})
        visiting = await discord.runs("ask", channel, options={"question": "and this?", "photo": CAT}, as_user_app=True)
        await until(lambda: sum(seen.path == "/api/chat-with-ai" for seen in emulator.seen) == 2)
        await bot.kill()
        await bot.start()
        await until(lambda: "451 × 300" in asked.shows and not asked.shows.endswith("▌"))
        await until(lambda: "451 × 300" in visiting.shows and visiting.shows.endswith("🙂."))
        assert [post.text for post in discord.posts(channel)] == [visiting.shows]
        assert asked.token not in bot.said()


# long answers, limits and trouble


async def test_a_long_answer_goes_on_in_a_second_post_with_its_code_intact(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        photo = await discord.says("long answer please", mention=True, files=[CAT])
        await until(lambda: len(whole(discord)) >= 2 and not any(text.endswith("▌") for text in discord.reads()))
        posts = discord.posts()
        assert [post.reply_to for post in posts] == [photo] + [None] * (len(posts) - 1)
        assert all(len(post.text) <= 2000 for post in posts)
        assert all(post.text.count("```") % 2 == 0 for post in posts)


async def test_fast_words_arrive_whole_and_in_time_under_a_tight_limit(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        discord.limits(edit=(5, 5.0), send=(5, 5.0))
        await discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: whole(discord) and whole(discord)[0].endswith("🙂."), 6)
        edits = discord.called("PATCH", "/channels/{channel_id}/messages/{message_id}")
        assert len(edits) <= 6
        assert not [call for call in discord.calls if call.status == 429]


async def test_trouble_with_discord_delays_the_answer_and_loses_nothing(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, _):
        discord.fails("send", flood(1))
        discord.fails("edit", flood(1))
        discord.fails("file", BAD_GATEWAY)
        await discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: any(text.endswith("🙂.") for text in whole(discord)))
        assert len(discord.posts()) == 1
        discord.fails("send", LOST)
        await discord.says("and now?", mention=True)
        assert "and now?" in (await answered(discord, 2))[1]
        assert len(discord.posts()) == 2


# the connection


async def test_what_was_said_while_the_bot_was_away_is_answered_in_order(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, _):
        await discord.tells("hello", files=[CAT])
        await answered(discord, 1, discord.dm())
        await bot.kill()
        await discord.says("first", mention=True, files=[CAT])
        await discord.says("not for you")
        await discord.says("second", mention=True, files=[ROCKET])
        await discord.tells("in private", files=[COFFEE])
        await bot.start()
        await bot.ready()
        texts = await answered(discord, 2)
        assert ["first" in texts[0], "second" in texts[1]] == [True, True]
        assert "in private" in (await answered(discord, 2, discord.dm()))[1]


async def test_a_broken_connection_is_made_again_and_nothing_is_missed(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, bot, _):
        for n, breaks in enumerate((discord.sends_garbage, discord.drop, discord.forget_sessions)):
            breaks()
            if breaks == discord.forget_sessions:
                discord.drop()
            await discord.says(f"question {n}", mention=True, files=[CAT])
            assert f"question {n}" in (await answered(discord, n + 1))[n]
        assert bot.process.returncode is None


async def test_each_shard_hears_its_own_servers(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, Emulator(pace=0.01) as emulator:
        discord.gateway.shards = 2
        theirs = discord.add_guild("Theirs", shard=1)
        channel = discord.add_channel("photos", theirs)
        settings = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.url,
            "DISCORD_SHARDS": "1/2",
            "ONEMIN_API_KEY": "any-key",
            "ONEMIN_API_URL": emulator.url,
        }
        async with BotProcess(tmp_path, **settings) as bot:
            await bot.ready()
            assert discord.identifies == [(1, 2)]
            await discord.says("what is this?", channel, mention=True, files=[CAT])
            assert "451 × 300" in (await answered(discord, 1, channel))[0]


@pytest.mark.parametrize("reason", ["token", "intents"])
async def test_what_the_operator_has_to_mend_is_a_sentence(tmp_path: Path, reason: str) -> None:
    async with server(tmp_path, message_content=True) as (discord, bot, _):
        if reason == "token":
            discord.revoke_token()
        else:
            discord.grant_message_content(False)
        told = {"token": "does not know the token in DISCORD_TOKEN", "intents": "Privileged Gateway Intents"}
        await until(lambda: told[reason] in bot.said())
        assert TOKEN not in bot.said()


@pytest.mark.timeout(240)
async def test_ten_kills_lose_no_message_and_answer_none_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with server(tmp_path) as (discord, bot, _):
        rooms = [discord.add_channel(f"room {n}") for n in range(20)]
        await asyncio.sleep(3)  # the bot has noted that they are there

        async def talk() -> None:
            for n in range(MESSAGES):
                await discord.says(f"message {n}.", rooms[n % len(rooms)], mention=True, files=[CAT])
                await asyncio.sleep(random.uniform(0, 1.2))

        talking = asyncio.create_task(talk())
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(1, 4))
            await bot.kill()
            await bot.start()
        await talking
        await bot.kill()
        for n in range(AWAY):
            await discord.says(f"away {n}.", rooms[n], mention=True, files=[CAT])
        await bot.start()
        asked = {f"“message {n}.”": rooms[n % len(rooms)] for n in range(MESSAGES)}
        asked |= {f"“away {n}.”": rooms[n] for n in range(AWAY)}
        await until(lambda: all(any(what in text for text in whole(discord, room)) for what, room in asked.items()), 90)
        posts = [text for room in rooms for text in discord.reads(room)]
        with capsys.disabled():
            print(f"\n{KILLS} kills over {len(asked)} messages: 0 lost, {len(posts) - len(asked)} posted twice")
        assert len(posts) == len(asked)
