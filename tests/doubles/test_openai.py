"""The double of the endpoints that speak OpenAI's chat completions: strict about questions, true in its answers."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from tests.doubles.openai import FAULTS, FakeOpenAI
from tests.files.documents import pdf
from tests.files.photos import file

Wire = dict[str, Any]
Make = Callable[..., FakeOpenAI]
CAT = file("cat.jpg")
COFFEE = file("coffee.png")
DIALECTS = ("openai", "vapi", "aimlapi")


def data_url(data: bytes, mime: str = "image/jpeg") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def image(data: bytes = CAT, mime: str = "image/jpeg") -> Wire:
    return {"type": "image_url", "image_url": {"url": data_url(data, mime)}}


def text(words: str = "What is this?") -> Wire:
    return {"type": "text", "text": words}


def user(*parts: Wire) -> Wire:
    return {"role": "user", "content": list(parts)}


def question(*messages: Wire, **more: Any) -> Wire:
    return {"model": "gpt-4o", "messages": list(messages or (user(text(), image()),)), **more}


class Client:
    """Speaks to a double as any program might."""

    def __init__(self, server: FakeOpenAI, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def say(
        self, method: str, path: str, *, key: str | None = None, headers: Any = None, **more: Any
    ) -> tuple[int, Any, str]:
        """Make a request; the status, the headers, and the body as text."""
        said = headers or {"Authorization": f"Bearer {key or self.server.key}"}
        async with self.session.request(method, self.server.host + path, headers=said, **more) as reply:
            return reply.status, reply.headers, await reply.text()

    async def ask(self, body: Any, path: str = "/v1/chat/completions", **more: Any) -> tuple[int, Any]:
        """Ask; the status and the JSON."""
        status, _, said = await self.say("POST", path, json=body, **more)
        return status, json.loads(said)

    async def stream(self, body: Wire | None = None, **more: Any) -> tuple[list[Wire], str]:
        """Ask for a stream; its chunks, and all of it as it came."""
        asked = {**(body or question()), "stream": True, **more}
        _, headers, raw = await self.say("POST", "/v1/chat/completions", json=asked)
        assert headers["Content-Type"].startswith("text/event-stream")
        lines = [line.removeprefix("data:").strip() for line in raw.splitlines() if line.startswith("data:")]
        return [json.loads(line) for line in lines if line.startswith('{"id"')], raw


@pytest.fixture(params=DIALECTS)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[FakeOpenAI]:
    """Every dialect, unless a test asks for one of them."""
    async with FakeOpenAI(request.param) as server:
        yield server


@pytest.fixture
async def client(server: FakeOpenAI) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(server, session)


def only(dialect: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [dialect], indirect=True)


def words(chunks: list[Wire]) -> str:
    deltas = [choice["delta"] or {} for chunk in chunks for choice in chunk["choices"] or () if choice.get("delta")]
    return "".join(delta.get("content") or "" for delta in deltas if not isinstance(delta.get("content"), list))


# questions


async def test_a_photo_is_seen_and_described(client: Client, server: FakeOpenAI) -> None:
    _, said = await client.ask(question())

    content = said["choices"][0]["message"]["content"]
    sha256 = hashlib.sha256(CAT).hexdigest()
    assert "Photo 1 is a JPEG of 451 × 300 pixels" in content
    assert sha256[:8] in content
    assert "“What is this?”" in content
    assert server.seen[-1].photos == [sha256]
    assert server.seen[-1].texts == ["What is this?"]
    assert server.seen[-1].bytes > len(CAT)


async def test_the_same_question_has_the_same_answer(client: Client) -> None:
    first, second = [(await client.ask(question()))[1]["choices"] for _ in range(2)]
    assert first == second


async def test_a_stream_says_what_the_whole_answer_says(client: Client) -> None:
    _, whole = await client.ask(question())
    chunks, raw = await client.stream()

    assert words(chunks) == whole["choices"][0]["message"]["content"]
    assert len(chunks) > 10
    assert raw.endswith("data: [DONE]\n\n")
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]][-1] == "stop"


async def test_several_photos_are_numbered_in_their_order(client: Client, server: FakeOpenAI) -> None:
    _, said = await client.ask(question(user(text(), image(COFFEE, "image/png"), image())))

    content = said["choices"][0]["message"]["content"]
    assert content.index("Photo 1 is a PNG of 600 × 400") < content.index("Photo 2 is a JPEG of 451 × 300")
    assert server.seen[-1].photos == [hashlib.sha256(data).hexdigest() for data in (COFFEE, CAT)]


async def test_two_messages_in_a_row_are_one_question(client: Client) -> None:
    """V-API's page shows the text and the photo apart."""
    _, said = await client.ask(question(user(text()), user(image())))

    assert "“What is this?”" in said["choices"][0]["message"]["content"]
    assert "Photo 1 is" in said["choices"][0]["message"]["content"]


