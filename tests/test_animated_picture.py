"""The picture on top of the README: a photo in Discord grows an answer, and Telegram goes on about it.

What is shown comes from a bot that runs, on both platforms at once; only the model's words are scripted.
SCREENSHOTS=docs/images python -m pytest tests/test_animated_picture.py renews it.
"""

import asyncio
import base64
import html
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from tests.conftest import CAT
from tests.doubles.browser import chromium, pictures
from tests.doubles.discord import ADMIN, GENERAL, FakeDiscord
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.process import BotProcess
from tests.doubles.telegram import TOKEN as TELEGRAM_TOKEN
from tests.doubles.telegram import TelegramBed
from tests.doubles.waiting import until

ASKED, ANSWER = (
    "Who is this?",
    (
        "A tabby cat, very close to the camera: green eyes, a pink nose and long white whiskers. "
        "She looks calm, and a little curious."
    ),
)
THEN_ASKED, THEN_ANSWER = (
    "And is she awake?",
    ("Yes: her eyes are wide open, and she is watching something just beside the camera."),
)
MOST_BYTES = 1_500_000
SHOWN, LAST = 260, 3500  # milliseconds of a frame
MOST_FRAMES = 9  # of an answer that grows
STYLE = """
body { margin: 0; width: 980px; height: 470px; display: grid; grid-template-columns: 1fr 1fr; }
body { font: 15px/1.4 system-ui, sans-serif; }
section { padding: 16px 20px; overflow: hidden; }
h1 { font-size: 13px; margin: 0 0 14px; opacity: .65; font-weight: 600; }
p { margin: 2px 0 12px; }
b { display: block; }
img { display: block; width: 240px; border-radius: 8px; margin: 6px 0 12px; }
.discord { background: #313338; color: #dbdee1; }
.discord b.bot::after { content: "APP"; background: #5865f2; color: #fff; font-size: 10px; border-radius: 3px; }
.discord b.bot::after { padding: 1px 4px; margin-left: 6px; }
.telegram { background: #c9dfc0; color: #111; }
.telegram p { background: #fff; border-radius: 12px; padding: 8px 12px; width: fit-content; max-width: 330px; }
.telegram p.me { background: #e3fdd2; margin-left: auto; }
"""


@asynccontextmanager
async def scripted() -> AsyncIterator[str]:
    """A service whose model says what is written above."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.text()
        words = re.findall(r"\S+\s*", THEN_ANSWER if THEN_ASKED in body else ANSWER)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in words:
            event = {"choices": [{"index": 0, "delta": {"content": word}}]}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(0.2)
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        await response.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        return response

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "gpt-4o", "object": "model"}]})

    app = web.Application(client_max_size=50_000_000)
    app.router.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def frame(discord: str | None, telegram: str | None = None, *, linked: bool = False) -> str:
    """Both chats as HTML; None: the bot has said nothing yet."""
    photo = base64.b64encode(CAT).decode()
    left = f'<b>Ann</b><p>{ASKED}</p><img src="data:image/jpeg;base64,{photo}">'
    left += "" if discord is None else f'<b class="bot">Snapthread</b><p>{html.escape(discord)}</p>'
    right = f'<p class="me">{THEN_ASKED}</p>' if linked else ""
    right += "" if telegram is None else f"<p>{html.escape(telegram)}</p>"
    sides = f'<section class="discord"><h1>Discord</h1>{left}</section>'
    return f'<style>{STYLE}</style>{sides}<section class="telegram"><h1>Telegram, an hour later</h1>{right}</section>'


async def watch(reads: object, whole: str) -> list[str]:
    """Note how an answer grows until it is whole."""
    seen: list[str] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1].strip() != whole:
            texts = [text for text in reads() if text]  # type: ignore[operator]
            newest = next((text for text in reversed(texts) if text.startswith(whole[:5])), "")
            if newest and (not seen or newest != seen[-1]):
                seen.append(newest)
            await asyncio.sleep(0.02)
    return seen


def thinned(texts: list[str]) -> list[str]:
    step = max(1, -(-len(texts) // MOST_FRAMES))
    return [*texts[:-1:step], texts[-1]]


@pytest.mark.timeout(180)
async def test_a_photo_in_discord_and_the_follow_up_in_telegram_make_a_picture(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, TelegramBed() as bed, scripted() as service:
        tokens = {"DISCORD_TOKEN": DISCORD_TOKEN, "DISCORD_API_URL": discord.url}
        tokens |= {"TELEGRAM_TOKEN": TELEGRAM_TOKEN, "TELEGRAM_API_URL": bed.url}
        model = {"VAPI_API_KEY": "sk-any", "VAPI_API_URL": service, "BOT_MODEL": "vapi/gpt-4o"}
        async with BotProcess(tmp_path, **tokens, **model) as bot:
            await bot.ready()
            await discord.says(ASKED, mention=True, files=[CAT])
            first = await watch(lambda: discord.reads(GENERAL), ANSWER)
            await discord.says("/link", mention=True, by=ADMIN)
            await until(lambda: any("/link " in text for text in discord.reads(GENERAL)))
            code = next(found[1] for text in discord.reads(GENERAL) if (found := re.search(r"/link (\S+?)`", text)))
            await bed.says(f"/link {code}")
            await until(lambda: any("linked" in text.lower() for text in bed.reads()))
            await bed.says(THEN_ASKED)
            second = await watch(lambda: bed.reads(), THEN_ANSWER)
    assert len(first) > 2
    assert len(second) > 2, "both were seen growing"
    frames = [frame(None), *(frame(text) for text in thinned(first))]
    frames += [frame(ANSWER, linked=True), *(frame(ANSWER, text, linked=True) for text in thinned(second))]
    drawn = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 980, "height": 470})
        for each in frames:
            await page.set_content(each)
            drawn.append(Image.open(io.BytesIO(await page.screenshot())).convert("RGB"))
    palette = drawn[-1].quantize(128)
    small = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in drawn]
    file = pictures(tmp_path) / "snapthread.gif"
    times = [900, *[SHOWN] * (len(small) - 2), LAST]
    small[0].save(file, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)
    assert file.stat().st_size < MOST_BYTES
    with Image.open(file) as picture:
        assert getattr(picture, "n_frames", 1) > 8
