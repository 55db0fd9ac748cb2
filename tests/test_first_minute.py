"""The first minute without any key, from a fresh clone: words and a code are read, traces told, photos compared.

SCREENSHOTS=docs/images python -m pytest tests/test_first_minute.py renews the pictures in the docs.
"""

import asyncio
import io
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import zxingcpp
from PIL import ExifTags, Image, ImageDraw, ImageFont
from playwright.async_api import Page, expect

from tests.conftest import PHOTOS
from tests.doubles.browser import chromium, pictures
from tests.doubles.process import ROOT, BotProcess, free_port

INVOICE = """Invoice 2026-1187
Harbour Coffee Roasters, 12 Quay Street
2 x Espresso beans 250 g 12.50
1 x Paper filters 4.90
VAT 19% 5.68
Total EUR 35.58
Please pay within 14 days"""
PAY = "https://pay.example/2026-1187"
PLACE = {1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)}
TRACES = "Your photo carried the place where it was taken (48.86 N, 2.29 E), the phone; I removed all of it."
ANSWERS = "#entries .post"
PATIENCE = 60_000  # milliseconds: the words of a photo take seconds, on a busy machine more


def invoice(*, paid: bool = False) -> bytes:
    """A phone's photo of an invoice with a code on it, and with the place in its file."""
    picture = Image.new("RGB", (1100, 560), "#fbfaf6")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(28)
    for n, line in enumerate(INVOICE.splitlines()):
        draw.text((50, 50 + 64 * n), line, fill="#202020", font=font)
    code = zxingcpp.create_barcode(PAY, zxingcpp.BarcodeFormat.QRCode)
    square = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=6)).convert("RGB")
    picture.paste(square, (820, 40))
    if paid:
        draw.rectangle((780, 380, 1040, 460), outline="#b3202c", width=6)
        draw.text((840, 396), "PAID", fill="#b3202c", font=ImageFont.load_default(44))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Google"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(PLACE)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=92, exif=exif.tobytes())
    return written.getvalue()


class FreshClone(BotProcess):
    """`make try` in a fresh clone; its libraries are those that are here already, because a test has no network."""

    async def start(self) -> None:
        clone = self.folder / "snapthread"
        git = await asyncio.create_subprocess_exec("git", "clone", "-q", ROOT, clone)
        assert await git.wait() == 0
        (clone / ".venv").symlink_to(Path(sys.prefix))
        self.log = (self.folder / "log.txt").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            "make", "-o", ".venv/try.done", "try", env={**self.environment, "PYTHONPATH": ""}, cwd=clone,
            stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip

    async def _end(self, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)  # make, and what it started
        await super()._end(how)


def share_of_words(text: str) -> float:
    wanted = Counter(INVOICE.split())
    return (wanted & Counter(text.split())).total() / wanted.total()


async def send(page: Page, text: str, *photos: Path) -> None:
    await page.set_input_files("#files", photos)
    await expect(page.locator("#photos > li")).to_have_count(len(photos))
    await page.fill("#text", text)
    await page.press("#text", "Enter")


@pytest.mark.timeout(180)
async def test_the_first_minute_reads_a_photo_tells_its_traces_and_compares_two(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    for name, data in {"invoice.jpg": invoice(), "paid.jpg": invoice(paid=True)}.items():
        (tmp_path / name).write_bytes(data)
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    settings = {"BOT_LOCAL_TEXT": "true", "OLLAMA_API_URL": nowhere, "LMSTUDIO_API_URL": nowhere}
    async with FreshClone(tmp_path, "try", **settings) as bot, chromium() as browser:
        await bot.ready()
        page = await browser.new_page(viewport={"width": 900, "height": 1250}, locale="en-GB")
        await page.goto(bot.url)
        answers = page.locator(ANSWERS)

        await send(page, "Read me the text in this picture.", tmp_path / "invoice.jpg")
        read = answers.nth(0)
        await expect(read).to_contain_text(TRACES, timeout=PATIENCE)
        await expect(read).to_contain_text(PAY)
        words = await read.inner_text()
        assert share_of_words(words) >= 0.95, words
        await page.screenshot(path=folder / "first-minute-text.png")

        await send(page, "What is different between these two?", tmp_path / "invoice.jpg", tmp_path / "paid.jpg")
        await expect(answers.nth(1)).to_contain_text("I marked 1 place in the picture below", timeout=PATIENCE)
        await expect(answers.nth(2).locator("img")).to_be_visible(timeout=PATIENCE)
        await expect(page.locator("#typing")).to_be_hidden()
        await answers.nth(2).scroll_into_view_if_needed()
        await page.screenshot(path=folder / "first-minute-compared.png")

        await send(page, "Read me the text in this picture.", PHOTOS / "rocket.jpg")
        await expect(answers.nth(3)).to_contain_text("I found no text in it.", timeout=PATIENCE)
    assert all(b"48.86" not in file.read_bytes() for file in tmp_path.glob("*.db*"))
    assert "48.86" not in bot.said()
