"""Pictures and sound from OpenAI-compatible services, as far as their lists name models for it."""

import base64
import json
from collections.abc import AsyncIterator

import pytest

from adapters.providers.openai.compatible_media import CompatibleMedia
from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import profile_of
from bot.errors import BotError, FailureCode
from bot.files.photos import PhotoIntake
from bot.messages import File, GenerationRequest
from bot.ports import Store
from bot.util.http import ConnectionOptions
from tests.adapters.providers.openai.conftest import photo
from tests.conftest import PHOTOS
from tests.doubles.quirky import Answer, QuirkyEndpoint, raw, refusal, served, talking

PNG = (PHOTOS / "coffee.png").read_bytes()
B64 = base64.b64encode(PNG).decode()
LIST = {"data": [{"id": id} for id in ("gpt-4o", "dall-e-3", "gpt-image-1", "whisper-1", "tts-1", "gpt-4o-mini-tts")]}


def ok(body: object) -> Answer:
    return Answer(json.dumps(body).encode(), type="application/json")


def listed(endpoint: QuirkyEndpoint, *ids: str) -> None:
    rows = {"data": [{"id": id} for id in ids]} if ids else LIST
    endpoint.pages["/models"] = lambda request, data: ok(rows)


@pytest.fixture
async def endpoint() -> AsyncIterator[QuirkyEndpoint]:
    async with served() as endpoint:
        listed(endpoint)
        yield endpoint


@pytest.fixture
async def media(endpoint: QuirkyEndpoint) -> AsyncIterator[CompatibleMedia]:
    async with OpenAI(profile_of("openai", endpoint.url), "sk-1", endpoint.url) as openai:
        yield openai.media


def sent(endpoint: QuirkyEndpoint, path: str) -> list[bytes]:
    return [data for place, data in endpoint.requests if place.endswith(path)]


async def test_the_list_tells_who_can_do_it_the_usual_one_first(media: CompatibleMedia) -> None:
    async def ids(craft: str) -> list[str]:
        return [model.id for model in await media.models(craft)]

    assert await ids("imagine") == ["gpt-image-1", "dall-e-3"]
    assert await ids("edit") == ["gpt-image-1"]
    assert await ids("vary") == ["gpt-image-1"]
    assert await ids("hear") == ["whisper-1"]
    assert await ids("speak") == ["gpt-4o-mini-tts", "tts-1"]
    assert await ids("upscale") == []


@pytest.mark.parametrize("row", [{"b64_json": B64}, {"url": f"data:image/png;base64,{B64}"}, {"url": "/made.png"}])
async def test_a_picture_is_made_and_fetched(
    media: CompatibleMedia, endpoint: QuirkyEndpoint, row: dict[str, str]
) -> None:
    if row.get("url") == "/made.png":
        row = {"url": endpoint.url.removesuffix("/v1") + "/made.png"}
    usage = {"input_tokens": 12, "output_tokens": 1056}
    endpoint.pages["/images/generations"] = lambda request, data: ok({"data": [row, row], "usage": usage})
    endpoint.pages["/made.png"] = lambda request, data: Answer(PNG, type="image/png")
    made = await media.generate(
        GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup", params={"n": "2", "size": "1024x1024"})
    )
    assert [(file.name, file.mime, file.data) for file in made.files] == [
        ("imagine-1.png", "image/png", PNG),
        ("imagine-2.png", "image/png", PNG),
    ]
    assert (made.usage.input_tokens, made.usage.output_tokens) == (12, 1056)
    [order] = sent(endpoint, "/images/generations")
    assert json.loads(order) == {"model": "gpt-image-1", "prompt": "a cup", "n": 2, "size": "1024x1024"}


async def test_dall_e_is_asked_for_the_picture_itself(media: CompatibleMedia, endpoint: QuirkyEndpoint) -> None:
    endpoint.pages["/images/generations"] = lambda request, data: ok({"data": [{"b64_json": B64}]})
    await media.generate(GenerationRequest(kind="imagine", model="dall-e-3", words="a cup"))
    assert json.loads(sent(endpoint, "/images/generations")[0])["response_format"] == "b64_json"


