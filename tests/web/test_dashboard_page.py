"""The dashboard as the operator meets it, in a real browser.

SCREENSHOTS=docs/images python -m pytest tests/web/test_dashboard_page.py -k pictures renews the pictures in the docs.
"""

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from bot.messages import PUT_ASIDE, Author, JobResult, WorkerProcess
from bot.ports import Store
from bot.store import open_store
from bot.store.sql import SqlStore
from bot.web.dashboard import Dashboard
from bot.web.languages import LANGUAGE_COOKIE
from bot.web.server import WebServer
from bot.words import ENGLISH, LANGUAGES, catalogue
from tests.conftest import MODEL, said
from tests.doubles.browser import chromium, pictures
from tests.web.filled import HOUR, Filler, fill, settle, voted

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("fixed_time"),
]

Scheme = Literal["light", "dark"]

GPT, MINI, LLAMA = "onemin/gpt-4o", "onemin/gpt-4o-mini", "aiml/meta/llama-4"
PAUSE = 5_000  # milliseconds between two looks of the page
PATIENCE = 10_000
SHADES = 256  # colours of a picture, which makes it a third as large

BARS = """(host) => [...host.querySelectorAll("rect.bar")].map((bar) => (
  { name: bar.dataset.name, value: Number(bar.dataset.value), height: bar.height.baseVal.value, x: bar.x.baseVal.value,
    foot: bar.y.baseVal.value + bar.height.baseVal.value }))"""
POINTS = """(path) => [...path.getAttribute("d").matchAll(/[ML]([\\d.]+) ([\\d.]+)/g)].map(([, x, y]) => [+x, +y])"""
COUNT_CHANGES = """() => {
  globalThis.changes = 0;
  const count = (records) => { changes += records.length; };
  const whole = { childList: true, subtree: true, attributes: true, characterData: true };
  new MutationObserver(count).observe(document.querySelector("main"), whole);
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SENTENCES = r"""() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [document.title];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.closest("script, noscript, code")) texts.push(node.data);
  }
  for (const node of document.querySelectorAll("*"))
    for (const name of ["aria-label", "aria-valuetext", "title"]) texts.push(node.getAttribute(name) ?? "");
  return texts.map((text) => text.trim()).filter((text) => /\p{L}/u.test(text));
}"""
LATIN = {"de", "es", "fr", "pt-BR"}
SHARED_WORDS = {"de": {"Credits"}, "es": set[str](), "fr": {"Dollars"}, "pt-BR": set[str]()}
NAMES = re.compile(  # of models, processes, platforms and Python's errors, and what Unicode writes in Latin letters
    r"/metrics|\bUS(?:D\b|\$)|\b[ap]m\b|\b(?:onemin|openai|vapi|aiml)/[\w./-]+|bot-\d/\d+"
    r"|\b(?:telegram|web|discord|store|TimeoutError|Snapthread|UTC|p50|p95|WEB_TOKEN)\b"
)
WIDTH = "(svg) => svg.getBoundingClientRect().width"
OVERFLOWS = "() => document.documentElement.scrollWidth > innerWidth"
WITHOUT_NAME = """() => [...document.querySelectorAll("button, a, input, select, form, fieldset, section, [role]")]
  .filter((node) => {
    const by = (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id));
    const names = [node.getAttribute("aria-label"), ...[...(node.labels ?? []), ...by].map((each) => each?.textContent),
      node.querySelector("legend")?.textContent, node.textContent];
    return !names.some((name) => name?.trim());
  }).map((node) => node.outerHTML).filter((html) => !html.includes('id="connection"'))"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look be a new one."""
    monkeypatch.setattr("bot.web.dashboard.FRESH", 0.0)
    monkeypatch.setattr("bot.web.interval_cache.OLDEST", 0.0)


