import asyncio
import json
import zlib
from typing import Any

import aiohttp
import pytest

from emulator.faults import FAULTS, Faults

from .conftest import Client, photo

STATUSES: dict[str, tuple[int, str]] = {
    "wrong_key": (401, '"code": "UNAUTHORIZED"'),
    "key_inactive": (401, "API Key is not active. Please contact your team administrator to be unblocked"),
    "key_deleted": (401, "API Key has been deleted"),
    "no_credits_406": (406, "requires 4800 credits, but the Singapore Office team only has 46 credits"),
    "rate_limited": (429, '"code": "RATE_LIMITED"'),
    "unsupported_model": (400, "Model gpt-4o is not supported"),
    "bad_request": (400, "REQUEST_BODY_VALIDATION_FAILED"),
    "prompt_invalid": (422, '"details": [{"field": "prompt"'),
    "upstream_busy": (400, "OPEN_AI_UNEXPECTED_ERROR"),
    "cloudflare_challenge": (403, "Just a moment..."),
    "cloudflare_1015": (429, "error code: 1015"),
    "server_error": (500, "Internal server error"),
    "bad_gateway": (502, "<h1>502 Bad Gateway</h1>"),
    "unavailable": (503, ""),
}

IMPOSSIBLE: list[Any] = [
    {},
    [],
    1,
    {"fault": "rain"},
    {"fault": ["hang"]},
    {"fault": "hang", "at": "home"},
    {"fault": "hang", "at": {}},
    {"fault": "hang", "times": 0},
    {"fault": "hang", "times": 1.5},
    {"fault": "hang", "times": "two"},
    {"fault": "no_done", "at": "assets"},
    {"fault": "slow", "seconds": "long"},
    {"fault": "slow", "minutes": 1},
]


@pytest.mark.parametrize("name", STATUSES)
async def test_a_fault_is_answered_once_in_place_of_the_answer(client: Client, name: str) -> None:
    client.emulator.faults.add(name)
    heard = await client.ask(stream=True)
    status, words = STATUSES[name]
    assert heard.status == status and words in heard.text and client.emulator.seen[-1].fault == name
    assert "Retry-After" not in heard.headers
    assert (await client.ask(stream=True)).status == 200


@pytest.mark.parametrize(("name", "status"), [("too_large", 413), ("file_type", 400)])
async def test_some_faults_live_at_the_uploads(client: Client, name: str, status: int) -> None:
    client.emulator.faults.add(name)
    assert (await client.ask()).status == 200
    assert (await client.send(photo())).status == status
    assert (await client.send(photo())).status == 200


async def test_a_fault_happens_as_often_as_it_is_told(client: Client) -> None:
    client.emulator.faults.add("server_error", times=2)
    assert [(await client.ask()).status for _ in range(3)] == [500, 500, 200]


async def test_a_fault_can_be_sent_to_another_place(client: Client) -> None:
    for place in ("assets", "conversations", "models"):
        client.emulator.faults.add("rate_limited", at=place, retry_after=7)
    heard = [await client.send(photo()), await client.begin(), await client.call("GET", "/models")]
    assert [(one.status, one.headers["Retry-After"]) for one in heard] == [(429, "7")] * 3


async def test_the_list_of_models_can_fail(client: Client) -> None:
    client.emulator.faults.add("no_models")
    assert (await client.call("GET", "/models?feature=CHAT_WITH_IMAGE")).status == 500


@pytest.mark.parametrize("stream", [True, False])
async def test_no_credits_can_look_like_success(client: Client, stream: bool) -> None:
    client.emulator.faults.add("no_credits_200")
    heard = await client.ask(stream=stream)
    assert (heard.status, heard.type) == (200, "application/json")
    assert heard.json["aiRecord"]["aiRecordDetail"]["resultObject"]["code"] == "INSUFFICIENT_CREDITS"


async def test_an_error_event_can_be_about_credits_or_come_first_or_come_late(client: Client) -> None:
    for name in ("no_credits_event", "error_first", "stream_error"):
        client.emulator.faults.add(name)
    credits, first, late = [await client.ask(stream=True) for _ in range(3)]
    assert "only has 46 credits" in credits.events[-1][1]["error"] and credits.said == ""
    assert first.names == ["error"]
    assert late.names == ["content", "error"] and late.said


