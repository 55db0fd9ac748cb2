"""The client of 1min.ai, which keeps conversations, photos and documents, and streams its answers."""

import hashlib
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO, Literal, Self
from uuid import uuid4

import structlog

from adapters.providers.answer_stream import Frame, Frames, PendingFrame, ResultFrame, TextFrame, read_pieces
from adapters.providers.error_rules import ErrorRule, ServiceFailure, is_success, naming, parse_json, read_failure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.onemin.endpoints import (
    FEATURES,
    MINUTE,
    UNIFIED,
    Acquire,
    Body,
    ChatOptions,
    Endpoint,
    RequestLimiter,
    conversation_body,
    current_name,
    list_names,
    read_models,
    shipped_models,
)
from adapters.providers.onemin.errors import (
    DOCUMENT_RULES,
    RULES,
    SOUND_RULES,
    UPLOAD_RULES,
    VIDEO_RULES,
    AssetsLost,
    EndpointMissing,
    to_bot_error,
)
from adapters.providers.onemin.media_generator import OneMinMedia
from adapters.providers.onemin.orders import Orders
from adapters.providers.onemin.reply_reader import SourceList, StreamCleaner, read_frames
from adapters.providers.onemin.settings import OneMinSettings
from adapters.providers.onemin.side_conversations import DOCUMENTS, SideConversations
from adapters.providers.onemin.uploads import AssetKeys, Upload, UploadedRecording, Uploads
from bot.adapter_context import AdapterContext
from bot.adapter_settings import reveal
from bot.asking.mentions import check as check_videos
from bot.errors import BotError, Busy, FailureCode, Forgotten, Refused, Unreadable
from bot.messages import (
    DOCX,
    PDF,
    PHOTOS,
    TEXTS,
    Conversation,
    Document,
    Model,
    Photo,
    Piece,
    Prompt,
    RateLimit,
    Text,
    Usage,
)
from bot.ports import Capabilities
from bot.util.http import ConnectionOptions, Http, chunks, read_capped

log = structlog.get_logger(__name__)

