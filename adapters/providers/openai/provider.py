"""The client of OpenAI-compatible services. They keep no state: each question brings its photos and its history."""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from adapters.providers.answer_stream import read_pieces
from adapters.providers.error_rules import ServiceFailure, is_success, naming, parse_json, read_failure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.openai.access_check import NOT_THERE, EmptyQuestion, is_list_public
from adapters.providers.openai.compatible_media import PATIENCE, CompatibleMedia
from adapters.providers.openai.completion_reader import read_frames
from adapters.providers.openai.errors import to_bot_error
from adapters.providers.openai.model_list import ListedModel, is_list, list_named_models, read_models
from adapters.providers.openai.model_quirks import FILES, ModelQuirks, Unsupported
from adapters.providers.openai.request_body import RequestBody, RequestOptions
from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI, Auth, ServiceProfile, auth_headers, profile_of
from adapters.providers.openai.settings import (
    AimlapiSettings,
    CompletionSettings,
    NamedEndpointSettings,
    OpenAISettings,
    VapiSettings,
)
from adapters.providers.openai.silence import SilenceLimits, SilenceWatch
from adapters.providers.openai.upload_slots import UploadSlots
from adapters.providers.photo_formats import in_formats
from bot.adapter_context import AdapterContext
from bot.adapter_settings import reveal
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.messages import PDF, PHOTOS, Document, Model, Photo, Piece, Prompt, Text, Usage
from bot.ports import Capabilities
from bot.util.http import ConnectionOptions, Http, Reply, chunks, has_hung_up, is_private, read_capped

log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 24_000_000  # base64 makes 32 MB of it
MAX_STREAM_BYTES = 64 * 1024 * 1024  # a word takes about 300 bytes on the wire
MAX_LIST_BYTES = 32 * 1024 * 1024
MAX_MADE_BYTES = 128 * 1024 * 1024  # ten pictures in base64
ONE_EACH = {"connection": "close"}  # a connection for each question
CHECK_SILENCE = 15.0  # seconds without a byte at an address that is only tried