async def test_an_earlier_photo_is_remembered_as_long_as_it_is_sent(client: Client, server: FakeOpenAI) -> None:
    before = [user(text(), image()), {"role": "assistant", "content": "A cat."}]
    _, said = await client.ask(question({"role": "system", "content": "Be kind."}, *before, user(text("And now?"))))

    content = said["choices"][0]["message"]["content"]
    assert "Still about photo 1" in content
    assert "Before it came 2 messages with 1 photos." in content
    assert server.seen[-1].messages == 4
    assert server.seen[-1].roles == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"messages": [user(text())]},
        question(model=""),
        question(messages=[]),
        question(temperature=3),
        question(max_tokens="many"),
        question(colour="red"),
        question(stream_options={"include_usage": True}),
        question({"role": "robot", "content": "hi"}),
        question({"role": "user", "content": ""}),
        question({"role": "user", "content": []}),
        question({"role": "user"}),
        question({"role": "user", "content": "hi", "photo": 1}),
        question(user({"type": "text", "text": " "})),
        question(user({"type": "image", "image": "x"})),
        question(user({"type": "image_url", "image_url": data_url(CAT)})),
        question(user({"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}})),
        question(user({"type": "image_url", "image_url": {"url": data_url(CAT), "detail": "best"}})),
        question(user({"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,?"}})),
        question(user(image(CAT, "image/png"))),
        question(user(image(file("truncated.jpg")))),
        question(user(image(file("not-an-image.jpg")))),
        question({"role": "assistant", "content": [image()]}, user(text())),
        question(user(text()), {"role": "assistant", "content": "A cat."}),
    ],
    ids=lambda body: json.dumps(body)[:60],
)
async def test_a_bad_question_is_refused(client: Client, body: Any) -> None:
    status, said = await client.ask(body)
    assert status == 400
    assert "choices" not in said


async def test_a_model_without_eyes_takes_no_photos(client: Client) -> None:
    status, said = await client.ask(question(model="o3-mini"))
    assert status == 400
    assert "image_url is only supported by certain models" in json.dumps(said)


@pytest.mark.parametrize("name", ["no-such-model", "dall-e-3"])
async def test_an_unknown_model_is_refused_in_each_ones_way(client: Client, server: FakeOpenAI, name: str) -> None:
    status, said = await client.ask(question(model=name))
    assert status == {"openai": 404, "vapi": 503, "aimlapi": 400}[server.dialect.name]
    assert name in json.dumps(said)


async def test_a_body_must_tell_its_length_and_type_and_not_be_too_long(client: Client, server: FakeOpenAI) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield json.dumps(question()).encode()

    url, auth = "/v1/chat/completions", {"Authorization": f"Bearer {server.key}"}
    typed = {**auth, "Content-Type": "application/json"}
    assert (await client.say("POST", url, headers=typed, data=chunked()))[0] == 411
    assert (await client.say("POST", url, headers=auth, data=b"{}"))[0] == 415
    assert (await client.say("POST", url, headers=typed, data=b"{nonsense"))[0] == 400
    server.most = 1000
    assert (await client.ask(question()))[0] == 413


# who may ask


async def test_a_wrong_key_is_refused_and_written_down_nowhere(client: Client, server: FakeOpenAI) -> None:
    status, said = await client.ask(question(), key="sk-stolen")
    assert status == 401
    assert "choices" not in said
    assert (await client.ask(question(), headers={"X": "1"}))[0] == 401
    await client.ask(question())
    assert "sk-" not in str(server.seen)


@pytest.mark.parametrize("header", ["x-api-key", "x-goog-api-key"])
async def test_only_v_api_takes_the_key_in_other_headers(client: Client, server: FakeOpenAI, header: str) -> None:
    status, _ = await client.ask(question(), headers={header: server.key})
    assert status == (200 if server.dialect.name == "vapi" else 401)
    assert server.seen[-1].auth == (header if server.dialect.name == "vapi" else "")


