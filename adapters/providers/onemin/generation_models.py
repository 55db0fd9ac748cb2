"""The models of 1min.ai that make pictures and sound, and the list we ship for when it cannot be fetched.

The shipped one (tools.json) is of 2026-03-29; gpt-image-2 came later.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from adapters.providers.onemin.endpoints import working_rows
from adapters.providers.onemin.generation_params import DEFAULT_MODELS, FEATURES, NEEDS_PHOTO
from bot.messages import Model

# Prices that are not those of a result: of the words of a prompt, or of another feature.
_OTHER = ("INPUT", "OUTPUT", "CONTEXT", "describe")


def shipped_tools() -> object:
    """Return the shipped list of 2026-03-29, in the shape of the live one."""
    return json.loads(files(__package__).joinpath("tools.json").read_text("utf-8"))


def read_tools(list: object, kind: str) -> Sequence[Model]:
    """Read the models of a kind from a list in the shape of `GET /models`, the default one first."""
    feature, defaults = FEATURES[kind], DEFAULT_MODELS[kind]
    rows = [row for row in working_rows(list) if feature in (row.get("features") or ())]
    models = {row["modelId"]: _model(row, kind) for row in rows}
    first = next((id for id in defaults if id in models), None)
    return sorted(models.values(), key=lambda model: model.id != first)


def _model(row: Mapping[str, object], kind: str) -> Model:
    id = str(row["modelId"])
    return Model(
        id=id,
        name=str(row.get("name") or id),
        sees=kind in NEEDS_PHOTO,
        price=_price(row.get("creditMetadata"), FEATURES[kind]),
    )


def _price(credits: object, feature: str) -> str:
    """Describe the price of one result, from the cheapest to the dearest; empty where the list has none."""
    prices = sorted(_prices(_find_feature(credits, feature) or credits))
    if not prices:
        return ""
    return f"{prices[0]:,}–{prices[-1]:,} credits" if prices[0] < prices[-1] else f"{prices[0]:,} credits"


def _find_feature(credits: object, feature: str) -> object:
    """Find the prices of a feature, however deeply they are nested."""
    if not isinstance(credits, dict):
        return None
    if feature in credits:
        return credits[feature]
    return next(filter(None, (_find_feature(part, feature) for part in credits.values())), None)


def _prices(credits: object) -> Iterator[int]:
    if isinstance(credits, int | float) and not isinstance(credits, bool):
        yield round(credits)
    elif isinstance(credits, dict):
        for name, part in credits.items():
            if name not in _OTHER:
                yield from _prices(part)
