"""Pictures and sound from `POST /api/features` of 1min.ai, https://docs.1min.ai/docs/api/ai-feature-api."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

import structlog

from adapters.providers.answer_stream import PendingFrame, ResultFrame
from adapters.providers.error_rules import ErrorRule, ServiceFailure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.onemin.asset_kinds import Family, kind_of
from adapters.providers.onemin.errors import SOUND_RULES, STUDIO_RULES, AssetsLost, AsyncRefused, to_bot_error
from adapters.providers.onemin.generation_models import read_tools, shipped_tools
from adapters.providers.onemin.generation_params import FEATURES, IN_WORDS
from adapters.providers.onemin.generation_plan import GenerationPlan, plan_generation
from adapters.providers.onemin.orders import Orders
from adapters.providers.onemin.reply_reader import RecordFrame, read_record
from adapters.providers.onemin.result_files import ResultFetcher, find_addresses
from adapters.providers.onemin.speech_params import VOICE, read_transcript, transcription_params, truncate_for_speech
from adapters.providers.onemin.uploads import Upload, UploadedRecording, Uploads
from bot.errors import BotError, FailureCode, Refused, Unreadable, has_lost_reply
from bot.messages import File, Generated, GenerationRequest, Model, Transcript, Usage
from bot.util.http import ConnectionOptions

log = structlog.get_logger(__name__)

PATH = "api/features"
CONNECT_TIMEOUT = 15  # seconds, also for a connection from the pool

Result = TypeVar("Result")


class FeatureCall(Protocol):
    """A rate-limited request to the API, which raises a refusal as an error."""

    def __call__(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = ..., **body: Any
    ) -> Awaitable[Mapping[str, Any]]:
        """Return the JSON object of the reply."""
        ...


class OneMinMedia:
    """A generator of pictures and speech that also transcribes. It needs to be entered."""

    def __init__(
        self,
        provider: str,
        url: str,
        uploads: Uploads,
        call: FeatureCall,
        list_models: Callable[[str], Awaitable[object]],
        orders: Orders,
        patience: float,
        connection: ConnectionOptions | None = None,
    ) -> None:
        """Make a generator; `list_models` fetches the models of a feature, `patience` bounds a request in seconds.

        `connection` is the way to what was generated.
        """
        self._provider, self._url = provider, url
        self._uploads, self._call, self._list_models = uploads, call, list_models
        self._orders, self._takes_async = orders, True  # until that is refused
        self._patience = (CONNECT_TIMEOUT, patience, patience, CONNECT_TIMEOUT)
        self._model_caches = {kind: self._make_model_cache(kind) for kind in FEATURES}
        self._fetcher = ResultFetcher(patience, connection)

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for model_cache in self._model_caches.values():
            await model_cache.close()
        await self._fetcher.__aexit__(*exc)

    # models

    async def models(self, kind: str) -> Sequence[Model]:
        """Return the models of a kind, the default one first; the shipped list where the live one cannot be fetched."""
        return await self._model_caches[kind].models() if kind in self._model_caches else ()

    def _make_model_cache(self, kind: str) -> ModelListCache[Model]:
        async def fetch_models() -> Sequence[Model]:
            return read_tools(await self._list_models(FEATURES[kind]), kind)

        return ModelListCache(fetch_models, lambda: read_tools(shipped_tools(), kind))

    # pictures

    async def generate(self, request: GenerationRequest) -> Generated:
        """Generate pictures and fetch them. Of several pictures, those that succeeded count."""
        plan = plan_generation(request)
        try:
            return await self._with_upload(request.photo, lambda key: self._generate_pictures(request, plan, key))
        except Unreadable as problem:  # its key names a reason, which is no sentence by itself
            raise Refused(FailureCode.STUDIO_PHOTO, why=problem) from problem

    async def _generate_pictures(
        self, request: GenerationRequest, plan: GenerationPlan, photo: str | None
    ) -> Generated:
        prompt = {**plan.prompt, **({"imageUrl": photo} if photo else {})}
        requests = (self._generate_picture(request, prompt, n) for n in range(plan.request_count))
        results = await asyncio.gather(*requests, return_exceptions=True)  # each is paid for, even if others fail
        generated = [result for result in results if isinstance(result, Generated)]
        errors = [result for result in results if isinstance(result, BaseException)]
        if errors and (not generated or not all(isinstance(result, BotError) for result in errors)):
            raise next((error for error in errors if has_lost_reply(error)), errors[0])
        files = [file for result in generated for file in result.files]
        text = "\n\n".join(result.text for result in generated if result.text)
        if not files and not text:
            raise Refused(FailureCode.PROVIDER_EMPTY)
        usage = sum((result.usage for result in generated), Usage())
        return Generated(tuple(_rename(files, request.kind, request.words)), usage, text)

    async def _generate_picture(self, request: GenerationRequest, prompt: Mapping[str, Any], n: int) -> Generated:
        key = f"{request.order}/{n}" if request.order else ""
        record, usage = await self._order(
            key, FEATURES[request.kind], request.model, prompt, was_begun=request.was_begun
        )
        if request.kind in IN_WORDS:
            return Generated((), usage, text=_result_text(record).strip())
        family: Family = "video" if request.kind == "animate" else "picture"
        return Generated(tuple(await self._fetch_results(record, family)), usage)

    # sound

    async def transcribe(self, recording: File, model: str, language: str) -> Transcript:
        """Transcribe a recording. Raises Refused (voice_*) where it is not accepted, or holds no words."""
        params, asset_kind = transcription_params(model), kind_of(recording.data, "sound")
        if asset_kind is None:
            raise Refused(FailureCode.VOICE_REFUSED)
        if len(recording.data) > params.max_bytes:
            raise Refused(FailureCode.VOICE_TOO_LARGE)

        async def ask(key: str | None) -> Transcript:
            prompt = {"audioUrl": key, **params.fields(language)}
            record, usage = await self._ask(FEATURES["hear"], model, prompt, SOUND_RULES)
            return Transcript(read_transcript(_result_text(record)), usage)

        sha256 = (await asyncio.to_thread(hashlib.sha256, recording.data)).hexdigest()
        transcript = await self._with_upload(
            UploadedRecording(recording.data, asset_kind.mime, asset_kind.extension, sha256), ask
        )
        if not transcript.text:
            raise Refused(FailureCode.VOICE_SILENT)
        return transcript

    async def speak(self, text: str, model: str) -> Generated:
        """Read the text aloud, or as much of it as 1min.ai takes."""
        words = truncate_for_speech(text)
        if not words:
            raise Refused(FailureCode.STUDIO_NO_WORDS)
        prompt = {"text": words, "voice": VOICE, "response_format": "opus"}
        record, usage = await self._ask(FEATURES["speak"], model, prompt, STUDIO_RULES)
        return Generated(tuple(_rename(await self._fetch_results(record, "sound"), "speech", words))[:1], usage)

    # one request

    async def _with_upload(self, upload: Upload | None, ask: Callable[[str | None], Awaitable[Result]]) -> Result:
        """Ask with the key of the uploaded file; upload and ask once more when 1min.ai has lost it."""
        if upload is None:
            return await ask(None)
        try:
            return await ask(await self._uploads.get_key(upload))
        except AssetsLost:
            log.warning("1min.ai lost a file; it is uploaded again")
            await self._uploads.forget([upload])
            return await ask(await self._uploads.get_key(upload))

    async def _order(
        self, key: str, feature: str, model: str, prompt: Mapping[str, Any], *, was_begun: bool = False
    ) -> tuple[Mapping[str, Any], Usage]:
        """Place an order, unless it was placed before under this key; return its record and its usage.

        One that `was_begun`, and of which no record is known, is refused: it may have been paid.
        """
        uuid, name = await self._orders.find(key), f"{self._provider}/{model}"
        if uuid:
            log.info("an order that was placed before is looked for", model=name)
            return await self._finish(key, PendingFrame(uuid), {}, name=name, rules=STUDIO_RULES)
        if was_begun:
            raise Refused(FailureCode.ORDER_INTERRUPTED)
        record = await self._place(feature, model, prompt, STUDIO_RULES, in_background=self._takes_async)
        return await self._finish(key, read_record(record), record, name=name, rules=STUDIO_RULES)

    async def _ask(
        self, feature: str, model: str, prompt: Mapping[str, Any], rules: Sequence[ErrorRule]
    ) -> tuple[Mapping[str, Any], Usage]:
        """Make one request, and return its record and its usage."""
        record = await self._place(feature, model, prompt, rules)
        return await self._finish("", read_record(record), record, name=f"{self._provider}/{model}", rules=rules)

    async def _place(
        self,
        feature: str,
        model: str,
        prompt: Mapping[str, Any],
        rules: Sequence[ErrorRule],
        *,
        in_background: bool = False,
    ) -> Mapping[str, Any]:
        """Send a request, and return its record, which may be one that is still being worked on."""
        body = {"type": feature, "model": model, "promptObject": prompt, **({"async": True} if in_background else {})}
        name = f"{self._provider}/{model}"
        try:
            reply_json = await self._call("POST", PATH, name, rules=rules, json=body, timeout=self._patience)
        except AsyncRefused:
            if not in_background:
                raise
            log.warning("1min.ai takes no orders in the background; from now on it is waited for")
            self._takes_async = False
            return await self._place(feature, model, prompt, rules)
        record = reply_json.get("aiRecord")
        if not isinstance(record, dict):
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        return record

    async def _finish(
        self, key: str, frame: RecordFrame, record: Mapping[str, Any], *, name: str, rules: Sequence[ErrorRule]
    ) -> tuple[Mapping[str, Any], Usage]:
        """Return the record and its usage, once it is done."""
        if isinstance(frame, PendingFrame):
            await self._orders.save(key, frame.uuid)
            record, frame = await self._orders.wait_for(frame.uuid)
        if isinstance(frame, ServiceFailure):
            await self._orders.forget(key)
            raise to_bot_error(frame, name, rules)
        if isinstance(uuid := record.get("uuid"), str):  # should fetching fail, it is looked for, and not ordered again
            await self._orders.save(key, uuid)
        return record, frame.usage

    async def _fetch_results(self, record: Mapping[str, Any], family: Family) -> list[File]:
        """Fetch the result files. Raises Refused only when none of them can be fetched."""
        file_addresses = find_addresses(record, self._url)
        if not file_addresses:
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        downloads = (self._fetcher.fetch(addresses, family) for addresses in file_addresses)
        results = await asyncio.gather(*downloads, return_exceptions=True)
        files = [
            File(name=kind.extension, mime=kind.mime, data=data)
            for data, kind in (result for result in results if isinstance(result, tuple))
        ]
        if not files:
            raise next(result for result in results if isinstance(result, BaseException))
        if len(files) < len(results):
            log.warning("not all that was made can be had", made=len(results), had=len(files))
        return files


def _result_text(record: Mapping[str, Any]) -> str:
    result = read_record(record)
    return result.text if isinstance(result, ResultFrame) else ""


def _rename(files: Sequence[File], kind: str, about: str) -> list[File]:
    """Give the files names of ours and a description."""
    many = len(files) > 1
    return [
        File(name=f"{kind}{f'-{n}' if many else ''}.{file.name}", mime=file.mime, data=file.data, about=about)
        for n, file in enumerate(files, 1)
    ]
