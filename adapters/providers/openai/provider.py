"""The client of OpenAI-compatible services: they keep nothing, so each question brings its photos and its history."""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Self

import structlog
from pydantic import SecretStr

from adapters.providers.answer_stream import pieces
from adapters.providers.error_rules import ServiceFailure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.openai.completion_reader import frames
from adapters.providers.openai.errors import error
from adapters.providers.openai.model_list import ListedModel, read_models, unlisted
from adapters.providers.openai.model_quirks import FILES, ModelQuirks, Unsupported
from adapters.providers.openai.request_body import RequestBody, RequestOptions
from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI, Auth, ServiceProfile, authorised
from adapters.providers.openai.settings import AimlapiSettings, CompletionSettings, OpenAISettings, VapiSettings
from adapters.providers.openai.upload_slots import UploadSlots
from adapters.providers.responses import is_success, parse_json, read_failure
from bot.adapter_context import AdapterContext
from bot.errors import BotError, Refused, Unreadable
from bot.messages import PHOTOS, Conversation, Document, Model, Photo, Piece, Prompt, Usage
from bot.util.http import Http, chunks, read_capped

log = structlog.get_logger(__name__)

PDF = "application/pdf"  # the one kind of document that is documented everywhere
MOST_OF_A_FILE = 24_000_000  # bytes; base64 makes 32 MB of it
MOST_OF_A_STREAM = 64 * 1024 * 1024  # bytes; a word weighs three hundred on the wire
MOST_OF_A_LIST = 32 * 1024 * 1024
NOT_THERE = (404, 405, 410)


