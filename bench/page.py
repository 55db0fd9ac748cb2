"""The page in a real browser: its weight, a conversation of thousands, and how soon the first words are on screen.

The bot is a process of its own, as its operator runs it; the browser is Chromium without a window, which draws without
a graphics card.
"""

import asyncio
import json
import re
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from playwright.async_api import Browser, Page

from adapters.platforms.web.page import STATIC, read_static_file
from bench.measure import percentile
from bench.result import Result, Row, joined
from tests.doubles.browser import chromium
from tests.doubles.process import BotProcess

ENTRIES = 5_000
OPENINGS, QUESTIONS = 5, 20
FEW = 2  # of each, to see that it works
WIDTHS = {"a phone, 360 px": (360, 740), "a screen, 1,280 px": (1280, 800)}
SPEED = 4_000  # pixels a second: a page and more each quarter of a second
GLIDE = 24_000  # pixels
LATE = 34.0  # milliseconds between two frames, from which on one of sixty a second was left out
PAUSE = 0.03  # seconds between two pieces of an answer
PIECES = 20
FIRST, LAST = "First", "finally"

QUESTION = "What is on photo {n}, and what could be written below it?"
ANSWER = """Photo {n} shows **a ginger cat** on a grey sofa, `img_{n}.jpg`.

- green eyes, long whiskers
- a cushion, and a window behind it

| detail | sure? |
|---|---|
| collar | no |

Something like: *"Monday, number {n}"*."""
FILL = "INSERT INTO entries (id, channel, ours, text, time, received) VALUES (?, 'lobby', ?, ?, ?, 1)"

OPENED = """() => new Promise((done) => {
  const look = () => {
    const shown = document.querySelector("#entries > li:last-child");
    if (!shown?.textContent.includes("number %d")) setTimeout(look, 5);
    else requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  };
  look();
})"""
COUNT_FRAMES = """() => {
  globalThis.frames = [];
  globalThis.counts = true;
  const count = (now) => { frames.push(now); if (counts) requestAnimationFrame(count); };
  requestAnimationFrame(count);
}"""
PAUSES = """() => {
  counts = false;
  return frames.slice(1).map((now, n) => now - frames[n]);
}"""
TO_THE_FIRST = """async () => {
  const [transcript, entries, older] = ["#transcript", "#entries", "#older"].map((id) => document.querySelector(id));
  while (!older.hidden) {
    transcript.scrollTop = 0;
    older.click();
    await new Promise((done) => setTimeout(done, 50));
  }
  transcript.scrollTop = transcript.scrollHeight / 2;
  return entries.querySelectorAll(".message, .post").length;
}"""
NOTE_WORDS = """([first, last]) => {
  globalThis.seen = {};
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  const note = (name) => {
    if (name in seen) return;
    seen[name] = 0;
    requestAnimationFrame(() => setTimeout(() => { seen[name] = now(); })); // when it has been drawn
  };
  new MutationObserver(() => {
    const text = document.querySelector("#entries > li:last-child .body")?.textContent ?? "";
    if (text.includes(first)) note("first");
    if (text.includes(last)) note("last");
  }).observe(document.querySelector("#entries"), { childList: true, subtree: true, characterData: true });
}"""


def report(*, quick: bool) -> Result:
    """Return what the page weighs, how a long conversation opens and scrolls, and when words are on screen."""
    weights, talks, words = asyncio.run(_measure(quick=quick))
    figures = {f"{row['']}, kB": float(str(row["packed kB"])) for row in weights}
    for row in talks[: len(WIDTHS)]:
        figures |= {f"{name}, {row['on']}": float(str(row[name])) for name in ("opens in ms, p50", "late frames, %")}
    figures |= {str(row["until"]): float(str(row["p50 ms"])) for row in words}
    text = joined(
        ("What the page weighs", weights),
        (f"A conversation of {ENTRIES:,} entries", talks),
        ("From the provider's words to the screen", words),
    )
    return Result(text, figures)


