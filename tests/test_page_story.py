"""The first five minutes: `make try`, a browser, a photo of a cat.

SCREENSHOTS=docs/images python -m pytest tests/test_page_story.py renews the pictures in the README and the guide.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.browser import chromium, pictures
from tests.doubles.process import BotProcess

ANSWERS = "#entries .post"
NOTE_LENGTHS = """() => {
  globalThis.lengths = new Set();
  const note = () => lengths.add(document.querySelector("#entries .post")?.textContent.length ?? 0);
  new MutationObserver(note).observe(document.querySelector("#entries"), { childList: true, subtree: true });
}"""
HAS_BEGUN = """() => document.querySelectorAll("#entries .post")[1]?.textContent.includes("Still about photo 1")"""
QUICK = ("Describe", "Read text", "Translate", "Explain")


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
            viewport={"width": 1000, "height": 1330},
            color_scheme="dark" if scheme == "dark" else "light",
            device_scale_factor=1.5 if scheme == "light" else 1,
        )
        page = await context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        await page.goto(bot.url)
        await page.evaluate(NOTE_LENGTHS)
        await ask(page, "what is this?", "cat.jpg")
        first = page.locator(ANSWERS).nth(0)
        await expect(page.locator("#banner")).to_contain_text("There is no AI model behind this page.")
        await expect(first).to_contain_text("I'm not an AI model: I measure photos", timeout=10_000)
        await expect(first).to_contain_text("451 × 300 pixels", timeout=10_000)
        await expect(first).to_contain_text("A real model can")
        assert await page.evaluate("lengths.size") >= 3  # it was seen growing
        await ask(page, "and is it sharp?")
        await expect(page.locator(ANSWERS).nth(1)).to_contain_text(
            re.compile(r"Photo 1.*measured the photos again", re.DOTALL)
        )
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
        await expect(answer).to_contain_text("Most pixels: photo 2.", timeout=10_000)
        await expect(page.locator("#typing")).to_be_hidden()
        await page.screenshot(path=folder / "phone.png")
        await context.close()


@pytest.mark.timeout(120)
async def test_below_a_photo_without_words_a_press_asks_about_that_photo(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(viewport={"width": 390, "height": 760})
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
        await expect(answer).to_contain_text("Photo 1 · cat.jpg", timeout=10_000)
        said = re.compile("I can't (recognise what a photo shows|read text here)")  # without a package for that
        await expect(answer).to_contain_text(said, timeout=10_000)
        await expect(first.get_by_role("button", name="Read text")).to_have_count(0, timeout=10_000)
        await first.get_by_role("button", name="…", exact=True).click()
        await expect(first.get_by_role("button", name="Read text")).to_be_enabled(timeout=10_000)
        await context.close()


@pytest.mark.timeout(120)
async def test_each_starter_is_answered_or_says_what_it_needs(tmp_path: Path) -> None:
    async with BotProcess(tmp_path, "try") as bot, chromium() as browser:
        await bot.ready()
        for nth, photos, says in (
            (0, ["cat.jpg"], "A real model can"),
            (1, ["cat.jpg"], "I can't recognise what a photo shows"),
            (2, ["cat.jpg", "coffee.png"], "Photos 1 and 2 differ in "),
        ):
            context = await browser.new_context(locale="en-US")
            page = await context.new_page()
            await page.goto(f"{bot.url}/c/starter-{nth}")
            await page.set_input_files("#files", [PHOTOS / name for name in photos])
            await page.locator("#empty .examples button").nth(nth).click()
            await page.press("#text", "Enter")
            await expect(page.locator(ANSWERS).nth(0)).to_contain_text(says, timeout=10_000)
            await context.close()


@asynccontextmanager
async def trying_onemin(tmp_path: Path) -> AsyncIterator[BotProcess]:
    """`try` with a key of 1min.ai, which is emulated."""
    async with Emulator() as emulator, AsyncExitStack() as stack:
        settings = {"ONEMIN_API_KEY": "any", "ONEMIN_API_URL": emulator.url}
        yield await stack.enter_async_context(BotProcess(tmp_path, "try", **settings))


@pytest.mark.timeout(120)
async def test_an_answer_is_asked_for_again_and_leafed_through(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    async with trying_onemin(tmp_path) as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(
            viewport={"width": 1000, "height": 1060}, color_scheme="light", locale="en-US", device_scale_factor=1.25
        )
        page = await context.new_page()
        await page.goto(bot.url)
        await ask(page, "", "cat.jpg")
        buttons = page.locator(ANSWERS).nth(0).get_by_role("button")
        await expect(buttons).to_have_text([*QUICK, "…", re.compile("Copy")])
        await buttons.filter(has_text=re.compile("^…$")).click(timeout=10_000)
        for versions in ("2/2 ▶", "3/3 ▶"):
            await page.wait_for_timeout(2_600)  # what is pressed again at once is one press
            await buttons.filter(has_text="Again").click(timeout=10_000)
            await expect(buttons.filter(has_text=versions)).to_be_visible(timeout=10_000)
        await expect(buttons).to_have_text(["◀", "3/3 ▶", "🔁 Again", "Other model …", "…", re.compile("Copy")])
        await buttons.filter(has_text="3/3 ▶").click()
        await expect(buttons.filter(has_text="1/3 ▶")).to_be_visible()
        await expect(page.locator(".pressed:visible")).to_have_count(0)
        await buttons.filter(has_text="◀").first.click()
        await expect(buttons.filter(has_text="3/3 ▶")).to_be_visible()
        await ask(page, "and is it sharp?")
        await page.mouse.move(0, 0)
        await page.wait_for_function(HAS_BEGUN)
        await page.screenshot(path=folder / "controls.png")  # while it grows
        await context.close()


@pytest.mark.timeout(120)
async def test_the_picker_follows_every_way_to_choose_a_model_on_a_phone(tmp_path: Path) -> None:
    async with trying_onemin(tmp_path) as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(viewport={"width": 375, "height": 700}, locale="en-US")
        page = await context.new_page()
        await page.goto(bot.url)
        picker, posts = page.locator("#model"), page.locator(ANSWERS)
        await expect(picker).to_have_attribute("value", "onemin/gpt-4o")
        await ask(page, "/model")
        await expect(posts).to_have_count(1)
        choices = page.locator(".choices button[data-command^='/model onemin/']")
        chosen = await choices.last.get_attribute("data-command") or ""
        await choices.last.click()
        await expect(picker).to_have_attribute("value", chosen.removeprefix("/model "))
        await ask(page, "/model gpt-4o")
        await expect(picker).to_have_attribute("value", "onemin/gpt-4o")
        await page.reload()
        await expect(picker).to_have_attribute("value", "onemin/gpt-4o")
        await context.close()


@pytest.mark.timeout(120)
async def test_a_question_is_edited_and_its_conversation_left_for_another_and_deleted(tmp_path: Path) -> None:
    async with trying_onemin(tmp_path) as bot, chromium() as browser:
        await bot.ready()
        context = await browser.new_context(locale="en-US")
        page = await context.new_page()
        await page.goto(bot.url)
        picker, posts = page.locator("#model"), page.locator(ANSWERS)
        await ask(page, "/model gpt-4o-mini")
        await expect(picker).to_have_attribute("value", "onemin/gpt-4o-mini", timeout=10_000)
        await ask(page, "is it a dog?", "cat.heic")
        await expect(posts.nth(1)).to_contain_text("is it a dog?", timeout=10_000)
        await expect(page.locator(".growing")).to_have_count(0, timeout=10_000)
        await expect(page.locator(".message .number")).to_have_text("1")
        await page.get_by_role("button", name="Edit and ask again").press("Enter")
        await ask(page, "is it a cat?")
        await expect(posts.nth(1)).to_contain_text("is it a cat?", timeout=10_000)
        await expect(posts.nth(1).get_by_role("button", name="2/2 ▶")).to_be_visible(timeout=10_000)
        await expect(posts).to_have_count(2)
        left = page.url
        await page.get_by_role("button", name="New conversation").click()
        await expect(page.locator("#empty")).to_be_visible()
        assert page.url != left
        await expect(picker).to_have_attribute("value", "onemin/gpt-4o-mini")
        await expect(page.locator("#conversations .open")).to_have_text("is it a cat?")
        await page.get_by_role("button", name="Delete “is it a cat?”").press("Enter")
        await page.get_by_role("button", name="Yes, delete").click()
        await expect(posts).to_have_count(1, timeout=10_000)
        await expect(posts).to_contain_text("deleted")
        await expect(page.locator(".message")).to_have_count(0)
        await expect(page.locator("#conversations .open")).to_have_count(0)
        await context.close()
