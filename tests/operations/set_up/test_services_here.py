"""`try` finds a model on this machine, and takes a key on its page."""

import re
from pathlib import Path

import aiohttp
import pytest
from dotenv import dotenv_values

from bot.operations.set_up.services_here import find_service_here
from tests.conftest import CAT
from tests.doubles.openai import FakeOpenAI
from tests.doubles.page import Page
from tests.doubles.process import BotProcess, free_port
from tests.doubles.waiting import until

KEY = "sk-the-key-of-the-operator"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither of the two runs, whatever this machine has."""
    monkeypatch.chdir(tmp_path)
    for name in ("OLLAMA", "LMSTUDIO"):
        monkeypatch.setenv(f"{name}_API_URL", f"http://127.0.0.1:{free_port()}/v1")


async def test_nothing_is_found_where_nothing_runs() -> None:
    assert await find_service_here() is None


@pytest.mark.parametrize(("variable", "title"), [("OLLAMA_API_URL", "Ollama"), ("LMSTUDIO_API_URL", "LM Studio")])
async def test_a_model_that_sees_is_found(monkeypatch: pytest.MonkeyPatch, variable: str, title: str) -> None:
    async with FakeOpenAI("vapi", key="") as service:
        monkeypatch.setenv(variable, service.url)
        found = await find_service_here()
        assert found is not None
        assert found.title == title
        assert re.fullmatch(r"(ollama|lmstudio)/gpt-\S+", found.model)


@pytest.mark.timeout(180)
async def test_try_uses_it_says_so_and_takes_a_key_instead(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    async with (
        FakeOpenAI("vapi", key="") as here,
        FakeOpenAI("vapi", key=KEY) as away,
        BotProcess(tmp_path, "try", OLLAMA_API_URL=here.url, LMSTUDIO_API_URL=nowhere, VAPI_API_URL=away.url) as bot,
        aiohttp.ClientSession() as http,
    ):
        await bot.ready()
        assert "Ollama runs on this machine and answers, with ollama/" in bot.said()
        async with http.get(f"{bot.url}/api/about") as reply:
            about = await reply.json()
        assert about["banner"].startswith("Ollama on this machine answers, with ollama/")
        page = Page(bot.url, "lobby")
        await page.say(http, "what is this?", "k1", cat_jpg=CAT)
        await until(lambda: here.asked)
        async with http.get(bot.url + about["key_page"]) as reply:
            assert "VAPI_API_KEY" in await reply.text()
        wrong = {"service": "vapi", "values": {"VAPI_API_KEY": "sk-another"}}
        async with http.post(f"{bot.url}/setup/test", json=wrong) as reply:
            assert not (await reply.json())["usable"]
        use = {"values": {"VAPI_API_KEY": KEY, "BOT_MODEL": "vapi/gpt-4o"}, "remember": True}
        async with http.post(f"{bot.url}/setup/save", json=use, headers={"Origin": "http://evil.example"}) as reply:
            assert reply.status == 403
        async with http.post(f"{bot.url}/setup/save", json=use) as reply:
            assert reply.status == 200
        await until(lambda: bot.said().count("Open http") == 2)
        await Page(bot.url, "another").say(http, "what is this?", "k2", cat_jpg=CAT)
        await until(lambda: away.asked)
        assert KEY not in bot.said()
    assert dotenv_values(tmp_path / ".env") == {"VAPI_API_KEY": KEY, "BOT_MODEL": "vapi/gpt-4o"}
