"""Photos in a real browser: looked at closely, compared, asked about in part, and asked about again."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.doubles.browser import pictures

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = "(img) => img.decode().then(() => img.getBoundingClientRect().toJSON())"
WIDTH = "(img) => img.decode().then(() => img.getBoundingClientRect().width)"


async def move_fingers(tab: Tab, *spreads: float, x: float, y: float) -> None:
    """Put two fingers on the screen beside a point, as far apart as the first number says, and move them on."""
    screen = await tab.page.context.new_cdp_session(tab.page)
    for kind, apart in zip(itertools.chain(["touchStart"], itertools.repeat("touchMove")), spreads, strict=False):
        points = [{"x": x + side * apart / 2, "y": y, "id": side} for side in (-1, 1)]
        await screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await screen.detach()


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


async def with_photos(tab: Tab) -> None:
    await tab.open()
    await tab.pick("cat.jpg", "cat.heic", "coffee.png")
    await tab.ask("what are these?")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_a_photo_is_zoomed_turned_compared_and_saved(
    browser: Browser, house: House, width: int, scheme: Any
) -> None:
    async with tab_of(browser, house, viewport={"width": width, "height": 640}, color_scheme=scheme) as tab:
        await with_photos(tab)
        await tab.page.get_by_role("button", name="cat.jpg", exact=True).focus()
        await tab.page.keyboard.press("Enter")
        viewer = tab.page.get_by_role("dialog")
        picture = viewer.locator("#picture")
        before = await picture.evaluate(WIDTH)
        await tab.page.keyboard.press("+")
        assert await picture.evaluate(WIDTH) == pytest.approx(before * 1.5, rel=0.02)
        await viewer.get_by_role("button", name="Zoom out").click()
        assert await picture.evaluate(WIDTH) == pytest.approx(before, rel=0.02)
        await tab.page.keyboard.press("ArrowRight")
        await expect(tab.page.get_by_role("dialog", name="cat.heic")).to_be_visible()
        await tab.page.keyboard.press("ArrowLeft")
        await viewer.get_by_role("button", name="Compare with another photo").click()
        slider = viewer.get_by_role("slider", name="How much of each photo is shown")
        await expect(slider).to_be_focused()
        await tab.page.keyboard.press("ArrowRight")
        await expect(viewer.locator("#other")).to_have_css("clip-path", "inset(0px 0px 0px 51%)")
        await expect(viewer.locator("#caption")).to_have_text("cat.jpg ↔ cat.heic")
        await viewer.get_by_role("button", name="Next photo").click()
        await expect(viewer.locator("#caption")).to_have_text("cat.jpg ↔ coffee.png")
        async with tab.page.expect_download() as saving:
            await viewer.get_by_role("link", name="Download").click()
        assert (await saving.value).suggested_filename == "cat.jpg"
        assert not await tab.overflows()


@pytest.mark.parametrize("locale", ["en", "fa"])
async def test_two_fingers_zoom_where_they_are(browser: Browser, house: House, locale: str) -> None:
    options = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 640}, "locale": locale}
    async with tab_of(browser, house, **options) as tab:
        await tab.open()
        await tab.pick("cat.jpg")
        await tab.ask("what is this?")
        await tab.page.locator(".message .thumb").tap()
        picture = tab.page.locator("#picture")
        before = await picture.evaluate(BOX)
        x, y = before["left"] + 0.4 * before["width"], before["top"] + 0.6 * before["height"]
        await move_fingers(tab, 40, 60, 80, 120, 160, x=x, y=y)
        closer = await picture.evaluate(BOX)
        assert closer["width"] == pytest.approx(4 * before["width"], rel=0.02)
        assert x == pytest.approx(closer["left"] + 0.4 * closer["width"], abs=3)
        await move_fingers(tab, 160, 100, 80, x=x, y=y)
        assert (await picture.evaluate(BOX))["width"] == pytest.approx(2 * before["width"], rel=0.02)
        await move_fingers(tab, 160, 100, 50, 20, x=x, y=y)
        assert (await picture.evaluate(BOX))["width"] == pytest.approx(before["width"], rel=0.02)
        assert await tab.page.evaluate("visualViewport.scale") == 1


async def test_a_part_is_asked_about_with_the_pointer_or_the_keyboard(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    async with tab_of(browser, house, viewport={"width": 900, "height": 600}) as tab:
        await with_photos(tab)
        part = tab.page.get_by_role("button", name="Ask about this part")
        await tab.page.get_by_role("button", name="cat.jpg", exact=True).click()
        await part.click()
        box = await tab.page.locator("#picture").bounding_box()
        assert box is not None
        await tab.page.mouse.move(box["x"] + 5, box["y"] + 5)
        await tab.page.mouse.down()
        await tab.page.mouse.move(box["x"] + 105, box["y"] + 85, steps=3)
        await tab.page.mouse.up()
        await tab.page.screenshot(path=pictures(tmp_path) / "part.png")
        await part.click()
        await expect(tab.page.locator("#photos .uploaded img")).to_have_count(1)
        await expect(tab.box).to_be_focused()
        await tab.page.get_by_role("button", name="cat.heic", exact=True).click()
        await part.focus()
        for key in ("Enter", "ArrowLeft", "Shift+ArrowDown", "Enter"):
            await tab.page.keyboard.press(key)
        await expect(tab.page.locator("#photos .uploaded")).to_have_count(2)
        await tab.ask("and here?")
        assert [photo.name for photo in house.bot.heard[1].attachments] == ["cat-part.jpeg", "cat-part.jpeg"]
        await tab.page.get_by_role("button", name="coffee.png", exact=True).click()
        await part.click()
        await tab.page.keyboard.press("Escape")
        await expect(tab.page.get_by_role("dialog", name="coffee.png")).to_be_visible()
        await expect(part).to_be_focused()
        await tab.page.get_by_role("button", name="Ask about this photo").click()
        await expect(tab.page.locator("#photos .uploaded")).to_have_count(1)


async def test_a_photo_is_dragged_from_an_earlier_question(browser: Browser, house: House) -> None:
    async with tab_of(browser, house) as tab:
        await with_photos(tab)
        await tab.page.get_by_role("button", name="cat.heic", exact=True).drag_to(tab.page.locator("#composer"))
        await expect(tab.page.locator("#photos .uploaded img")).to_have_count(1)
        await expect(tab.page.locator("#drop")).to_be_hidden()
        await tab.ask("once more")
        assert [photo.name for photo in house.bot.heard[1].attachments] == ["cat.heic"]


async def test_photos_have_the_numbers_by_which_they_are_called(browser: Browser, tmp_path: Path) -> None:
    numbers: dict[str, int] = {}

    async def numbers_of(channel: str) -> dict[str, int]:
        return numbers

    async with House.open(tmp_path, numbers_of=numbers_of) as house, tab_of(browser, house) as tab:
        await with_photos(tab)
        await expect(tab.page.locator(".number")).to_have_count(0)
        heard = house.bot.heard[0].attachments
        numbers |= {photo.ref: n for n, photo in enumerate(heard, start=1)}
        await tab.ask("go on")
        await expect(tab.page.locator(".number")).to_have_text(["1", "2", "3"])


async def test_phones_offer_camera_and_microphone(browser: Browser, house: House) -> None:
    options = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 640}}
    async with tab_of(browser, house, **options) as phone, tab_of(browser, house) as desktop:
        await phone.open()
        await desktop.open()
        for name, kind in (("Take a photo", "image/*"), ("Record your question", "audio/*")):
            async with phone.page.expect_file_chooser() as choosing:
                await phone.page.get_by_role("button", name=name).click()
            chooser = await choosing.value
            assert await chooser.element.get_attribute("accept") == kind
            assert await chooser.element.get_attribute("capture") is not None
            await expect(desktop.page.get_by_role("button", name=name)).to_be_hidden()
        assert not await phone.overflows()