async def test_errors_have_the_shape_of_the_dialect(client: Client, server: FakeOpenAI) -> None:
    _, said = await client.ask(question(), key="sk-stolen-from-somebody")
    if server.dialect.name == "aimlapi":
        assert set(said) == {"message", "path", "requestId", "statusCode", "timestamp"}
        assert said["path"] == "/v1/chat/completions"
    else:
        assert set(said["error"]) == {"message", "type", "param", "code"}
        assert ("request id" in said["error"]["message"]) == (server.dialect.name == "vapi")


# figures


async def test_usage_comes_at_the_end_of_a_stream_for_who_asks(client: Client, server: FakeOpenAI) -> None:
    without, _ = await client.stream()
    with_usage, _ = await client.stream(stream_options={"include_usage": True})

    assert not [chunk for chunk in without if chunk.get("usage")]
    assert with_usage[-1]["choices"] == []
    assert with_usage[-1]["usage"]["completion_tokens"] > 10
    metas = [chunk["meta"]["usage"] for chunk in (without[-1], with_usage[-1]) if "meta" in chunk]
    assert len(metas) == (2 if server.dialect.name == "aimlapi" else 0)
    assert all(meta["credits_used"] == round(meta["usd_spent"] * 2_000_000) for meta in metas)


async def test_a_whole_answer_tells_what_it_took(client: Client, server: FakeOpenAI) -> None:
    status, headers, raw = await client.say("POST", "/v1/chat/completions", json=question())
    said = json.loads(raw)

    assert said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"]
    assert said["model"] == ("gpt-4o-2024-05-13" if server.dialect.name == "vapi" else "gpt-4o")
    if server.dialect.name == "aimlapi":
        assert status == 201
        assert said["meta"]["usage"]["usd_spent"] == float(headers["x-aimlapi-usd-spent"])
        assert headers["x-inference-id"]


@only("aimlapi")
async def test_aimlapi_also_answers_without_v1_and_tells_what_is_left(client: Client) -> None:
    assert (await client.ask(question(), "/chat/completions"))[0] == 201
    assert json.loads((await client.say("GET", "/v2/billing"))[2]) == {"current_balance": 123.45, "currency": "USD"}
    assert json.loads((await client.say("GET", "/v1/billing/balance"))[2])["balance"] == 246_900_000
    assert (await client.say("GET", "/v2/billing", key="sk-stolen"))[0] == 401


@only("aimlapi")
async def test_aimlapi_gives_ids_to_find_a_request_by(client: Client, server: FakeOpenAI) -> None:
    for ours, echoed in (("snap.1:2-3", "snap.1:2-3"), ("no good", None)):
        headers = {"Authorization": f"Bearer {server.key}", "X-Client-Request-Id": ours}
        for stream in (False, True):
            _, said, _ = await client.say("POST", "/v1/chat/completions", headers=headers, json=question(stream=stream))
            assert said["x-inference-id"]
            assert said.get("x-client-request-id") == echoed


async def test_other_paths_are_nowhere(client: Client) -> None:
    assert (await client.say("POST", "/v1/v1/chat/completions", json=question()))[0] == 404
    assert (await client.say("GET", "/v1/chat/completions"))[0] == 404


# lists


async def models(client: Client, query: str = "", **more: Any) -> list[Wire]:
    status, _, raw = await client.say("GET", f"/v1/models{query}", **more)
    assert status == 200
    data: list[Wire] = json.loads(raw)["data"]
    return data


async def test_models_are_listed(client: Client) -> None:
    ids = {name for model in await models(client) for name in (model["id"], *(model.get("aliases") or ()))}
    assert {"gpt-4o", "o3-mini", "anthropic/claude-sonnet-4.5"} <= ids


async def test_the_list_needs_a_key_except_at_aimlapi(client: Client, server: FakeOpenAI) -> None:
    status, _, _ = await client.say("GET", "/v1/models", key="sk-stolen")
    assert status == (200 if server.dialect.name == "aimlapi" else 401)


