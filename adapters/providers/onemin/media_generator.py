"""The studio of 1min.ai: pictures and sound from `POST /api/features`, https://docs.1min.ai/docs/api/ai-feature-api."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

import structlog

from adapters.providers.error_rules import ErrorRule, ServiceFailure
from adapters.providers.model_cache import ModelListCache
from adapters.providers.onemin import result_files as results
from adapters.providers.onemin.asset_kinds import Family, kind_of
from adapters.providers.onemin.errors import SOUND_RULES, STUDIO_RULES, AssetsLost, error
from adapters.providers.onemin.generation_models import read_tools, shipped_tools
from adapters.providers.onemin.generation_params import FEATURES
from adapters.providers.onemin.generation_plan import GenerationPlan, plan_generation
from adapters.providers.onemin.reply_reader import read_record
from adapters.providers.onemin.speech_params import VOICE, read_transcript, speakable, transcription_params
from adapters.providers.onemin.uploads import Upload, UploadedRecording, Uploads
from bot.errors import BotError, Refused, Unreadable
from bot.messages import File, Generated, GenerationRequest, Model, Transcript, Usage

log = structlog.get_logger(__name__)

PATH = "api/features"
CONNECT = 15  # seconds, also for a place among the connections

Came = TypeVar("Came")


class FeatureCall(Protocol):
    """A request to the API when it is our turn; raises what a refusal means."""

    def __call__(
        self, method: str, path: str, model: str = "", *, rules: Sequence[ErrorRule] = ..., **body: Any
    ) -> Awaitable[Mapping[str, Any]]:
        """The object that it is answered with."""
        ...


class OneMinMedia:
    """Takes orders for pictures, hears and speaks. It needs to be entered."""

    def __init__(
        self,
        provider: str,
        url: str,
        uploads: Uploads,
        call: FeatureCall,
        listing: Callable[[str], Awaitable[object]],
        patience: float,
    ) -> None:
        """`listing` fetches the models of a feature; `patience` is how many seconds it may take to make something."""
        self._provider, self._url = provider, url
        self._uploads, self._call, self._listing = uploads, call, listing
        self._patience = (CONNECT, patience, patience, CONNECT)
        self._shelves = {craft: self._shelf(craft) for craft in FEATURES}
        self._fetcher = results.ResultFetcher(patience)

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for shelf in self._shelves.values():
            await shelf.close()
        await self._fetcher.__aexit__(*exc)

    # models

    async def models(self, craft: str) -> Sequence[Model]:
        """Who can do it now, the usual one first; the shipped list where the live one cannot be had."""
        return await self._shelves[craft].models() if craft in self._shelves else ()

    def _shelf(self, craft: str) -> ModelListCache[Model]:
        async def live() -> Sequence[Model]:
            return read_tools(await self._listing(FEATURES[craft]), craft)

        return ModelListCache(live, lambda: read_tools(shipped_tools(), craft))

    # pictures

    async def generate(self, order: GenerationRequest) -> Generated:
        """Make what was ordered, and fetch it. Of several pictures those count that came out."""
        plan = plan_generation(order)
        try:
            return await self._with(order.photo, lambda key: self._pictures(order, plan, key))
        except Unreadable as problem:  # a photo that is not taken: a reason, and no sentence
            raise Refused("studio_photo", why=problem) from problem

    async def _pictures(self, order: GenerationRequest, plan: GenerationPlan, photo: str | None) -> Generated:
        prompt = {**plan.prompt, **({"imageUrl": photo} if photo else {})}
        asked = (self._picture(order, prompt) for _ in range(plan.times))
        came = await asyncio.gather(*asked, return_exceptions=True)  # each is paid for, whatever becomes of the others
        made = [each for each in came if isinstance(each, Generated)]
        failed = [each for each in came if isinstance(each, BaseException)]
        if failed and (not made or not all(isinstance(each, BotError) for each in failed)):
            raise failed[0]
        files = [file for each in made for file in each.files]
        return Generated(tuple(_named(files, order.kind, order.words)), sum((each.usage for each in made), Usage()))

    async def _picture(self, order: GenerationRequest, prompt: Mapping[str, Any]) -> Generated:
        record, usage = await self._ask(FEATURES[order.kind], order.model, prompt, STUDIO_RULES)
        return Generated(tuple(await self._fetched(record, "picture")), usage)

    # sound

    async def transcribe(self, recording: File, model: str, language: str) -> Transcript:
        """Write down what is said. Refused voice_* where the recording is not taken, or nothing is said in it."""
        ear, kind = transcription_params(model), kind_of(recording.data, "sound")
        if kind is None:
            raise Refused("voice_refused")
        if len(recording.data) > ear.most:
            raise Refused("voice_too_large")

        async def heard(key: str | None) -> Transcript:
            prompt = {"audioUrl": key, **ear.fields(language)}
            record, usage = await self._ask(FEATURES["hear"], model, prompt, SOUND_RULES)
            return Transcript(read_transcript(_said(record)), usage)

        sha256 = (await asyncio.to_thread(hashlib.sha256, recording.data)).hexdigest()
        said = await self._with(UploadedRecording(recording.data, kind.mime, kind.extension, sha256), heard)
        if not said.text:
            raise Refused("voice_silent")
        return said

    async def speak(self, text: str, model: str) -> Generated:
        """Read the text aloud, or as much of it as 1min.ai takes."""
        words = speakable(text)
        if not words:
            raise Refused("studio_no_words")
        prompt = {"text": words, "voice": VOICE, "response_format": "opus"}
        record, usage = await self._ask(FEATURES["speak"], model, prompt, STUDIO_RULES)
        return Generated(tuple(_named(await self._fetched(record, "sound"), "speech", words))[:1], usage)

    # one request

    async def _with(self, upload: Upload | None, ask: Callable[[str | None], Awaitable[Came]]) -> Came:
        """Ask with the key of what was uploaded; once more, when it is gone over there."""
        if upload is None:
            return await ask(None)
        try:
            return await ask(await self._uploads.key(upload))
        except AssetsLost:
            log.warning("1min.ai lost a file; it is uploaded again")
            await self._uploads.lost([upload])
            return await ask(await self._uploads.key(upload))

    async def _ask(
        self, feature: str, model: str, prompt: Mapping[str, Any], rules: Sequence[ErrorRule]
    ) -> tuple[Mapping[str, Any], Usage]:
        """Have something made: the record of it, and what it took."""
        name = f"{self._provider}/{model}"
        body = {"type": feature, "model": model, "promptObject": prompt}
        said = await self._call("POST", PATH, name, rules=rules, json=body, timeout=self._patience)
        record = said.get("aiRecord")
        if not isinstance(record, dict):
            raise Refused("provider_nonsense")
        read = read_record(record)
        if isinstance(read, ServiceFailure):
            raise error(read, name, rules)
        return record, read.usage

    async def _fetched(self, record: Mapping[str, Any], family: Family) -> list[File]:
        """Bring home what was made. Only when nothing of it can be had it is Refused."""
        places = results.places(record, self._url)
        if not places:
            raise Refused("provider_nonsense")
        fetching = (self._fetcher.file(ways, family) for ways in places)
        came = await asyncio.gather(*fetching, return_exceptions=True)
        files = [
            File(kind.extension, kind.mime, data) for data, kind in (each for each in came if isinstance(each, tuple))
        ]
        if not files:
            raise next(each for each in came if isinstance(each, BaseException))
        if len(files) < len(came):
            log.warning("not all that was made can be had", made=len(came), had=len(files))
        return files


def _said(record: Mapping[str, Any]) -> str:
    read = read_record(record)
    return "" if isinstance(read, ServiceFailure) else read.text


def _named(files: Sequence[File], craft: str, about: str) -> list[File]:
    """Give the files names of ours, and say what they show."""
    many = len(files) > 1
    return [
        File(f"{craft}{f'-{n}' if many else ''}.{file.name}", file.mime, file.data, about)
        for n, file in enumerate(files, 1)
    ]