@pytest.mark.parametrize(("kind", "words"), [("edit", "make it night"), ("vary", "")])
async def test_a_picture_is_changed(media: CompatibleMedia, endpoint: QuirkyEndpoint, kind: str, words: str) -> None:
    endpoint.pages["/images/edits"] = lambda request, data: ok({"data": [{"b64_json": B64}]})
    made = await media.generate(GenerationRequest(kind=kind, model="gpt-image-1", words=words, photo=photo()))  # type: ignore[arg-type]
    assert made.files[0].name == f"{kind}.png"
    [order] = sent(endpoint, "/images/edits")
    assert (PHOTOS / "cat.jpg").read_bytes() in order
    assert (words or "variation").encode() in order


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"n": "0"}, FailureCode.STUDIO_N),
        ({"n": "many"}, FailureCode.STUDIO_N),
        ({"size": "big"}, FailureCode.STUDIO_SIZE),
        ({"style": "vivid"}, FailureCode.STUDIO_WISH_UNKNOWN),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_before_it_costs_anything(
    media: CompatibleMedia, endpoint: QuirkyEndpoint, params: dict[str, str], code: FailureCode
) -> None:
    with pytest.raises(BotError) as refused:
        await media.generate(GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup", params=params))
    assert refused.value.code is code
    assert str(refused.value)
    assert not sent(endpoint, "/images/generations")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            refusal(400, "Your request was rejected as a result of our safety system.", code="moderation_blocked"),
            FailureCode.STUDIO_MODERATED,
        ),
        (refusal(429, "You exceeded your current quota", code="insufficient_quota"), FailureCode.PROVIDER_NO_CREDITS),
        (raw(200, {"created": 1}), FailureCode.PROVIDER_NONSENSE),
        (raw(200, {"data": [{"url": "http://169.254.169.254/latest"}]}), FailureCode.MADE_GONE),
        (raw(200, {"data": [{"b64_json": "bm8="}]}), FailureCode.MADE_GONE),
    ],
)
async def test_what_goes_wrong_is_named(
    media: CompatibleMedia, endpoint: QuirkyEndpoint, answer: Answer, code: FailureCode
) -> None:
    endpoint.pages["/images/generations"] = lambda request, data: answer
    with pytest.raises(BotError) as refused:
        await media.generate(GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup"))
    assert refused.value.code is code
    assert len(sent(endpoint, "/images/generations")) == 1


async def test_where_nothing_may_leave_the_network_a_link_to_outside_is_not_followed(endpoint: QuirkyEndpoint) -> None:
    row = {"url": "https://8.8.8.8/made.png?words=all+that+was+said"}
    endpoint.pages["/images/generations"] = lambda request, data: ok({"data": [row]})
    near_only = ConnectionOptions(is_near_only=True, connect=5)
    async with OpenAI(profile_of("openai", endpoint.url), "sk-1", endpoint.url, connection=near_only) as openai:
        with pytest.raises(BotError) as refused:
            await openai.media.generate(GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup"))
    assert refused.value.code is FailureCode.PROVIDER_OUTSIDE


async def test_a_recording_is_written_down(media: CompatibleMedia, endpoint: QuirkyEndpoint) -> None:
    endpoint.pages["/audio/transcriptions"] = lambda request, data: ok({"text": " What is it? "})
    transcript = await media.transcribe(File(name="voice.ogg", mime="audio/ogg", data=b"OggS..."), "whisper-1", "de-DE")
    assert transcript.text == "What is it?"
    [order] = sent(endpoint, "/audio/transcriptions")
    assert b"OggS..." in order
    assert b'name="language"\r\n\r\nde' in order


async def test_words_that_are_none_and_recordings_that_are_refused_are_named(
    media: CompatibleMedia, endpoint: QuirkyEndpoint
) -> None:
    recording = File(name="voice.ogg", mime="audio/ogg", data=b"OggS...")
    for answer, code in (
        (ok({"text": ""}), FailureCode.VOICE_SILENT),
        (refusal(400, "Invalid file format."), FailureCode.VOICE_REFUSED),
    ):
        endpoint.pages["/audio/transcriptions"] = lambda request, data, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(BotError) as refused:
            await media.transcribe(recording, "whisper-1", "")
        assert refused.value.code is code


async def test_an_answer_is_read_aloud(media: CompatibleMedia, endpoint: QuirkyEndpoint) -> None:
    endpoint.pages["/audio/speech"] = lambda request, data: Answer(b"OggS-sound", type="audio/ogg")
    made = await media.speak("It is a cat. " * 1_000, "tts-1")
    assert (made.files[0].name, made.files[0].mime, made.files[0].data) == ("speech.ogg", "audio/ogg", b"OggS-sound")
    [order] = sent(endpoint, "/audio/speech")
    assert json.loads(order)["voice"] == "alloy"
    assert len(json.loads(order)["input"]) <= 4_096


async def test_imagine_works_through_the_chat_and_is_paid_once(sqlite: Store, photos: PhotoIntake) -> None:
    async with talking(sqlite, photos) as talk:
        listed(talk.endpoint)
        talk.endpoint.pages["/images/generations"] = lambda request, data: ok({"data": [{"b64_json": B64}]})
        # the list that was looked at before the pages were there
        talk.worker.context.providers["openai"]._model_cache._fresh_until = 0  # type: ignore[attr-defined]
        await talk.worker.context.providers["openai"].models()
        await talk.worker.context.providers["openai"]._model_cache._fetching  # type: ignore[attr-defined]
        await talk.say("/imagine a cup of coffee")
        assert [file.data for files in talk.platform.sent_files.values() for file in files] == [PNG]
        assert len(sent(talk.endpoint, "/images/generations")) == 1
        assert await talk.say("what is in photo 1?") == "I see 1 photos."


async def test_an_order_that_may_have_been_placed_before_is_not_placed_again(
    media: CompatibleMedia, endpoint: QuirkyEndpoint
) -> None:
    order = GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup", order="7", was_begun=True)
    with pytest.raises(BotError) as refused:
        await media.generate(order)
    assert refused.value.code is FailureCode.ORDER_INTERRUPTED
    assert not sent(endpoint, "/images/generations")


async def test_a_picture_that_cannot_be_fetched_is_said_to_be_gone_and_is_not_tried_again(
    media: CompatibleMedia, endpoint: QuirkyEndpoint
) -> None:
    row = {"url": endpoint.url.removesuffix("/v1") + "/made.png"}
    endpoint.pages["/images/generations"] = lambda request, data: ok({"data": [row]})
    endpoint.pages["/made.png"] = lambda request, data: Answer(b"", 503)
    with pytest.raises(BotError) as refused:
        await media.generate(GenerationRequest(kind="imagine", model="gpt-image-1", words="a cup"))
    assert refused.value.code is FailureCode.MADE_GONE
