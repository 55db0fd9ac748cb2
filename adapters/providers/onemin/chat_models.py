"""The list of models of 1min.ai, and the one we ship for when it cannot be fetched.

`GET /models` is not documented, but the documentation's own pages use it. Lists go out of date within
months, and models are renamed: the shipped one (models.json) is of 2026-10-06, and knows the other names of a model.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.providers.onemin.endpoints import Endpoint
from bot.messages import Model


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
