"""Four providers, each with a double of its service, and what each fault of those means to whoever asked."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from adapters.providers.onemin.provider import OneMin
from adapters.providers.openai.provider import open_aimlapi, open_openai, open_vapi
from adapters.providers.openai.silence import SilenceLimits
from bot.adapter_context import AdapterContext
from bot.configuration import read_settings
from bot.errors import BotError, Busy, Cut, Refused
from bot.messages import Conversation, Exchange, Photo, Prompt
from bot.ports import Provider
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Cloakroom
from tests.doubles.openai import FakeOpenAI

Name = Literal["onemin", "vapi", "aimlapi", "openai"]
NAMES: tuple[Name, ...] = ("onemin", "vapi", "aimlapi", "openai")
KEY = "sk-Zq81vLw7Tn40bXyGd52R"


@dataclass
class Rig:
    """A provider's service, and how to make a client of it."""

    name: Name
    server: Emulator | FakeOpenAI
    make: Callable[..., Provider]  # takes key, silence (seconds) and, but for 1min.ai, settings

    @property
    def questions(self) -> int:
        """How many questions came."""
        return sum(seen.path.endswith(("/chat-with-ai", "/completions")) for seen in self.server.seen)

    @property
    def photos(self) -> list[str]:
        """The sha256 of every photo that came, in the order of coming."""
        if isinstance(self.server, Emulator):
            return [seen.sha256 for seen in self.server.seen if seen.sha256]
        return [sha256 for seen in self.server.seen for sha256 in seen.photos]

    @property
    def left(self) -> bool:
        """Whether the client closed the last connection before its end."""
        return self.server.seen[-1].left

    def add(self, fault: "Fault", **options: Any) -> None:
        """Let it happen to the next question."""
        name = fault.emulator if self.name == "onemin" else fault.double
        assert name
        self.server.faults.add(name, **fault.options, **options)

    async def prompt(
        self,
        provider: Provider,
        text: str = "What is it?",
        *photos: Photo,
        model: str = "gpt-4o",
        history: Sequence[Exchange] = (),
    ) -> Prompt:
        """A question as the bot asks it: the conversation has begun, and the photos are where they are to be."""
        conversation = Conversation(1, f"{self.name}/{model}")
        conversation = Conversation(1, conversation.model, await provider.capabilities.begin(conversation, "cats"))
        for photo in photos:
            await provider.capabilities.upload(photo)
        numbers = {photo.sha256: n for n, photo in enumerate(photos, 1)}
        return Prompt(conversation=conversation, text=text, photos=photos, history=tuple(history), numbers=numbers)


@asynccontextmanager
async def opened(name: Name) -> AsyncIterator[Rig]:
    """The service of this name, open."""
    if name == "onemin":
        async with Emulator(key=KEY, pace=0) as emulator:
            yield Rig(
                name,
                emulator,
                lambda key=KEY, **more: OneMin(
                    key, emulator.url, "auto", Cloakroom(), acquire=Cloakroom().acquire, **more
                ),
            )
        return
    async with FakeOpenAI(name, key=KEY, rich=name == "openai") as server:
        yield Rig(name, server, _maker(name, server))


