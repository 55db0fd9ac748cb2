"""The set-up page: opened once, by this machine only, and it tests, writes and starts what was pasted."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import CookieJar
from dotenv import dotenv_values
from playwright.async_api import Page, expect

from bot.operations.set_up.set_up_page import SetUpPage
from bot.web.server import WebServer
from tests.conftest import CAT
from tests.doubles.browser import chromium, pictures
from tests.doubles.openai import FakeOpenAI
from tests.doubles.process import BotProcess
from tests.doubles.telegram import TOKEN, TelegramBed
from tests.doubles.waiting import until

KEY = "sk-the-key-of-the-operator"
WRONG_TOKEN = "4242:" + "not_that_" * 4
PATIENCE = 30_000  # milliseconds
PLACES = {"PATH", "PYTHONPATH", "BOT_STORE", "BOT_DATA", "WEB_PORT"}


class FreshBot(BotProcess):
    """A bot on a machine where nobody has chosen anything yet."""

    def __init__(self, folder: Path, **places: str) -> None:
        super().__init__(folder)
        self.environment = {name: self.environment[name] for name in PLACES} | places

    async def link(self) -> str:
        await until(lambda: "/setup/" in self.said())
        found = re.search(r"http://127\.0\.0\.1:\d+/setup/\S+", self.said())
        assert found is not None
        return found[0]


@pytest.mark.timeout(180)
async def test_from_two_tokens_to_the_first_answer(tmp_path: Path) -> None:
    async with (
        TelegramBed() as bed,
        FakeOpenAI("vapi", key=KEY) as service,
        FreshBot(tmp_path, TELEGRAM_API_URL=bed.url, VAPI_API_URL=service.url) as bot,
        chromium() as browser,
    ):
        page = await browser.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
        await page.goto(await bot.link())
        assert page.url.endswith("/setup"), "the link is gone from the address"
        await paste(page, "TELEGRAM_TOKEN", WRONG_TOKEN, "does not know the token")
        await paste(page, "TELEGRAM_TOKEN", TOKEN, "the token is accepted")
        await paste(page, "VAPI_API_KEY", "sk-another", "does not accept this bot's API key")
        await paste(page, "VAPI_API_KEY", KEY, "the key is accepted")
        await page.select_option("[name=BOT_MODEL]", "vapi/gpt-4o")
        await page.check("[name=BOT_ACCESS][value=open]")
        await page.fill("[name=BOT_TOTAL_TURNS_DAY]", "500")
        await page.set_viewport_size({"width": 720, "height": 900})
        await page.evaluate("scrollTo(0, 0)")
        await page.screenshot(path=pictures(tmp_path) / "set-up.png")
        await page.click("text=Save and start")
        await page.wait_for_url(re.compile(r"/(c/.*)?$"), timeout=PATIENCE)
        assert dotenv_values(tmp_path / ".env") == {
            "TELEGRAM_TOKEN": TOKEN,
            "VAPI_API_KEY": KEY,
            "BOT_MODEL": "vapi/gpt-4o",
            "BOT_ACCESS": "open",
            "BOT_TOTAL_TURNS_DAY": "500",
        }
        assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
        await bot.ready()
        await bed.sends_photo(CAT, "what is this?")
        await until(lambda: any("451 × 300" in text for text in bed.reads()))
        assert not troubles
        assert all(secret not in bot.said() for secret in (TOKEN, WRONG_TOKEN, KEY, "sk-another"))


async def paste(page: Page, variable: str, value: str, finding: str) -> None:
    """Paste a token or a key, test it, and wait for the sentence."""
    fieldset = page.locator("fieldset").filter(has=page.locator(f"[name={variable}]"))
    await page.fill(f"[name={variable}]", value)
    await fieldset.get_by_role("button", name="Test").click()
    await expect(fieldset.locator(".findings")).to_contain_text(finding, timeout=PATIENCE)


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SetUpPage]:
    monkeypatch.chdir(tmp_path)
    server = WebServer("127.0.0.1", 0)
    page = SetUpPage(server, tmp_path / ".env")
    async with server:
        yield page


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        yield http


async def save(http: aiohttp.ClientSession, page: SetUpPage, values: object, **headers: str) -> tuple[int, str]:
    url = page.url.partition("/setup")[0] + "/setup/save"
    async with http.post(url, json={"values": values}, headers=headers) as reply:
        return reply.status, await reply.text()


async def test_the_link_works_once_and_for_one_browser(page: SetUpPage, http: aiohttp.ClientSession) -> None:
    link = page.url
    async with http.get(link) as reply:
        assert reply.status == 200
        assert "Set up Snapthread" in await reply.text()
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    async with aiohttp.ClientSession() as other:
        for url in (link, link[:-1], link.rpartition("/")[0], link.partition("/setup")[0] + "/"):
            async with other.get(url) as reply:
                assert reply.status == 403, url
        assert (await save(other, page, {}))[0] == 403
    assert (await save(http, page, {}))[0] == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]
)
async def test_no_other_site_may_speak_for_the_reader(
    page: SetUpPage, http: aiohttp.ClientSession, tmp_path: Path, headers: dict[str, str]
) -> None:
    await http.get(page.url)
    assert (await save(http, page, {"BOT_ACCESS": "open"}, **headers))[0] == 403
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("values", "status", "sentence"),
    [
        ({"BOT_STORE": "sqlite:////etc/x"}, 400, "not the fields"),
        ({"TELEGRAM_TOKEN": 5}, 400, "not the fields"),
        ([], 400, "not the fields"),
        ({"BOT_TOTAL_TURNS_DAY": "many"}, 400, "BOT_TOTAL_TURNS_DAY: it should be a number"),
        ({"TELEGRAM_TOKEN": "two words"}, 400, "TELEGRAM_TOKEN: it has a blank"),
    ],
)
async def test_what_cannot_be_read_is_not_written(
    page: SetUpPage, http: aiohttp.ClientSession, tmp_path: Path, values: object, status: int, sentence: str
) -> None:
    await http.get(page.url)
    code, text = await save(http, page, values)
    assert (code, sentence in text) == (status, True), text
    assert not list(tmp_path.iterdir())


async def test_a_file_that_came_meanwhile_is_left_alone(
    page: SetUpPage, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await http.get(page.url)
    (tmp_path / ".env").write_text("BOT_ACCESS=paired\n")
    code, text = await save(http, page, {"BOT_ACCESS": "open"})
    assert (code, "stays as it is" in text) == (409, True)
    assert (tmp_path / ".env").read_text() == "BOT_ACCESS=paired\n"


async def test_without_any_key_local_eyes_answers(page: SetUpPage, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    await http.get(page.url)
    assert (await save(http, page, {"BOT_ACCESS": "paired"}))[0] == 200
    await asyncio.wait_for(page.wait_until_written(), 5)
    written = dotenv_values(tmp_path / ".env")
    assert (written["BOT_LOCAL"], written["BOT_MODEL"]) == ("true", "local/eyes")


@pytest.mark.parametrize(
    "chosen", [{"WEB_TOKEN": "t" * 20}, {"BOT_ACCESS": "open"}, {"TELEGRAM_TOKEN": TOKEN}, {"BOT_LOG": "json"}]
)
async def test_whoever_has_chosen_something_gets_no_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: dict[str, str]
) -> None:
    from bot.configuration import read_settings
    from bot.operations.set_up import can_serve, is_untouched

    monkeypatch.chdir(tmp_path)
    assert is_untouched(read_settings())
    assert can_serve(read_settings())
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    assert not (is_untouched(read_settings()) and can_serve(read_settings()))
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").touch()
    assert not is_untouched(read_settings())
