"""What is made to order: how people ask for it by slash commands, what they see of it, and what they say aloud."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.slash_commands import command_payloads
from bot.errors import Unreadable
from bot.messages import ChannelSettings, File, OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.adapters.platforms.discord.test_sending_files import listening, suggest, until
from tests.conftest import PHOTOS
from tests.doubles.discord import BOB, GENERAL, TOKEN, FakeDiscord, NotOffered

CAT = (PHOTOS / "cat.jpg").read_bytes()
VOICE = b"OggS, and what somebody says"
HERE = Place(GENERAL).channel
LIMIT = 20 << 20


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


# slash commands


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("imagine", {"words": "a cat"}, "/imagine a cat"),
        (
            "imagine",
            {"model": "onemin/dall-e-3", "words": "a cat, at night", "size": "1024x1536", "n": "2", "quality": "high"},
            "/imagine a cat, at night model=onemin/dall-e-3 size=1024x1536 n=2 quality=high",
        ),
        ("imagine", {"words": "a cat", "model": " Flux  Schnell "}, "/imagine a cat model=Flux-Schnell"),
        ("vary", {"model": "magic"}, "/vary model=magic"),
        ("speak", {}, "/speak"),
    ],
)
async def test_an_order_is_heard_as_it_would_be_written(
    bot: Discord, server: FakeDiscord, name: str, options: dict[str, Any], said: str
) -> None:
    async with listening(bot, server) as heard:
        await server.runs(name, options=options)
        await until(lambda: heard)
    assert (heard[0].text, heard[0].attachments) == (said, ())


@pytest.mark.parametrize("name", ["vary", "edit", "cutout", "upscale"])
async def test_a_photo_comes_along_with_an_order(bot: Discord, server: FakeDiscord, name: str) -> None:
    words = {"words": "make it night"} if name == "edit" else {}
    async with listening(bot, server) as heard:
        await server.runs(name, options=words, files={"photo": ("cat.jpg", CAT)})
        await until(lambda: heard)
        [photo] = heard[0].photos
        assert await bot.download(photo, LIMIT) == CAT
    assert heard[0].text == " ".join([f"/{name}", *words.values()])


@pytest.mark.parametrize("name", ["imagine", "edit"])
async def test_without_words_there_is_nothing_to_make(bot: Discord, server: FakeDiscord, name: str) -> None:
    async with listening(bot, server):
        with pytest.raises(NotOffered, match="words"):
            await server.runs(name)


# what is made


async def test_pictures_say_what_they_show_to_those_who_cannot_see_them(bot: Discord, server: FakeDiscord) -> None:
    files = tuple(File(name=f"{n}.png", mime="image/png", data=CAT, about=f"a cat, number {n}") for n in range(10))
    post = await bot.send(HERE, OutgoingPost(text="Here it is.", files=files))
    [shown] = server.posts()
    assert [file.description for file in shown.files] == [f"a cat, number {n}" for n in range(10)]
    await bot.edit(HERE, post, OutgoingPost(text="Here they are."))
    assert [file.description for file in shown.files] == [f"a cat, number {n}" for n in range(10)]


async def test_what_a_picture_shows_is_said_as_far_as_discord_lets_us(bot: Discord, server: FakeDiscord) -> None:
    await bot.send(
        HERE,
        OutgoingPost(
            text="Here.",
            files=(
                File(name="1.png", mime="image/png", data=CAT, about="a cat " * 500),
                File(name="2.png", mime="", data=CAT),
            ),
        ),
    )
    [shown] = server.posts()
    assert [len(file.description or "") for file in shown.files] == [1024, 0]


async def test_sound_is_a_file_that_discord_plays(bot: Discord, server: FakeDiscord) -> None:
    await bot.send(HERE, OutgoingPost(text="🔊", files=(File(name="answer.ogg", mime="audio/ogg", data=VOICE),)))
    [shown] = server.posts()
    assert [(file.name, file.content_type, file.data) for file in shown.files] == [("answer.ogg", "audio/ogg", VOICE)]


async def test_what_comes_after_the_answer_to_a_command_is_for_everybody_too(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        asked = await server.runs("imagine", options={"words": "a cat"})
        await until(lambda: heard)
        id = heard[0].id
        await bot.send(HERE, OutgoingPost(text="Painting …", reply_to=id))
        await bot.send(
            HERE,
            OutgoingPost(
                text="Here it is.", reply_to=id, files=(File(name="1.png", mime="image/png", data=CAT, about="a cat"),)
            ),
        )
    [more] = asked.followups
    assert (asked.shows, more.text, more.ephemeral_to) == ("Painting …", "Here it is.", None)
    assert [file.description for file in more.files] == ["a cat"]


async def test_where_only_the_asker_sees_the_answer_nobody_else_sees_the_picture(
    bot: Discord, server: FakeDiscord
) -> None:
    async with listening(bot, server) as heard:
        asked = await server.runs("imagine", options={"words": "a cat"}, as_user_app=True)
        await until(lambda: heard)
        for text in ("Painting …", "Here it is."):
            await bot.send(heard[0].channel, OutgoingPost(text=text, reply_to=heard[0].id))
    assert [post.ephemeral_to for post in (asked.response, *asked.followups) if post] == [asked.user] * 2


# what is said aloud


async def test_a_voice_message_about_a_photo_brings_both(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        photo = await server.says("my cat", server.dm(), files=[("cat.jpg", CAT)])
        await server.speaks(VOICE, server.dm(), reply_to=photo)
        await until(lambda: len(heard) == 2)
        spoken = heard[1]
        [sound], [shown] = spoken.sounds, spoken.photos
        assert await bot.download(sound, LIMIT) == VOICE
        assert await bot.download(shown, LIMIT) == CAT
    assert (spoken.text, sound.mime, spoken.addressed, spoken.about and spoken.about.text) == (
        "",
        "audio/ogg",
        True,
        "my cat",
    )


async def test_a_voice_message_in_reply_to_the_bot_is_meant_for_it_and_another_one_is_not(
    bot: Discord, server: FakeDiscord
) -> None:
    post = await bot.send(HERE, OutgoingPost(text="A cat."))
    async with listening(bot, server) as heard:
        await server.speaks(VOICE, reply_to=int(post), by=BOB)
        await server.speaks(VOICE, by=BOB)
        await until(lambda: len(heard) == 2)
    assert [message.addressed for message in heard] == [True, False]


async def test_a_voice_message_that_is_too_large_is_not_fetched(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot, server) as heard:
        await server.speaks(VOICE, server.dm())
        await until(lambda: heard)
        with pytest.raises(Unreadable, match="larger than"):
            await bot.download(heard[0].sounds[0], 4)


async def test_photos_get_threads_and_recordings_do_not(bot: Discord, server: FakeDiscord, sqlite: Store) -> None:
    await sqlite.channels.save_channel_settings(HERE, ChannelSettings(listening="photos", threads=True))
    async with listening(bot, server) as heard:
        await server.speaks(VOICE, by=BOB)
        photo = await server.says("my cat", by=BOB, files=[CAT])
        await until(server.threads)
        await until(lambda: len(heard) >= 2)
    assert [(message.channel, message.addressed) for message in heard[:2]] == [
        (HERE, False),
        (Place(photo).channel, True),
    ]
    assert [thread.id for thread in server.threads()] == [photo]