class OpenAI:
    """A provider that speaks OpenAI's chat completions with one service. It needs to be entered."""

    def __init__(
        self,
        profile: ServiceProfile,
        key: str,
        url: str,
        *,
        auth: Auth = "bearer",
        options: RequestOptions | None = None,
        named_models: Sequence[str] = (),
        silence: SilenceLimits | None = None,
        connection: ConnectionOptions | None = None,
    ) -> None:
        """`url` is the address without /chat/completions; `key` is empty where none is needed.

        `named_models` are the models that the operator wants to ask; `silence` is how long the service
        may say nothing, `connection` the way to it.
        """
        self.name, self._profile = profile.name, profile
        self._options = replace(
            options or RequestOptions(),
            include_usage=profile.include_usage,
            detail=options.detail if options and profile.accepts_detail else None,
        )
        self._has_key = bool(key.strip())
        self._silence = silence or SilenceLimits.at(url)
        self._is_local = is_private(url)
        self._has_answered = self._hangs_up = False
        headers = {**profile.headers, **auth_headers(key.strip(), auth)}
        self._http = Http(url, headers, silence=self._silence.longest, options=connection)
        self._upload_slots = UploadSlots()
        self._quirks = ModelQuirks()
        self._named_models = tuple(named_models)
        self._list_json: object = None  # the last list as it came
        self.media = CompatibleMedia(url, self._post, self._list, connection)
        self._model_cache = ModelListCache(self._fetch_models, lambda: list_named_models(self._named_models))

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._model_cache.close()
        await self._http.__aexit__(*exc)

    # state, of which it has none

    @property
    def capabilities(self) -> Capabilities:
        """The service keeps no conversations. Files travel with the question, but some kinds no model takes."""
        return Capabilities(uploads=self, documents=self, media=self.media)

    async def upload(self, file: Photo | Document) -> None:
        """Send nothing yet: files travel with the question. Raises Unreadable for a kind that no model takes."""
        if file.mime not in PHOTOS and not isinstance(file, Document):
            raise Unreadable(FailureCode.PHOTO_REFUSED)

    def reads(self, document: Document, model: str) -> bool:
        """Tell whether the model reads the document itself: of a PDF, models that see get the pages as pictures too."""
        if not self._profile.accepts_files or document.mime != PDF or document.size > MAX_FILE_BYTES:
            return False
        listed = self._listed(model)
        return FILES not in self._quirks.unsupported_features(model) and (listed is None or listed.model.sees)

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What a model does not take is left out, and it is asked again."""
        async with (
            in_formats(prompt, self._profile.photo_formats) as readable,
            aclosing(self._ask_with_quirks(readable)) as answer,
        ):
            async for piece in answer:
                yield piece

    async def _ask_with_quirks(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        model = prompt.conversation.model_id
        without = self._quirks.unsupported_features(model)
        while True:
            body = RequestBody(prompt, self._options, without)
            try:
                async with aclosing(self._ask(prompt, body)) as answer:
                    async for piece in answer:
                        self._quirks.remember(model, without)
                        self._has_answered = True
                        yield self._add_cost(piece, model) if isinstance(piece, Usage) else piece
                return
            except Busy as problem:
                # llama.cpp's server closes a connection behind an answer without saying so, and the next question is
                # lost in it. Only nearby: elsewhere it might be paid twice.
                may_be_behind_an_answer = self._is_local and self._has_answered and not self._hangs_up
                if not (may_be_behind_an_answer and has_hung_up(problem)):
                    raise
                self._hangs_up = True
                log.info("from now on each question has a connection of its own", service=self._profile.service)
            except Unsupported as problem:
                feature = next((name for name in problem.features if name in body.features), None)
                if feature is None:
                    raise
                without |= {feature}
                if feature == FILES:  # whoever asked has their words
                    self._quirks.remember(model, without)
                    raise Refused(FailureCode.PROVIDER_DOCUMENT_REFUSED) from problem

    async def _ask(self, prompt: Prompt, body: RequestBody) -> AsyncGenerator[Piece, None]:
        def judge(failure: ServiceFailure) -> BotError:
            return to_bot_error(failure, prompt.conversation.model, self._profile.service)

        headers = {**body.headers, **self._request_id_header(), **(ONE_EACH if self._hangs_up else {})}
        silence = SilenceWatch(self._silence)
        with naming(self._profile.service):
            async with (
                self._upload_slots.acquire(body) as content,
                self._http.stream("POST", "chat/completions", content=content, headers=headers) as reply,
            ):
                if not is_success(reply):
                    raise judge(await read_failure(reply))
                async with (
                    aclosing(chunks(reply, MAX_STREAM_BYTES)) as raw,
                    aclosing(silence.watch(raw)) as watched,
                    aclosing(read_frames(reply.headers.get("content-type", ""), watched)) as reply_frames,
                    aclosing(read_pieces(reply_frames, judge)) as answer,
                ):
                    async for piece in answer:
                        silence.has_begun = silence.has_begun or isinstance(piece, Text)
                        yield piece

    def _request_id_header(self) -> dict[str, str]:
        """Return the header with an id by which the service's support finds the request; the log has it too."""
        if not self._profile.sends_request_id:
            return {}
        id = f"snapthread-{uuid.uuid4().hex}"
        log.debug("asked", service=self._profile.service, request=id)
        return {"x-client-request-id": id}

    def _add_cost(self, usage: Usage, model: str) -> Usage:
        """Add the dollars where the service reports only tokens, if the list of models is cached."""
        listed = self._listed(model)
        if usage.dollars is not None or listed is None:
            return usage
        return replace(usage, dollars=listed.cost(usage))

    # models

    def _listed(self, model: str) -> ListedModel | None:
        """Return the entry of a model in the cached list, if there is one."""
        return next((listed for listed in self._model_cache.cached if listed.model.id == model), None)

    async def models(self) -> Sequence[Model]:
        """Return the models that can be asked now; where no list can be fetched, the last one or the named models."""
        most = self._profile.most_photos
        listed = [each.model for each in await self._model_cache.models()]
        return [replace(model, is_local=self._is_local, most_photos=model.most_photos or most) for model in listed]

    async def _fetch_models(self) -> Sequence[ListedModel]:
        list_json = await self._get(self._profile.models_path, **self._profile.models_query)
        self._list_json = list_json
        return read_models(list_json, self._named_models, self._profile.id_prefix)

    async def _list(self) -> object:
        """Return the list as the service sends it; None where there is none."""
        await self._model_cache.models()
        return self._list_json

    async def _post(self, path: str, model: str, **body: Any) -> bytes:
        """Send a request that makes something, and return its reply."""
        timeout = (self._http.options.connect, PATIENCE, PATIENCE, self._http.options.connect)
        with naming(self._profile.service):
            async with self._http.stream("POST", path, timeout=timeout, **body) as reply:
                if not is_success(reply):
                    raise to_bot_error(await read_failure(reply), f"{self.name}/{model}", self._profile.service)
                return await read_capped(reply, MAX_MADE_BYTES)

    async def check(self) -> None:
        """Fetch the balance, or else the list of models; where that proves nothing, ask an empty question.

        Raises Refused (provider_no_credits, provider_no_models) where nothing is left or there, and WrongAddress.
        """
        if await self._has_balance():
            return
        listed = await self._listed_models()
        if listed is None or not await self._key_opens_list():
            await self._check_access(listed)
        if listed is not None and not listed:
            raise Refused(FailureCode.PROVIDER_NO_MODELS)

    async def _has_balance(self) -> bool:
        """Tell whether money is left; False where the service doesn't say. Raises Refused where nothing is left."""
        if not self._profile.balance_path:
            return False
        try:
            balance_json = await self._get(self._profile.balance_path)
        except _NotThere:
            return False
        balance = balance_json.get("current_balance") if isinstance(balance_json, dict) else None
        if isinstance(balance, int | float) and balance <= 0:
            raise Refused(FailureCode.PROVIDER_NO_CREDITS)
        return True

    async def _listed_models(self) -> Sequence[ListedModel] | None:
        """Return the models of the list; None where there is no list."""
        try:
            list_json = await self._get(self._profile.models_path, **self._profile.models_query)
        except Refused as error:
            if error.code in (FailureCode.PROVIDER_UNSUPPORTED, FailureCode.PROVIDER_NONSENSE):
                return None
            raise
        return read_models(list_json, self._named_models, self._profile.id_prefix) if is_list(list_json) else None

    async def _key_opens_list(self) -> bool:
        """Tell whether the list of models is handed out for the key only, so that the key has been proven by it."""
        if not self._has_key:
            return False
        keyless = self._open_client(self._http.url, keyless=True)
        return not await is_list_public(keyless, self._profile.models_path, dict(self._profile.models_query) or None)

    async def _check_access(self, listed: Sequence[ListedModel] | None) -> None:
        model = next(iter([*self._named_models, *(each.model.id for each in listed or ())]), "gpt-4o")
        try:
            await EmptyQuestion(self.name, self._profile.service, model).check(self._http, self._open_client)
        except Refused as error:
            # Some answer an empty question with an error of their own; without a key, a list is proof enough.
            if not (error.code is FailureCode.PROVIDER_UNVERIFIED and listed and not self._has_key):
                raise

    def _open_client(self, url: str, *, keyless: bool = False) -> Http:
        headers = self._profile.headers if keyless else self._http.headers
        return Http(url, headers, silence=CHECK_SILENCE, options=self._http.options)

    async def _get(self, path: str, **query: str) -> object:
        with naming(self._profile.service):
            async with self._http.stream("GET", path, params=query or None) as reply:
                return await self._read_json(reply)

    async def _read_json(self, reply: Reply) -> object:
        if reply.status_code in NOT_THERE:
            raise _NotThere(FailureCode.PROVIDER_UNSUPPORTED)
        if not is_success(reply):
            raise to_bot_error(await read_failure(reply), "", self._profile.service)
        return parse_json(await read_capped(reply, MAX_LIST_BYTES))


