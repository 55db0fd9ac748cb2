"""The list of conversations in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import Tab, tab_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


def rows(tab: Tab) -> Any:
    return tab.page.locator("#conversations .open")


async def test_conversations_are_begun_found_named_and_opened_on_every_device(browser: Browser, house: House) -> None:
    async with tab_of(browser, house) as tab, tab_of(browser, house) as other:
        await tab.open()
        await expect(tab.page.locator("#nothing")).to_have_text("Your conversations will be listed here.")
        await tab.page.get_by_role("button", name="New conversation").click()
        await expect(tab.box).to_be_focused()
        await tab.pick("cat.jpg")
        await tab.ask("who is this?")
        await tab.page.get_by_role("button", name="New conversation").click()
        await expect(tab.page.get_by_role("heading", name="Talk about your photos")).to_be_visible()
        await expect(rows(tab)).to_have_text(["who is this?"])
        await tab.ask("and a second one")
        await other.page.goto(house.server.url)
        await expect(rows(other)).to_have_text(["and a second one", "who is this?"])
        await expect(other.messages).to_have_text(["You said:and a second one"])
        assert other.page.url == tab.page.url
        await rows(tab).last.focus()
        for key in ("Tab", "Enter"):
            await tab.page.keyboard.press(key)
        await tab.page.get_by_label("Title of the conversation").fill("The cat")
        await tab.page.keyboard.press("Enter")
        await expect(rows(other)).to_have_text(["and a second one", "The cat"])
        await expect(tab.page.get_by_role("button", name="Rename “The cat”")).to_be_focused()
        await tab.page.get_by_label("Search conversations").fill("who is")
        await expect(rows(tab)).to_have_text(["The cat"])
        await tab.page.keyboard.press("ArrowDown")
        await tab.page.keyboard.press("Enter")
        await expect(tab.messages).to_have_text(["You said:who is this?"])
        await expect(rows(tab).last).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("width", [360, 1280])
async def test_a_conversation_is_deleted_after_a_question(browser: Browser, house: House, width: int) -> None:
    async with tab_of(browser, house, viewport={"width": width, "height": 700}, color_scheme="dark") as tab:
        await tab.open()
        await tab.ask("a secret")
        menu = tab.page.get_by_role("button", name="Conversations")
        if width == 360:
            await menu.click()
            await tab.page.keyboard.press("Escape")
            await expect(tab.page.locator("#side")).to_be_hidden()
            await expect(menu).to_be_focused()
            await menu.click()
        await tab.page.get_by_role("button", name="Delete “a secret”").focus()
        await tab.page.keyboard.press("Enter")
        dialog = tab.page.get_by_role("dialog", name="Delete “a secret” with all its photos")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await tab.page.keyboard.press("Enter")
        await expect(rows(tab)).to_have_count(1)
        await tab.page.get_by_role("button", name="Delete “a secret”").click()
        await dialog.get_by_role("button", name="Yes, delete").click()
        await expect(rows(tab)).to_have_count(0)
        assert not await tab.overflows()
        async with tab_of(browser, house) as other:
            await other.page.goto(f"{house.server.url}/c/lobby")
            await expect(other.page.locator(".said").last).to_have_text("/forget yes")
        assert house.bot.texts[-1] == "/forget yes"
