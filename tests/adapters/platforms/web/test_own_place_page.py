"""The page as a place of one's own, and what it shows side by side, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.messages import Button, Channel, File, OutgoingPost
from tests.adapters.platforms.web.conftest import House
from tests.adapters.platforms.web.tab import Tab, tab_of
from tests.conftest import PHOTOS
from tests.doubles.browser import pictures

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLAUDE = "**vapi/claude-sonnet-4**\n\nA young cat, orange and striped:\n\n- green eyes\n- long whiskers"
VOTES = (
    Button("A", "/vote 7 1"),
    Button("B", "/vote 7 2"),
    Button("Both", "/vote 7 all"),
    Button("Neither", "/vote 7 none"),
)
GROUND = "getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "rgb(21, 23, 27)", "rgb(246, 245, 242)"
LOOK_AWAY = """(isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
MANY = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
INSERT INTO entries (id, channel, ours, text, time, received) SELECT n, 'lobby', n % 2, 'entry ' || n, n, 1 FROM numbers
"""

LATER = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300)
INSERT INTO entries (id, channel, ours, text, time, received)
SELECT 4000000000000 + n, 'lobby', 0, 'entry ' || n, n, 1 FROM numbers
"""


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, house: House) -> AsyncIterator[Tab]:
    async with tab_of(browser, house, color_scheme="light") as tab:
        await tab.open()
        yield tab


async def test_colours_and_language_are_ones_own(tab: Tab) -> None:
    page = tab.page
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Colours").select_option("dark")
    assert await page.evaluate(GROUND) == DARK
    async with page.expect_navigation():
        await page.get_by_label("Language").select_option("fa")
    assert await page.evaluate("[document.documentElement.lang, document.body.dir]") == ["fa", "rtl"]
    assert await page.evaluate(GROUND) == DARK
    await expect(page.locator("#model")).to_be_visible()
    await tab.ask("hello")
    assert tab.house.bot.heard[0].language == "fa"
    await page.locator("#settings_open").click()
    await expect(page.locator("#language")).to_have_value("fa")
    async with page.expect_navigation():
        await page.locator("#language").select_option("")
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.locator("#settings_open").click()
    await page.get_by_label("Colours").select_option("")
    assert await page.evaluate(GROUND) == LIGHT


async def test_title_and_icon_tell_of_answers_that_nobody_has_seen(tab: Tab, lobby: Channel) -> None:
    icon = tab.page.locator("link[rel=icon]")
    await tab.page.evaluate(LOOK_AWAY, True)
    growing = await tab.house.web.send(lobby, OutgoingPost(text="It is ▌", is_partial=True))
    await tab.house.web.edit(lobby, growing, OutgoingPost(text="It is a cat."))
    await tab.house.web.send(lobby, OutgoingPost(text="A ginger one."))
    await expect(tab.page).to_have_title("(2) Snapthread")
    await expect(icon).to_have_attribute("href", "/static/icon-new.svg")
    await tab.page.evaluate(LOOK_AWAY, False)
    await expect(tab.page).to_have_title("Snapthread")
    await expect(icon).to_have_attribute("href", "/static/icon.svg")


async def test_a_hidden_tab_waits_for_its_answer_before_it_gives_up_the_connection(tab: Tab) -> None:
    tab.house.bot.halfway.clear()
    await tab.page.clock.install()
    await tab.page.reload()
    await expect(tab.page.locator("#model")).to_be_visible()
    await tab.say("a long story")
    await expect(tab.page.locator(".growing")).to_have_count(1)
    await tab.page.evaluate(LOOK_AWAY, True)
    await tab.page.clock.fast_forward(11_000)
    tab.house.bot.halfway.set()
    await expect(tab.page).to_have_title("(1) Snapthread")