@dataclass
class House:
    """A store, and a server that can go and come back."""

    store: Store
    stack: AsyncExitStack
    port: int = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        async with open_store(f"sqlite:///{folder}/bot.db", MODEL) as store, AsyncExitStack() as stack:
            house = cls(store, stack)
            await house.start()
            yield house

    async def start(self) -> None:
        server = WebServer("127.0.0.1", self.port)
        release = self.store.queue.release_put_aside
        Dashboard(self.store.reporting, self.store.coordination, release, self.store.votes).add_routes(server.router)
        await self.stack.enter_async_context(server)
        self.port = server.port

    async def stop(self) -> None:
        await self.stack.aclose()

    async def turn(self, ago: float, model: str | None = GPT, **more: Any) -> None:
        filler = Filler(self.store)
        filler.turn(time.time() - ago, model, **more)
        await filler.write()


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path) as house:
        yield house


class Tab:
    """A tab of the browser that looks at the dashboard."""

    def __init__(self, page: Page, house: House) -> None:
        self.page, self.house = page, house
        self.asked: list[str] = []
        self.troubles: list[str] = []
        self.connection = page.locator("#connection")
        page.on("request", lambda request: self.asked.append(request.url) if "/data?" in request.url else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda line: self.troubles.append(line.text) if line.type == "error" else None)

    async def open(self, query: str = "") -> None:
        await self.page.clock.install(time=time.time())
        await self.page.goto(f"http://127.0.0.1:{self.house.port}/dashboard{query}")
        await self.settled()

    async def settled(self) -> None:
        """Wait until everything is counted; the clock is ours."""
        async with asyncio.timeout(30):
            while not re.search(r"\d", await self.page.text_content("#asof") or ""):
                await self.page.clock.fast_forward(100)
                await asyncio.sleep(0.02)

    async def later(self, milliseconds: int = PAUSE) -> None:
        async with self.page.expect_response(re.compile(r"/dashboard/data")):
            await self.page.clock.fast_forward(milliseconds)

    def tile(self, name: str) -> Locator:
        return self.page.locator("#tiles > div").filter(has_text=name).locator("b")

    async def bars(self, chart: str = "turns") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.locator(f"#{chart}").evaluate(BARS)
        return found

    async def points(self, chart: str, name: str) -> list[list[float]]:
        line = self.page.locator(f"#{chart} path.line:not(.gaps)").and_(self.page.locator(f'[data-name="{name}"]'))
        found: list[list[float]] = await line.evaluate(POINTS)
        return found

    def slider(self, name: str) -> Locator:
        return self.page.get_by_role("slider", name=name)


@asynccontextmanager
async def looking(
    browser: Browser, house: House, width: int = 1200, height: int = 1000, **more: Any
) -> AsyncIterator[Tab]:
    context: BrowserContext = await browser.new_context(
        viewport=ViewportSize(width=width, height=height),
        timezone_id="Europe/Berlin",
        **{"locale": "en-GB", **more},
    )
    tab = Tab(await context.new_page(), house)
    yield tab
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, house: House) -> AsyncIterator[Tab]:
    async with looking(browser, house) as tab:
        yield tab
        assert tab.troubles == []


# what is seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_bars_are_as_high_as_there_were_turns(browser: Browser, house: House, scheme: Scheme) -> None:
    for ago, many in ((90, 1), (600, 4), (1800, 2)):
        for _ in range(many):
            await house.turn(ago)
    await house.turn(600, error="provider_slow")
    async with looking(browser, house, color_scheme=scheme) as tab:
        await tab.open("?range=hour")
        bars = await tab.bars()
        assert sorted((bar["name"], bar["value"]) for bar in bars) == [
            ("failed", 1),
            ("went well", 1),
            ("went well", 2),
            ("went well", 4),
        ]
        heights = {bar["value"]: bar["height"] for bar in bars if bar["name"] == "went well"}
        assert heights[4] == pytest.approx(4 * heights[1], abs=0.3)
        assert heights[2] == pytest.approx(2 * heights[1], abs=0.3)
        [failed] = [bar for bar in bars if bar["name"] == "failed"]
        [below] = [bar for bar in bars if bar["value"] == 4]
        assert failed["x"] == below["x"]
        assert failed["foot"] == pytest.approx(below["foot"] - below["height"], abs=0.2)
        x = {bar["value"]: bar["x"] for bar in bars if bar["name"] == "went well"}
        assert x[2] < x[4] < x[1]
        await expect(tab.tile("Turns")).to_have_text("8")
        ground = await tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(246, 245, 242)" if scheme == "light" else "rgb(21, 23, 27)")
        assert tab.troubles == []