@pytest.mark.parametrize("endpoint", ["ask", "ask_feature"])
async def test_a_stream_can_be_cut_after_some_words(client: Client, endpoint: str) -> None:
    client.emulator.faults.add("cut_stream")
    client.emulator.pace = 0.005
    path = "/api/chat-with-ai" if endpoint == "ask" else "/api/features"
    body = {"model": "gpt-4o", "promptObject": {"prompt": "Hello"}} | (
        {"type": "CHAT_WITH_AI"} if "fea" in path else {}
    )
    got = b""
    with pytest.raises(aiohttp.ClientPayloadError):
        async with client.session.post(f"{path}?isStreaming=true", json=body) as reply:
            async for chunk in reply.content.iter_any():
                got += chunk
    assert b"I am" in got
    assert not client.emulator.seen[-1].left


async def test_a_connection_can_be_cut_before_any_byte(client: Client) -> None:
    client.emulator.faults.add("cut_before")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask(stream=True)
    seen = client.emulator.seen[-1]
    assert (seen.status, seen.left, seen.prompt) == (0, False, "What is this?")


async def test_a_stream_can_come_as_json(client: Client) -> None:
    client.emulator.faults.add("json_instead")
    heard = await client.ask(stream=True)
    assert heard.type == "application/json" and heard.answer.startswith("I am the emulator")


async def test_a_stream_can_lack_its_done(client: Client) -> None:
    client.emulator.faults.add("no_done")
    heard = await client.ask(stream=True)
    assert heard.names == ["content", "result"] and heard.said == heard.answer


@pytest.mark.parametrize("endpoint", ["ask", "ask_feature"])
async def test_a_stream_can_hold_nothing(client: Client, endpoint: str) -> None:
    client.emulator.faults.add("nothing")
    heard = await getattr(client, endpoint)(stream=True)
    assert heard.status == 200
    assert (heard.names, heard.said) == (["content", "done"], "") if endpoint == "ask" else heard.body == b""