MAX_STREAM_BYTES = 32 * 1024 * 1024  # frames are ten times as large as their text
ASSET_KEY = (("fileContent", "path"), ("asset", "key"))  # the places of a file's key in the reply to an upload
DOCUMENT_KEY = (("fileContent", "uuid"),)
RULES_BY_UPLOAD = ((UploadedRecording, SOUND_RULES), (Document, DOCUMENT_RULES), (Photo, UPLOAD_RULES))
RESULTS_PATH = "api/results"  # of orders, below it their UUIDs
OPENED = TEXTS | {PDF, DOCX}  # documents that 1min.ai opens itself
AS_PLAIN_TEXT = {"text/markdown", "application/json"}  # it refuses .md (UNSUPPORTED_FILE_TYPE), and takes it as .txt
SERVICE_NAME = "1min.ai"
NO_OPTIONS = ChatOptions()
MODEL_FOR_CHECKS = "gpt-4o-mini"  # a formality: no question is asked


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
        options: ChatOptions = NO_OPTIONS,
        silence: float = 120,
        patience: float = 300,
        connection: ConnectionOptions | None = None,
    ) -> None:
        """Make a client; `url` is the address without /api, `requests_per_minute` is for all processes (None: any).

        `silence` is the longest time in seconds without a byte, `patience` the same while generating media.
        `proxy` is the way to 1min.ai, if it is not that of the environment.
        """
        key = key.strip()
        self.name = name
        self.account = hashlib.sha256(key.encode()).hexdigest()[:12]  # tells accounts apart without the key
        self._options = options
        self._may_switch = api == "auto"
        self._endpoint = FEATURES if api == "features" else UNIFIED
        self._http = Http(url, {"api-key": key}, silence=silence, options=connection)
        rate_limit = RateLimit(f"{name} {self.account}", requests_per_minute, MINUTE) if requests_per_minute else None
        self._limiter = RequestLimiter(acquire, rate_limit)
        self._uploads = Uploads(assets, name, self.account, self._send)
        self._side_conversations = SideConversations(
            assets, name, self.account, begin=self._begin_aside, delete=self._delete
        )
        self._model_caches = {endpoint: self._make_model_cache(endpoint) for endpoint in (UNIFIED, FEATURES)}
        self._orders = Orders(assets, name, self.account, self._fetch_result)
        self.media = OneMinMedia(
            name,
            url,
            self._uploads,
            call=self._call,
            list_models=self._fetch_models,
            orders=self._orders,
            patience=patience,
            connection=connection,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        await self.media.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for model_cache in self._model_caches.values():
            await model_cache.close()
        await self.media.__aexit__(*exc)
        await self._uploads.close()
        await self._http.__aexit__(*exc)

    @property
    def capabilities(self) -> Capabilities:
        """All of them."""
        return Capabilities(conversations=self, uploads=self, documents=self, media=self.media)

    # conversations

    async def begin(self, conversation: Conversation, title: str) -> str:
        """Open a conversation and return its UUID, https://docs.1min.ai/docs/api/conversation-api."""
        endpoint, model_id = self._endpoint, self._current_name(conversation.model_id)
        try:
            return await self._begin(endpoint, title, model_id, model=conversation.model)
        except EndpointMissing:
            if not self._may_switch:
                raise
            # One of them does not know the other's type. The question itself will then switch the endpoint.
            return await self._begin(_other(endpoint), title, model_id, model=conversation.model)

    async def _begin(
        self, endpoint: Endpoint, title: str, model_id: str, *, model: str, fields: Mapping[str, Any] | None = None
    ) -> str:
        body = {**conversation_body(endpoint, title, model_id), **(fields or {})}
        rules = VIDEO_RULES if fields else RULES
        reply_json = await self._call("POST", "api/conversations", model, rules=rules, json=body)
        conversation_json = reply_json.get("conversation")  # as it is documented; older pages show it flat
        uuid = (conversation_json if isinstance(conversation_json, dict) else reply_json).get("uuid")
        if not isinstance(uuid, str) or not uuid:
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        return uuid

    async def _begin_aside(self, prompt: Prompt, fields: Mapping[str, Any]) -> str:
        """Open a side conversation."""
        conversation = prompt.conversation
        return await self._begin(FEATURES, prompt.text, conversation.model_id, model=conversation.model, fields=fields)

    async def check(self) -> None:
        """Look up a result that nobody ordered; where that proves nothing, open a conversation and delete it again.

        Both need the key, and cost no credits. Only the second one leaves something behind, if only for a moment.
        """
        with naming(SERVICE_NAME):
            if await self._key_opens_results():
                return
            uuid = await self._begin(
                self._endpoint, "Snapthread check", MODEL_FOR_CHECKS, model=f"{self.name}/{MODEL_FOR_CHECKS}"
            )
        with suppress(BotError):  # the key has been proven
            await self._delete(uuid)

    async def _key_opens_results(self) -> bool:
        """Tell whether the key opens the results of orders. Raises Refused (provider_wrong_key) where it doesn't.

        Two clients report that an unknown UUID is answered with {"aiRecord": null}; the page is not stored anywhere.
        """
        await self._limiter.acquire()
        async with self._http.stream("GET", f"{RESULTS_PATH}/{uuid4()}") as reply:
            if reply.status_code == 401:
                raise to_bot_error(await read_failure(reply), "")
            if not is_success(reply):
                return False
            try:
                reply_json = parse_json(await read_capped(reply))
            except BotError:  # a page, or nothing
                return False
        return isinstance(reply_json, dict) and "aiRecord" in reply_json

    async def forget(self, conversation: Conversation) -> None:
        """Delete the conversation. The endpoint is not documented: raises Refused where 1min.ai refuses."""
        if conversation.remote_id is not None:
            await self._side_conversations.forget(conversation.remote_id)
            await self._delete(conversation.remote_id)

    async def _delete(self, uuid: str) -> None:
        await self._call("DELETE", f"api/conversations/{uuid}")

    # files

    async def upload(self, file: Photo | Document) -> None:
        """Upload the file unless this account has it, https://docs.1min.ai/docs/api/asset-api."""
        await self._uploads.get_keys(file.pictures if isinstance(file, Photo) else [file])

    def reads(self, document: Document, model: str) -> bool:
        """Return True, for any model, for the documents that 1min.ai opens itself. It takes only their words."""
        return document.mime in OPENED and not document.has_pictures

    async def _send(self, upload: Upload) -> str:
        if isinstance(upload, Photo) and upload.mime not in PHOTOS:  # which its page about chats with images names
            raise Unreadable(FailureCode.PHOTO_REFUSED)
        rules = next(rules for kind, rules in RULES_BY_UPLOAD if isinstance(upload, kind))
        await self._limiter.acquire()
        with _opened(upload) as file:  # after the rate limit: many may wait, too many for open files
            # Neither name nor type may come from the sender: httpx writes both into the headers of the part.
            asset = (_asset_name(upload), file, "text/plain" if upload.mime in AS_PLAIN_TEXT else upload.mime)
            reply_json = await self._request("POST", "api/assets", rules=rules, files={"asset": asset})
        for part, field in DOCUMENT_KEY if isinstance(upload, Document) else ASSET_KEY:
            key = reply_json[part].get(field) if isinstance(reply_json.get(part), dict) else None
            if isinstance(key, str) and key:
                return key
        raise Refused(FailureCode.PROVIDER_NONSENSE)

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What can be mended before the first word is mended once, and asked again."""
        check_videos(prompt.text)
        uploaded_again, missing = False, set[str]()
        names = self._names_to_try(prompt.conversation.model_id)
        while True:
            endpoint = self._endpoint
            photos, documents = [await self._uploads.get_keys(files) for files in (prompt.pictures, prompt.documents)]
            body = endpoint.build_body(prompt, photos, documents, self._options)
            body["model"] = names[0]
            addressed = self._address_side_conversation(endpoint, prompt, documents, body)
            try:
                async with addressed, aclosing(self._ask(endpoint, prompt, body)) as answer:
                    async for piece in answer:
                        yield piece
                return
            except EndpointMissing as problem:
                missing.add(endpoint.path)
                self._switch(endpoint, problem, missing)
            except AssetsLost:
                if uploaded_again:
                    raise
                files: list[Upload] = [*prompt.pictures, *prompt.documents]
                log.warning("1min.ai lost files; they are uploaded again", files=len(files))
                await self._uploads.forget(files)
                uploaded_again = True
            except Refused as problem:
                if problem.code is not FailureCode.PROVIDER_UNKNOWN_MODEL or len(names) == 1:
                    raise
                names = names[1:]
                log.warning("1min.ai has no model of this name; an other name of it is tried", name=names[0])

    @asynccontextmanager
    async def _address_side_conversation(
        self, endpoint: Endpoint, prompt: Prompt, documents: Sequence[str], body: Body
    ) -> AsyncGenerator[None, None]:
        """Address the side conversation of the question, where the endpoint has such."""
        if endpoint is UNIFIED:
            yield
            return
        async with self._side_conversations.choose(prompt, documents) as side_conversation:
            if side_conversation:
                body |= {"type": side_conversation.type, "conversationId": side_conversation.uuid}
            yield

    async def _ask(self, endpoint: Endpoint, prompt: Prompt, body: Body) -> AsyncGenerator[Piece, None]:
        def judge(failure: ServiceFailure) -> BotError:
            return _correct_error(prompt, body["type"], to_bot_error(failure, prompt.conversation.model))

        sources, searches = SourceList(prompt.text), prompt.conversation.preferences.web_search
        await self._limiter.acquire()
        with naming(SERVICE_NAME):
            async with self._http.stream("POST", endpoint.path, params={"isStreaming": "true"}, json=body) as reply:
                if not is_success(reply):
                    raise judge(await read_failure(reply))
                async with (
                    aclosing(chunks(reply, MAX_STREAM_BYTES)) as raw,
                    aclosing(read_frames(reply.headers.get("content-type", ""), raw)) as reply_frames,
                    aclosing(self._finish(reply_frames, sources)) as finished_frames,
                    aclosing(read_pieces(finished_frames, judge, partial(StreamCleaner, sources.add))) as answer,
                ):
                    async for piece in answer:
                        if isinstance(piece, Usage) and searches and (listed := sources.render()):
                            yield Text(listed)
                        yield piece

    async def _finish(self, reply_frames: Frames, sources: SourceList) -> Frames:
        """Wait for the result where the reply is only a record that is still being worked on; note its sources."""
        has_text = False
        async for frame in reply_frames:
            has_text = has_text or (isinstance(frame, TextFrame) and bool(frame.text))
            finished: Frame = frame
            if isinstance(frame, PendingFrame):  # where the words have come, its record doesn't matter
                finished = ResultFrame("", Usage()) if has_text else (await self._orders.wait_for(frame.uuid))[1]
            if isinstance(finished, ResultFrame):
                for source in finished.sources:
                    sources.add(source)
            yield finished

    async def _fetch_result(self, uuid: str) -> Mapping[str, Any]:
        return await self._call("GET", f"{RESULTS_PATH}/{uuid}")

    def _switch(self, endpoint: Endpoint, problem: EndpointMissing, missing: Collection[str]) -> None:
        """Ask the other endpoint from now on, where the operator allows it.

        Raises the problem where that does not help: both are `missing`, and the next question begins with today's.
        """
        other = _other(endpoint)
        if not self._may_switch or other.path in missing:
            self._endpoint = UNIFIED if self._may_switch else self._endpoint
            raise problem
        if self._endpoint is endpoint:
            log.warning("an interface of 1min.ai is gone; from now on the other one is asked", asked=other.path)
        self._endpoint = other

    # models

    def _current_name(self, model_id: str) -> str:
        """Return the name under which the model is listed now, as far as a list is known."""
        return current_name(model_id, {model.id for model in self._model_caches[self._endpoint].cached})

    def _names_to_try(self, model_id: str) -> Sequence[str]:
        first = self._current_name(model_id)
        return [first, *(name for name in list_names(model_id) if name != first)]

    async def models(self) -> Sequence[Model]:
        """Return the models that can be asked now; where the list cannot be fetched, the last or the shipped one."""
        return await self._model_caches[self._endpoint].models()

    def _make_model_cache(self, endpoint: Endpoint) -> ModelListCache[Model]:
        async def fetch_models() -> Sequence[Model]:
            return read_models([await self._fetch_models(feature) for feature in endpoint.list_features], endpoint)

        return ModelListCache(fetch_models, lambda: read_models([shipped_models()], endpoint))

    async def _fetch_models(self, feature: str) -> object:
        async with self._http.stream("GET", "models", params={"feature": feature}) as reply:
            if not is_success(reply):
                raise to_bot_error(await read_failure(reply), "")
            return parse_json(await read_capped(reply))

    # one request

    async def _call(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = RULES, **body: Any
    ) -> Mapping[str, Any]:
        """Make a request within the rate limit; see `_request`."""
        await self._limiter.acquire()
        return await self._request(method, path, model, rules=rules, **body)

    async def _request(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = RULES, **body: Any
    ) -> Mapping[str, Any]:
        """Make a request and return the JSON object of the reply; raises a refusal as an error."""
        with naming(SERVICE_NAME):
            async with self._http.stream(method, path, **body) as reply:
                if not is_success(reply):
                    raise to_bot_error(await read_failure(reply), model, rules)
                reply_json = parse_json(await read_capped(reply))
        if not isinstance(reply_json, dict):
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        return reply_json


def _other(endpoint: Endpoint) -> Endpoint:
    return UNIFIED if endpoint is FEATURES else FEATURES


def _correct_error(prompt: Prompt, type: str, problem: BotError) -> BotError:
    """Correct an error by the question: a file can't be lost that was not named."""
    named = prompt.photos or prompt.documents
    if type == DOCUMENTS and problem.code is FailureCode.PROVIDER_UNKNOWN_MODEL:  # it may well talk about other things
        return Refused(FailureCode.PROVIDER_DOCUMENT_REFUSED) if named else Forgotten(FailureCode.PROVIDER_FORGOT)
    if isinstance(problem, Forgotten) and prompt.conversation.remote_id is None:
        return Refused(FailureCode.PROVIDER_BAD_REQUEST, status=404)
    if isinstance(problem, AssetsLost) and not named and prompt.conversation.remote_id is not None:
        return Forgotten(FailureCode.PROVIDER_FORGOT)  # it is a file of an earlier turn, which cannot be mended
    return problem


def _asset_name(upload: Upload) -> str:
    """Return a name with an extension that 1min.ai takes."""
    return f"{upload.filename.rpartition('.')[0]}.txt" if upload.mime in AS_PLAIN_TEXT else upload.filename


def _opened(upload: Upload) -> BinaryIO:
    if isinstance(upload, UploadedRecording):
        return BytesIO(upload.data)
    try:
        return upload.file.open("rb")
    except FileNotFoundError as problem:  # another process needed the place; by the next try it is fetched again
        raise Busy(FailureCode.PHOTO_GONE) from problem


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
        options=ChatOptions(settings.onemin_memories, settings.onemin_brand_voice),
        connection=ConnectionOptions(
            proxy=reveal(settings.onemin_proxy) or "", is_near_only=context.settings.bot_local_only
        ),
    )