class OpenAI:
    """A provider that speaks OpenAI's chat completions with the service of a row. It needs to be entered."""

    def __init__(
        self,
        row: ServiceProfile,
        key: str,
        url: str,
        *,
        auth: Auth = "bearer",
        wishes: RequestOptions | None = None,
        named: Sequence[str] = (),
        silence: float = 120,
    ) -> None:
        """`url` is the address without /chat/completions; `key` is empty where none is needed.

        `named` are the models that the operator wants to ask; `silence` is how many seconds the other side may say
        nothing.
        """
        self.name, self._row = row.name, row
        self._wishes = replace(
            wishes or RequestOptions(),
            figures=row.figures,
            detail=wishes.detail if wishes and row.detail else None,
        )
        self._http = Http(url, {**row.headers, **authorised(key.strip(), auth)}, silence=silence)
        self._sending = UploadSlots()
        self._habits = ModelQuirks()
        self._named = tuple(named)
        self._shelf = ModelListCache(self._fetch_models, lambda: unlisted(self._named))

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._shelf.close()
        await self._http.__aexit__(*exc)

    # what it keeps: nothing

    async def begin(self, conversation: Conversation, title: str) -> None:
        """Return None: there are no conversations over there."""

    async def upload(self, file: Photo | Document) -> None:
        """Send nothing yet: files travel with the question. Unreadable where no model takes such a one."""
        if file.mime not in PHOTOS and not isinstance(file, Document):
            raise Unreadable("photo_refused")

    def reads(self, document: Document, model: str) -> bool:
        """Of PDFs, models that see get the pages as pictures too."""
        if not self._row.files or document.mime != PDF or document.size > MOST_OF_A_FILE:
            return False
        listed = self._listed(model)
        return FILES not in self._habits.without(model) and (listed is None or listed.model.sees)

    @property
    def media(self) -> None:
        """Nobody makes pictures or sound here: these services differ in it too much."""

    async def forget(self, conversation: Conversation) -> None:
        """Do nothing: there is nothing to delete."""

    # questions

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. What a model does not take is left out, and it is asked again."""
        model = prompt.conversation.model_id
        without = self._habits.without(model)
        while True:
            body = RequestBody(prompt, self._wishes, without)
            try:
                async with aclosing(self._ask(prompt, body)) as answer:
                    async for piece in answer:
                        self._habits.learn(model, without)
                        yield self._priced(piece, model) if isinstance(piece, Usage) else piece
                return
            except Unsupported as problem:
                if problem.feature not in body.features:
                    raise
                without |= {problem.feature}
                if problem.feature == FILES:  # whoever asked has their words
                    self._habits.learn(model, without)
                    raise Refused("provider_document_refused") from problem

    async def _ask(self, prompt: Prompt, body: RequestBody) -> AsyncGenerator[Piece, None]:
        def judge(failed: ServiceFailure) -> BotError:
            return error(failed, prompt.conversation.model, self._row.service)

        headers = {**body.headers, **self._trace()}
        async with (
            self._sending.place(body) as content,
            self._http.stream("POST", "chat/completions", content=content, headers=headers) as reply,
        ):
            if not is_success(reply):
                raise judge(await read_failure(reply))
            async with (
                aclosing(chunks(reply, MOST_OF_A_STREAM)) as raw,
                aclosing(frames(reply.headers.get("content-type", ""), raw)) as read_frames,
                aclosing(pieces(read_frames, judge)) as answer,
            ):
                async for piece in answer:
                    yield piece

    def _trace(self) -> dict[str, str]:
        """An id by which the service's support finds the request; it stands in our log."""
        if not self._row.traced:
            return {}
        id = f"snapthread-{uuid.uuid4().hex}"
        log.debug("asked", service=self._row.service, request=id)
        return {"x-client-request-id": id}

    def _priced(self, usage: Usage, model: str) -> Usage:
        """Add the dollars where only prices are told, as far as the list of models is here."""
        listed = self._listed(model)
        if usage.dollars is not None or listed is None:
            return usage
        return replace(usage, dollars=listed.dollars(usage))

    # models

    def _listed(self, model: str) -> ListedModel | None:
        """What the list says of a model, as far as it is here."""
        return next((each for each in self._shelf.here if each.model.id == model), None)

    async def models(self) -> Sequence[Model]:
        """Return what can be asked now; where no list can be had, the last one, or the models that were named."""
        return [listed.model for listed in await self._shelf.models()]

    async def _fetch_models(self) -> Sequence[ListedModel]:
        return read_models(await self._get(self._row.models, **self._row.query), self._named)

    async def check(self) -> None:
        """Ask for the balance, or else for the list of models: that needs the key, and costs nothing.

        Raises Refused (provider_no_credits) where nothing is left. Where there is neither, nothing is asked.
        """
        try:
            said = await self._get(self._row.balance or self._row.models)
        except _NotThere:
            return
        balance = said.get("current_balance") if isinstance(said, dict) and self._row.balance else None
        if isinstance(balance, int | float) and balance <= 0:
            raise Refused("provider_no_credits")

    async def _get(self, path: str, **query: str) -> object:
        async with self._http.stream("GET", path, params=query or None) as reply:
            if reply.status_code in NOT_THERE:
                raise _NotThere("provider_unsupported")
            if not is_success(reply):
                raise error(await read_failure(reply), "", self._row.service)
            return parse_json(await read_capped(reply, MOST_OF_A_LIST))


class _NotThere(Refused):
    """There is nothing at this address."""


def open_vapi(context: AdapterContext) -> OpenAI:
    """Build the client of V-API from the operator's settings."""
    settings = context.settings.of(VapiSettings)
    return _open(VAPI, context, settings, settings.vapi_api_key, settings.vapi_api_url, auth=settings.vapi_auth)


def open_aimlapi(context: AdapterContext) -> OpenAI:
    """Build the client of AI/ML API from the operator's settings."""
    settings = context.settings.of(AimlapiSettings)
    return _open(AIMLAPI, context, settings, settings.aimlapi_api_key, settings.aimlapi_api_url)


def open_openai(context: AdapterContext) -> OpenAI:
    """Build the client of any other endpoint from the operator's settings; some, such as Ollama, want no key."""
    settings = context.settings.of(OpenAISettings)
    return _open(OPENAI, context, settings, settings.openai_api_key, settings.openai_api_url)


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
    named = [id for provider, _, id in models if provider == profile.name]
    return OpenAI(profile, key.get_secret_value() if key else "", url, auth=auth, wishes=options, named=named)