async def test_lines_are_as_high_as_answers_took(tab: Tab) -> None:
    for ago, took in ((300, 2.0), (240, 4.0), (180, 8.0)):
        await tab.house.turn(ago, took=took, first_words=took / 4)
    await tab.open("?range=hour")
    points = await tab.points("whole", "p50: half are faster")
    assert points == sorted(points)
    floor = max(y for _, y in points) + (max(y for _, y in points) - sorted(y for _, y in points)[1])
    assert [round((floor - y) / (floor - points[0][1]), 1) for _, y in points] == [1, 2, 4]
    await expect(tab.tile("Whole answer")).to_have_text("4 s")
    await expect(tab.tile("First words")).to_have_text("1 s")


async def test_the_control_tells_turns_apart(tab: Tab) -> None:
    for model, many, took in ((GPT, 3, 2.0), (MINI, 2, 1.0), (LLAMA, 1, 9.0)):
        for _ in range(many):
            await tab.house.turn(300, model, took=took, platform="discord" if model == LLAMA else "web")
    await tab.open("?range=hour")
    names = tab.page.locator("#turns .legend li")
    await expect(names).to_have_text(["went well", "failed"])
    await tab.page.get_by_role("combobox").select_option("model")
    await expect(names).to_have_text([GPT, MINI, LLAMA])
    assert [(bar["name"], bar["value"]) for bar in await tab.bars()] == [(GPT, 3), (MINI, 2), (LLAMA, 1)]
    await tab.page.get_by_role("combobox").select_option("platform")
    await expect(names).to_have_text(["web", "discord"])
    assert tab.page.url.endswith("?range=hour&split=platform")
    await tab.page.reload()
    await expect(names).to_have_text(["web", "discord"])


async def test_the_range_and_the_percentile_are_chosen(tab: Tab) -> None:
    for n in range(20):
        await tab.house.turn(400, took=10.0 if n > 17 else 2.0)
    await tab.house.turn(5 * 3600, took=1.0)
    await tab.open("?range=hour&split=model")
    await expect(tab.tile("Turns")).to_have_text("20")
    told = tab.slider("Time to the whole answer")
    await told.focus()
    for _ in range(12):
        await tab.page.keyboard.press("ArrowLeft")
        if f"{GPT}: 2 s" in (await told.get_attribute("aria-valuetext") or ""):
            break
    await expect(told).to_have_attribute("aria-valuetext", re.compile(f"{GPT}: 2 s$"))
    await tab.page.get_by_role("radio", name="p95").check()
    await tab.page.get_by_role("radio", name="Day").check()
    await tab.settled()
    await expect(tab.tile("Turns")).to_have_text("21")
    await expect(tab.page.locator("#whole .level").last).to_have_text("10 s")


async def test_what_was_spent_is_told_by_day_in_either_unit(tab: Tab) -> None:
    await tab.house.turn(60, GPT, credits=1600)
    await tab.house.turn(60, LLAMA, dollars=0.25)
    await tab.open()
    [credits] = await tab.bars("costs")
    assert (credits["name"], credits["value"]) == (GPT, 1600)
    await tab.page.get_by_role("radio", name="Dollars").check()
    await expect(tab.page.locator("#costs .legend li")).to_have_text([LLAMA])
    [dollars] = await tab.bars("costs")
    assert (dollars["name"], dollars["value"]) == (LLAMA, 0.25)
    await expect(tab.page.locator("#tiles > div").last).to_have_text("Spent today1,600credits and $0.250")


async def test_errors_and_processes_are_told_in_words(tab: Tab) -> None:
    await tab.house.turn(130, error="provider_slow")
    await tab.house.turn(30, error="photos_none_read")
    await tab.house.turn(20, error="photos_none_read")
    await settle(tab.house.store)
    await tab.open()
    rows = tab.page.locator("#errors tbody tr")
    await expect(rows).to_have_count(2)
    await expect(tab.page.locator("#errors thead th:first-child")).to_have_text(
        ["Trouble of ours", "Questions and files that could not be answered"]
    )
    await expect(rows.first).to_contain_text("The service took too long to answer.")
    await expect(rows.first).to_contain_text("2 min ago")
    await expect(rows.last).to_contain_text("I couldn't read …. I didn't ask the model")
    await expect(rows.last).to_contain_text("photos_none_read2")
    processes = tab.page.locator(".processes > li")
    await expect(processes.nth(0)).to_contain_text("all is well")
    await expect(processes.nth(0)).to_contain_text("listens to telegram, web · 3 of 64 in work · up for 7 h")
    await expect(processes.nth(1).locator(".open")).to_have_text("vapi/geminiopen")
    await expect(processes.nth(2)).to_contain_text(re.compile("silent for 4[0-9] s"))
    await expect(processes.nth(2)).to_contain_text("store TimeoutError")


