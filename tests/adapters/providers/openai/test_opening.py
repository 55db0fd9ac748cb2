"""The operator's settings become clients: a key switches a service on, and so does an address of one's own."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.providers import PROVIDERS
from adapters.providers.openai.provider import OpenAI
from bot.adapter_context import AdapterContext
from bot.configuration import read_settings
from bot.settings import Settings
from tests.adapters.providers.openai.conftest import Endpoint, json_of, photo, prompt, told
from tools.settings_reference import fields


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in fields():
        monkeypatch.delenv(name.upper(), raising=False)


def ready(settings: Settings) -> set[str]:
    return {name for name, plugin in PROVIDERS.items() if plugin.is_on(settings)}


def opened(name: str, **settings: Any) -> OpenAI:
    context = cast(AdapterContext, SimpleNamespace(settings=read_settings(**settings)))
    provider = PROVIDERS[name].build(context)
    assert isinstance(provider, OpenAI)
    return provider


def test_a_key_switches_its_service_on() -> None:
    assert ready(read_settings()) == set()
    assert ready(read_settings(vapi_api_key="k")) == {"vapi"}
    assert ready(read_settings(aimlapi_api_key="k")) == {"aimlapi"}
    assert ready(read_settings(openai_api_key="k")) == {"openai"}


def test_an_address_of_ones_own_needs_no_key() -> None:
    assert ready(read_settings(openai_api_url="http://127.0.0.1:11434/v1")) == {"openai"}


async def test_the_settings_reach_the_wire(endpoint: Endpoint) -> None:
    wishes = {"bot_max_tokens": 300, "bot_temperature": 0.5, "bot_photo_detail": "low"}
    async with opened("openai", openai_api_url=endpoint.url, **wishes) as openai:
        await told(openai, prompt("What is it?", photo()))

    [seen] = endpoint.seen
    assert "Authorization" not in seen.headers
    assert (seen.body["max_tokens"], seen.body["temperature"]) == (300, 0.5)
    assert seen.body["messages"][0]["content"][1]["image_url"]["detail"] == "low"


async def test_the_key_of_v_api_goes_into_the_header_that_is_set(endpoint: Endpoint) -> None:
    async with opened("vapi", vapi_api_key="sk-1", vapi_api_url=endpoint.url, vapi_auth="x-api-key") as vapi:
        await told(vapi, prompt(model="vapi/gpt-4o"))

    assert endpoint.seen[0].headers["x-api-key"] == "sk-1"


async def test_the_models_that_the_operator_names_are_offered_and_taken_to_see(endpoint: Endpoint) -> None:
    names = {"bot_model": "aimlapi/maker/mine", "bot_fallbacks": "aimlapi/other, openai/third"}
    async with opened("aimlapi", aimlapi_api_key="k", aimlapi_api_url=endpoint.url, **names) as aimlapi:
        assert [model.id for model in await aimlapi.models()] == ["maker/mine", "other"]

    endpoint.pages["/v1/models"] = json_of({"data": [{"id": "maker/mine"}, {"id": "some"}]})
    async with opened("aimlapi", aimlapi_api_key="k", aimlapi_api_url=endpoint.url, **names) as aimlapi:
        assert [(model.id, model.sees) for model in await aimlapi.models()] == [("maker/mine", True), ("some", False)]