def _maker(name: Name, server: FakeOpenAI) -> Callable[..., Provider]:
    open_it = {"vapi": open_vapi, "aimlapi": open_aimlapi, "openai": open_openai}[name]

    def make(key: str = KEY, silence: float | None = None, **settings: str) -> Provider:
        chosen = {f"{name}_api_key": key, f"{name}_api_url": server.url, **settings}
        house = AdapterContext(
            settings=read_settings(_env_file=None, **chosen), store=cast(Any, None), web=cast(Any, None)
        )
        provider = open_it(house)
        if silence is not None:
            provider._http.silence, provider._silence = silence, SilenceLimits(silence, silence)
        return provider

    return make


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, by the names that the doubles have for it, and what we make of it.

    None where that service cannot do it. `error` is None where nobody is to notice.
    """

    emulator: str | None
    double: str | None
    error: type[BotError] | None = None
    key: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    words: bool = False  # some are out before

    def happens_to(self, name: Name) -> bool:
        """Whether this service can do it."""
        return bool(self.emulator if name == "onemin" else self.double)


SOON = {"retry_after": 7}

FAULTS: dict[str, Fault] = {
    # the key and the purse
    "wrong key": Fault("wrong_key", "wrong_key", Refused, "provider_wrong_key"),
    "deleted key": Fault("key_deleted", "key_echoed", Refused, "provider_wrong_key"),
    "no credits": Fault("no_credits_406", "no_credits", Refused, "provider_no_credits"),
    "no credits, said otherwise": Fault("no_credits_200", "no_credits_plan", Refused, "provider_no_credits"),
    "payment required": Fault(None, "no_credits_402", Refused, "provider_no_credits"),
    "no credits upstream": Fault(None, "no_credits_upstream", Refused, "provider_no_credits"),
    # too much, too often
    "rate limited": Fault("rate_limited", "rate_limited", Busy, "provider_rate_limited", retry_after=30),
    "rate limited for 7 s": Fault("rate_limited", "rate_limited", Busy, "provider_rate_limited", SOON, retry_after=7),
    "free tier": Fault(None, "free_tier", Busy, "provider_rate_limited"),
    # what was asked
    "unknown model": Fault("unsupported_model", "unknown_model", Refused, "provider_unknown_model"),
    "unknown model upstream": Fault(None, "unable", Refused, "provider_unknown_model"),
    "invalid question": Fault("bad_request", "invalid", Refused, "provider_bad_request"),
    "photo refused": Fault("file_type", "image_refused", Refused, "provider_photo_refused"),
    "photo too large": Fault("too_large", "image_too_large", Refused, "provider_photo_too_large"),
    "question too large": Fault(None, "too_large", Refused, "provider_too_large"),
    # trouble over there
    "down": Fault("server_error", "server_error", Busy, "provider_down"),
    "bad gateway": Fault("bad_gateway", "bad_gateway", Busy, "provider_down"),
    "unavailable": Fault("unavailable", "unavailable", Busy, "provider_down"),
    "unavailable without a word": Fault("unavailable", "unavailable_page", Busy, "provider_down"),
    "down for 7 s": Fault("unavailable", "unavailable", Busy, "provider_down", SOON, retry_after=7),
    "gateway timeout": Fault(None, "timeout", Busy, "provider_down"),
    "model under maintenance": Fault("upstream_busy", "maintenance", Busy, "provider_down"),
    "gatekeeper": Fault("cloudflare_challenge", "blocked", Refused, "provider_blocked"),
    "nothing at that address": Fault(None, "not_found", Refused, "provider_unsupported"),
    "broken off at once": Fault("cut_before", "abort", Busy, "provider_unreachable"),
    "silence": Fault("hang", "hang", Busy, "provider_slow"),
    # before the first word
    "page instead of an answer": Fault(None, "html_instead", Refused, "provider_nonsense"),
    "packed bomb": Fault("gzip_bomb", "gzip_bomb", Refused, "provider_nonsense"),
    "error in place of words": Fault("error_first", "error_before", Busy, "provider_down"),
    "error in a good reply": Fault(None, "error_200", Busy, "provider_down"),
    "cut before words": Fault(None, "cut_before", Busy, "provider_unreachable"),
    "end before words": Fault(None, "ends_before", Busy, "provider_unreachable"),
    "silence before words": Fault(None, "silence_before", Busy, "provider_slow"),
    "empty answer": Fault("nothing", "empty", Refused, "provider_empty"),
    "no choices": Fault(None, "no_choices", Refused, "provider_empty"),
    # after the first words
    "cut after words": Fault("cut_stream", "cut_after", Cut, "answer_cut", words=True),
    "end after words": Fault(None, "ends_after", Cut, "answer_cut", words=True),
    "error after words": Fault("stream_error", "error_after", Cut, "answer_cut", words=True),
    "silence after words": Fault(None, "silence_after", Cut, "answer_cut", words=True),
    # what nobody notices
    "slow": Fault("slow", "slow", options={"seconds": 0.1}),
    "slow first word": Fault(None, "slow_words", options={"seconds": 0.1}),
    "JSON instead of a stream": Fault("json_instead", "json_instead"),
    "no last word": Fault("no_done", "no_done"),
    "no reason to end": Fault(None, "no_reason"),
    "another good status": Fault(None, "created"),
    "bytes cut anywhere": Fault(None, "bytewise"),
    "all at once": Fault(None, "at_once"),
    "lines that end otherwise": Fault(None, "crlf"),
    "no blanks": Fault(None, "tight"),
    "comments": Fault(None, "comments"),
    "nulls": Fault(None, "nulls"),
    "lines that are no chunks": Fault(None, "noise"),
    "parts instead of words": Fault("result_object", "content_list"),
    "thoughts": Fault(None, "thinking"),
    "connection kept open": Fault(None, "never_ends"),
}