class _NotThere(Refused):
    """The failure of an address at which there is nothing."""


def open_vapi(context: AdapterContext) -> OpenAI:
    """Build the client of V-API from the operator's settings."""
    settings = context.settings.of(VapiSettings)
    return _open(
        VAPI, context, settings=settings, key=settings.vapi_api_key, url=settings.vapi_api_url, auth=settings.vapi_auth
    )


def open_aimlapi(context: AdapterContext) -> OpenAI:
    """Build the client of AI/ML API from the operator's settings."""
    settings = context.settings.of(AimlapiSettings)
    return _open(AIMLAPI, context, settings=settings, key=settings.aimlapi_api_key, url=settings.aimlapi_api_url)


def open_openai(context: AdapterContext) -> OpenAI:
    """Build the client of any other endpoint from the operator's settings; some, such as Ollama, want no key."""
    settings = context.settings.of(OpenAISettings)
    return _open_endpoint(
        OPENAI.name, context, settings=settings, key=settings.openai_api_key, url=settings.openai_api_url
    )


def open_named_endpoint(context: AdapterContext, kind: type[NamedEndpointSettings]) -> OpenAI:
    """Build the client of an endpoint that the operator named."""
    settings = context.settings.of(kind)
    return _open_endpoint(kind.endpoint, context, settings=settings, key=settings.key, url=settings.url)


def _open_endpoint(
    name: str, context: AdapterContext, settings: CompletionSettings, key: SecretStr | None, url: str
) -> OpenAI:
    profile = profile_of(name, url)
    return _open(profile, context, settings=settings, key=key, url=url, auth=profile.auth)


def _open(
    profile: ServiceProfile,
    context: AdapterContext,
    settings: CompletionSettings,
    key: SecretStr | None,
    url: str,
    *,
    auth: Auth = "bearer",
) -> OpenAI:
    options = RequestOptions(settings.bot_max_tokens, settings.bot_temperature, settings.bot_photo_detail)
    models = (name.partition("/") for name in (context.settings.bot_model, *context.settings.bot_fallbacks))
    model_ids = [id for provider, _, id in models if provider == profile.name]
    return OpenAI(
        profile,
        key.get_secret_value() if key else "",
        url,
        auth=auth,
        options=options,
        named_models=model_ids,
        silence=SilenceLimits.at(url, settings.bot_first_words_seconds, settings.bot_silence_seconds),
        connection=_connection(settings, url, is_near_only=context.settings.bot_local_only),
    )


def _connection(settings: CompletionSettings, url: str, *, is_near_only: bool) -> ConnectionOptions:
    host = urlsplit(url).hostname or ""
    return ConnectionOptions(
        connect=settings.bot_connect_seconds,
        proxy="" if is_private(url) else reveal(settings.bot_provider_proxy) or "",
        ca_file=settings.bot_ca_file,
        is_verified=not (host in settings.bot_self_signed and is_private(url)),
        is_near_only=is_near_only,
    )
