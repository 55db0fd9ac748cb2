"""The page on bad networks: silent ones, slow ones, and a server that starts anew."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, expect

from bot.messages import Channel, OutgoingPost
from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import tab_of
from tests.doubles.network import network_to
from tests.doubles.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTE_STRIPS = """() => {
  const { connection } = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
  globalThis.strips = [];
  new MutationObserver(() => strips.push(connection.textContent)).observe(connection, { childList: true });
}"""


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


async def test_a_frozen_network_is_noticed_and_nothing_is_lost(browser: Browser, house: House) -> None:
    async with network_to(house.server.port) as network, tab_of(browser, house) as tab:
        await tab.page.clock.install()
        await tab.page.goto(f"{network.url}/c/lobby")
        connection = tab.page.locator("#connection")
        await tab.ask("before")
        network.freeze()
        await tab.pick("cat.jpg")
        await tab.say("while it was frozen")
        await expect(tab.box).to_have_attribute("readonly", "")
        await tab.page.clock.fast_forward(20_000)
        await expect(connection).to_have_text("The connection is lost. Trying to get it back…")
        await expect(tab.box).to_be_editable()
        await expect(tab.box).to_have_value("while it was frozen")
        await expect(tab.draft).to_have_count(1)
        network.thaw()
        await expect(connection).to_be_empty()
        await expect(tab.page.locator("#photos .uploaded")).to_have_count(1)
        await tab.box.press("Enter")
        await expect(tab.posts).to_have_count(2)
        assert house.bot.texts == ["before", "while it was frozen"]
        assert [photo.name for photo in house.bot.heard[1].attachments] == ["cat.jpg"]


async def test_a_slow_network_shows_the_page_soon_and_how_far_an_upload_is(browser: Browser, house: House) -> None:
    async with network_to(house.server.port, rate=50_000) as network, tab_of(browser, house) as tab:
        await tab.page.goto(f"{network.url}/c/lobby")
        await expect(tab.page.locator("#model")).to_be_visible(timeout=10_000)
        await tab.pick("cat.jpg")
        bar = tab.page.get_by_role("progressbar", name="Upload of cat.jpg")
        await expect(bar).to_have_count(1)
        await tab.say("slow but sure?")
        await expect(tab.posts).to_have_text(["You said 'slow but sure?' and showed cat.jpg."], timeout=20_000)


async def test_an_upload_goes_on_where_it_was_after_a_restart_and_after_a_reload(
    browser: Browser, tmp_path: Path
) -> None:
    """Nobody presses anything for it."""
    photo = tmp_path / "large.png"
    Image.frombytes("RGB", (450, 450), os.urandom(450 * 450 * 3)).save(photo)
    async with (
        House.open(tmp_path) as house,
        network_to(house.server.port, rate=250_000) as network,
        tab_of(browser, house) as tab,
    ):
        asked: list[str] = []
        tab.page.on("request", lambda request: asked.append(request.url) if "offset=" in request.url else None)
        await tab.page.goto(f"{network.url}/c/lobby")
        await expect(tab.page.locator("#model")).to_be_visible()
        await tab.page.set_input_files("#files", photo)
        held = tmp_path / "web-uploads"
        await until(lambda: sum(path.stat().st_size for path in held.glob("*")) > 0)
        await house.server.__aexit__()
        async with House.open(tmp_path, port=house.server.port) as again:
            await until(lambda: len(asked) > 1 and not asked[-1].endswith("offset=0"))
            at = sum(path.stat().st_size for path in held.glob("*"))
            await until(lambda: sum(path.stat().st_size for path in held.glob("*")) > at)
            await tab.page.reload()
            await expect(tab.page.locator("#photos .uploaded")).to_have_count(1, timeout=30_000)
            offsets = [int(url.rpartition("=")[2]) for url in asked]
            assert 250_000 < offsets[-2] < offsets[-1]
            await tab.say("what is this?")
            await expect(tab.posts).to_have_text(["You said 'what is this?' and showed large.png."])
            assert again.bot.photos == [photo.read_bytes()]


async def test_a_restart_in_mid_answer_is_a_pause_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    async with House.open(tmp_path) as house, tab_of(browser, house) as tab:
        await tab.open()
        house.bot.halfway.clear()
        await tab.say("a long story")
        await expect(tab.page.locator(".growing")).to_have_count(1)
        post = await tab.page.locator(".growing").get_attribute("data-id") or ""
        await tab.page.evaluate(NOTE_STRIPS)
        await house.server.__aexit__()
        async with House.open(tmp_path, port=house.server.port) as again:
            await again.web.edit(Channel("web", "lobby"), post, OutgoingPost(text="It ended well."))
            await expect(tab.posts).to_have_text(["It ended well."])
            assert await tab.page.evaluate("strips.filter(Boolean)") == []