async def test_a_tab_in_the_background_hears_of_answers_without_holding_a_connection(tab: Tab, lobby: Channel) -> None:
    await tab.page.clock.install()
    await tab.page.reload()
    await expect(tab.page.locator("#model")).to_be_visible()
    await tab.ask("hello")
    await tab.page.evaluate(LOOK_AWAY, True)
    await tab.page.clock.fast_forward(11_000)
    growing = await tab.house.web.send(lobby, OutgoingPost(text="From another device: ▌", is_partial=True))
    async with tab.page.expect_response("**/news?*") as looking:
        await tab.page.clock.fast_forward(20_000)
    assert await (await looking.value).json() == {"news": False}
    await tab.house.web.edit(lobby, growing, OutgoingPost(text="From another device: a cat."))
    async with tab.page.expect_response("**/news?*"):
        await tab.page.clock.fast_forward(20_000)
    await expect(tab.page).to_have_title("(1) Snapthread")
    await expect(tab.page.locator("link[rel=icon]")).to_have_attribute("href", "/static/icon-new.svg")
    await expect(tab.page.get_by_role("log")).to_contain_text("a cat")
    await tab.page.clock.fast_forward(11_000)
    await tab.page.evaluate(LOOK_AWAY, False)
    await expect(tab.page).to_have_title("Snapthread")
    await tab.ask("and now?")


async def test_a_tab_that_was_frozen_shows_what_came_and_went_meanwhile(tab: Tab, lobby: Channel) -> None:
    await tab.ask("a secret")
    screen = await tab.page.context.new_cdp_session(tab.page)
    await screen.send("Page.setWebLifecycleState", {"state": "frozen"})
    tab.house.web.audience.close()  # its connection does not outlive a long sleep
    await tab.house.web.forget(lobby)
    await tab.house.web.send(lobby, OutgoingPost(text="Everything is forgotten."))
    await screen.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(tab.posts).to_have_text(["Everything is forgotten."])
    await expect(tab.messages).to_have_count(0)
    await expect(tab.page.locator("#connection")).to_be_empty()


async def test_a_tab_that_missed_very_much_shows_the_newest_without_a_gap(tab: Tab) -> None:
    await tab.ask("hello")
    entries = tab.page.locator("#entries > li")
    await expect(entries).to_have_count(2)
    await tab.house.web.journal.write(LATER, ())
    await tab.page.evaluate("document.dispatchEvent(new Event('resume'))")
    await expect(entries.last).to_contain_text("entry 300")
    await expect(entries).to_have_count(200)
    await expect(tab.page.locator("#older")).to_be_visible()


async def test_keys_are_listed_and_work_anywhere(tab: Tab) -> None:
    keys = tab.page.keyboard
    await tab.ask("hello")
    await tab.page.get_by_role("main").focus()
    await keys.press("?")
    await expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Show this list")
    await keys.press("Escape")
    await tab.page.get_by_role("main").focus()
    await keys.press("/")
    await expect(tab.box).to_be_focused()
    await expect(tab.box).to_have_value("")
    await keys.press("Control+k")
    await expect(tab.page.locator("#find")).to_be_focused()
    await keys.press("Control+Shift+O")
    await expect(tab.page.get_by_role("heading", name="Talk about your photos")).to_be_visible()
    await keys.type("a question? and/or two")
    await expect(tab.box).to_have_value("a question? and/or two")


async def test_a_conversation_is_printed_without_the_page_around_it_and_exported(tab: Tab) -> None:
    await tab.ask("hello")
    await tab.page.evaluate("() => { globalThis.printed = 0; globalThis.print = () => { printed += 1; }; }")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Print").click()
    assert await tab.page.evaluate("printed") == 1
    await tab.page.emulate_media(media="print")
    for hidden in ("#side", "#composer", "header"):
        await expect(tab.page.locator(hidden)).to_be_hidden()
    await expect(tab.posts).to_be_visible()
    assert len(await tab.page.pdf()) > 1000
    await tab.page.emulate_media(media="screen")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Export this conversation").click()
    await expect(tab.posts).to_have_count(2)
    assert tab.house.bot.texts == ["hello", "/export"]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