@only("aimlapi")
async def test_aimlapi_tells_of_models_what_is_asked(client: Client) -> None:
    bare, rich = await models(client), await models(client, "?include=pricing,capabilities,modalities,nonsense")

    assert not {"pricing", "modalities", "capabilities"} & set(bare[0])
    assert "vision" in rich[0]["capabilities"]
    assert rich[0]["modalities"]["input"] == ["text", "image"]
    assert [unit["price"] for unit in rich[0]["pricing"]["units"]] == [2.5, 10, 0.25]
    assert {unit["measure"] for unit in rich[0]["pricing"]["units"]} == {"output"}
    assert (rich[0]["id"], rich[0]["aliases"]) == ("openai/gpt-4o", ["gpt-4o"])
    assert [model["id"] for model in await models(client, "?id=gpt-5&include=all")] == ["openai/gpt-5-2025-08-07"]
    assert all("dall" not in model["id"] for model in await models(client, "?type=openai/chat-completions"))
    assert "openai/o3-mini" not in [model["id"] for model in await models(client, "?capabilities=vision")]
    assert json.loads((await client.say("GET", "/model/gpt-4o"))[2])["data"]["id"] == "openai/gpt-4o"
    assert (await client.say("GET", "/model/no-such"))[0] == 404
    assert (await client.ask(question(model="gpt-5")))[0] == 201


async def test_the_generic_one_may_tell_as_much_as_openrouter() -> None:
    async with FakeOpenAI(rich=True) as server, aiohttp.ClientSession() as session:
        first = (await models(Client(server, session)))[0]

    assert first["architecture"]["input_modalities"] == ["text", "image"]
    assert float(first["pricing"]["prompt"]) == 2.5e-6
    assert float(first["pricing"]["completion"]) == 1e-5


# what goes wrong

