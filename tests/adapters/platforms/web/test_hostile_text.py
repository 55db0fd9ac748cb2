"""No text makes the page stand still, be it new or there after a reload."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.platforms.web.post_elements import post_elements
from tests.adapters.platforms.web.conftest import House
from tests.doubles.hostile import EXAMPLES, SECONDS, hostile_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")
COUNT = 60  # texts besides the examples
MOST = 2.0  # seconds of the processor for one text, in the thread that the page lives in

RENDER = """async (tree) => {
  const { render } = await import("/static/markdown.js");
  const place = document.createElement("div");
  document.body.append(place);
  render(tree, place);
  const height = place.offsetHeight; // so that it is laid out, too
  place.remove();
  return height;
}"""


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web") as house:
        yield house


async def thread_clock(page: Page) -> Callable[[], Awaitable[float]]:
    """How many seconds of the processor the thread of a page has had, which others on the machine take nothing of."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def seconds() -> float:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "ThreadTime"))

    return seconds


@pytest.mark.timeout(120 + 2 * SECONDS)
async def test_no_text_holds_up_the_renderer(browser: Browser, house: House) -> None:
    page = await browser.new_page()
    await page.goto(house.server.url)
    clock = await thread_clock(page)
    for text in hostile_texts(COUNT):
        before = await clock()
        await page.evaluate(RENDER, post_elements(text))
        took = await clock() - before
        assert took < MOST, f"{took:.1f} s for {len(text)} characters, {text[:60]!r} ... {text[-20:]!r}"
    await page.close()


async def test_an_answer_that_would_freeze_the_page_is_shown_again_after_a_reload(
    browser: Browser, house: House
) -> None:
    house.bot.answers |= {f"answer {number}": text for number, text in enumerate(EXAMPLES)}
    page = await browser.new_page()
    await page.goto(f"{house.server.url}/c/hostile")
    clock = await thread_clock(page)
    for number in range(len(EXAMPLES)):
        await page.fill("#text", f"answer {number}")
        await page.press("#text", "Enter")
        await expect(page.locator(".post")).to_have_count(number + 1)
        await expect(page.locator(".post.growing")).to_have_count(0)
    before = await clock()
    await page.reload()
    await expect(page.locator(".post")).to_have_count(len(EXAMPLES))
    assert await clock() - before < MOST * len(EXAMPLES)
    await page.close()
