"""What goes out equals the example requests of the API documents, field by field."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.providers.onemin.endpoints import ChatOptions
from adapters.providers.onemin.provider import OneMin
from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.request_body import RequestOptions
from adapters.providers.openai.services import AIMLAPI, VAPI
from bot.errors import BotError
from bot.messages import Conversation, Document, GenerationRequest, Photo, Preferences, Prompt
from tests.adapters.providers.onemin.conftest import Cloakroom, photo

Body = dict[str, Any]
EXAMPLES: list[Body] = json.loads(Path(__file__).with_name("documented_requests.json").read_text())["requests"]
MESSAGE_GROUP = re.compile(r"\d{13}_\d{2}")

# What we send besides: fields that the documents name elsewhere, and `async` (see onemin/orders).
BESIDES = {"conversationId", "metadata", "numOfSite", "maxWord", "async", "stream", "stream_options", "detail"}


@dataclass
class Recorder:
    """A server that writes down what comes, and answers as little as it may."""

    url: str = ""
    refusal: str = "that was all"
    bodies: dict[str, list[Body]] = field(default_factory=dict)  # by path

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.bodies.setdefault(request.path, []).append(await request.json())
        if request.path == "/api/conversations":
            return web.json_response({"conversation": {"uuid": "u"}})
        return web.json_response({"error": {"message": self.refusal}}, status=400)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", recorder.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield recorder
    await runner.cleanup()


async def ask_onemin(url: str, example: Body) -> None:
    """Bring the bot to ask what the example asks."""
    body, cloakroom = example["body"], Cloakroom()
    options = ChatOptions(brand_voice=body.get("brandVoiceId"))
    api: Any = "unified" if example["api"] == "unified" else "features"
    async with OneMin("<api-key>", url, api, cloakroom, acquire=cloakroom.acquire, options=options) as onemin:
        if "title" in body:
            await onemin.begin(Conversation(1, f"onemin/{body['model']}"), body["title"])
            return
        wanted = body["promptObject"]
        remember(cloakroom, onemin.account, wanted)
        if example["api"] in ("vary", "imagine"):
            source = photo() if "imageUrl" in wanted else None
            words = wanted.get("prompt", "")
            request = GenerationRequest(
                kind=example["api"], model=body["model"], words=words, photo=source, params={"ratio": "1:1"}
            )
            await onemin.media.generate(request)
            return
        async for _ in onemin.ask(prompt_of(body)):
            break


def remember(cloakroom: Cloakroom, account: str, wanted: Body) -> None:
    """Let the photo and the document of the example have been uploaded before."""
    attachments = wanted.get("attachments") or {}
    image = wanted.get("imageUrl") or next(iter(wanted.get("imageList") or attachments.get("images") or [""]))
    cloakroom.kept["onemin", account, photo().sha256] = image
    cloakroom.kept["onemin", account, PAPER.sha256] = next(iter(attachments.get("files") or [""]))


PAPER = Document(name="paper.pdf", mime="application/pdf", file=photo().file, size=3, sha256="a" * 64)


def prompt_of(body: Body) -> Prompt:
    wanted = body["promptObject"]
    settings, attachments = wanted.get("settings") or {}, wanted.get("attachments") or {}
    flat = {**wanted, **settings.get("webSearchSettings", {}), **settings.get("historySettings", {})}
    preferences = Preferences(
        web_search=flat["webSearch"],
        sites=flat.get("numOfSite", 3),
        words=flat.get("maxWord", 1000),
        mixed=flat["isMixed"],
        history=flat.get("historyMessageLimit", 10),
    )
    thread = body.get("conversationId") or wanted.get("conversationId")
    conversation = Conversation(1, f"onemin/{body['model']}", thread, preferences)
    photos = (photo(),) if wanted.get("imageList") or attachments.get("images") else ()
    return Prompt(
        conversation=conversation,
        text=wanted["prompt"],
        photos=photos,
        documents=(PAPER,) if attachments.get("files") else (),
    )


async def ask_completions(url: str, example: Body) -> None:
    body = example["body"]
    profile = VAPI if example["provider"] == "vapi" else AIMLAPI
    base = url + example["path"].removesuffix("/chat/completions")
    parts = [part for message in body["messages"] for part in message["content"]]
    text = next(part["text"] for part in parts if part["type"] == "text")
    photos: tuple[Photo, ...] = tuple(photo() for part in parts if part["type"] == "image_url")
    options = RequestOptions(body["max_tokens"], body.get("temperature"))
    async with OpenAI(profile, "sk-xxxx", base, options=options) as openai:
        prompt = Prompt(conversation=Conversation(1, f"{profile.name}/{body['model']}"), text=text, photos=photos)
        async for _ in openai.ask(prompt):
            break


def differences(expected: Any, sent: Any, place: str = "") -> Iterator[str]:
    """Each place at which what was sent is not what the example has, and each field that it has besides."""
    if isinstance(expected, dict) and isinstance(sent, dict):
        for name, value in expected.items():
            yield from (
                differences(value, sent[name], f"{place}.{name}") if name in sent else [f"{place}.{name}: missing"]
            )
        yield from (f"{place}.{name}: besides" for name in sent.keys() - expected.keys() - BESIDES)
    elif isinstance(expected, list) and isinstance(sent, list) and len(expected) == len(sent):
        for n, (one, other) in enumerate(zip(expected, sent, strict=True)):
            yield from differences(one, other, f"{place}[{n}]")
    elif not same(expected, sent):
        yield f"{place}: {sent!r} instead of {expected!r}"


def same(expected: Any, sent: Any) -> bool:
    if isinstance(expected, str) and MESSAGE_GROUP.fullmatch(expected):
        return bool(MESSAGE_GROUP.fullmatch(sent))
    if isinstance(expected, str) and expected.endswith(";base64,..."):
        return bool(sent.startswith(expected.removesuffix("...")))
    return bool(expected == sent)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["page"])
async def test_what_goes_out_equals_the_example_field_by_field(recorder: Recorder, example: Body) -> None:
    recorder.refusal = example.get("refused", recorder.refusal)
    with suppress(BotError):
        await (ask_onemin if example["provider"] == "onemin" else ask_completions)(recorder.url, example)

    sent = recorder.bodies[example["path"]][-1 if "refused" in example else 0]
    unlike: Mapping[str, str] = example.get("unlike", {})
    found = [each for each in differences(example["body"], sent) if not each.startswith(tuple(f".{n}" for n in unlike))]
    assert found == []


def test_every_difference_has_a_reason() -> None:
    assert all(reason for example in EXAMPLES for reason in example.get("unlike", {}).values())
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"a": 1, "b": [1]}, []),
        ({"a": 2, "b": [1]}, [".a: 2 instead of 1"]),
        ({"b": [1]}, [".a: missing"]),
        ({"a": 1, "b": [1], "c": 3}, [".c: besides"]),
        ({"a": 1, "b": []}, [".b: [] instead of [1]"]),
    ],
)
def test_a_difference_is_found(sent: Body, found: list[str]) -> None:
    assert list(differences({"a": 1, "b": [1]}, sent)) == found