@pytest.mark.parametrize("stream", [True, False])
async def test_a_record_can_say_that_it_failed(client: Client, stream: bool) -> None:
    client.emulator.faults.add("failed_record")
    record = (await client.ask(stream=stream)).record
    assert record["status"] == "FAILED" and record["aiRecordDetail"]["errorMessage"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_result_can_be_a_string_or_an_object(client: Client, stream: bool) -> None:
    client.emulator.faults.add("result_string")
    client.emulator.faults.add("result_object")
    results = [(await client.ask(stream=stream)).record["aiRecordDetail"]["resultObject"] for _ in range(2)]
    assert results[0] == results[1]["text"] and results[0].startswith("I am the emulator")


@pytest.mark.parametrize("long", ["", "long answer please"])
async def test_the_last_words_can_repeat_everything(client: Client, long: str) -> None:
    client.emulator.faults.add("repeat_all")
    heard = await client.ask(f"Hello {long}", stream=True)
    contents = [data["content"] for name, data in heard.events if name == "content"]
    assert contents[-2:] == [heard.answer, ""] and heard.said == heard.answer * 2


@pytest.mark.parametrize("endpoint", ["ask", "ask_feature"])
async def test_every_byte_can_come_apart(client: Client, endpoint: str) -> None:
    client.emulator.faults.add("split_utf8")
    path = "/api/chat-with-ai" if endpoint == "ask" else "/api/features"
    body = {"model": "gpt-4o", "promptObject": {"prompt": "Hello"}} | (
        {"type": "CHAT_WITH_AI"} if "fea" in path else {}
    )
    async with client.session.post(f"{path}?isStreaming=true", json=body) as reply:
        chunks = [chunk async for chunk, _ in reply.content.iter_chunks() if chunk]
    assert "写真を見ました: naïve café".encode() in b"".join(chunks) or endpoint == "ask"
    assert sum(len(chunk) == 1 for chunk in chunks) > 60
    assert b"\xe5" in chunks


async def test_crawled_sites_can_stand_in_the_answer(client: Client) -> None:
    client.emulator.faults.add("crawl_noise")
    heard = await client.ask(stream=True)
    assert heard.said.startswith("🌐 Crawling site https://example.com\n")
    assert "Here is some information from the links you provided" in heard.said and heard.said == heard.answer


async def test_events_can_lack_their_names(client: Client) -> None:
    client.emulator.faults.add("no_event_names")
    heard = await client.ask(stream=True)
    lines = [line for line in heard.text.splitlines() if line]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
    assert "aiRecord" in json.loads(lines[-2].removeprefix("data: "))


async def test_raw_text_can_come_as_data_lines(client: Client) -> None:
    client.emulator.faults.add("raw_sse")
    assert (await client.ask(stream=True)).names[-1] == "done"  # it waits for the old endpoint
    heard = await client.ask_feature(stream=True)
    assert "".join(data["text"] for _, data in heard.events).startswith("I am the emulator")


async def test_an_answer_can_be_slow(client: Client) -> None:
    client.emulator.faults.add("slow", seconds=0.2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.ask()
    client.emulator.faults.add("slow", seconds=0.01)
    assert (await client.ask()).status == 200


async def test_an_answer_may_never_come(client: Client) -> None:
    client.emulator.faults.add("hang")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.ask()
    async with asyncio.timeout(30):
        while not client.emulator.seen[-1].left:
            await asyncio.sleep(0.005)


async def test_a_small_body_can_unpack_to_a_huge_one(client: Client) -> None:
    client.emulator.faults.add("gzip_bomb")
    async with aiohttp.ClientSession(client.emulator.url, headers={"API-KEY": "k"}, auto_decompress=False) as session:
        heard = await Client(client.emulator, session).ask(stream=True)
    assert heard.headers["Content-Encoding"] == "gzip" and len(heard.body) < 60_000
    assert len(zlib.decompress(heard.body, wbits=31)) == 50 * 1024 * 1024


async def test_conversations_and_uploads_can_be_forgotten(client: Client) -> None:
    thread, key = await client.thread(), await client.upload(photo())
    client.emulator.faults.add("forget_conversation")
    assert (await client.ask("?", key, thread=thread)).status == 404
    thread = await client.thread()
    client.emulator.faults.add("forget_asset")
    assert (await client.ask("?", key, thread=thread)).json["errorCode"] == "ASSET_NOT_FOUND"
    assert (await client.ask("?", await client.upload(photo()), thread=thread)).status == 200


async def test_a_conversation_can_come_without_its_wrapping(client: Client) -> None:
    client.emulator.faults.add("flat_uuid")
    assert "uuid" in (await client.begin()).json
    assert "conversation" in (await client.begin()).json


async def test_an_endpoint_can_be_missing_until_cleared(client: Client) -> None:
    client.emulator.faults.add("unified_unknown")
    assert [(await client.ask()).status for _ in range(3)] == [404] * 3
    assert (await client.ask_feature()).status == 200
    client.emulator.faults.clear()
    client.emulator.faults.add("features_retired")
    assert [(await client.ask_feature(stream=True)).json["errorCode"] for _ in range(3)] == ["UNSUPPORTED_FEATURE"] * 3
    assert (await client.ask()).status == 200


async def test_a_lasting_fault_lets_the_other_faults_through(client: Client) -> None:
    client.emulator.faults.add("unified_unknown")
    client.emulator.faults.add("rate_limited")
    assert [(await client.ask()).status, (await client.ask_feature()).status] == [404, 429]


async def test_a_spoiled_turn_is_no_history(client: Client) -> None:
    thread = await client.thread()
    client.emulator.faults.add("stream_error")
    await client.ask(thread=thread, stream=True)
    assert "turn 1" in (await client.ask(thread=thread)).answer


async def test_faults_are_set_over_http_too(client: Client) -> None:
    wish: dict[str, Any] = {"fault": "rate_limited", "at": "assets", "retry_after": 3}
    expected = {"waiting": [{"fault": "rate_limited", "times": 1, "at": "assets", "retry_after": 3}]}
    assert (await client.post("/emulator/faults", wish)).json == expected
    assert (await client.call("GET", "/emulator/faults")).json == expected
    assert (await client.send(photo())).headers["Retry-After"] == "3"
    await client.post("/emulator/faults", {"fault": "hang"})
    assert (await client.call("DELETE", "/emulator/faults")).json == {"waiting": []}


@pytest.mark.parametrize("wish", IMPOSSIBLE)
async def test_an_impossible_wish_is_refused_with_a_reason(client: Client, wish: Any) -> None:
    heard = await client.post("/emulator/faults", wish)
    assert heard.status == 400 and "fault" in heard.json["message"]
    assert client.emulator.faults.waiting == []


def test_an_unknown_fault_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="rate_limited"):
        Faults().add("rain")


def test_every_fault_says_what_it_does() -> None:
    assert all(fault.meaning for fault in FAULTS.values())
