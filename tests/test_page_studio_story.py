"""Documents, videos, sound and pictures to order, as people see them on the page.

SCREENSHOTS=docs/images python -m pytest tests/test_page_studio_story.py renews the pictures in the guide.
"""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import ConsoleMessage, FilePayload, Locator, Page, ViewportSize, expect

from emulator import Emulator, audio
from tests.conftest import PHOTOS
from tests.doubles.browser import chromium, pictures
from tests.doubles.process import BotProcess
from tests.files.documents import locked, pdf
from tests.files.documents.portable import Page as Sheet
from tests.files.documents.portable import picture_of, portable
from tests.files.photos import written
from tests.files.photos.test_moving import clip

ANSWERS = "#entries .post"
SAID = "#entries .message"
PDF = "application/pdf"
LOG = pdf(
    "The ship left Bergen on the 3rd of May, with twelve people and a cat.",
    "On the second night a storm broke the mast.",
    "We reached Reykjavik nine days late. The cat is well.",
)
CHAT = ("Friday at the harbour?", "Six would suit me", "Bring the tent!", "And a lamp", "Who drives?", "I do", "Done.")
BILL = "Bill 4711\n\nTwo tents    310.00\nOne lamp      24.50\n\nPaid on 1 May 2026"
TERMS = "Terms\n\nTents come back dry.\nLamps come back charged."
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
        page.on("console", lambda line: troubles.append(line.text) if is_trouble(line) else None)
        await page.goto(bot.url)
        yield page
        assert troubles == []
        await context.close()


def is_trouble(line: ConsoleMessage) -> bool:
    """Tell whether the browser complains about more than a file of which there is no preview, such as a locked one."""
    return line.type == "error" and "404" not in line.text


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


async def shot_of_last(page: Page, tmp_path: Path, name: str) -> None:
    """A screenshot that begins with what was said last."""
    await expect(page.locator(".post.growing")).to_have_count(0)
    await page.locator(SAID).last.evaluate("said => said.scrollIntoView({block: 'start', behavior: 'instant'})")
    await shot(page, tmp_path, name)


async def test_a_document_is_read_and_asked_about_again(tmp_path: Path) -> None:
    async with opened(tmp_path, 1070) as page:
        log = FilePayload(name="ship's log.pdf", mimeType=PDF, buffer=LOG)
        await ask(page, "what became of the cat?", log)
        await expect(page.locator(".message .thumbs").get_by_title("Open ship's log.pdf")).to_be_visible()
        await expect(answer(page, 0)).to_contain_text("3 pages", timeout=PATIENCE)
        await ask(page, "and what broke the mast?")
        await expect(answer(page, 1)).to_contain_text("mast on page 2", timeout=PATIENCE)
        await shot(page, tmp_path, "document.png")
        await ask(page, "what does it say?", FilePayload(name="will.pdf", mimeType=PDF, buffer=locked(LOG, "secret")))
        await expect(answer(page, 2)).to_contain_text("will.pdf: it is locked with a password", timeout=PATIENCE)


def chat_screenshot() -> bytes:
    """A long chat, as a phone takes a picture of all of it."""
    image = Image.new("RGB", (1080, 6000), "#e8eef2")
    draw = ImageDraw.Draw(image)
    for n in range(44):
        left, top, colour = (60, 60 + 134 * n, "white") if n % 3 else (420, 60 + 134 * n, "#d7f5c8")
        draw.rounded_rectangle((left, top, left + 600, top + 104), 28, fill=colour)
        draw.text((left + 32, top + 30), f"{18 + n // 30}:{n * 2 % 60:02} {CHAT[n % len(CHAT)]}", "#222", font_size=34)
    return written(image, "PNG")


def harbour() -> bytes:
    """A large photo with a small sign in it."""
    image = Image.open(PHOTOS / "rocket.jpg").convert("RGB").resize((4096, 2734))
    draw = ImageDraw.Draw(image)
    draw.rectangle((3000, 2200, 3340, 2300), fill="white", outline="#a00", width=6)
    draw.text((3020, 2225), "KEEP CLEAR", "#a00", font_size=52)
    return written(image, "JPEG", quality=85)


def film() -> bytes:
    """Twelve seconds in which a camera moves over a photo, with sound."""
    return clip(12, sound=True, pictures=[_moved(n) for n in range(60)])


def _moved(n: int) -> Image.Image:
    with Image.open(PHOTOS / "cat.jpg") as cat:
        return cat.convert("RGB").crop((n * 3, n, n * 3 + 240, n + 180))


async def test_what_people_send_is_seen_whole_closely_moving_and_scanned(tmp_path: Path) -> None:
    async with opened(tmp_path, 800) as page:
        await ask(
            page, "what do they agree on?", FilePayload(name="chat.png", mimeType="image/png", buffer=chat_screenshot())
        )
        await expect(answer(page, 0)).to_contain_text("1080 × 2048 pixels", timeout=PATIENCE)
        await shot_of_last(page, tmp_path, "long.png")

        await ask(page, "what is on the sign?", FilePayload(name="launch.jpg", mimeType="image/jpeg", buffer=harbour()))
        await answer(page, 1).get_by_role("button", name="Look closer").click(timeout=PATIENCE)
        await expect(answer(page, 2)).to_contain_text("I looked closer at", timeout=PATIENCE)
        await page.set_viewport_size(ViewportSize(width=720, height=1240))
        await shot_of_last(page, tmp_path, "closer.png")

        await page.set_viewport_size(ViewportSize(width=720, height=800))
        await ask(page, "what happens here?", FilePayload(name="cat.mp4", mimeType="video/mp4", buffer=film()))
        await expect(answer(page, 3)).to_contain_text("🎤", timeout=PATIENCE)
        await shot_of_last(page, tmp_path, "clip.png")

        scanned = portable(Sheet(picture=picture_of(BILL)), Sheet(picture=picture_of(TERMS)))
        await ask(page, "what was paid?", FilePayload(name="bill.pdf", mimeType=PDF, buffer=scanned))
        await expect(answer(page, 4)).to_contain_text("bill.pdf", timeout=PATIENCE)
        await shot_of_last(page, tmp_path, "scan.png")


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
        await picture.click()
        whole = page.get_by_role("dialog").get_by_role("img", name="a lighthouse in a storm, at night")
        await expect(whole).to_be_visible()
        assert await whole.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1536
        await page.keyboard.press("Escape")
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
