"""The first five minutes: `make try`, a browser, a photo of a cat.

SCREENSHOTS=docs/images python -m pytest tests/test_page_story.py renews the pictures in the README.
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.conftest import PHOTOS
from tests.doubles.browser import chromium, pictures
from tests.doubles.process import BotProcess

ANSWERS = "#entries .post"


async def ask(page: Page, text: str, *photos: str) -> None:
    if photos:
        await page.set_input_files("#files", [PHOTOS / name for name in photos])
    await page.fill("#text", text)
    await page.press("#text", "Enter")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_photo_is_answered_on_the_page_and_the_follow_up_knows_it(tmp_path: Path, scheme: str) -> None:
    folder = pictures(tmp_path)
    async with BotProcess(tmp_path, "try") as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(
            viewport={"width": 1000, "height": 1000},
            color_scheme="dark" if scheme == "dark" else "light",
            device_scale_factor=1.5 if scheme == "light" else 1,
        )
        page = await context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        await page.goto(bot.url)
        await ask(page, "what is this?", "cat.jpg")
        first = page.locator(ANSWERS).nth(0)
        await expect(first).to_contain_text("I am the sandbox", timeout=10_000)
        lengths: set[int] = set()
        while len(lengths) < 3:  # it is seen growing
            lengths.add(len(await first.inner_text()))
        await expect(first).to_contain_text("451 × 300 pixels", timeout=10_000)
        await expect(first).to_contain_text("No metadata was left in it.")
        await ask(page, "and is it sharp?")
        await expect(page.locator(ANSWERS).nth(1)).to_contain_text(re.compile(r"Still about photo 1.*🙂", re.DOTALL))
        await expect(page.locator("#typing")).to_be_hidden()
        await page.screenshot(path=folder / ("page.png" if scheme == "light" else "page-dark.png"))
        assert troubles == []
        await context.close()


@pytest.mark.timeout(120)
async def test_good_and_bad_photos_in_one_message_on_a_phone(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    async with BotProcess(tmp_path, "try") as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(viewport={"width": 390, "height": 760}, device_scale_factor=1.5)
        page = await context.new_page()
        await page.goto(bot.url)
        await ask(page, "which of them is the sharpest?", "cat.jpg", "rocket.jpg", "truncated.jpg", "cat.heic")
        answer = page.locator(ANSWERS).nth(0)
        await expect(answer).to_contain_text("Read 3 of 4 photos. Not read: truncated.jpg: the file is cut off.")
        await expect(answer).to_contain_text("🙂", timeout=10_000)
        await expect(page.locator("#typing")).to_be_hidden()
        await page.screenshot(path=folder / "phone.png")
        await context.close()


@pytest.mark.timeout(120)
async def test_below_a_photo_without_words_a_press_asks_about_that_photo(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    async with BotProcess(tmp_path, "try") as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(viewport={"width": 390, "height": 760}, device_scale_factor=1.5)
        page = await context.new_page()
        await page.goto(bot.url)
        await ask(page, "", "cat.jpg")
        first = page.locator(ANSWERS).nth(0)
        await expect(first).to_contain_text("451 × 300 pixels", timeout=10_000)
        await expect(first.get_by_role("button", name="Read text")).to_be_visible(timeout=10_000)
        await ask(page, "", "rocket.jpg")
        await expect(page.locator(ANSWERS).nth(1)).to_contain_text("640 × 427 pixels", timeout=10_000)
        await expect(page.locator(ANSWERS).nth(1).get_by_role("button", name="Read text")).to_be_visible()
        await first.get_by_role("button", name="Read text").click()
        await expect(page.locator(".pressed .said")).to_have_text("Read text")
        answer = page.locator(ANSWERS).nth(2)
        await expect(answer).to_contain_text("Read all the text in this picture", timeout=10_000)
        await expect(answer).to_contain_text("Photo 1 📷 is a landscape JPEG of 451 × 300 pixels", timeout=10_000)
        await expect(first.get_by_role("button", name="Read text")).to_be_enabled(timeout=10_000)
        await expect(page.locator("#typing")).to_be_hidden()
        await page.screenshot(path=folder / "buttons.png")
        await context.close()