async def test_a_strip_tells_what_is_down_what_stands_in_and_whom_it_served(tab: Tab) -> None:
    store = tab.house.store
    process = WorkerProcess(name="bot-1/1", started=time.time() - HOUR, listens=("telegram",), workers=64, in_flight=1)
    await store.coordination.beat(process)
    await tab.open()
    news = tab.page.locator("#news")
    await expect(news).to_have_text("All is well.")
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    await store.queue.save_result(turn, JobResult(text="yes", model=GPT, answered_by=LLAMA))
    await store.queue.finish(turn)
    await store.coordination.beat(replace(process, breakers={"onemin/gpt": "open"}))
    await tab.later()
    bad = news.locator(".bad")
    await expect(bad).to_have_count(1)
    await expect(bad).to_contain_text(
        re.compile(rf"onemin/gpt is down\. {LLAMA} has answered in its place since \d+:\d\d.*: 1 answer for 1 person\.")
    )
    await store.coordination.beat(process)
    await tab.later()
    await expect(bad).to_have_count(0)
    await expect(news).to_contain_text(f"{GPT} was down in the last hour. {LLAMA} has answered in its place")


async def test_the_strip_tells_of_processes_in_trouble_and_of_people_who_wait(tab: Tab) -> None:
    store = tab.house.store
    assert isinstance(store, SqlStore)
    trouble = {"telegram": "the webhook is refused"}
    await store.coordination.beat(
        WorkerProcess(name="bot-1/1", started=time.time(), listens=(), workers=0, troubles=trouble)
    )
    await store.intake.add(said())
    await store.db.run("UPDATE turns SET added = added - 300")
    await tab.open()
    await expect(tab.page.locator("#news .bad")).to_have_text(
        [
            "telegram is in trouble on bot-1/1: the webhook is refused",
            "Nobody works: no message will be answered.",
            re.compile("Somebody has been waiting for an answer for 5 min"),
        ]
    )


async def test_what_was_put_aside_is_told_with_what_to_do(tab: Tab) -> None:
    await tab.open()
    await expect(tab.page.locator("#quarantine")).to_be_hidden()
    store = tab.house.store
    assert isinstance(store, SqlStore)
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    await store.queue.finish(turn, error=PUT_ASIDE)
    await store.db.run("UPDATE turns SET stalls = 2, crashes = 1 WHERE id = :id", id=turn.id)
    await tab.later()
    row = tab.page.locator("#aside tbody tr")
    await expect(row).to_contain_text("the bot stood still twice, it died once")
    await expect(row.locator("td").nth(1)).to_have_text("web")
    await expect(tab.page.locator("#aside")).to_contain_text(
        "1 in all. To have one answered after all: python -m bot turns"
    )
    async with tab.page.expect_response(re.compile(r"/release$")):
        await row.get_by_role("button", name="Release").click()
    await expect(tab.page.locator("#quarantine")).to_be_hidden()
    assert await store.queue.count_waiting() == 1


async def test_with_nothing_to_show_it_says_so(tab: Tab) -> None:
    await tab.open("?range=month&split=model")
    await expect(tab.page.locator(".plot .nothing")).to_have_text(["nothing yet"] * 4)
    await expect(tab.page.locator("#errors")).to_have_text("None. Nice.")
    await expect(tab.tile("Whole answer")).to_have_text("–")
    assert await tab.bars() == []


async def test_one_lonely_answer_is_a_dot(tab: Tab) -> None:
    await tab.house.turn(300, took=3.0)
    await tab.open("?range=hour")
    await expect(tab.page.locator("#whole circle")).to_have_count(2)  # p50 and p95
    assert len(await tab.bars()) == 1


