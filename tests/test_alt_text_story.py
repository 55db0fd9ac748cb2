"""Alt text for a community on Discord and Telegram at once, with the bot as a real process that dies in between."""

import asyncio
from pathlib import Path

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.browser import pictures
from tests.doubles.discord import ADMIN, BOB, FakeDiscord
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, GROUP, TOKEN, USERNAME, TelegramBed
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.waiting import until

ROCKET = (PHOTOS / "rocket.jpg").read_bytes()
SUPPRESS_NOTIFICATIONS = 1 << 12
WORDS = "A rocket on its pad at dusk"


async def test_pictures_get_a_quiet_line_that_people_can_put_right(tmp_path: Path) -> None:
    async with FakeDiscord(message_content=True) as discord, TelegramBed() as bed, Emulator(pace=0.001) as emulator:
        bed.admins[ANN] = "administrator"
        bot = BotProcess(
            tmp_path,
            DISCORD_TOKEN=DISCORD_TOKEN,
            DISCORD_API_URL=discord.url,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=bed.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
        )
        async with bot:
            await bot.ready()
            await discord.connected()
            await discord.says("/settings alttext on", by=ADMIN, mention=True)
            await bed.says(f"/settings@{USERNAME} alttext on", GROUP)
            await until(lambda: discord.posts() and bed.posts(GROUP))
            await discord.says("my rocket", by=BOB, files=[("rocket.jpg", ROCKET)])
            await bed.sends_photo(ROCKET, "my rocket", GROUP, by=BOB)
            await until(lambda: bed.pending() == 0)
            await asyncio.sleep(0.2)
            await bot.kill()
            await bot.start()
            await bot.ready()
            await until(lambda: lines(discord.reads()) and lines(bed.reads(GROUP)))
            [written], [sent] = lines(discord.reads()), lines(bed.reads(GROUP))
            assert written.startswith("-# ALT (by onemin/gpt-4o): ")
            assert sent.startswith("ALT (by onemin/gpt-4o): ")
            assert all("ALT (by" in text for text in bed.silent)
            assert len(bed.silent) == 1
            posted = [call.body for call in discord.calls if "ALT (by" in str(call.body) and call.method == "POST"]
            assert [body["flags"] & SUPPRESS_NOTIFICATIONS for body in posted] == [SUPPRESS_NOTIFICATIONS]
            assert [len(seen.images) for seen in emulator.seen if "screen reader" in seen.prompt] == [1, 1], "paid once"

            await discord.says(f"/alttext {WORDS}", mention=True, reply_to=discord.posts()[-1].id)
            await bed.says(f"/alttext@{USERNAME} {WORDS}", GROUP, reply_to=bed.posts(GROUP)[-1].id)
            await until(lambda: WORDS in "".join(discord.reads()) and WORDS in "".join(bed.reads(GROUP)))
            assert lines(discord.reads()) == [f"-# ALT (by Ann): {WORDS}"]
            assert lines(bed.reads(GROUP)) == [f"ALT (by Ann): {WORDS}"]
        chat = [Bubble("Bob", "my rocket", photo=ROCKET), Bubble("Snapthread", lines(bed.reads(GROUP))[0], is_bot=True)]
        await draw(chat, pictures(tmp_path) / "alt-text.png")


def lines(texts: list[str]) -> list[str]:
    return [text for text in texts if "ALT (by" in text and not text.endswith("▌")]
