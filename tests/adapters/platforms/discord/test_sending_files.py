"""Files along with a post, wherever the bot may speak; and who speaks, where, in which language."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.slash_commands import command_payloads
from bot.chat_platform import HealthState
from bot.commands import Suggestion
from bot.errors import Refused
from bot.messages import Button, ChannelSettings, File, Message, OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, BOB, GENERAL, GUILD, TOKEN, FakeDiscord, Post

CAT = (PHOTOS / "cat.jpg").read_bytes()
CHART = File(name="usage.jpg", mime="image/jpeg", data=CAT)
ZIP = File(name="export.zip", mime="application/zip", data=b"PK\5\6" + bytes(18))
HERE = Place(GENERAL).channel


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


@asynccontextmanager
async def listening(bot: Discord, server: FakeDiscord) -> AsyncIterator[list[Message]]:
    """Collect what the bot hears while it listens."""
    heard: list[Message] = []

    async def receive(message: Message) -> None:
        heard.append(message)

    task = asyncio.create_task(bot.listen(receive))
    try:
        await until(lambda: bot.health.state is HealthState.UP and server.rest.commands)
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def files(post: Post) -> list[tuple[str, bytes]]:
    return [(file.name, file.data) for file in post.files]


# files


async def test_files_are_part_of_the_post_and_stay_when_it_is_edited(bot: Discord, server: FakeDiscord) -> None:
    buttons = (Button("Today", "/usage day"),)
    post = await bot.send(HERE, OutgoingPost(text="12 turns", buttons=buttons, files=(CHART, ZIP)))
    [shown] = server.posts()
    assert (str(shown.id), shown.text, shown.commands) == (post, "12 turns", ["say:/usage day"])
    assert files(shown) == [("usage.jpg", CAT), ("export.zip", ZIP.data)]
    assert await bot.edit(HERE, post, OutgoingPost(text="13 turns")) == post
    assert (shown.text, shown.commands, len(shown.files)) == ("13 turns", [], 2)


async def test_the_same_nonce_is_the_same_post_with_the_files_of_the_first_time(
    bot: Discord, server: FakeDiscord
) -> None:
    first = await bot.send(HERE, OutgoingPost(text="12 turns", key="1-0", files=(CHART,)))
    again = await bot.send(HERE, OutgoingPost(text="13 turns", key="1-0", files=(CHART,)))
    [shown] = server.posts()
    assert (first, shown.text, len(shown.files)) == (again, "13 turns", 1)


async def test_ten_files_go_into_one_post_and_need_no_words(bot: Discord, server: FakeDiscord) -> None:
    await bot.send(HERE, OutgoingPost(text="", files=(CHART,) * 10))
    [shown] = server.posts()
    assert (shown.text, len(shown.files)) == ("", 10)


async def test_a_file_that_is_too_large_is_refused_before_anything_is_said(bot: Discord, server: FakeDiscord) -> None:
    await bot.send(
        HERE, OutgoingPost(text="just so", files=(File(name="a.zip", mime="application/zip", data=bytes(10 << 20)),))
    )
    with pytest.raises(Refused) as caught:
        await bot.send(
            HERE,
            OutgoingPost(
                text="too large", files=(CHART, File(name="b.zip", mime="application/zip", data=bytes((10 << 20) + 1)))
            ),
        )
    assert str(caught.value) == "The file b.zip is larger than 10 MB, the most that can be sent here."
    assert server.reads() == ["just so"]


@pytest.mark.parametrize(("mode", "packed"), [("RGB", ("noise.jpg", "JPEG")), ("RGBA", ("noise.webp", "WEBP"))])
async def test_a_picture_that_is_too_large_is_packed_tighter(
    bot: Discord, server: FakeDiscord, mode: str, packed: tuple[str, str]
) -> None:
    noise = Image.frombytes(mode, (1900, 1900), random.Random(7).randbytes(1900 * 1900 * len(mode)))
    buffer = BytesIO()
    noise.save(buffer, "PNG", compress_level=0)
    await bot.send(
        HERE,
        OutgoingPost(
            text="Enlarged.", files=(File(name="noise.png", mime="image/png", data=buffer.getvalue(), about="noise"),)
        ),
    )
    [[shown]] = [post.files for post in server.posts()]
    with Image.open(BytesIO(shown.data)) as picture:
        assert (shown.name, picture.format, picture.size) == (*packed, (1900, 1900))
    assert shown.description == "noise"
    assert len(shown.data) <= 10 << 20


async def test_what_only_claims_to_be_a_picture_is_refused_like_any_file(bot: Discord, server: FakeDiscord) -> None:
    with pytest.raises(Refused, match=r"The file a\.png is larger than 10 MB"):
        await bot.send(
            HERE, OutgoingPost(text="", files=(File(name="a.png", mime="image/png", data=bytes((10 << 20) + 1)),))
        )
    assert server.reads() == []


async def test_where_no_files_are_allowed_the_words_come_anyway_and_the_asker_is_told_why(
    bot: Discord, server: FakeDiscord
) -> None:
    server.deny(GENERAL, "ATTACH_FILES")
    async with listening(bot, server) as heard:
        question = await server.says("/usage", mention=True)
        await until(lambda: heard)
        await bot.send(HERE, OutgoingPost(text="12 turns", reply_to=str(question), files=(CHART,)))
    [shown] = server.posts()
    assert (shown.text, shown.files, shown.reply_to) == ("12 turns", [], question)
    [told] = server.direct()
    assert "Attach Files" in told.text


async def test_where_nothing_may_be_said_it_is_not_said_that_files_are_the_trouble(
    bot: Discord, server: FakeDiscord
) -> None:
    async with listening(bot, server) as heard:
        question = await server.says("/usage", mention=True)
        await until(lambda: heard)
        server.deny(GENERAL, "SEND_MESSAGES")
        with pytest.raises(Refused, match="can't write in this channel"):
            await bot.send(HERE, OutgoingPost(text="12 turns", reply_to=str(question), files=(CHART,)))
    [told] = server.direct()
    assert "Send Messages" in told.text


async def test_the_answer_to_a_command_brings_files_and_so_does_what_follows(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        asked = await server.runs("help", as_user_app=True, channel=server.add_group())
        await until(lambda: heard)
        [message] = heard
        post = await bot.send(message.channel, OutgoingPost(text="12 turns", reply_to=message.id, files=(CHART,)))
        await bot.edit(message.channel, post, OutgoingPost(text="13 turns"))
        await bot.send(message.channel, OutgoingPost(text="and more", reply_to=message.id, files=(ZIP,)))
    assert asked.response is not None
    assert (asked.shows, files(asked.response)) == ("13 turns", [("usage.jpg", CAT)])
    [more] = asked.followups
    assert (more.text, files(more)) == ("and more", [("export.zip", ZIP.data)])


# buttons of what grows


async def test_an_answer_shows_its_buttons_while_it_grows(bot: Discord, server: FakeDiscord) -> None:
    stop = (Button("Stop", "/stop"),)
    post = await bot.send(HERE, OutgoingPost(text="a ca", buttons=stop, is_partial=True))
    [shown] = server.posts()
    assert shown.commands == ["say:/stop"]
    await bot.edit(HERE, post, OutgoingPost(text="a cat", buttons=stop, is_partial=True))
    assert shown.commands == ["say:/stop"]
    await bot.edit(HERE, post, OutgoingPost(text="a cat on a mat"))
    assert shown.commands == []


# who, and where


async def test_what_is_said_on_a_server_is_not_private(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        await server.says("hi", mention=True)
        thread = server.opens_thread("photos")
        await server.says("hi", thread, mention=True)
        await until(lambda: len(heard) == 2)
    assert {(message.private, message.server, message.language) for message in heard} == {
        (False, f"discord:{GUILD}", "")
    }


async def test_a_community_says_what_it_speaks(bot: Discord, server: FakeDiscord) -> None:
    server.world.guilds[GUILD].community = "de"
    async with listening(bot, server) as heard:
        await server.says("hallo", mention=True)
        await until(lambda: heard)
    assert heard[0].language == "de"


async def test_direct_messages_are_private(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        await server.tells("hi")
        await until(lambda: heard)
    assert (heard[0].private, heard[0].server, heard[0].language) == (True, None, "")


async def test_a_command_says_which_language_its_author_has_chosen(bot: Discord, server: FakeDiscord) -> None:
    server.world.users[ANN].locale = "zh-CN"
    async with listening(bot, server) as heard:
        await server.runs("help")
        await server.runs("help", server.dm())
        await server.runs("help", as_user_app=True)
        await until(lambda: len(heard) == 3)
    by_place = {str(message.channel): (message.private, message.server) for message in heard}
    assert by_place == {
        f"discord:{GENERAL}": (False, f"discord:{GUILD}"),
        f"discord:@{server.dm()}": (True, None),
        f"discord:{GENERAL}~{ANN}": (True, None),
    }
    assert {message.language for message in heard} == {"zh-CN"}


async def test_a_press_says_them_too(bot: Discord, server: FakeDiscord) -> None:
    server.world.users[ANN].locale = "de"
    async with listening(bot, server) as heard:
        await bot.send(HERE, OutgoingPost(text="a cat", buttons=(Button("Again", "/retry 7"),)))
        [post] = server.posts()
        await server.presses(post, "say:/retry 7", ANN)
        await until(lambda: heard)
    assert (heard[0].private, heard[0].server, heard[0].language) == (False, f"discord:{GUILD}", "de")


# in which language


async def test_a_form_speaks_the_language_of_whoever_opens_it(bot: Discord, server: FakeDiscord) -> None:
    server.world.users[ANN].locale = "de"
    async with listening(bot, server):
        photo = await server.says("my cat", by=BOB, files=[CAT])
        form = await (await server.uses_menu("Ask about this photo", photo)).acknowledged()
    assert form.modal is not None
    field, upload = form.modal["components"]
    assert (form.modal["title"], field["label"]) == ("Zu diesem Foto fragen", "Deine Frage")
    assert field["component"]["placeholder"] == "Was möchtest du wissen?"
    assert upload["label"] == "Weitere Fotos (optional)"


async def test_who_asks_about_what_is_gone_is_told_so_in_their_language(bot: Discord, server: FakeDiscord) -> None:
    server.world.users[ANN].locale = "es-419"
    photo = await server.says("my cat", by=BOB, files=[CAT])
    async with listening(bot, server):
        form = await (await server.uses_menu("Ask about this photo", photo)).acknowledged()
        await (await server.submits(form, {"question": "how old?"})).acknowledged()
        await server.deletes(GENERAL, photo)
        answer = await (await server.submits(form, {"question": "and how tall?"})).answered()
    assert answer.shows == "Ya no puedo ver ese mensaje. Por favor, envíame la foto."


async def test_a_name_holds_nothing_that_a_database_refuses(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        await server.runs("help", by=server.add_user("ro\0bin"))
        await until(lambda: heard)
    assert heard[0].author.name == "Ro Bin"


async def test_who_asks_where_nothing_may_be_said_is_told_so_in_the_language_of_the_server(
    bot: Discord, server: FakeDiscord
) -> None:
    server.world.guilds[GUILD].community = "de"
    server.deny(GENERAL, "SEND_MESSAGES")
    async with listening(bot, server):
        await server.says("was ist das?", mention=True)
        await until(server.direct)
    [told] = server.direct()
    assert told.text.startswith(f"Ich habe dich in <#{GENERAL}> gehört")


@pytest.mark.parametrize(("chosen", "name"), [(None, "Ein Foto"), ("ru", "Фото")])
async def test_a_thread_is_named_in_the_language_of_the_channel_or_else_of_the_server(
    bot: Discord, server: FakeDiscord, sqlite: Store, chosen: str | None, name: str
) -> None:
    server.world.guilds[GUILD].community = "de"
    await sqlite.channels.save_channel_settings(HERE, ChannelSettings(threads=True, language=chosen))
    async with listening(bot, server):
        await server.says("", mention=True, files=[CAT])
        await until(server.threads)
    assert [thread.name for thread in server.threads()] == [name]


async def test_what_is_hidden_is_spoken_of_in_the_language_of_the_server(bot: Discord, server: FakeDiscord) -> None:
    server.grant_message_content(False)
    server.world.guilds[GUILD].community = "de"
    async with listening(bot, server) as heard:
        await server.says("was ist das?", mention_role=True, files=[CAT])
        photo = await server.says("my cat", by=BOB, files=[CAT])
        await server.says("was ist das?", mention=True, reply_to=photo)
        await until(lambda: heard and server.posts())
    assert server.reads()[0].startswith("Discord zeigt mir nicht, was zu meiner Rolle gesagt wird.")
    assert [photo.name for photo in heard[0].photos] == ["die Nachricht, auf die du antwortest"]
