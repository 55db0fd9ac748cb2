"""Discord and Telegram at their worst, and the bot as a real process: nothing ends in silence or half a sentence."""

import asyncio
import time
from pathlib import Path

import aiohttp

from bot.words import say
from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, GENERAL, OTHER, TOKEN, FakeDiscord, Fault
from tests.doubles.process import BotProcess
from tests.doubles.socks import SocksProxy
from tests.doubles.telegram import GROUP, TelegramBed
from tests.doubles.telegram import TOKEN as TELEGRAM_TOKEN
from tests.doubles.waiting import until

CAT = (PHOTOS / "cat.jpg").read_bytes()
ODD_STICKER = {"id": "1", "name": "wave"}  # without format_type


def discord_bot(folder: Path, discord: FakeDiscord, emulator: Emulator, **settings: str) -> BotProcess:
    return BotProcess(
        folder,
        DISCORD_TOKEN=TOKEN,
        DISCORD_API_URL=discord.url,
        ONEMIN_API_KEY="any-key",
        ONEMIN_API_URL=emulator.url,
        ONEMIN_REQUESTS_PER_MINUTE="100000",
        **settings,
    )


def telegram_bot(folder: Path, url: str, emulator: Emulator, **settings: str) -> BotProcess:
    return BotProcess(
        folder,
        TELEGRAM_TOKEN=TELEGRAM_TOKEN,
        TELEGRAM_API_URL=url,
        ONEMIN_API_KEY="any-key",
        ONEMIN_API_URL=emulator.url,
        ONEMIN_REQUESTS_PER_MINUTE="100000",
        **settings,
    )


def unfinished(discord: FakeDiscord, channel: int = GENERAL) -> list[str]:
    """Posts that look as if they grew: with the cursor, or with Stop."""
    posts = discord.posts(channel)
    return [post.text for post in posts if post.text.endswith("▌") or "say:/stop" in post.commands]


async def test_what_discord_refuses_gets_another_form(tmp_path: Path) -> None:
    async with (
        FakeDiscord(message_content=True) as discord,
        Emulator(pace=0.01) as emulator,
        discord_bot(tmp_path, discord, emulator) as bot,
    ):
        await bot.ready()

        discord.world.harmful_links.add("https://steal.example")
        await discord.says("what is on https://steal.example/nitro?", OTHER, mention=True)
        await until(lambda: any(say("post_without_links") in text for text in discord.reads(OTHER)))
        await until(lambda: not unfinished(discord, OTHER))

        discord.world.blocked_words.add("451 × 300")
        await discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: discord.reads() == [f"⚠️ {say('post_blocked_private')}"])
        assert "451 × 300" in "".join(discord.reads(discord.dm(ANN)))
        discord.world.blocked_words.clear()

        discord.fails("edit", Fault(404))  # as a server says it that is not Discord's
        await discord.says("and is it sharp?", mention=True)
        await until(lambda: any("Still about photo" in text for text in discord.reads()))
        await until(lambda: not unfinished(discord))

        await discord.says("odd", mention=True, stickers=[ODD_STICKER])
        discord.sends_garbage()
        await discord.says("what is in the garden?", mention=True)
        await until(lambda: any("garden" in text for text in discord.reads()))
        assert len(discord.identifies) == 1, "no bad event ends the connection"


async def test_late_servers_and_spent_sessions_lose_no_photo(tmp_path: Path) -> None:
    async with FakeDiscord(message_content=True) as discord, Emulator(pace=0.01) as emulator:
        club = discord.add_guild("Club")
        channel = discord.add_channel("photos", club)
        async with discord_bot(tmp_path, discord, emulator) as bot:
            await bot.ready()
            await discord.says("hello", channel, mention=True)
            await until(lambda: len(discord.reads(channel)) == 1)
        discord.gateway.late.add(club)
        await discord.says("what is this?", channel, mention=True, files=[CAT])
        discord.gateway.remaining, discord.gateway.reset_in = 0, 3.0
        async with discord_bot(tmp_path, discord, emulator) as bot:
            await bot.ready()
            assert discord.gateway.identified[-1] >= discord.gateway.reset_at
            await asyncio.sleep(1)
            discord.gateway.become_available(club)
            await until(lambda: any("451 × 300" in text for text in discord.reads(channel)))
            await until(lambda: not unfinished(discord, channel))
            assert sum("451 × 300" in text for text in discord.reads(channel)) == 1, "once"
        assert "no session with Discord may begin" in bot.said()


