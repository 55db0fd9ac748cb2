"""The client of 1min.ai: conversations and photos are kept over there, answers come in a stream."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Literal, Self

import structlog

from adapters.providers.onemin.answer import pieces
from adapters.providers.onemin.endpoints import FEATURES, UNIFIED, Body, Endpoint, thread_body
from adapters.providers.onemin.limits import Window
from adapters.providers.onemin.models import Shelf
from adapters.providers.onemin.refusals import (
    RULES,
    UPLOAD_RULES,
    AssetsLost,
    EndpointMissing,
    Failure,
    Rule,
    error,
    failure,
)
from adapters.providers.onemin.uploads import Assets, Uploads
from adapters.providers.onemin.wire import frames
from bot.errors import BotError, Forgotten, Refused, Unreadable
from bot.messages import Conversation, Model, Photo, Piece, Prompt
from bot.net import Http, Reply, chunks, read

log = structlog.get_logger(__name__)

MIMES = ("image/jpeg", "image/png", "image/webp")  # what its page about chats with images names
MOST_OF_A_STREAM = 32 * 1024 * 1024  # bytes; frames weigh ten times what they say
MOST_OF_AN_ERROR = 64 * 1024
MODEL_FOR_CHECKS = "gpt-4o-mini"  # a formality: nothing is asked


class OneMin:
    """A provider that speaks the API of 1min.ai. It needs to be entered."""

    def __init__(
        self,
        key: str,
        url: str,
        api: Literal["auto", "unified", "features"],
        assets: Assets,
        *,
        name: str = "onemin",
        requests_per_minute: int = 180,
        silence: float = 120,
    ) -> None:
        """`url` is the address without /api; `silence` is how many seconds the other side may say nothing."""
        key = key.strip()
        self.name = name
        self.account = hashlib.sha256(key.encode()).hexdigest()[:12]  # tells accounts apart, and no key
        self._may_switch = api == "auto"
        self._endpoint = FEATURES if api == "features" else UNIFIED
        self._http = Http(url, {"api-key": key}, silence=silence)
        self._window = Window(requests_per_minute)
        self._uploads = Uploads(assets, name, self.account, self._send)
        self._shelf = Shelf(self._fetch_models)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._uploads.close()
        await self._http.__aexit__(*exc)

    # conversations

    async def begin(self, conversation: Conversation, title: str) -> str:
        """Open a conversation and return its UUID, https://docs.1min.ai/docs/api/conversation-api."""
        endpoint = self._endpoint
        try:
            return await self._begin(endpoint, title, conversation.model_id, conversation.model)
        except EndpointMissing:
            if endpoint is FEATURES or not self._may_switch:
                raise
            # An older API does not know the new type. The question will find that out for good.
            return await self._begin(FEATURES, title, conversation.model_id, conversation.model)

    async def _begin(self, endpoint: Endpoint, title: str, model_id: str, model: str) -> str:
        said = await self._call("POST", "api/conversations", model, json=thread_body(endpoint, title, model_id))
        inner = said.get("conversation")  # as it is documented; older pages show it flat
        uuid = (inner if isinstance(inner, dict) else said).get("uuid")
        if not isinstance(uuid, str) or not uuid:
            raise Refused("provider_nonsense")
        return uuid

    async def check(self) -> None:
        """Open a conversation and delete it again: that needs the key, and costs no credits."""
        uuid = await self._begin(
            self._endpoint, "Snapthread check", MODEL_FOR_CHECKS, f"{self.name}/{MODEL_FOR_CHECKS}"
        )
        with suppress(BotError):  # what matters was said before
            await self._delete(uuid)

    async def forget(self, conversation: Conversation) -> None:
        """Delete the conversation. That 1min.ai can do so is not documented: Refused where it says no."""
        if conversation.remote_id is not None:
            await self._delete(conversation.remote_id)

    async def _delete(self, uuid: str) -> None:
        await self._call("DELETE", f"api/conversations/{uuid}")

    # photos

    async def upload(self, photo: Photo) -> None:
        """Upload the photo unless this account has it, https://docs.1min.ai/docs/api/asset-api."""
        await self._uploads.key(photo)

    async def _send(self, photo: Photo) -> str:
        if photo.mime not in MIMES:
            raise Unreadable("photo_refused")
        # Neither name nor type may come from the sender: httpx writes them into the headers of the part as they are.
        file = (photo.filename, photo.data, photo.mime)
        said = await self._call("POST", "api/assets", rules=UPLOAD_RULES, files={"asset": file})
        for part, field in (("fileContent", "path"), ("asset", "key")):
            key = said[part].get(field) if isinstance(said.get(part), dict) else None
            if isinstance(key, str) and key:
                return key
        raise Refused("provider_nonsense")

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What can be mended before the first word is mended, once, and asked again."""
        uploaded_again = False
        while True:
            endpoint = self._endpoint
            body = endpoint.body(prompt, await self._uploads.keys(prompt.photos))
            try:
                async with aclosing(self._ask(endpoint, prompt, body)) as answer:
                    async for piece in answer:
                        yield piece
                return
            except EndpointMissing as problem:
                self._switch(endpoint, problem)
            except AssetsLost:
                if uploaded_again:
                    raise
                log.warning("1min.ai lost photos; they are uploaded again", photos=len(prompt.photos))
                await self._uploads.lost(prompt.photos)
                uploaded_again = True

    async def _ask(self, endpoint: Endpoint, prompt: Prompt, body: Body) -> AsyncGenerator[Piece, None]:
        def judge(failed: Failure) -> BotError:
            return _about(prompt, error(failed, prompt.conversation.model))

        await self._window.enter()
        async with self._http.stream("POST", endpoint.path, params={"isStreaming": "true"}, json=body) as reply:
            if not _good(reply):
                raise judge(await _failure(reply))
            async with (
                aclosing(chunks(reply, MOST_OF_A_STREAM)) as raw,
                aclosing(frames(reply.headers.get("content-type", ""), raw)) as read_frames,
                aclosing(pieces(read_frames, judge)) as answer,
            ):
                async for piece in answer:
                    yield piece

    def _switch(self, endpoint: Endpoint, problem: EndpointMissing) -> None:
        """Ask features from now on, where the operator lets us choose; raises the problem where that is no way out."""
        if not self._may_switch:
            raise problem
        if endpoint is FEATURES:  # gone as well: the next question tries today's API once more
            self._endpoint = UNIFIED
            raise problem
        if self._endpoint is endpoint:
            log.warning("there is no /api/chat-with-ai; from now on /api/features is asked")
        self._endpoint = FEATURES

    # models

    async def models(self) -> Sequence[Model]:
        """Return what can be asked now; where the live list cannot be had, the last or the shipped one."""
        return await self._shelf.models(self._endpoint)

    async def _fetch_models(self, feature: str) -> object:
        async with self._http.stream("GET", "models", params={"feature": feature}) as reply:
            if not _good(reply):
                raise error(await _failure(reply), "")
            return _json(await read(reply))

    # one request

    async def _call(
        self, method: str, path: str, model: str = "", *, rules: Sequence[Rule] = RULES, **body: Any
    ) -> Mapping[str, Any]:
        """Make a request and return the object it is answered with; raises what the refusal means."""
        await self._window.enter()
        async with self._http.stream(method, path, **body) as reply:
            if not _good(reply):
                raise error(await _failure(reply), model, rules)
            said = _json(await read(reply))
        if not isinstance(said, dict):
            raise Refused("provider_nonsense")
        return said


def _about(prompt: Prompt, problem: BotError) -> BotError:
    """Correct what an error means by what was asked: nothing can be lost that was not named."""
    if isinstance(problem, Forgotten) and prompt.conversation.remote_id is None:
        return Refused("provider_bad_request", status=404)
    if isinstance(problem, AssetsLost) and not prompt.photos and prompt.conversation.remote_id is not None:
        return Forgotten("provider_forgot")  # it is a photo of an earlier turn, which cannot be mended
    return problem


def _good(reply: Reply) -> bool:
    return 200 <= reply.status_code < 300


async def _failure(reply: Reply) -> Failure:
    try:
        body = await read(reply, MOST_OF_AN_ERROR)
    except BotError:  # the status says enough
        body = b""
    return failure(reply.status_code, body, reply.headers)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused("provider_nonsense") from problem
