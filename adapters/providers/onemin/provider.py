"""The client of 1min.ai: conversations, photos and documents are kept over there, answers come in a stream."""

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from io import BytesIO
from typing import Any, BinaryIO, Literal, Self

import structlog

from adapters.providers.answer_stream import pieces
from adapters.providers.error_rules import ErrorRule, ServiceFailure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.onemin.chat_models import read_models, shipped
from adapters.providers.onemin.endpoints import FEATURES, UNIFIED, Body, Endpoint, thread_body
from adapters.providers.onemin.errors import (
    DOCUMENT_RULES,
    RULES,
    SOUND_RULES,
    UPLOAD_RULES,
    VIDEO_RULES,
    AssetsLost,
    EndpointMissing,
    error,
)
from adapters.providers.onemin.media_generator import OneMinMedia
from adapters.providers.onemin.reply_reader import frames
from adapters.providers.onemin.request_limiter import MINUTE, Acquire, RequestLimiter
from adapters.providers.onemin.settings import OneMinSettings
from adapters.providers.onemin.side_conversations import DOCUMENTS, SideConversations
from adapters.providers.onemin.stream_cleaner import StreamCleaner
from adapters.providers.onemin.uploads import AssetKeys, Upload, UploadedRecording, Uploads
from adapters.providers.responses import is_success, parse_json, read_failure
from bot.adapter_context import AdapterContext
from bot.asking.video_links import check as check_videos
from bot.errors import BotError, Busy, Forgotten, Refused, Unreadable
from bot.messages import PHOTOS, Conversation, Document, Model, Photo, Piece, Prompt, RateLimit
from bot.util.http import Http, chunks, read_capped

log = structlog.get_logger(__name__)

MOST_OF_A_STREAM = 32 * 1024 * 1024  # bytes; frames weigh ten times what they say
KEY = (("fileContent", "path"), ("asset", "key"))  # where the reply to an upload has what questions name it by
DOCUMENT_KEY = (("fileContent", "uuid"),)
UPLOADS = ((UploadedRecording, SOUND_RULES), (Document, DOCUMENT_RULES), (Photo, UPLOAD_RULES))
MODEL_FOR_CHECKS = "gpt-4o-mini"  # a formality: nothing is asked


