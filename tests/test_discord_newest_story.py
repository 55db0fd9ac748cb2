"""Photos from before the bot came are imported, found and shown as a gallery, by a real process that dies."""

import base64
import re
from pathlib import Path

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.browser import pictures
from tests.doubles.discord import ADMIN, ANN, BOB, TOKEN, FakeDiscord
from tests.doubles.discord.world import COMPONENTS_V2
from tests.doubles.process import BotProcess
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.waiting import until

CAT, ROCKET = ((f"{name}.jpg", (PHOTOS / f"{name}.jpg").read_bytes()) for name in ("cat", "rocket"))
DONE = "I have read back"


async def test_photos_from_before_are_imported_found_and_asked_about(tmp_path: Path) -> None:
    async with FakeDiscord(message_content=True) as discord, Emulator(pace=0.001) as emulator:
        await discord.says("our sofa with a visitor", by=BOB, files=[CAT])
        await discord.says("the poster above the sofa", by=ANN, files=[ROCKET])
        for n in range(120):
            await discord.says(f"word {n}", by=ANN)
        bot = BotProcess(
            tmp_path,
            DISCORD_TOKEN=TOKEN,
            DISCORD_API_URL=discord.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
        )
        async with bot:
            await bot.ready()
            await discord.connected()
            await discord.says("/find import", by=BOB, mention=True)
            await until(lambda: any("Only those who manage" in text for text in discord.reads()))
            await discord.says("/find import", by=ADMIN, mention=True)
            await until(lambda: any("I'm reading back" in text for text in discord.reads()))
            await bot.kill()
            await bot.start()
            await bot.ready()
            await until(lambda: any(DONE in text for text in discord.reads()))
            assert "found 2 photos" in next(text for text in discord.reads() if DONE in text)

            await discord.says("/find sofa", by=BOB, mention=True)
            await until(lambda: any(post.flags & COMPONENTS_V2 for post in discord.posts()))
            [gallery] = [post for post in discord.posts() if post.flags & COMPONENTS_V2]
            assert "our sofa with a visitor" in gallery.text
            assert [item["description"] for item in gallery.components[1]["items"]] == ["Photo 1", "Photo 2"]
            assert len(gallery.files) == 2
            number = 1 if gallery.text.index("visitor") < gallery.text.index("poster") else 2
            await discord.presses(gallery, f"say:/ask What is in photo {number}?", by=ANN)
            await until(lambda: any("451 × 300" in text for text in discord.reads()))
            await until(lambda: not any(text.endswith("▌") for text in discord.reads()))
            assert sum(DONE in text for text in discord.reads()) == 1
            assert len([seen for seen in emulator.seen if "What is in photo" in seen.prompt and not seen.left]) == 1
        images = "".join(_image(file.data) for file in gallery.files)
        words = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", gallery.text).replace("**", "").replace("\n- ", "\n• ")
        chat = [Bubble("Bob", "/find sofa"), Bubble("Snapthread", words, markup=images, is_bot=True)]
        await draw(chat, pictures(tmp_path) / "earlier-photos.png")


def _image(data: bytes) -> str:
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return f'<img src="{source}" style="display: inline-block; width: 190px">'