@pytest.mark.parametrize("split", ["all", "model"])
async def test_it_fits_on_a_phone(browser: Browser, house: House, split: str) -> None:
    await fill(house.store, 200)
    await settle(house.store)
    async with looking(browser, house, 360, 740) as tab:
        await tab.open(f"?range=week&split={split}")
        assert not await tab.page.evaluate(OVERFLOWS)
        width = await tab.slider("Turns over time").evaluate("(svg) => svg.getBoundingClientRect().right")
        assert width <= 360
        assert tab.troubles == []


async def test_more_than_seven_models_are_six_and_others_and_one_can_stand_out(tab: Tab) -> None:
    await fill(tab.house.store, 400)
    await tab.open("?range=month&split=model")
    names = tab.page.locator("#turns .legend li")
    await expect(names).to_have_count(7)
    await expect(names.last).to_have_text("others")
    looks = [await each.get_attribute("class") for each in await names.locator("rect").all()]
    assert len(set(looks)) == 7
    await names.nth(1).get_by_role("button").click()
    bars = tab.page.locator("#turns rect.bar")
    shown = await bars.and_(tab.page.locator(":not(.faded)")).evaluate_all(
        "(all) => all.map((bar) => bar.dataset.name)"
    )
    assert set(shown) == {await names.nth(1).text_content()}
    await names.nth(1).get_by_role("button").click()
    await expect(tab.page.locator("#turns .faded")).to_have_count(0)


# for those who have no pointer, or see nothing


async def test_every_moment_can_be_asked_with_the_keyboard(tab: Tab) -> None:
    await tab.house.turn(65 * 60)
    await tab.house.turn(10)
    await tab.house.turn(10, error="bug")
    await tab.open("?range=day")
    chart, tooltip = tab.slider("Turns over time"), tab.page.locator("#turns .tooltip")
    await expect(tooltip).to_be_hidden()
    await chart.focus()
    await expect(tooltip).to_be_visible()
    said_first = await chart.get_attribute("aria-valuetext") or ""
    await tab.page.keyboard.press("ArrowLeft")
    assert await chart.get_attribute("aria-valuenow") == "95"
    assert await chart.get_attribute("aria-valuetext") != said_first
    await tab.page.keyboard.press("Home")
    assert await chart.get_attribute("aria-valuenow") == "1"
    told = []
    await tab.page.keyboard.press("End")
    for _ in range(7):
        told.append(await chart.get_attribute("aria-valuetext") or "")
        await tab.page.keyboard.press("ArrowLeft")
    assert sum("went well: 1, failed: 1" in each for each in told) == 1
    assert sum("went well: 1, failed: 0" in each for each in told) == 1
    await tab.page.keyboard.press("Escape")
    await expect(tooltip).to_be_hidden()


async def test_a_pointer_asks_the_column_below_it(tab: Tab) -> None:
    await tab.house.turn(10 * 60, credits=5)
    await tab.open("?range=hour")
    [bar] = await tab.bars()
    await tab.slider("Turns over time").hover(position={"x": bar["x"] + 2, "y": 60})
    await expect(tab.page.locator("#turns .tooltip")).to_contain_text("went well1")
    await tab.page.mouse.move(5, 5)
    await expect(tab.page.locator("#turns .tooltip")).to_be_hidden()


async def test_the_same_stands_in_a_table(tab: Tab) -> None:
    await tab.house.turn(10 * 60, GPT)
    await tab.house.turn(10 * 60, LLAMA)
    await tab.house.turn(20 * 60, LLAMA)
    await tab.open("?range=hour&split=model")
    await tab.page.locator("#turns summary").click()
    rows = tab.page.locator("#turns tbody tr")
    await expect(rows).to_have_count(2)
    await expect(tab.page.locator("#turns thead th")).to_have_text(["When", LLAMA, GPT])
    assert [await row.locator("td").all_text_contents() for row in await rows.all()] == [["1", "1"], ["1", "0"]]
    await tab.house.turn(1)
    await tab.later()
    await expect(rows).to_have_count(3)