async def _measure(*, quick: bool) -> tuple[Sequence[Row], Sequence[Row], Sequence[Row]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        speaker = await stack.enter_async_context(_Speaker())
        settings = {"OPENAI_API_URL": speaker.url, "OPENAI_API_KEY": "bench", "BOT_MODEL": "openai/gpt-4o"}
        bot = await stack.enter_async_context(BotProcess(folder, **settings))
        await bot.ready()
        browser = await stack.enter_async_context(chromium())
        weights = await _weights(browser, bot.url)
        words = await _words(browser, bot.url, speaker, FEW if quick else QUESTIONS)
        _fill(folder / "web.db")
        openings = FEW if quick else OPENINGS
        talks = [await _talk(browser, bot.url, name, size, openings) for name, size in WIDTHS.items()]
        talks += [await _plain(browser, name, size) for name, size in WIDTHS.items()]
        return weights, talks, words


# weight


async def _weights(browser: Browser, url: str) -> Sequence[Row]:
    page = await browser.new_page()
    requests: list[tuple[str, int]] = []
    page.on("requestfinished", lambda request: asyncio.ensure_future(_note(request, requests)))
    await page.goto(f"{url}/c/empty")
    await page.locator("#model").wait_for()
    await asyncio.sleep(0.5)
    html = sum(size for address, size in requests if "/static/" not in address and "/api/" not in address)
    static = sum(size for address, size in requests if "/static/" in address)
    everything = sum(len(read_static_file(path.name).packed) for path in STATIC.iterdir() if path.name != "index.html")
    await page.close()
    return [
        {"": "first load", "packed kB": (html + static) / 1000, "requests": len(requests)},
        {"": "in all", "packed kB": (html + everything) / 1000, "requests": "-"},
    ]


async def _note(request: Any, requests: list[tuple[str, int]]) -> None:
    requests.append((request.url, (await request.sizes())["responseBodySize"]))


# a long conversation


def _fill(path: Path) -> None:
    rows = [
        (n, n % 2 == 0, (ANSWER if n % 2 == 0 else QUESTION).format(n=n), time.time() - ENTRIES + n)
        for n in range(1, ENTRIES + 1)
    ]
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(FILL, rows)


async def _talk(browser: Browser, url: str, name: str, size: tuple[int, int], openings: int) -> Row:
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    opened = []
    for _ in range(openings):
        await page.goto(f"{url}/c/lobby", wait_until="commit")
        opened.append(await page.evaluate(OPENED % ENTRIES))
    fetched = await _glide(page, size)
    shown = await page.evaluate(TO_THE_FIRST)
    all_there = await _glide(page, size)
    await page.close()
    return {
        "on": name,
        "opens in ms, p50": percentile(opened, 0.5),
        "slowest": max(opened),
        **_smoothness(fetched + all_there),
        "entries": shown,
    }


async def _plain(browser: Browser, name: str, size: tuple[int, int]) -> Row:
    """The floor: as many paragraphs of plain text, with nothing else on the page."""
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    await page.set_content("".join(f"<p>{ANSWER.format(n=n)}</p>" for n in range(ENTRIES)))
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    pauses = await _glide(page, size)
    await page.close()
    return {"on": f"{name}: plain text", "opens in ms, p50": "-", "slowest": "-", **_smoothness(pauses), "entries": "-"}


async def _glide(page: Page, size: tuple[int, int]) -> list[float]:
    """Scroll upwards as with a finger, and return the milliseconds between two frames each."""
    screen = await page.context.new_cdp_session(page)
    await page.evaluate(COUNT_FRAMES)
    gesture = {"x": size[0] // 2, "y": size[1] // 2, "yDistance": GLIDE, "speed": SPEED, "gestureSourceType": "mouse"}
    await screen.send("Input.synthesizeScrollGesture", gesture)
    pauses: list[float] = await page.evaluate(PAUSES)
    await screen.detach()
    return pauses


def _smoothness(pauses: Sequence[float]) -> Row:
    late = [pause for pause in pauses if pause > LATE]
    return {
        "frames while scrolling": len(pauses),
        "a second": 1000 * len(pauses) / sum(pauses),
        "late frames, %": 100 * len(late) / len(pauses),
        "longest ms": max(pauses),
    }


# the first words


class _Speaker:
    """An endpoint that notes when it says the first words of an answer, and the last."""

    def __init__(self) -> None:
        self.said: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "gpt-4o", "object": "model"}]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        [*_, n] = re.findall(r"question (\d+)", await request.text()) or ["0"]
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for piece in range(PIECES):
            words = {0: f"{FIRST} {n}, ", PIECES - 1: f"{LAST} {n}."}.get(piece, f"and then {piece}, ")
            await asyncio.sleep(PAUSE)
            self.said["first" if piece == 0 else "last"] = time.time()
            choice = {"index": 0, "delta": {"role": "assistant", "content": words}, "finish_reason": None}
            await response.write(f"data: {json.dumps({'id': 'x', 'choices': [choice]})}\n\n".encode())
        end = {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        await response.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        return response


async def _words(browser: Browser, url: str, speaker: _Speaker, questions: int) -> Sequence[Row]:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{url}/c/words")
    await page.locator("#model").wait_for()
    waits: dict[str, list[float]] = {"first": [], "last": []}
    for n in range(questions + 1):
        await page.evaluate(NOTE_WORDS, [f"{FIRST} {n},", f"{LAST} {n}."])
        await page.fill("#text", f"question {n}")
        await page.press("#text", "Enter")
        await page.locator(".post:not(.growing)").nth(n).wait_for()
        await asyncio.sleep(0.2)
        seen = await page.evaluate("seen")
        if n:  # the first one wakes everything up
            for which, moments in waits.items():
                moments.append(1000 * (seen[which] - speaker.said[which]))
    await page.close()
    names = {"first": "first words on screen", "last": "last words on screen"}
    return [
        {"until": names[which], "p50 ms": percentile(moments, 0.5), "p95 ms": percentile(moments, 0.95)}
        for which, moments in waits.items()
    ]