class OneMin:
    """A provider that speaks the API of 1min.ai. It needs to be entered."""

    def __init__(
        self,
        key: str,
        url: str,
        api: Literal["auto", "unified", "features"],
        assets: AssetKeys,
        *,
        acquire: Acquire,
        name: str = "onemin",
        requests_per_minute: int | None = 180,
        silence: float = 120,
        patience: float = 300,
    ) -> None:
        """`url` is the address without /api; `requests_per_minute` are those of all processes, None: nobody counts.

        `silence` is how many seconds the other side may say nothing, `patience` how many while it makes something.
        """
        key = key.strip()
        self.name = name
        self.account = hashlib.sha256(key.encode()).hexdigest()[:12]  # tells accounts apart, and no key
        self._may_switch = api == "auto"
        self._endpoint = FEATURES if api == "features" else UNIFIED
        self._http = Http(url, {"api-key": key}, silence=silence)
        gate = RateLimit(f"{name} {self.account}", requests_per_minute, MINUTE) if requests_per_minute else None
        self._window = RequestLimiter(acquire, gate)
        self._uploads = Uploads(assets, name, self.account, self._send)
        self._threads = SideConversations(assets, name, self.account, self._begin_aside, self._delete)
        self._shelves = {endpoint: self._shelf(endpoint) for endpoint in (UNIFIED, FEATURES)}
        self._studio = OneMinMedia(name, url, self._uploads, self._call, self._fetch_models, patience)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        await self._studio.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for shelf in self._shelves.values():
            await shelf.close()
        await self._studio.__aexit__(*exc)
        await self._uploads.close()
        await self._http.__aexit__(*exc)

    @property
    def media(self) -> OneMinMedia:
        """Its other features."""
        return self._studio

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

    async def _begin(
        self, endpoint: Endpoint, title: str, model_id: str, model: str, fields: Mapping[str, Any] | None = None
    ) -> str:
        body = {**thread_body(endpoint, title, model_id), **(fields or {})}
        rules = VIDEO_RULES if fields else RULES
        said = await self._call("POST", "api/conversations", model, rules=rules, json=body)
        inner = said.get("conversation")  # as it is documented; older pages show it flat
        uuid = (inner if isinstance(inner, dict) else said).get("uuid")
        if not isinstance(uuid, str) or not uuid:
            raise Refused("provider_nonsense")
        return uuid

    async def _begin_aside(self, prompt: Prompt, fields: Mapping[str, Any]) -> str:
        """Open a conversation that is about something of its own."""
        asked = prompt.conversation
        return await self._begin(FEATURES, prompt.text, asked.model_id, asked.model, fields)

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
            await self._threads.forget(conversation.remote_id)
            await self._delete(conversation.remote_id)

    async def _delete(self, uuid: str) -> None:
        await self._call("DELETE", f"api/conversations/{uuid}")

    # files

    async def upload(self, file: Photo | Document) -> None:
        """Upload the file unless this account has it, https://docs.1min.ai/docs/api/asset-api."""
        await self._uploads.key(file)

    def reads(self, document: Document, model: str) -> bool:
        """Whatever the model is: 1min.ai opens documents itself."""
        return True

    async def _send(self, upload: Upload) -> str:
        if isinstance(upload, Photo) and upload.mime not in PHOTOS:  # which its page about chats with images names
            raise Unreadable("photo_refused")
        rules = next(rules for kind, rules in UPLOADS if isinstance(upload, kind))
        await self._window.enter()
        with _opened(upload) as file:  # not before it is our turn: those who wait are too many to have files open
            # Neither name nor type may come from the sender: httpx writes both into the headers of the part.
            asset = (upload.filename, file, upload.mime)
            said = await self._request("POST", "api/assets", rules=rules, files={"asset": asset})
        for part, field in DOCUMENT_KEY if isinstance(upload, Document) else KEY:
            key = said[part].get(field) if isinstance(said.get(part), dict) else None
            if isinstance(key, str) and key:
                return key
        raise Refused("provider_nonsense")

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What can be mended before the first word is mended, once, and asked again."""
        check_videos(prompt.text)
        uploaded_again = False
        while True:
            endpoint = self._endpoint
            photos, documents = [await self._uploads.keys(files) for files in (prompt.photos, prompt.documents)]
            body = endpoint.body(prompt, photos, documents)
            placed = self._placed(endpoint, prompt, documents, body)
            try:
                async with placed, aclosing(self._ask(endpoint, prompt, body)) as answer:
                    async for piece in answer:
                        yield piece
                return
            except EndpointMissing as problem:
                self._switch(endpoint, problem)
            except AssetsLost:
                if uploaded_again:
                    raise
                files: list[Upload] = [*prompt.photos, *prompt.documents]
                log.warning("1min.ai lost files; they are uploaded again", files=len(files))
                await self._uploads.lost(files)
                uploaded_again = True

    @asynccontextmanager
    async def _placed(
        self, endpoint: Endpoint, prompt: Prompt, documents: Sequence[str], body: Body
    ) -> AsyncGenerator[None, None]:
        """Name the side thread in which the question belongs, where an endpoint has such."""
        if endpoint is UNIFIED:
            yield
            return
        async with self._threads.of(prompt, documents) as thread:
            if thread:
                body |= {"type": thread.type, "conversationId": thread.uuid}
            yield

    async def _ask(self, endpoint: Endpoint, prompt: Prompt, body: Body) -> AsyncGenerator[Piece, None]:
        def judge(failed: ServiceFailure) -> BotError:
            return _about(prompt, body["type"], error(failed, prompt.conversation.model))

        await self._window.enter()
        async with self._http.stream("POST", endpoint.path, params={"isStreaming": "true"}, json=body) as reply:
            if not is_success(reply):
                raise judge(await read_failure(reply))
            async with (
                aclosing(chunks(reply, MOST_OF_A_STREAM)) as raw,
                aclosing(frames(reply.headers.get("content-type", ""), raw)) as read_frames,
                aclosing(pieces(read_frames, judge, StreamCleaner)) as answer,
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
        return await self._shelves[self._endpoint].models()

    def _shelf(self, endpoint: Endpoint) -> ModelListCache[Model]:
        async def live() -> Sequence[Model]:
            return read_models([await self._fetch_models(feature) for feature in endpoint.lists], endpoint)

        return ModelListCache(live, lambda: read_models([shipped()], endpoint))

    async def _fetch_models(self, feature: str) -> object:
        async with self._http.stream("GET", "models", params={"feature": feature}) as reply:
            if not is_success(reply):
                raise error(await read_failure(reply), "")
            return parse_json(await read_capped(reply))

    # one request

    async def _call(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = RULES, **body: Any
    ) -> Mapping[str, Any]:
        """Make a request when it is our turn; see `_request`."""
        await self._window.enter()
        return await self._request(method, path, model, rules=rules, **body)

    async def _request(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = RULES, **body: Any
    ) -> Mapping[str, Any]:
        """Make a request and return the object it is answered with; raises what the refusal means."""
        async with self._http.stream(method, path, **body) as reply:
            if not is_success(reply):
                raise error(await read_failure(reply), model, rules)
            said = parse_json(await read_capped(reply))
        if not isinstance(said, dict):
            raise Refused("provider_nonsense")
        return said


def _about(prompt: Prompt, type: str, problem: BotError) -> BotError:
    """Correct what an error means by what was asked: nothing can be lost that was not named."""
    named = prompt.photos or prompt.documents
    if type == DOCUMENTS and problem.key == "provider_unknown_model":  # it may well talk about other things
        return Refused("provider_document_refused") if named else Forgotten("provider_forgot")
    if isinstance(problem, Forgotten) and prompt.conversation.remote_id is None:
        return Refused("provider_bad_request", status=404)
    if isinstance(problem, AssetsLost) and not named and prompt.conversation.remote_id is not None:
        return Forgotten("provider_forgot")  # it is a file of an earlier turn, which cannot be mended
    return problem


def _opened(upload: Upload) -> BinaryIO:
    if isinstance(upload, UploadedRecording):
        return BytesIO(upload.data)
    try:
        return upload.file.open("rb")
    except FileNotFoundError as problem:  # another process needed the place; by the next try it is fetched again
        raise Busy("photo_gone") from problem


def open_onemin(context: AdapterContext) -> OneMin:
    """Build the client from the operator's settings."""
    settings = context.settings.of(OneMinSettings)
    if settings.onemin_api_key is None:
        raise ValueError("1min.ai needs ONEMIN_API_KEY.")
    return OneMin(
        settings.onemin_api_key.get_secret_value(),
        settings.onemin_api_url,
        settings.onemin_api,
        context.store.blobs,
        acquire=context.store.coordination.acquire,
        requests_per_minute=settings.onemin_requests_per_minute,
    )
