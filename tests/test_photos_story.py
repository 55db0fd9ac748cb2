"""Photos as people really have them, and the bot as a real process: a long screenshot, a closer look, a clip."""

from pathlib import Path

import pytest
from PIL import Image

from emulator import Emulator
from emulator.recording import RecordedRequest
from tests.files.photos import written
from tests.files.photos.test_long import ladder
from tests.files.photos.test_moving import clip
from tests.test_discord_story import answered as answered_on_discord
from tests.test_discord_story import server
from tests.test_telegram_story import answered, chats

CHAT = written(ladder(1080, 12_000), "PNG")
PATIENCE = pytest.mark.timeout(120)


def questions(emulator: Emulator) -> list[RecordedRequest]:
    return [seen for seen in emulator.seen if seen.path.endswith("/chat-with-ai")]


@PATIENCE
async def test_a_long_screenshot_on_telegram_is_sent_in_readable_parts(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_file(CHAT, "chat.png", "image/png", "what do they say?")
        [answer] = await answered(bed, 1)
        assert "1080 × 2048" in answer
        [asked] = questions(emulator)
        assert asked.photos == 7 and "7 parts" in asked.prompt
        await bed.says("and on photo 1?")
        assert len(await answered(bed, 2)) == 2


@PATIENCE
async def test_a_long_screenshot_on_discord_is_sent_in_readable_parts(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        await discord.says("what do they say?", mention=True, files=[CHAT])
        await answered_on_discord(discord)
        [asked] = questions(emulator)
        assert asked.photos == 7 and "7 parts" in asked.prompt


@PATIENCE
async def test_a_closer_look_asks_about_places_in_the_original(tmp_path: Path) -> None:
    street = written(Image.effect_noise((4000, 3000), 40).convert("RGB"), "JPEG", quality=60)
    async with chats(tmp_path) as (bed, _, emulator):
        await bed.sends_file(street, "street.jpg", "image/jpeg", "what is on the sign?")
        await answered(bed, 1)
        [post] = bed.posts()
        await bed.presses(post, "/zoom 1")
        answer = (await answered(bed, 2))[1]
        assert "I looked closer at " in answer and "one extra question" in answer
        first, overview, closer = questions(emulator)
        assert (first.photos, overview.photos) == (1, 1) and closer.photos in (1, 2, 3)
        assert "street.jpg at full size" in closer.prompt


@PATIENCE
async def test_a_clip_of_twelve_seconds_is_looked_at_and_heard(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        film = {**bed.file(clip(12, sound=True)), "width": 160, "height": 120, "duration": 12, "mime_type": "video/mp4"}
        await bed.sends({"video": film, "caption": "what happens here?"})
        [answer] = await answered(bed, 1)
        [asked] = questions(emulator)
        assert asked.photos == 8 and "8 stills" in asked.prompt and answer.startswith("🎤 ")
        assert sum(seen.type == "SPEECH_TO_TEXT" for seen in emulator.seen) >= 1
