"""What goes over the wire: the words in their places, and photos in base64 that nobody holds as a whole."""

import asyncio
import base64
import json
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.openai import request_body as bodies
from adapters.providers.openai.model_quirks import INCLUDE_USAGE, MAX_TOKENS, STREAM, SYSTEM, TEMPERATURE
from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.request_body import CHUNK, RequestBody, RequestOptions
from bot.errors import Busy
from bot.messages import Prompt
from tests.adapters.providers.openai.conftest import HISTORY, Endpoint, photo, photo_of, prompt, told


async def sent(body: RequestBody) -> bytes:
    return b"".join([piece async for piece in body.stream()])


async def read(asked: Prompt, wishes: RequestOptions | None = None, *without: str) -> Any:
    body = RequestBody(asked, wishes or RequestOptions(), frozenset(without))
    raw = await sent(body)
    assert len(raw) == body.length
    return json.loads(raw)


async def test_a_question_without_photos_is_plain_text() -> None:
    assert await read(prompt()) == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "What is it?"}],
        "stream": True,
    }


async def test_the_model_is_what_comes_after_the_providers_name() -> None:
    assert (await read(prompt(model="aimlapi/openai/gpt-5")))["model"] == "openai/gpt-5"


async def test_photos_follow_the_text_each_with_its_number_and_name() -> None:
    cat, coffee = photo(), photo("coffee.png")
    asked = prompt("Which is warmer?", cat, coffee, numbers={cat.sha256: 3})
    [message] = (await read(asked))["messages"]

    assert message == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Which is warmer?"},
            {"type": "text", "text": "Photo 3 (cat.jpg):"},
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{encoded(cat.file)}"}},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded(coffee.file)}"}},
        ],
    }


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


async def test_history_and_instructions_go_before_the_question() -> None:
    asked = prompt(history=HISTORY, instructions="Be brief.", background="Photo 1 showed a dog.")

    assert (await read(asked))["messages"] == [
        {"role": "system", "content": "Be brief.\n\nPhoto 1 showed a dog."},
        {"role": "user", "content": "Ann: What is it?"},
        {"role": "assistant", "content": "A cat."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "It purrs."},
        {"role": "user", "content": "What is it?"},
    ]


async def test_who_takes_no_system_message_finds_it_in_front_of_the_question() -> None:
    asked = prompt("What is it?", photo(), instructions="Be brief.", history=HISTORY[:1])
    messages = (await read(asked, None, SYSTEM))["messages"]

    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[-1]["content"][0] == {"type": "text", "text": "Be brief.\n\nWhat is it?"}


async def test_only_what_the_operator_wishes_is_sent_along() -> None:
    wishes = RequestOptions(300, 0.5, "low", include_usage=True)
    asked = prompt("What is it?", photo())

    body = await read(asked, wishes)
    assert body["max_tokens"] == 300
    assert body["temperature"] == 0.5
    assert body["stream_options"] == {"include_usage": True}
    assert body["messages"][0]["content"][1]["image_url"]["detail"] == "low"

    body = await read(asked, wishes, INCLUDE_USAGE, MAX_TOKENS, TEMPERATURE)
    assert set(body) == {"model", "messages", "stream", "max_completion_tokens"}
    assert body["max_completion_tokens"] == 300


def test_a_body_knows_the_features_it_is_asked_with() -> None:
    asked = prompt(instructions="Be brief.")
    wishes = RequestOptions(300, 0.5, include_usage=True)
    everything = frozenset({STREAM, INCLUDE_USAGE, MAX_TOKENS, TEMPERATURE, SYSTEM})

    assert RequestBody(asked, wishes).features == everything
    assert RequestBody(asked, wishes, everything).features == frozenset()
    assert RequestBody(prompt(), RequestOptions()).features == {STREAM}


async def test_half_an_emoji_and_a_strange_name_can_be_sent() -> None:
    cat = replace(photo(), name='"}] \\ \ud83d.jpg')
    [message] = (await read(prompt("What is \ud83d?", cat, numbers={cat.sha256: 1})))["messages"]

    assert message["content"][0]["text"] == "What is ??"
    assert message["content"][1]["text"] == 'Photo 1 ("}] \\ ?.jpg):'


@pytest.mark.parametrize("size", [0, 1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 2])
async def test_pieces_of_base64_join_at_any_size(tmp_path: Path, size: int) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    [message] = (await read(prompt("", photo_of(file))))["messages"]

    assert message["content"][0]["image_url"]["url"] == f"data:image/jpeg;base64,{encoded(file)}"


async def test_no_photo_is_ever_in_memory_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "large.jpg"
    file.write_bytes(bytes(24 * CHUNK))
    body = RequestBody(prompt("", photo_of(file)), RequestOptions())
    peaks = [await peak_of(body) for _ in range(3)]

    assert min(peaks) < 6 * CHUNK, "what other threads hold meanwhile is counted, too, but not each time"


async def peak_of(body: RequestBody) -> int:
    """The bytes that were held at most while the body was read."""
    tracemalloc.start()
    try:
        assert sum([len(piece) async for piece in body.stream()]) == body.length
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_nothing_is_encoded_on_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    encode = bodies._read_base64

    def noted(*args: Any) -> bytes:
        threads.add(threading.current_thread())
        return encode(*args)

    monkeypatch.setattr(bodies, "_read_base64", noted)
    await sent(RequestBody(prompt("", photo()), RequestOptions()))

    assert threads
    assert threading.main_thread() not in threads


async def test_the_real_client_sends_it_with_its_length_and_not_in_chunks(openai: OpenAI, endpoint: Endpoint) -> None:
    cat = photo()
    await told(openai, prompt("What is it?", cat, photo("coffee.png")))
    await told(openai, prompt("And now?"))

    first, second = endpoint.asked
    for seen in (first, second):
        assert seen.headers["Content-Length"] == str(len(seen.raw))
        assert "Transfer-Encoding" not in seen.headers
        assert seen.headers["Content-Type"] == "application/json"
    assert first.body["messages"][0]["content"][1]["image_url"]["url"].endswith(encoded(cat.file))


async def test_a_photo_whose_file_is_gone_is_asked_for_later(
    openai: OpenAI, endpoint: Endpoint, tmp_path: Path
) -> None:
    shorter = replace(photo(), size=photo().size + 1)
    for odd in (replace(photo(), file=tmp_path / "gone.jpg"), shorter):
        with pytest.raises(Busy) as busy:
            await told(openai, prompt("What is it?", odd))
        assert busy.value.code == "photo_gone"

    assert endpoint.seen == []


async def test_a_photo_that_shrinks_while_it_is_sent_keeps_nobody_waiting(
    openai: OpenAI, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_are_unchanged", lambda photos: True)

    async with asyncio.timeout(30):
        with pytest.raises(Busy):
            await told(openai, prompt("What is it?", replace(photo(), size=photo().size + 30)))
