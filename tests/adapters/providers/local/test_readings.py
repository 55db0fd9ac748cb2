"""What `local/eyes` reads: rendered pages whose words are known, codes, and photos without any."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from adapters.providers.local.provider import LocalEyes
from adapters.providers.local.readings import Reading, read
from bot.messages import Conversation, Photo, Preferences, Prompt, Text
from bot.words import say, speaking
from tests.files.photos import FOLDER

pytestmark = pytest.mark.timeout(300)

INVOICE = """Invoice 2026-1187
Harbour Coffee Roasters, 12 Quay Street
Date: 21 November 2026
2 x Espresso beans 250 g 12.50
1 x Paper filters 4.90
Subtotal 29.90
VAT 19% 5.68
Total EUR 35.58
Please pay within 14 days"""
ERROR = """Traceback (most recent call last):
File "shop.py", line 42, in checkout
total = sum(prices)
TypeError: unsupported operand type(s) for +: 'int' and 'str'"""
MENU = """Today's menu
Tomato soup 4.50
Grilled salmon with rice 14.80
Mushroom risotto 11.20
Apple cake 3.90
Coffee or tea 2.40"""
PAGES = {"an invoice": INVOICE, "an error message": ERROR, "a menu": MENU}


def page(text: str, path: Path, *, dark: bool = False) -> Path:
    """A picture of the text, as a screenshot shows it."""
    lines, font = text.splitlines(), ImageFont.load_default(26)
    ground, ink = ("#1e1e1e", "#f0f0f0") if dark else ("white", "black")
    picture = Image.new("RGB", (1000, 60 + 54 * len(lines)), ground)
    draw = ImageDraw.Draw(picture)
    for n, line in enumerate(lines):
        draw.text((40, 30 + 54 * n), line, fill=ink, font=font)
    picture.save(path)
    return path


def share_of_words(reading: Reading, text: str) -> float:
    """Which part of the words was read."""
    wanted = Counter(text.split())
    there = Counter(" ".join(reading.rows).split())
    return (wanted & there).total() / wanted.total()


@pytest.mark.parametrize("kind", PAGES)
async def test_words_on_screenshots_and_papers_are_read(tmp_path: Path, kind: str) -> None:
    reading = await read(page(PAGES[kind], tmp_path / "page.png", dark=kind == "an error message"))
    assert share_of_words(reading, PAGES[kind]) >= 0.95, reading.rows
    assert len(reading.rows) == len(PAGES[kind].splitlines())


async def test_columns_of_a_row_stay_in_it_and_a_long_screenshot_is_read_to_its_end(tmp_path: Path) -> None:
    font = ImageFont.load_default(28)
    picture = Image.new("RGB", (900, 3000), "white")
    draw = ImageDraw.Draw(picture)
    for n in range(45):
        draw.text((40, 20 + n * 66), f"Article {n}", fill="black", font=font)
        draw.text((700, 20 + n * 66), f"{n}.50 EUR", fill="black", font=font)
    picture.save(tmp_path / "long.png")
    rows = (await read(tmp_path / "long.png")).rows
    assert [" ".join(row.split()) for row in rows] == [f"Article {n} {n}.50 EUR" for n in range(45)]


@pytest.mark.parametrize(
    ("format", "text"), [("QRCode", "https://snapthread.example/a?b=c"), ("EAN13", "4006381333931")]
)
async def test_codes_are_read(tmp_path: Path, format: str, text: str) -> None:
    drawn = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, format)).to_image(scale=6)
    picture = Image.new("RGB", (900, 900), "white")
    picture.paste(Image.fromarray(np.array(drawn)), (120, 120))
    picture.save(tmp_path / "code.png")
    assert (format, text) in (await read(tmp_path / "code.png")).codes


@pytest.mark.parametrize("name", ["cat.jpg", "rocket.jpg"])
async def test_a_photo_without_words_gets_none(name: str) -> None:
    assert await read(FOLDER / name) == Reading()


async def answer(path: Path, text: str) -> str:
    data = path.read_bytes()
    with Image.open(path) as picture:
        width, height = picture.size
    photo = Photo(
        name=path.name,
        mime="image/png",
        file=path,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
    )
    prompt = Prompt(conversation=Conversation(1, "local/eyes", None, Preferences()), text=text, photos=(photo,))
    async with LocalEyes(pace=0) as eyes:
        return "".join([piece.text async for piece in eyes.ask(prompt) if isinstance(piece, Text)])


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_action_read_text_is_answered_with_the_words_alone(tmp_path: Path, language: str) -> None:
    with speaking(language):
        told = await answer(page("Closed on Monday", tmp_path / "sign.png"), say("ask_read"))
    assert told.endswith("sign.png\n```\nClosed on Monday\n```")


async def test_any_question_is_answered_with_words_and_measurements(tmp_path: Path) -> None:
    told = await answer(page("Closed on Monday", tmp_path / "sign.png"), "what is this?")
    assert "```\nClosed on Monday\n```\n- Size: 1000" in told


async def test_words_that_are_not_there_are_not_claimed() -> None:
    with speaking("en"):
        told = await answer(FOLDER / "coffee.png", say("ask_read"))
    assert told.endswith("I found no text in it.")


async def test_without_the_extra_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.providers.local.provider.can_read", lambda: False)
    with speaking("en"):
        told = await answer(page("Closed", tmp_path / "sign.png"), say("ask_read"))
    assert "the package for it isn't installed" in told