async def test_a_server_that_others_wrote_is_answered(tmp_path: Path) -> None:
    async with FakeDiscord(message_content=True) as discord, Emulator(pace=0.01) as emulator:
        discord.gateway.leaves_out, discord.gateway.says_null = {"shard", "resume_gateway_url"}, True
        discord.rest.application_fields = {"id", "flags"}
        async with discord_bot(tmp_path, discord, emulator) as bot:
            await bot.ready()
            discord.fails("send", Fault(200, page="{}", done=True))
            discord.fails("edit", Fault(204, done=True), times=100)
            await discord.tells("what is this?", files=[CAT])
            await until(lambda: any("451 × 300" in text for text in discord.reads(discord.dm())))
            await until(lambda: not unfinished(discord, discord.dm()))
            await until(lambda: discord.rest.commands)
            discord.fails("callback", Fault(204, done=True))
            asked = await discord.runs("help")
            await asked.answered(30)
            assert "/describe" in asked.shows


async def test_a_telegram_of_ones_own_behind_a_proxy(tmp_path: Path) -> None:
    folder = tmp_path / "bot"
    folder.mkdir()
    async with TelegramBed() as bed, Emulator(pace=0.01) as emulator, SocksProxy(bed.port) as proxy:
        bed.local_folder = tmp_path / "server"
        bed.leaves_out_path = 1
        settings = {"TELEGRAM_PROXY": proxy.address, "NO_PROXY": "127.0.0.1"}
        async with telegram_bot(folder, "http://bot-api.invalid/bot", emulator, **settings) as bot:
            await bot.ready()
            await bed.adds_bot()
            await until(lambda: bed.reads(GROUP))
            assert "@BotFather" in bed.reads(GROUP)[0]
            photo = await bed.sends_photo(CAT, "@snapthread_bot what is this?", GROUP, sent=time.time() - 3600)
            await until(lambda: any("451 × 300" in text and "▌" not in text for text in bed.reads(GROUP)))
            assert not any("Sorry" in text for text in bed.reads(GROUP)), "it came at once"
            await until(lambda: bed.reactions[photo][-1:] == [[]])
            assert bed.reactions[photo][0] == ["👀"]
        assert bed.downloads == 0, "the file was read from the disk"


async def test_a_webhook_without_its_secret_is_noticed(tmp_path: Path) -> None:
    async with TelegramBed() as bed, Emulator(pace=0.01) as emulator:
        bot = telegram_bot(tmp_path, bed.url, emulator, WEB_TOKEN="sixteen characters or more")
        bot.environment["TELEGRAM_WEBHOOK_URL"] = f"{bot.url}/telegram"
        async with bot:
            await bot.ready()
            bed.loses_secret()
            await bed.says("hello")
            async with aiohttp.ClientSession(headers={"Authorization": "Bearer sixteen characters or more"}) as http:

                async def reply() -> tuple[int, str]:
                    async with http.get(f"{bot.url}/readyz") as ready:
                        return ready.status, await ready.text()

                async with asyncio.timeout(120):
                    while (await reply())[0] != 503:
                        await asyncio.sleep(0.5)
                assert "X-Telegram-Bot-Api-Secret-Token" in (await reply())[1]
        assert "X-Telegram-Bot-Api-Secret-Token" in bot.said()


async def test_a_channel_that_goes_in_mid_answer_ends_the_answer(tmp_path: Path) -> None:
    async with (
        FakeDiscord(message_content=True) as discord,
        Emulator(pace=0.3) as emulator,
        discord_bot(tmp_path, discord, emulator, BOT_LOG_LEVEL="info") as bot,
    ):
        await bot.ready()
        await discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: discord.posts())
        discord.deletes_channel(GENERAL)
        begun = time.monotonic()
        await until(lambda: "outcome=channel_lost" in bot.said())
        assert time.monotonic() - begun < 15
