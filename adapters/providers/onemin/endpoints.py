"""The two endpoints for questions to 1min.ai, each with its request body, their models, and the limit on requests.

Unified is what today's documentation demands (https://docs.1min.ai/docs/api/chat-with-ai-api); features is what older
accounts and pages describe (https://docs.1min.ai/docs/api/ai-feature-api). The migration table of the first one shows
how their fields correspond.

`GET /models` is not documented, but the documentation's own pages use it. Lists go out of date within months, and
models are renamed: the one that we ship for when it cannot be fetched (models.json) is of 2026-10-06, and knows the
other names of a model.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.providers.series_notes import with_series_notes
from bot.asking.mentions import latest, without_videos
from bot.messages import Model, Prompt, RateLimit

# 60 would do if all requests took the same time to arrive at 1min.ai.
MINUTE = 61.0  # seconds

Acquire = Callable[[RateLimit, float], Awaitable[float]]
"""The signature of `acquire` of `bot.ports.Coordination`."""

Body = dict[str, Any]

MAX_TITLE = 91  # what a title may hold, https://docs.1min.ai/docs/api/conversation-api
MAX_VIDEOS = 3  # links to YouTube that are looked at in one question, https://docs.1min.ai/docs/api/chat-with-ai-api


class RequestLimiter:
    """A limiter that admits requests in the order of arrival. Processes that share the limit take turns by chance."""

    def __init__(
        self,
        acquire: Acquire,
        rate_limit: RateLimit | None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a limiter; without a `rate_limit` nothing waits."""
        self._acquire, self._rate_limit, self._sleep = acquire, rate_limit, sleep
        self._queue = asyncio.Lock()  # wakes waiters in the order they came

    async def acquire(self) -> None:
        """Wait until one more request may go. When cancelled, it counts nothing and lets the next one go."""
        if self._rate_limit is None:
            return
        async with self._queue:
            # Booked only when it can be used at once: a later slot would be lost with a waiter that gives up.
            while (pause := await self._acquire(self._rate_limit, 0)) > 0:
                await self._sleep(pause)


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """The operator's options for every question; only today's interface documents them."""

    memories: bool = False  # what the account's other conversations said is known in this one
    brand_voice: str | None = None  # UUID of the tone in which everything is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint for questions, and the form of its requests."""

    path: str  # below the address of the API
    conversation_type: str
    build_body: Callable[
        [Prompt, Sequence[str], Sequence[str], ChatOptions], Body
    ]  # from a prompt, the keys of its photos and documents, and the operator's options
    list_features: tuple[str, ...]  # the features under which its models are listed
    sees_by_modality: bool  # a model's modality tells whether it sees; else only CHAT_WITH_IMAGE counts


def _unified(prompt: Prompt, photos: Sequence[str], documents: Sequence[str], options: ChatOptions) -> Body:
    preferences = prompt.conversation.preferences
    prompt_object: Body = {
        "prompt": _sendable(_prompt_text(prompt)),
        "settings": {
            "webSearchSettings": {
                "webSearch": preferences.web_search,
                "numOfSite": preferences.sites,
                "maxWord": preferences.words,
            },
            "historySettings": {"isMixed": preferences.mixed, "historyMessageLimit": preferences.history},
            "withMemories": options.memories,
        },
    }
    if prompt.conversation.remote_id is not None:
        prompt_object["conversationId"] = prompt.conversation.remote_id
    if photos or documents:
        attachments = {"images": list(photos), "files": list(documents)}
        prompt_object["attachments"] = {name: keys for name, keys in attachments.items() if keys}
    return {
        "type": "UNIFY_CHAT_WITH_AI",
        "model": prompt.conversation.model_id,
        "promptObject": prompt_object,
        **({"brandVoiceId": options.brand_voice} if options.brand_voice else {}),
        "metadata": _metadata(),
    }


def _metadata() -> Body:
    """Return metadata as the web app sends it: the moment in milliseconds, and two digits."""
    return {"messageGroup": f"{time.time_ns() // 1_000_000}_{random.randint(10, 99)}"}


def _features(prompt: Prompt, photos: Sequence[str], documents: Sequence[str], options: ChatOptions) -> Body:
    """Build a body without documents: those are named by the conversation, see `side_conversations`."""
    preferences = prompt.conversation.preferences
    prompt_object: Body = {
        "prompt": _sendable(_prompt_text(prompt)),
        "isMixed": preferences.mixed,
        "webSearch": preferences.web_search,
        "numOfSite": preferences.sites,
        "maxWord": preferences.words,
    }
    if photos:
        prompt_object["imageList"] = list(photos)
    return {
        # With CHAT_WITH_AI the model never gets to see the photos.
        "type": "CHAT_WITH_IMAGE" if photos else "CHAT_WITH_AI",
        "model": prompt.conversation.model_id,
        "conversationId": prompt.conversation.remote_id,
        "promptObject": prompt_object,
        "metadata": _metadata(),
    }