async def test_compared_answers_stand_side_by_side(
    browser: Browser, house: House, tmp_path: Path, width: int, scheme: Any
) -> None:
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme, "reduced_motion": "reduce"}
    async with tab_of(browser, house, **options) as tab:
        await tab.open()
        house.bot.answers["/compare gpt-4o claude"] = "**onemin/gpt-4o**\n\nA ginger tabby with green eyes."
        await tab.ask("/compare gpt-4o claude")
        asked = house.bot.heard[0]
        pick = (Button("Continue with this one", "/pick 1"),)
        await house.web.send(asked.channel, OutgoingPost(text=CLAUDE, reply_to=asked.id, buttons=pick))
        await house.web.send(asked.channel, OutgoingPost(text="Which is better?", reply_to=asked.id, buttons=VOTES))
        await tab.say("and now?")
        lanes = tab.page.get_by_role("list", name="Answers side by side").locator("> li")
        await expect(tab.posts).to_have_count(4)
        if width == 1280:
            await tab.page.screenshot(path=pictures(tmp_path) / "side-by-side.png")
        for _ in range(2):
            first, second = [await lane.bounding_box() for lane in await lanes.all()]
            assert first is not None
            assert second is not None
            assert (round(first["y"]), round(first["width"])) == (round(second["y"]), round(second["width"]))
            assert second["x"] > first["x"] + 200
            below = await tab.page.locator(".votes").bounding_box()
            assert below is not None
            assert below["y"] >= first["y"] + first["height"]
            assert not await tab.overflows()
            await tab.page.reload()
            await expect(tab.posts).to_have_count(4)
        await expect(tab.page.locator(".replied")).to_have_count(0)
        await tab.reach("[data-command='/vote 7 2']", "Shift+Tab")
        await tab.press("Enter")
        await expect(tab.posts).to_have_count(5)
        assert house.bot.texts[-1] == "/vote 7 2"
        await lanes.last.get_by_role("button", name="Continue with this one").click()
        await expect(tab.posts).to_have_count(6)
        assert house.bot.texts[-1] == "/pick 1"


async def test_pictures_made_to_order_are_a_gallery_that_the_viewer_leafs_through(tab: Tab, lobby: Channel) -> None:
    coffee = (PHOTOS / "coffee.png").read_bytes()
    files = tuple(File(name=f"{n}.png", mime="image/png", data=coffee) for n in range(1, 5))
    await tab.house.web.send(lobby, OutgoingPost(text="Here they are.", files=files))
    thumbs = tab.page.locator(".post .thumb")
    await expect(thumbs).to_have_count(4)
    boxes = [await thumb.bounding_box() for thumb in await thumbs.all()]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes if box}) == 1
    await thumbs.first.click()
    await tab.page.get_by_role("button", name="Next photo").click()
    await expect(tab.page.get_by_role("dialog", name="2.png")).to_be_visible()


async def test_a_conversation_of_thousands_opens_at_its_end_and_goes_on_upwards(tab: Tab) -> None:
    await tab.house.web.journal.write(MANY, ())
    await tab.page.reload()
    entries = tab.page.locator("#entries :is(.message, .post)")
    await expect(entries.last).to_contain_text("entry 5000")
    assert await entries.count() <= 200
    await tab.page.get_by_role("main").hover()
    await tab.page.mouse.wheel(0, -100_000)
    await expect(entries.first).to_contain_text("entry 4601")
    await expect(entries).to_have_count(400)
    assert await entries.evaluate_all("(all) => all.map((node) => Number(node.dataset.id))") == [*range(4601, 5001)]
    seen = await tab.page.get_by_role("main").evaluate("(main) => main.scrollTop")
    assert seen > 0  # what was read stays where it was
    skipped = "(all) => all.filter((node) => getComputedStyle(node).contentVisibility === 'auto').length"
    assert await tab.page.locator("#entries > li").evaluate_all(skipped) <= 200 / 20  # by groups
    assert not await tab.overflows()
