"""All that the page can do, done with the keys alone: nothing here clicks, hovers or sets the focus."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FileChooser, expect

from bot.messages import Button, Channel, OutgoingPost
from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.conftest import PHOTOS

pytestmark = pytest.mark.asyncio(loop_scope="module")

ON_THE_PHOTO = """() => {
  const [frame, photo] = ["#frame", "#picture"].map((node) => document.querySelector(node).getBoundingClientRect());
  return [frame.left - photo.left, frame.top - photo.top, frame.width, frame.height].map(
    (length, n) => Math.round(100 * length / (n % 2 ? photo.height : photo.width)));
}"""
SCROLLED = "(stage) => stage.scrollLeft"
WIDTH = "(picture) => picture.decode().then(() => Math.round(picture.getBoundingClientRect().width))"


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, house: House) -> AsyncIterator[Tab]:
    async with tab_of(browser, house) as tab:
        await tab.open()
        yield tab


async def type_and_wait(tab: Tab, words: str) -> None:
    """Ask with the box having the focus, and wait for the answer."""
    before = await tab.posts.count()
    await tab.page.keyboard.type(words)
    await tab.press("Enter")
    await expect(tab.page.locator(".post:not(.growing)")).to_have_count(before + 1)


async def add_photos(tab: Tab, *names: str) -> None:
    """Open the dialog of files from the box, and pick some there."""
    async with tab.page.expect_file_chooser() as choosing:
        await tab.reach("#pick", "Shift+Tab")
        await tab.press("Enter")
    chooser: FileChooser = await choosing.value
    await chooser.set_files([PHOTOS / name for name in names])
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(len(names))
    await expect(tab.box).to_be_focused()


async def open_viewer(tab: Tab, *names: str) -> None:
    """Ask about photos, and open the first."""
    await add_photos(tab, *names)
    await type_and_wait(tab, "what is this?")
    for _ in names:
        await tab.reach(".message .thumb", "Shift+Tab")
    await tab.press("Enter")
    await expect(tab.page.locator("#viewer")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_conversations_are_searched_opened_named_and_deleted(browser: Browser, house: House, width: int) -> None:
    async with tab_of(browser, house, viewport={"width": width, "height": 700}) as tab:
        await tab.open()
        await tab.reach("#text")
        await type_and_wait(tab, "the first one")
        await tab.press("Control+Shift+O")
        await expect(tab.messages).to_have_count(0)
        await tab.reach("#text")
        await type_and_wait(tab, "a second one")
        await tab.press("Control+k")
        await tab.page.keyboard.type("first")
        rows = tab.page.locator("#conversations .open")
        await expect(rows).to_have_text(["the first one"])
        await tab.press("ArrowDown", "Tab")
        await expect(tab.page.get_by_role("button", name="Rename “the first one”")).to_be_focused()
        await tab.press("Enter")
        await tab.page.keyboard.type("Number one")
        await tab.press("Enter")
        await expect(tab.page.get_by_role("button", name="Rename “Number one”")).to_be_focused()
        await tab.press("Shift+Tab", "Enter")
        await expect(tab.messages).to_have_text(["You said:the first one"])
        await tab.press("Control+k")
        await expect(rows).to_have_text(["a second one", "Number one"])
        await tab.press("ArrowDown", "ArrowDown", "Tab", "Tab", "Enter")
        await expect(tab.page.get_by_role("dialog", name="Delete “Number one” with all its photos")).to_be_visible()
        await tab.press("Escape")
        await expect(tab.page.get_by_role("button", name="Delete “Number one”")).to_be_focused()
        await tab.press("Enter")
        await tab.reach("#erase")
        await tab.press("Enter")
        await expect(rows).to_have_text(["a second one"])
        await expect(tab.page.locator("#find")).to_be_focused()
        assert house.bot.texts[-1] == "/forget yes"


async def test_files_are_added_and_removed_and_questions_sent_edited_and_stopped(tab: Tab) -> None:
    await add_photos(tab, "cat.jpg", "coffee.png")
    await tab.reach("#photos .remove", "Shift+Tab")
    await tab.press("Enter")
    await expect(tab.draft).to_have_count(1)
    await expect(tab.box).to_be_focused()
    await tab.page.keyboard.type("what is this?")
    await tab.reach("#send")
    await tab.press("Enter")
    await expect(tab.page.locator(".post:not(.growing)")).to_have_count(1)
    await tab.reach(".edit", "Shift+Tab")
    await tab.press("Enter")
    await tab.page.keyboard.type("and now?")
    await tab.press("Enter")
    await expect(tab.messages.locator(".said")).to_have_text(["and now?"])
    tab.house.bot.halfway.clear()
    await tab.page.keyboard.type("go on for ever")
    await tab.press("Enter")
    await expect(tab.page.locator(".growing")).to_have_count(1)
    await tab.reach("#send")
    await expect(tab.page.locator("#send")).to_have_accessible_name("Stop")
    await tab.press("Enter")
    tab.house.bot.halfway.set()
    await expect(tab.page.locator("#send")).to_have_accessible_name("Send")
    assert [photo.name for photo in tab.house.bot.heard[0].attachments] == ["cat.jpg"]
    assert tab.house.bot.texts == ["what is this?", "and now?", "go on for ever", "/stop"]


async def test_commands_and_models_are_chosen(tab: Tab) -> None:
    await tab.page.keyboard.type("/se")
    await expect(tab.page.get_by_role("option")).not_to_have_count(0)
    await tab.press("ArrowDown", "ArrowUp", "Enter")
    await expect(tab.box).to_have_value("/settings ")
    await tab.press("Enter")
    await expect(tab.box).to_have_value("")
    await tab.reach("#model", "Shift+Tab")
    await tab.press("Enter")
    await tab.page.keyboard.type("mistral")
    await expect(tab.page.locator("#models").get_by_role("option")).to_have_count(1)
    await tab.press("Enter")
    await expect(tab.page.locator("#model")).to_be_focused()
    await expect(tab.page.locator("#model")).to_contain_text("Mistral Large")
    assert tab.house.bot.texts == ["/settings", "/model onemin/mistral-large"]


async def test_photos_are_zoomed_moved_leafed_through_saved_and_closed(tab: Tab) -> None:
    await open_viewer(tab, "coffee.png", "cat.jpg")
    picture, stage = tab.page.locator("#picture"), tab.page.locator("#stage")
    before = await picture.evaluate(WIDTH)
    await tab.press("+", "+", "+")
    assert await picture.evaluate(WIDTH) > 3 * before
    await tab.reach("#stage", "Shift+Tab")
    at = await stage.evaluate(SCROLLED)
    await tab.press("ArrowRight")
    async with asyncio.timeout(30):
        while await stage.evaluate(SCROLLED) <= at:
            await asyncio.sleep(0.02)
    await tab.press("-", "0")
    assert await picture.evaluate(WIDTH) == before
    for button, wider in (("#closer", True), ("#farther", False)):
        now = await picture.evaluate(WIDTH)
        await tab.reach(button)
        await tab.press("Enter")
        assert (await picture.evaluate(WIDTH) > now) == wider
    await tab.press("ArrowRight")
    await expect(tab.page.get_by_role("dialog", name="cat.jpg")).to_be_visible()
    await tab.reach("#previous")
    await tab.press("Enter")
    async with tab.page.expect_download() as saving:
        await tab.reach("#save")
        await tab.press("Enter")
    assert (await saving.value).suggested_filename == "coffee.png"
    await tab.press("Escape")
    await expect(tab.page.locator("#viewer")).to_be_hidden()
    await expect(tab.page.get_by_role("button", name="coffee.png", exact=True)).to_be_focused()
    await tab.press("Enter")
    await tab.reach("#viewer form button")
    await tab.press("Enter")
    await expect(tab.page.locator("#viewer")).to_be_hidden()


async def test_a_part_is_framed_and_asked_about_and_so_is_the_whole(tab: Tab) -> None:
    await open_viewer(tab, "cat.jpg")
    await tab.reach("#part")
    await tab.press("Enter")
    await expect(tab.page.locator("#frame")).to_be_focused()
    assert await tab.page.evaluate(ON_THE_PHOTO) == [25, 25, 50, 50]
    await tab.press("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown")
    assert await tab.page.evaluate(ON_THE_PHOTO) == [21, 23, 52, 54]
    await tab.press(*["ArrowRight"] * 30, *["Shift+ArrowUp"] * 40)
    assert await tab.page.evaluate(ON_THE_PHOTO) == [48, 23, 52, 2]
    await tab.press("Escape")
    await expect(tab.page.locator("#part")).to_be_focused()
    await tab.press("Enter", "Enter")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(1)
    await expect(tab.box).to_be_focused()
    await type_and_wait(tab, "and here?")
    await tab.reach(".message .thumb", "Shift+Tab")
    await tab.press("Enter")
    await tab.reach("#ask_whole")
    await tab.press("Enter")
    await expect(tab.page.locator("#photos .uploaded")).to_have_count(1)
    assert [photo.name for photo in tab.house.bot.heard[1].attachments] == ["cat-part.jpeg"]


async def test_two_photos_are_compared_with_the_slider(tab: Tab) -> None:
    await open_viewer(tab, "cat.jpg", "coffee.png")
    await tab.reach("#compare")
    await tab.press("Enter")
    await expect(tab.page.locator("#slider")).to_be_focused()
    await tab.press("ArrowRight", "ArrowRight", "ArrowLeft")
    await expect(tab.page.locator("#other")).to_have_css("clip-path", "inset(0px 0px 0px 51%)")
    await tab.press("Home")
    await expect(tab.page.locator("#other")).to_have_css("clip-path", "inset(0px 0px 0px 0%)")
    await tab.reach("#compare")
    await tab.press("Enter")
    await expect(tab.page.locator("#other")).to_be_hidden()


async def test_answers_are_copied_acted_on_and_looked_behind(tab: Tab) -> None:
    text = "The answer is ||a cat||.\n\n```python\npurr()\n```"
    buttons = (Button("Describe", "/describe"), Button("Read text", "/read"))
    await tab.house.web.send(Channel("web", "lobby"), OutgoingPost(text=text, buttons=buttons))
    await expect(tab.page.get_by_role("button", name="Read text")).to_be_visible()
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.reach(".spoiler", "Shift+Tab")
    for button, copied in ((".codebar button", "purr()"), (".copy", text)):
        await tab.reach(button)
        await tab.press("Enter")
        await expect(tab.page.locator(button)).to_have_text("Copied")
        assert await tab.page.evaluate("navigator.clipboard.readText()") == copied
    await tab.reach('[data-command="/read"]', "Shift+Tab")
    await tab.press("Enter")
    await expect(tab.page.locator(".post:not(.growing)")).to_have_count(2)
    assert tab.house.bot.texts == ["/read"]


async def test_settings_are_changed_and_the_map_of_keys_is_shown(tab: Tab) -> None:
    await tab.reach("#settings_open", "Shift+Tab")
    await tab.press("Enter")
    await tab.reach("#theme")
    await tab.press("ArrowDown", "ArrowDown")
    assert await tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
    await tab.reach("#export")
    await tab.press("Enter")
    await expect(tab.posts).to_have_count(1)
    await expect(tab.page.locator("#settings_open")).to_be_focused()
    await tab.press("?")
    await expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await tab.reach("#keys form button")
    await tab.press("Enter")
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    await tab.press("/")
    await expect(tab.box).to_be_focused()
    assert tab.house.bot.texts == ["/export"]
