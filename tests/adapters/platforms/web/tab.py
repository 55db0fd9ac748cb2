"""A tab of a real browser, and the gestures that people make in it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.adapters.platforms.web.conftest import House
from tests.conftest import PHOTOS

MOST_TABS = 60
GIVE_FILES = """([kind, target, files]) => {
  const data = new DataTransfer();
  for (const [name, type, base64] of files) {
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
  }
  const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
  const event = kind === "paste" ? new ClipboardEvent(kind, options) : new DragEvent(kind, options);
  document.querySelector(target).dispatchEvent(event);
}"""


class Tab:
    """A tab of the browser, with the few gestures that people make in it."""

    def __init__(self, page: Page, house: House) -> None:
        self.page, self.house = page, house
        self.box = page.locator("#text")
        self.messages = page.locator(".message")
        self.posts = page.locator(".post .body")
        self.draft = page.locator("#photos li")
        self.problem = page.locator("#problem")

    async def open(self, channel: str = "lobby") -> None:
        await self.page.goto(f"{self.house.server.url}/c/{channel}")
        await expect(self.page.locator("#model")).to_be_visible()

    async def pick(self, *files: str) -> None:
        await self.page.set_input_files("#files", [PHOTOS / file for file in files])

    async def give(self, kind: str, target: str, *files: tuple[str, str]) -> None:
        data = [[name, mime, base64.b64encode((PHOTOS / name).read_bytes()).decode()] for name, mime in files]
        await self.page.evaluate(GIVE_FILES, [kind, target, data])

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def ask(self, text: str) -> None:
        """Say something and wait for the whole answer."""
        before = await self.posts.count()
        await self.say(text)
        await expect(self.page.locator(".post:not(.growing)")).to_have_count(before + 1)

    async def reach(self, node: str, key: str = "Tab") -> None:
        """Press Tab until the node, of this selector, has the focus."""
        for _ in range(MOST_TABS):
            await self.page.keyboard.press(key)
            if await self.page.evaluate("(node) => document.activeElement.matches(node)", node):
                return
        raise AssertionError(f"{node} cannot be reached with {key}")

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def reload(self) -> None:
        """Load the page again, and wait until it shows the posts that it showed before."""
        before = await self.posts.count()
        await self.page.reload()
        await expect(self.posts).to_have_count(before)

    async def overflows(self) -> bool:
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@asynccontextmanager
async def tab_of(browser: Browser, house: House, **options: Any) -> AsyncIterator[Tab]:
    context = await browser.new_context(**options)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    try:
        yield Tab(page, house)
    finally:
        await context.close()
    assert faults == [], faults