async def test_everything_has_a_name(tab: Tab) -> None:
    await fill(tab.house.store, 50)
    await settle(tab.house.store)
    await tab.open("?split=model")
    await tab.page.locator("#whole summary").click()
    assert await tab.page.evaluate(WITHOUT_NAME) == []


# as time goes by


async def test_a_new_turn_is_shown_and_nothing_else_moves(tab: Tab) -> None:
    await tab.house.turn(600)
    await tab.house.store.intake.add(said())
    await tab.open("?range=hour")
    await expect(tab.tile("Turns")).to_have_text("1")
    await expect(tab.tile("Waiting")).to_have_text("1")
    bar = await tab.page.locator("#turns rect.bar").element_handle()
    assert bar is not None
    await tab.page.evaluate(COUNT_CHANGES)
    await tab.later()
    assert await tab.page.evaluate("changes") <= 3, "nothing has changed but ages"
    await tab.house.turn(5)
    await tab.later()
    await expect(tab.tile("Turns")).to_have_text("2")
    await expect(tab.page.locator("#turns rect.bar")).to_have_count(2)
    assert await bar.evaluate("(bar) => bar.isConnected"), "the other bar is still the same one"


async def test_it_asks_every_few_seconds_and_not_while_nobody_looks(tab: Tab) -> None:
    await tab.open()
    for _ in range(2):
        await tab.later()
    before = len(tab.asked)
    await tab.page.evaluate(HIDE, True)
    await tab.page.clock.fast_forward(10 * PAUSE)
    await asyncio.sleep(0.1)
    assert len(tab.asked) == before
    await expect(tab.connection).to_be_empty()
    await tab.house.turn(5)
    async with tab.page.expect_response(re.compile("/dashboard/data")):
        await tab.page.evaluate(HIDE, False)
    await expect(tab.tile("Turns")).to_have_text("1")


async def test_a_lost_connection_is_told_until_it_is_back(browser: Browser, house: House) -> None:
    await house.turn(5)
    async with looking(browser, house) as tab:
        await tab.open()
        await expect(tab.connection).to_be_hidden()
        await house.stop()
        await tab.page.clock.fast_forward(PAUSE)
        await expect(tab.connection).to_have_text(
            re.compile(r"^The connection is lost\. What is shown is of [\d:]+\. Trying again…$"), timeout=PATIENCE
        )
        await expect(tab.tile("Turns")).to_have_text("1")
        await house.start()
        await house.turn(5)
        await tab.later()
        await expect(tab.connection).to_be_hidden()
        await expect(tab.tile("Turns")).to_have_text("2")


async def test_whoever_is_logged_out_is_told_where_to_go(tab: Tab) -> None:
    await tab.open()
    await tab.page.route("**/dashboard/data*", lambda route: route.fulfill(status=401, json={"error": "no"}))
    await tab.later()
    await expect(tab.connection).to_have_text("You are logged out. Log in")
    await expect(tab.page.get_by_role("link", name="Log in")).to_have_attribute("href", "/login?next=/dashboard")
    tab.troubles.clear()  # the browser complains about a 401


async def test_the_strip_speaks_the_language_of_its_reader(browser: Browser, house: House) -> None:
    async with looking(browser, house, locale="de-DE") as tab:
        await tab.open()
        await expect(tab.page.locator("#news .bad")).to_have_text("Niemand arbeitet: Keine Nachricht wird beantwortet.")
        await house.store.intake.add(said())
        assert isinstance(house.store, SqlStore)
        await house.store.db.run("UPDATE turns SET added = added - 300")
        await tab.later()
        await expect(tab.page.locator("#news")).to_contain_text("Jemand wartet auf eine Antwort, seit 5 Minuten.")
        assert tab.troubles == []


async def test_models_that_win_comparisons_are_told_with_their_intervals(tab: Tab) -> None:
    await tab.open()
    await expect(tab.page.locator("#comparisons")).to_be_hidden()
    await voted(tab.house.store, {GPT: 1, LLAMA: 9}, votes=10)
    await tab.later()
    row = tab.page.locator("#wins tbody tr").first
    await expect(row).to_have_text(f"{LLAMA}90% 60% – 98%103 s90 credits")


