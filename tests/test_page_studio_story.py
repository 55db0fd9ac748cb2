"""Documents, videos, sound and pictures to order, as people see them on the page.

SCREENSHOTS=docs/images python -m pytest tests/test_page_studio_story.py renews the pictures in the guide.
"""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Locator, Page, ViewportSize, expect

from emulator import Emulator, audio
from tests.conftest import PHOTOS
from tests.doubles.browser import chromium, pictures
from tests.doubles.process import BotProcess
from tests.files.documents import locked, pdf

ANSWERS = "#entries .post"
PDF = "application/pdf"
LOG = pdf(
    "The ship left Bergen on the 3rd of May, with twelve people and a cat.",
    "On the second night a storm broke the mast.",
    "We reached Reykjavik nine days late. The cat is well.",
)
FILM = "https://youtu.be/dQw4w9WgXcQ"
SHADES = 256  # colours of a screenshot, which makes it a third as large
PATIENCE = 30_000  # milliseconds
LENGTH = """sound => new Promise((then) => {
  if (sound.duration) then(sound.duration);
  else sound.onloadedmetadata = () => then(sound.duration);
})"""

pytestmark = pytest.mark.timeout(120)


@asynccontextmanager
async def opened(tmp_path: Path, height: int, width: int = 720) -> AsyncIterator[Page]:
    """The page in a browser, with the emulator behind it; whatever the browser complains about fails the test."""
    async with Emulator() as emulator, chromium() as browser, AsyncExitStack() as stack:
        onemin = {"ONEMIN_API_KEY": "any", "ONEMIN_API_URL": emulator.url}
        bot = await stack.enter_async_context(BotProcess(tmp_path, "try", **onemin))
        await bot.ready()
        context = await browser.new_context(
            viewport=ViewportSize(width=width, height=height),
            color_scheme="light",
            device_scale_factor=1.25,
            locale="en-US",
        )
        page = await context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        await page.goto(bot.url)
        yield page
        assert troubles == []
        await context.close()


async def ask(page: Page, text: str, *files: FilePayload) -> None:
    if files:
        await page.set_input_files("#files", files)
    await page.fill("#text", text)
    await page.press("#text", "Enter")


def photo(path: Path) -> FilePayload:
    return FilePayload(name=path.name, mimeType="image/jpeg", buffer=path.read_bytes())


def answer(page: Page, nth: int) -> Locator:
    return page.locator(ANSWERS).nth(nth)


async def shot(page: Page, tmp_path: Path, name: str) -> None:
    """A screenshot when nothing moves any more, in few colours."""
    await expect(page.locator("#typing")).to_be_hidden()
    await expect(page.locator(".post.growing")).to_have_count(0)
    await page.mouse.move(0, 0)
    with Image.open(io.BytesIO(await page.screenshot(animations="disabled"))) as seen:
        few = seen.convert("RGB").quantize(SHADES)
        few.save(pictures(tmp_path) / name, optimize=True)


async def test_a_document_is_read_and_asked_about_again(tmp_path: Path) -> None:
    async with opened(tmp_path, 1070) as page:
        log = FilePayload(name="ship's log.pdf", mimeType=PDF, buffer=LOG)
        await ask(page, "what became of the cat?", log)
        await expect(page.locator(".message .thumbs")).to_contain_text("ship's log.pdf")
        await expect(answer(page, 0)).to_contain_text("3 pages", timeout=PATIENCE)
        await ask(page, "and what broke the mast?")
        await expect(answer(page, 1)).to_contain_text("mast on page 2", timeout=PATIENCE)
        await shot(page, tmp_path, "document.png")
        await ask(page, "what does it say?", FilePayload(name="will.pdf", mimeType=PDF, buffer=locked(LOG, "secret")))
        await expect(answer(page, 2)).to_contain_text("will.pdf: it is locked with a password", timeout=PATIENCE)


async def test_a_link_to_a_video_is_followed(tmp_path: Path) -> None:
    async with opened(tmp_path, 540) as page:
        await ask(page, f"{FILM} what is this about?")
        await expect(answer(page, 0)).to_contain_text("You linked 1 video: dQw4w9WgXcQ", timeout=PATIENCE)
        await shot(page, tmp_path, "video.png")


async def test_what_was_said_in_a_recording_stands_above_its_answer(tmp_path: Path) -> None:
    async with opened(tmp_path, 690) as page:
        said = "How large is this photo, and is it sharp?"
        memo = FilePayload(name="voice message.ogg", mimeType="audio/ogg", buffer=audio.record(said, 4))
        await ask(page, "", photo(PHOTOS / "cat.jpg"), memo)
        await expect(answer(page, 0)).to_contain_text("451 × 300 pixels", timeout=PATIENCE)
        await expect(page.locator(".message audio")).to_be_visible()
        assert (await answer(page, 0).locator(".body").inner_text()).startswith(f"🎤 {said}")
        await shot(page, tmp_path, "voice.png")


async def test_an_answer_is_read_aloud_by_a_press(tmp_path: Path) -> None:
    async with opened(tmp_path, 1000) as page:
        await ask(page, "what is this?", photo(PHOTOS / "cat.jpg"))
        await answer(page, 0).get_by_role("button", name="Read aloud").click(timeout=PATIENCE)
        sound = answer(page, 1).locator("audio")
        await expect(sound).to_be_visible(timeout=PATIENCE)
        assert await sound.evaluate(LENGTH) > 5, "it can be played, and is as long as reading takes"
        await shot(page, tmp_path, "speak.png")


async def test_a_picture_is_made_and_asked_about(tmp_path: Path) -> None:
    async with opened(tmp_path, 1250) as page:
        await ask(page, "/imagine a lighthouse in a storm, at night size=1536x1024")
        made = answer(page, 1)
        picture = made.get_by_role("img", name="a lighthouse in a storm, at night")
        await expect(picture).to_be_visible(timeout=PATIENCE)
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1536
        await expect(made.get_by_role("button")).to_contain_text(["Again", "Vary", "Upscale", "Copy"])
        await ask(page, "how large is it, and is it bright?")
        await expect(answer(page, 2)).to_contain_text("1536 × 1024 pixels", timeout=PATIENCE)
        await shot(page, tmp_path, "imagine.png")
        await page.emulate_media(color_scheme="dark")
        await shot(page, tmp_path, "imagine-dark.png")


async def test_help_can_be_read_on_a_phone(tmp_path: Path) -> None:
    async with opened(tmp_path, 760, width=390) as page:
        await ask(page, "/help")
        await expect(answer(page, 0)).to_contain_text("/imagine · draw a picture from your words", timeout=PATIENCE)
        assert await page.locator("#transcript").evaluate("all => all.scrollWidth <= all.clientWidth")