UNIFIED = Endpoint(
    path="api/chat-with-ai",
    conversation_type="UNIFY_CHAT_WITH_AI",
    build_body=_unified,
    list_features=("UNIFY_CHAT_WITH_AI",),
    sees_by_modality=True,
)
FEATURES = Endpoint(
    path="api/features",
    conversation_type="CHAT_WITH_IMAGE",
    build_body=_features,
    list_features=("CHAT_WITH_IMAGE", "CHAT_WITH_AI"),
    sees_by_modality=False,
)


def _prompt_text(prompt: Prompt) -> str:
    """Return the instructions, excerpts and question as one text: 1min.ai has no field for instructions.
    Links to videos are removed from excerpts, because 1min.ai would watch them.
    """
    excerpts = map(without_videos, prompt.excerpts)
    return "\n\n".join(filter(None, (prompt.instructions, *excerpts, latest(with_series_notes(prompt), MAX_VIDEOS))))


def conversation_body(endpoint: Endpoint, title: str, model: str) -> Body:
    """Return the body that opens a conversation; `model` is a formality there, every question names its own."""
    # The other side counts as JavaScript does: in UTF-16 units.
    short = title.encode("utf-16-le", "replace")[: 2 * MAX_TITLE].decode("utf-16-le", "ignore")
    return {"type": endpoint.conversation_type, "title": short or "Snapthread", "model": model}


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent


def shipped_models() -> Mapping[str, Any]:
    """Return the shipped list of 2026-10-06, in the shape of the live one."""
    return _shipped()


@cache
def _shipped() -> Mapping[str, Any]:
    shipped: Mapping[str, Any] = json.loads(files(__package__).joinpath("models.json").read_text("utf-8"))
    return shipped


def list_names(id: str) -> Sequence[str]:
    """Return all names that this model has or had, the newest first; only this one where it was never renamed."""
    return next((names for names in _shipped()["renamed"] if id in names), [id])


def current_name(id: str, listed: Collection[str]) -> str:
    """Return the name under which a model is listed now; the given one where it is not, or nothing is known."""
    return next((name for name in list_names(id) if name in listed), id)


def read_models(lists: Sequence[object], endpoint: Endpoint) -> Sequence[Model]:
    """Read lists in the shape of `GET /models`: each model once, and only active ones.

    The earlier names of a model come after all models, because conversations and settings still have them.
    """
    rows = [row for list in lists for row in working_rows(list)]
    models = {row["modelId"]: _model(row, endpoint) for row in rows}
    for newest, *earlier in _shipped()["renamed"]:
        if newest in models:
            for name in earlier:
                models.setdefault(name, replace(models[newest], id=name))
    return tuple(models.values())


def working_rows(list: object) -> Sequence[Mapping[str, Any]]:
    """Return the rows of a list that are active models."""
    rows = list.get("models") if isinstance(list, dict) else None
    return [row for row in rows if _is_active(row)] if isinstance(rows, Sequence) and not isinstance(rows, str) else ()


def _is_active(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("modelId"), str) and row.get("status", "ACTIVE") == "ACTIVE"


def _model(row: Mapping[str, Any], endpoint: Endpoint) -> Model:
    id = row["modelId"]
    return Model(
        id=id, name=str(row.get("name") or id), sees=_sees(row, endpoint), price=_price(row.get("creditMetadata"))
    )


def _sees(row: Mapping[str, Any], endpoint: Endpoint) -> bool:
    modality = row.get("modality")
    inputs = modality.get("INPUT") if isinstance(modality, dict) else None
    by_modality = endpoint.sees_by_modality and "image" in (inputs or ())
    return by_modality or "CHAT_WITH_IMAGE" in (row.get("features") or ())


def _price(credits: object) -> str:
    """Describe the price of a token; empty where the list has none."""
    prices = [credits.get(side) for side in ("INPUT", "OUTPUT")] if isinstance(credits, dict) else []
    if not prices or not all(isinstance(price, int | float) for price in prices):
        return ""
    return f"{prices[0]:g} / {prices[1]:g} credits per token in/out"
