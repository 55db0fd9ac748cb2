"""The list of models: the live one for ten minutes, else the last one, else the one we ship.

`GET /models` is not documented, but the documentation's own pages use it. Lists rot within months: the shipped one
(models.json) is of 2026-03-29.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import structlog

from adapters.providers.onemin.endpoints import Endpoint
from bot.errors import BotError
from bot.messages import Model

log = structlog.get_logger(__name__)

FRESH = 600.0  # seconds
PATIENCE = 15.0  # seconds that somebody waits for the live list
AGAIN = 60.0  # seconds until the next try, when it could not be had

Fetch = Callable[[str], Awaitable[object]]
"""Takes the name of a feature and returns the body of `GET /models?feature=...`, parsed."""


class Shelf:
    """The models that can be asked now."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.fetch, self.clock = fetch, clock
        self._lists: dict[str, tuple[float, Sequence[Model]]] = {}  # by endpoint: good until, models
        self._line = asyncio.Lock()

    async def models(self, endpoint: Endpoint) -> Sequence[Model]:
        """Return the models of this way to ask."""
        async with self._line:
            until, models = self._lists.get(endpoint.path, (0.0, ()))
            if models and self.clock() < until:
                return models
            live = await self._live(endpoint)
            models = live or models or read_models([shipped()], endpoint)
            self._lists[endpoint.path] = (self.clock() + (FRESH if live else AGAIN), models)
            return models

    async def _live(self, endpoint: Endpoint) -> Sequence[Model]:
        try:
            async with asyncio.timeout(PATIENCE):
                return read_models([await self.fetch(feature) for feature in endpoint.lists], endpoint)
        except (BotError, TimeoutError) as error:
            log.warning("the list of models cannot be had", reason=str(error) or "timeout")
            return ()


def shipped() -> object:
    """Return the list of 2026-03-29, in the shape of the live one."""
    return json.loads(files(__package__).joinpath("models.json").read_text("utf-8"))


def read_models(lists: Sequence[object], endpoint: Endpoint) -> Sequence[Model]:
    """Read lists as `GET /models` gives them; each model once, and only those that work."""
    rows = [row for list in lists for row in _rows(list)]
    return tuple({row["modelId"]: _model(row, endpoint) for row in rows if _works(row)}.values())


def _rows(list: object) -> Sequence[Any]:
    rows = list.get("models") if isinstance(list, dict) else None
    return rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ()


def _works(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("modelId"), str) and row.get("status", "ACTIVE") == "ACTIVE"


def _model(row: Mapping[str, Any], endpoint: Endpoint) -> Model:
    id = row["modelId"]
    return Model(id, str(row.get("name") or id), _sees(row, endpoint), _price(row.get("creditMetadata")))


def _sees(row: Mapping[str, Any], endpoint: Endpoint) -> bool:
    modality = row.get("modality")
    takes = modality.get("INPUT") if isinstance(modality, dict) else None
    by_modality = endpoint.sees_by_modality and "image" in (takes or ())
    return by_modality or "CHAT_WITH_IMAGE" in (row.get("features") or ())


def _price(credits: object) -> str:
    """Say what a token costs; empty where that is not told."""
    prices = [credits.get(side) for side in ("INPUT", "OUTPUT")] if isinstance(credits, dict) else []
    if not prices or not all(isinstance(price, int | float) for price in prices):
        return ""
    return f"{prices[0]:g} / {prices[1]:g} credits per token in/out"