ERRORS = {
    "wrong_key": (401, 401, 401),
    "key_echoed": (401, 401, 401),
    "no_credits": (429, 403, 403),
    "no_credits_plan": (403, 403, 403),
    "no_credits_402": (402, 402, 402),
    "no_credits_upstream": (400, 400, 400),
    "rate_limited": (429, 429, 429),
    "free_tier": (429, 429, 429),
    "unknown_model": (404, 503, 400),
    "unable": (500, 500, 500),
    "invalid": (400, 400, 400),
    "image_refused": (400, 400, 400),
    "image_too_large": (400, 400, 400),
    "blind": (400, 400, 400),
    "too_large": (413, 413, 413),
    "context": (400, 400, 400),
    "content_filter": (400, 400, 400),
    "server_error": (500, 500, 500),
    "maintenance": (503, 503, 500),
    "bad_gateway": (502, 502, 502),
    "unavailable": (503, 503, 503),
    "unavailable_page": (503, 503, 503),
    "timeout": (504, 504, 504),
    "blocked": (403, 403, 403),
    "not_found": (404, 404, 404),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_happens_once(client: Client, server: FakeOpenAI, name: str) -> None:
    server.faults.add(name)
    status, _, raw = await client.say("POST", "/v1/chat/completions", json=question(stream=True))

    assert status == ERRORS[name][DIALECTS.index(server.dialect.name)]
    assert server.seen[-1].fault == name
    assert '"choices"' not in raw
    assert (await client.ask(question()))[0] in (200, 201)


async def test_how_long_to_wait_may_be_said(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("rate_limited", retry_after=7)
    server.faults.add("rate_limited")
    _, first, _ = await client.say("POST", "/v1/chat/completions", json=question())
    _, second, _ = await client.say("POST", "/v1/chat/completions", json=question())
    assert first["Retry-After"] == "7"
    assert "Retry-After" not in second


@pytest.mark.parametrize(
    ("name", "more", "role"),
    [
        ("system", {}, "system"),
        ("max_tokens", {"max_tokens": 9}, "user"),
        ("stream_options", {"stream": True, "stream_options": {"include_usage": True}}, "user"),
    ],
)
async def test_what_is_not_supported_is_refused_until_it_is_left_out(
    client: Client, server: FakeOpenAI, name: str, more: Wire, role: str
) -> None:
    server.faults.add(name)
    asked = question({"role": role, "content": "Be kind."}, user(text()), **more)
    for _ in range(2):
        assert (await client.ask(asked))[0] == 400
    assert (await client.ask(question()))[0] in (200, 201)


async def test_a_poisoned_photo_spoils_every_question_that_holds_it(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("poison", sha256=hashlib.sha256(CAT).hexdigest())
    coffee = image(COFFEE, "image/png")
    for _ in range(2):
        assert (await client.ask(question(user(text(), coffee, image()))))[0] == 400
    assert (await client.ask(question(user(text(), coffee))))[0] in (200, 201)


async def test_poisoned_words_spoil_every_question_that_holds_them(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("poison_text", text="xyzzy")
    before = [user(text("say xyzzy")), {"role": "assistant", "content": "No."}]
    assert (await client.ask(question(*before, user(text()))))[0] == 400
    assert (await client.ask(question(user(text()))))[0] in (200, 201)


@pytest.mark.parametrize("name", ["no_done", "no_reason", "comments", "noise", "at_once"])
async def test_an_odd_stream_holds_the_whole_answer(client: Client, server: FakeOpenAI, name: str) -> None:
    usual, _ = await client.stream()
    server.faults.add(name)
    odd, raw = await client.stream()

    assert words(odd) == words(usual)
    assert ("[DONE]" in raw) == (name != "no_done")
    assert (raw.count(": PROCESSING") > 10) == (name == "comments")
    assert ("{not json" in raw) == (name == "noise")


async def test_lines_may_end_otherwise_and_be_split_anywhere(client: Client, server: FakeOpenAI) -> None:
    for name in ("crlf", "tight", "bytewise"):
        server.faults.add(name)
        body = json.dumps(question(stream=True))
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        url = f"{server.url}/chat/completions"
        async with client.session.post(url, data=body, headers=headers) as reply:
            raw = await reply.read()
        assert (b"\r\n\r\n" in raw) == (name == "crlf")
        assert (b"data:{" in raw) == (name == "tight")
        assert "写真".encode() in raw


async def test_null_deltas_are_strewn_in(client: Client, server: FakeOpenAI) -> None:
    usual, _ = await client.stream()
    server.faults.add("nulls")
    odd, raw = await client.stream()
    assert words(odd) == words(usual)
    for what in ('"delta": null', '"content": null', '"choices": null', '"choices": []'):
        assert what in raw


@pytest.mark.parametrize(
    ("name", "some"),
    [("ends_before", False), ("ends_after", True), ("error_before", False), ("error_after", True)],
)
async def test_a_stream_may_end_too_early(client: Client, server: FakeOpenAI, name: str, some: bool) -> None:
    server.faults.add(name)
    chunks, raw = await client.stream(stream_options={"include_usage": True})
    assert bool(words(chunks)) == some
    assert "finish_reason" in raw
    assert '"stop"' not in raw
    assert ("had an error" in raw) == name.startswith("error")
    assert not [chunk for chunk in chunks if chunk.get("usage")]


@pytest.mark.parametrize("name", ["abort", "cut_before", "cut_after"])
async def test_the_connection_may_break(client: Client, server: FakeOpenAI, name: str) -> None:
    server.faults.add(name)
    with pytest.raises(aiohttp.ClientError):
        await client.say("POST", "/v1/chat/completions", json=question(stream=True))


@pytest.mark.parametrize("name", ["hang", "silence_before", "silence_after", "never_ends"])
async def test_it_may_fall_silent_and_notices_who_leaves(client: Client, server: FakeOpenAI, name: str) -> None:
    server.faults.add(name)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await client.say("POST", "/v1/chat/completions", json=question(stream=True))
    async with asyncio.timeout(30):
        while not server.seen[-1].left:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["slow", "slow_words"])
async def test_it_may_be_slow(client: Client, server: FakeOpenAI, name: str) -> None:
    server.faults.add(name, seconds=0.2)
    began = asyncio.get_running_loop().time()
    chunks, _ = await client.stream()
    assert words(chunks)
    assert asyncio.get_running_loop().time() - began >= 0.2


@pytest.mark.parametrize(
    ("name", "finish", "message"),
    [
        ("empty", "stop", {"content": None}),
        ("refusal", "stop", {"content": None, "refusal": "I'm sorry, I can't help with that."}),
        ("filtered", "content_filter", {"content": None}),
        ("filtered_after", "content_filter", {"content": "I see a cat that"}),
        ("length", "length", {"content": "I see a cat that"}),
    ],
)
async def test_an_answer_may_be_none(client: Client, server: FakeOpenAI, name: str, finish: str, message: Wire) -> None:
    server.faults.add(name, times=2)
    _, said = await client.ask(question())
    chunks, _ = await client.stream()

    [choice] = said["choices"]
    assert choice["finish_reason"] == finish
    assert message.items() <= choice["message"].items()
    assert words(chunks) == (message["content"] or "")
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks][-1] == finish


async def test_an_answer_may_have_no_choices_or_parts_or_thoughts(client: Client, server: FakeOpenAI) -> None:
    for name in ("no_choices", "content_list", "thinking"):
        server.faults.add(name, times=2)
    assert (await client.ask(question()))[1]["choices"] == []
    assert all(not chunk["choices"] for chunk in (await client.stream())[0])
    assert (await client.ask(question()))[1]["choices"][0]["message"]["content"][0]["type"] == "text"
    assert isinstance((await client.stream())[0][1]["choices"][0]["delta"]["content"], list)
    await client.ask(question())
    assert "reasoning_content" in (await client.stream())[1]


@pytest.mark.parametrize("name", ["json_instead", "html_instead", "text_instead", "error_200"])
async def test_something_else_may_come_in_place_of_a_stream(client: Client, server: FakeOpenAI, name: str) -> None:
    server.faults.add(name)
    status, headers, raw = await client.say("POST", "/v1/chat/completions", json=question(stream=True))
    assert status in (200, 201)
    assert not headers["Content-Type"].startswith("text/event-stream")
    assert ('"choices"' in raw) == (name == "json_instead")


async def test_a_packed_bomb_may_come(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("gzip_bomb")
    headers = {"Authorization": f"Bearer {server.key}"}
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        url = f"{server.url}/chat/completions"
        async with session.post(url, json=question(), headers=headers) as reply:
            assert reply.headers["Content-Encoding"] == "gzip"
            assert len(await reply.read()) < 60_000


async def test_the_list_may_fail_and_a_good_answer_may_be_201(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("no_models")
    server.faults.add("created")
    assert (await client.say("GET", "/v1/models"))[0] == 500
    assert (await client.ask(question()))[0] == 201
    await models(client)


async def test_a_fault_can_be_at_another_place_or_be_cleared(client: Client, server: FakeOpenAI) -> None:
    server.faults.add("wrong_key", at="models")
    server.faults.add("server_error", times=9)
    assert (await client.say("GET", "/v1/models"))[0] == 401
    server.faults.clear()
    assert (await client.ask(question()))[0] in (200, 201)


def test_a_fault_that_does_not_exist_is_named() -> None:
    faults = FakeOpenAI().faults
    for wrong in ({"name": "flood"}, {"name": "slow", "minutes": 1}, {"name": "slow", "at": "home"}):
        with pytest.raises(ValueError, match=r"There is no|The only options"):
            faults.add(**wrong)


def test_every_fault_has_a_meaning() -> None:
    assert all(fault.meaning for fault in FAULTS.values())


# documents

PAPER = pdf("The total is 42", "Thank you")


def paper(data: bytes = PAPER, name: str = "a.pdf", mime: str = "application/pdf") -> Wire:
    return {"type": "file", "file": {"filename": name, "file_data": data_url(data, mime)}}


async def test_a_pdf_is_read(client: Client, server: FakeOpenAI) -> None:
    status, said = await client.ask(question(user(text(), paper())))
    if server.dialect.name == "vapi":
        assert (status, server.seen[-1].documents) == (400, [])
        assert "'file'" in json.dumps(said)
        return
    content = said["choices"][0]["message"]["content"]
    assert "File a.pdf is a PDF of 2 pages that begins “The total is 42" in content
    assert server.seen[-1].documents == [hashlib.sha256(PAPER).hexdigest()]


@only("openai")
@pytest.mark.parametrize(
    "part",
    [
        paper(PAPER[:200]),
        paper(b"text", mime="text/plain"),
        paper(name="a.txt"),
        paper(name=""),
        paper(mime="image/png"),
        {"type": "file", "file": {"file_data": data_url(PAPER, "application/pdf")}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "https://example.org/a.pdf"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": base64.b64encode(PAPER).decode()}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_file", "filename": "a.pdf"},
        {**paper(), "more": 1},
    ],
)
async def test_what_is_no_pdf_in_its_place_is_refused(client: Client, part: Wire) -> None:
    status, _ = await client.ask(question(user(text(), part)))
    assert status == 400


@only("openai")
async def test_a_model_without_eyes_takes_no_pdf(client: Client) -> None:
    status, said = await client.ask(question(user(text(), paper()), model="o3-mini"))
    assert status == 400
    assert "'file'" in said["error"]["message"]
