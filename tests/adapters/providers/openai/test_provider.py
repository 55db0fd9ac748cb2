"""A question goes to an endpoint and an answer comes back; what a model does not take is left out."""

import asyncio
import re
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.request_body import RequestOptions
from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI
from adapters.providers.openai.silence import SilenceLimits
from bot.errors import BotError, Busy, Cut, Refused, Unreadable, WrongAddress
from bot.messages import Conversation, Model, Text, Usage
from bot.ports import Provider
from tests.adapters.providers.openai.conftest import (
    Client,
    Endpoint,
    Script,
    Told,
    delta,
    event,
    json_of,
    no,
    photo,
    prompt,
    said,
    told,
)

WISHES = RequestOptions(300, 0.5, "high")


async def test_a_photo_is_asked_about_and_answered(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [said("A cat.", prompt_tokens=31, completion_tokens=3)]
    answer = await told(openai, prompt("What is it?", photo()))

    assert answer == Told("A cat.", Usage(None, 31, 3))
    [seen] = endpoint.seen
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.headers["Authorization"] == "Bearer sk-the-key"
    assert seen.body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("status", [200, 201])
async def test_any_success_is_one(openai: OpenAI, endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [Script(said().body, status)]

    assert (await told(openai, prompt())).text == "A cat."


async def test_it_keeps_nothing(openai: OpenAI, endpoint: Endpoint) -> None:
    conversation = Conversation(1, "openai/gpt-4o")
    await openai.upload(photo())
    await openai.capabilities.forget(conversation)

    assert await openai.capabilities.begin(conversation, "cats") is None
    assert endpoint.seen == []


async def test_a_file_that_no_model_takes_is_refused_before_it_is_sent(openai: OpenAI, endpoint: Endpoint) -> None:
    with pytest.raises(Unreadable) as refused:
        await openai.upload(replace(photo(), mime="image/gif"))

    assert refused.value.code == "photo_refused"
    assert endpoint.seen == []


async def test_v_api_gets_what_its_page_names_and_the_key_as_the_operator_wants(
    client: Client, endpoint: Endpoint
) -> None:
    async with client(VAPI, auth="x-goog-api-key", options=WISHES) as vapi:
        await told(vapi, prompt("What is it?", photo(), model="vapi/gpt-4o"))

    [seen] = endpoint.seen
    assert seen.headers["x-goog-api-key"] == "sk-the-key"
    assert "Authorization" not in seen.headers
    assert set(seen.body) == {"model", "messages", "stream", "stream_options", "max_tokens", "temperature"}
    assert set(seen.body["messages"][0]["content"][1]["image_url"]) == {"url"}


async def test_ai_ml_api_gets_an_id_for_its_support_and_tells_the_cost(client: Client, endpoint: Endpoint) -> None:
    spent = event(choices=[], meta={"usage": {"credits_used": 2574, "usd_spent": 0.001287}})
    endpoint.answers = [Script(delta("A cat.", "stop") + spent + b"data: [DONE]\n\n", 201)]
    async with client(AIMLAPI, options=WISHES) as aimlapi:
        answers = [await told(aimlapi, prompt("What is it?", photo(), model="aimlapi/gpt-4o")) for _ in range(2)]

    ids = [seen.headers["X-Client-Request-Id"] for seen in endpoint.seen]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", id) for id in ids)
    assert answers[0] == Told("A cat.", Usage(None, None, None, 0.001287))
    assert endpoint.seen[0].body["messages"][0]["content"][1]["image_url"]["detail"] == "high"


async def test_an_endpoint_without_a_key_gets_none(client: Client, endpoint: Endpoint) -> None:
    async with client(key=" ") as openai:
        await told(openai, prompt())

    assert "Authorization" not in endpoint.seen[0].headers


# what a model does not take

REFUSALS: dict[str, tuple[str, str, str | None]] = {
    "stream_options": ("Unrecognized request argument supplied: stream_options", "stream_options", None),
    "max_tokens": (
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        "max_completion_tokens",
    ),
    "temperature": ("'temperature' does not support 0.5 with this model.", "temperature", None),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_is_refused_is_left_out_and_not_tried_again(client: Client, endpoint: Endpoint, name: str) -> None:
    message, gone, instead = REFUSALS[name]
    endpoint.answers = [no(400, message), said()]
    async with client(options=WISHES) as openai:
        first = await told(openai, prompt())
        await told(openai, prompt())

    assert first.text == "A cat."
    refused, mended, later = (seen.body for seen in endpoint.asked)
    assert gone in refused
    assert gone not in mended
    assert mended == later
    assert instead is None or mended[instead] == 300


async def test_who_takes_no_system_message_is_told_in_the_question(client: Client, endpoint: Endpoint) -> None:
    message = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
    endpoint.answers = [json_of({"message": message, "statusCode": 400, "path": "/v1"}, 400), said()]
    async with client(AIMLAPI) as aimlapi:
        await told(aimlapi, prompt(model="aimlapi/o1-mini", instructions="Be brief."))
        endpoint.answers = [said()]
        await told(aimlapi, prompt(model="aimlapi/gpt-4o", instructions="Be brief."))

    refused, mended, other = (seen.body["messages"] for seen in endpoint.asked)
    assert refused[0]["role"] == other[0]["role"] == "system"
    assert mended == [{"role": "user", "content": "Be brief.\n\nWhat is it?"}]


async def test_several_things_may_be_refused_one_after_the_other(client: Client, endpoint: Endpoint) -> None:
    endpoint.answers = [no(400, message) for message, _, _ in REFUSALS.values()] + [said()]
    async with client(options=WISHES) as openai:
        answer = await told(openai, prompt("What is it?", photo()))

    assert answer.text == "A cat."
    assert len(endpoint.asked) == 4
    assert all(seen.body["messages"] == endpoint.asked[0].body["messages"] for seen in endpoint.asked)


async def test_what_was_not_sent_cannot_be_left_out(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [no(400, "'temperature' does not support 0.5 with this model.")]
    with pytest.raises(Refused) as refused:
        await told(openai, prompt())

    assert refused.value.code == "provider_bad_request"
    assert len(endpoint.asked) == 1


async def test_what_did_not_help_is_not_remembered(client: Client, endpoint: Endpoint) -> None:
    endpoint.answers = [no(400, REFUSALS["temperature"][0]), no(400, "Something else is wrong."), said()]
    async with client(options=WISHES) as openai:
        with pytest.raises(Refused):
            await told(openai, prompt())
        await told(openai, prompt())

    assert "temperature" in endpoint.asked[-1].body


# what goes wrong


async def test_a_broken_answer_is_cut_and_keeps_what_was_said(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [Script(delta("A cat"))]
    so_far = Told()
    with pytest.raises(Cut) as cut:
        await told(openai, prompt(), so_far)

    assert (so_far.text, cut.value.code) == ("A cat", "answer_cut")


async def test_who_says_nothing_is_slow(client: Client, endpoint: Endpoint) -> None:
    endpoint.answers = [Script(b": ping\n\n", hang=True)]
    async with client(silence=SilenceLimits(0.2, 0.2)) as openai:
        with pytest.raises(Busy) as busy:
            await told(openai, prompt())

    assert busy.value.code == "provider_slow"


async def test_leaving_early_closes_the_connection(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [Script(delta("A cat"), hang=True)]
    async with aclosing(openai.ask(prompt())) as answer:
        assert await anext(answer) == Text("A cat")

    async with asyncio.timeout(30):
        await endpoint.left.wait()


async def test_a_connection_is_used_again_for_the_next_question(openai: OpenAI, endpoint: Endpoint) -> None:
    ports = set()
    for _ in range(3):
        await told(openai, prompt("What is it?", photo()))
        session = openai._http._client._transport.client  # type: ignore[attr-defined]
        ports |= {id(protocol) for line in session.connector._conns.values() for protocol, _ in line}

    assert len(ports) == 1


async def test_thirty_people_ask_at_the_same_time(openai: OpenAI) -> None:
    answers = await asyncio.gather(*(told(openai, prompt("What is it?", photo())) for _ in range(30)))

    assert [answer.text for answer in answers] == ["A cat."] * 30


async def test_neither_the_key_nor_the_address_gets_out(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [no(401, f"Incorrect API key provided: sk-the-key at {endpoint.url}", code="invalid_api_key")]
    with pytest.raises(Refused) as refused, capture_logs() as logs:
        await told(openai, prompt())

    assert refused.value.code == "provider_wrong_key"
    for told_to_somebody in (str(refused.value), str(logs)):
        assert "the-key" not in told_to_somebody
        assert endpoint.url not in told_to_somebody


# models

ROW: dict[str, Any] = {"id": "gpt-4o", "pricing": {"prompt": "0.0000025", "completion": "0.00001"}}


async def test_models_are_listed_once_and_price_the_answers(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.pages["/v1/models"] = json_of({"data": [ROW, {"id": "o3-mini"}]})
    endpoint.answers = [said(prompt_tokens=1_000, completion_tokens=100)]
    before = await told(openai, prompt())
    models = await openai.models()
    await openai.models()
    after = await told(openai, prompt())

    assert models == [
        Model(id="gpt-4o", name="gpt-4o", sees=True, price="2.5 / 10 dollars per million tokens in/out", is_local=True),
        Model(id="o3-mini", name="o3-mini", sees=False, is_local=True),
    ]
    assert [seen.path for seen in endpoint.seen].count("/v1/models") == 1
    assert before.usage == Usage(None, 1_000, 100)
    assert after.usage == Usage(None, 1_000, 100, 0.0035)


async def test_without_a_list_the_named_models_are_offered(client: Client) -> None:
    async with client(named_models=("mine",)) as openai:
        assert await openai.models() == [Model(id="mine", name="mine", sees=True, is_local=True)]


async def test_ai_ml_api_is_asked_for_everything_it_tells(client: Client, endpoint: Endpoint) -> None:
    endpoint.pages["/v1/models"] = json_of({"data": [{"id": "mine", "capabilities": ["vision"]}]})
    async with client(AIMLAPI) as aimlapi:
        assert [model.sees for model in await aimlapi.models()] == [True]


# the check


LIST = {"data": [{"id": "gpt-4o"}]}


async def test_the_check_is_content_with_a_list_that_only_the_key_opens(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.pages["/v1/models"] = json_of(LIST)
    endpoint.keys["/v1/models"] = "Bearer sk-the-key"
    await openai.check()

    assert [(seen.method, seen.path) for seen in endpoint.seen] == [("GET", "/v1/models")] * 2
    assert [seen.headers.get("Authorization") for seen in endpoint.seen] == ["Bearer sk-the-key", None]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (no(400, "messages: at least one is needed"), None),
        (no(422, "messages should not be empty"), None),
        (said(), None),
        (no(401, "No."), "provider_wrong_key"),
        (no(403, "This key may not do that."), "provider_wrong_key"),
        (no(402, "Pay."), "provider_no_credits"),
        (no(404, "The model gpt-4o does not exist.", code="model_not_found"), "provider_unknown_model"),
        (no(404, "Not Found"), "provider_wrong_address"),
        (no(405, "Method Not Allowed"), "provider_wrong_address"),
        (Script(b"<html><title>Chat</title></html>", 200, "text/html"), "provider_wrong_address"),
        (no(500, "Oops."), "provider_unverified"),
        (no(429, "Slow down."), "provider_rate_limited"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
async def test_where_a_list_proves_nothing_an_empty_question_decides(
    openai: OpenAI, endpoint: Endpoint, listed: bool, answer: Script, code: str | None
) -> None:
    if listed:
        endpoint.pages["/v1/models"] = json_of(LIST)  # for anybody
    endpoint.answers = [answer]
    if code is None:
        await openai.check()
    else:
        with pytest.raises(BotError) as refused:
            await openai.check()
        assert refused.value.code == code

    assert endpoint.asked[0].body["messages"] == []


async def test_a_list_is_proof_enough_where_there_is_no_key(client: Client, endpoint: Endpoint) -> None:
    endpoint.pages["/v1/models"] = json_of(LIST)
    endpoint.answers = [no(500, "Oops.")]
    async with client(key="") as openai:
        await openai.check()


@pytest.mark.parametrize("data", [None, []])
async def test_a_service_without_any_model_is_told(openai: OpenAI, endpoint: Endpoint, data: object) -> None:
    endpoint.pages["/v1/models"] = json_of({"object": "list", "data": data})
    endpoint.answers = [no(400, "messages: at least one is needed")]
    with pytest.raises(Refused) as refused:
        await openai.check()

    assert refused.value.code == "provider_no_models"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("", "/v1"),
        ("/", "/v1"),
        ("/v1/chat/completions", "/v1"),
        ("/v1/models/", "/v1"),
        ("/api/generate", "/v1"),
        ("/v1/v1", "/v1"),
        ("/nowhere", "/v1"),
    ],
)
async def test_a_wrong_address_is_told_with_the_one_that_was_meant(endpoint: Endpoint, pasted: str, meant: str) -> None:
    endpoint.answers = [no(400, "messages: at least one is needed")]
    host = endpoint.url.removesuffix("/v1")
    async with OpenAI(OPENAI, "sk-the-key", host + pasted) as openai:
        with pytest.raises(WrongAddress) as wrong:
            await openai.check()

    assert wrong.value.better == host + meant


async def test_an_address_that_moved_is_told_with_the_new_one(endpoint: Endpoint) -> None:
    host = endpoint.url.removesuffix("/v1")
    moved = Script(b"", 308, "text/plain", headers={"location": f"{host}/v1/chat/completions"})
    endpoint.pages["/old/chat/completions"] = moved
    endpoint.answers = [no(401, "No.")]
    async with OpenAI(OPENAI, "sk-the-key", f"{host}/old") as openai:
        with pytest.raises(WrongAddress) as wrong:
            await openai.check()

    assert wrong.value.better == endpoint.url


async def test_where_no_address_is_better_none_is_told(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.answers = [no(404, "Not Found")]
    with pytest.raises(WrongAddress) as wrong:
        await openai.check()

    assert wrong.value.better == ""


async def test_the_check_tells_a_wrong_key(openai: OpenAI, endpoint: Endpoint) -> None:
    endpoint.pages["/v1/models"] = no(401, "No.")
    with pytest.raises(Refused) as refused:
        await openai.check()

    assert refused.value.code == "provider_wrong_key"


@pytest.mark.parametrize("base", ["/v1", ""])
async def test_ai_ml_api_is_checked_by_the_balance(endpoint: Endpoint, base: str) -> None:
    balance = {"current_balance": 123.45, "currency": "USD"}
    endpoint.pages["/v2/billing"] = json_of(balance)
    async with OpenAI(AIMLAPI, "sk-the-key", endpoint.url.removesuffix("/v1") + base) as aimlapi:
        await aimlapi.check()
        endpoint.pages["/v2/billing"] = json_of({**balance, "current_balance": 0})
        with pytest.raises(Refused) as refused:
            await aimlapi.check()

    assert refused.value.code == "provider_no_credits"
    assert {seen.path for seen in endpoint.seen} == {"/v2/billing"}


def test_it_fits_the_socket() -> None:
    provider: Provider = OpenAI(VAPI, "key", "http://x")

    assert provider.name == "vapi"
    assert "key" not in repr(provider)