async def test_no_english_stands_on_it_in_any_other_language(browser: Browser, house: House) -> None:
    store = house.store
    assert isinstance(store, SqlStore)
    await fill(store, 300)
    await settle(store)
    await voted(store, {GPT: 18, LLAMA: 15}, votes=20)
    for _ in range(2):
        await store.intake.add(said())
    for turn in await store.queue.claim(1):
        await store.queue.finish(turn, error=PUT_ASIDE)
    await store.db.run("UPDATE turns SET stalls = 3, crashes = 1 WHERE error = :error", error=PUT_ASIDE)
    async with looking(browser, house) as tab:
        await tab.open("?range=day&split=model")
        await tab.page.locator("#turns summary").click()
        english = set(await tab.page.evaluate(SENTENCES))
        assert {"dashboard", "Errors", "others", "Put aside", "half open", "As a table"} <= english
        left = {}
        for language in (code for code in LANGUAGES if code != ENGLISH):
            url = f"http://127.0.0.1:{house.port}"
            await tab.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])
            await tab.page.reload()
            await tab.settled()
            await tab.page.locator("#turns summary").click()
            assert await tab.page.evaluate("document.documentElement.lang") == language
            shown = await tab.page.evaluate(SENTENCES)
            assert len(shown) > 100
            left[language] = [text for text in shown if has_english(text, english, language)]
            assert not await tab.page.evaluate(OVERFLOWS)
            width = await tab.slider(catalogue(language)["dashboard_turns_chart"]).evaluate(WIDTH)
            assert width > 0
        assert {language: texts for language, texts in left.items() if texts} == {}
        assert tab.troubles == []


def has_english(text: str, english: set[str], language: str) -> bool:
    """Tell whether a text of the page is English, or holds a Latin letter where people write with others."""
    own = NAMES.sub("", text)
    if language in LATIN:
        return text in english and bool(re.search(r"[A-Za-z]{2}", own)) and own not in SHARED_WORDS[language]
    return bool(re.search(r"[A-Za-z]", own))


# the pictures in the docs


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pictures_of_a_busy_day(browser: Browser, house: House, tmp_path: Path, scheme: Scheme) -> None:
    folder = pictures(tmp_path)
    await fill(house.store, 6000)
    await settle(house.store)
    for n in range(7):
        await house.store.intake.add(said(channel=f"web:{n}"))
    await house.store.queue.claim(5)
    async with looking(browser, house, 1180, 1000, color_scheme=scheme) as tab:
        await tab.open(f"?range=day&split={'all' if scheme == 'light' else 'model'}")
        await expect(tab.page.locator(".processes > li")).to_have_count(3)
        await tab.page.locator("#turns svg[role=slider]").hover(position={"x": 870, "y": 120})
        picture = Image.open(io.BytesIO(await tab.page.screenshot(full_page=True)))
        picture.quantize(SHADES).save(folder / f"dashboard-{scheme}.png", optimize=True)
        assert tab.troubles == []


async def test_pictures_of_an_outage_that_another_model_covers(browser: Browser, house: House, tmp_path: Path) -> None:
    store = house.store
    await fill(store, 600)
    await settle(store)
    process = WorkerProcess(name="bot-1/1", started=time.time() - 7 * HOUR, listens=("telegram",), workers=64)
    await store.coordination.beat(replace(process, in_flight=3, breakers={"onemin/gpt": "open"}))
    for person in range(3):
        await store.intake.add(replace(said(channel=f"telegram:{person}"), author=Author(str(person), "Ann")))
    for turn in await store.queue.claim(3):
        await store.queue.save_result(turn, JobResult(text="yes", model=GPT, answered_by=LLAMA))
        await store.queue.finish(turn)
    async with looking(browser, house, 1180, 620) as tab:
        await tab.open("?range=hour")
        await expect(tab.page.locator("#news li").first).to_contain_text(
            re.compile(rf"onemin/gpt is down\. {LLAMA} has answered in its place since .*: 3 answers for 3 people\.")
        )
        picture = Image.open(io.BytesIO(await tab.page.screenshot()))
        picture.quantize(SHADES).save(pictures(tmp_path) / "dashboard-outage.png", optimize=True)
        assert tab.troubles == []
