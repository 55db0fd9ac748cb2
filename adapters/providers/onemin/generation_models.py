"""The models that make pictures and sound, as 1min.ai lists them, and the list we ship for when it does not.

The shipped one (tools.json) is of 2026-03-29; gpt-image-2 came later.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from adapters.providers.onemin.chat_models import working
from adapters.providers.onemin.generation_params import FEATURES, LOOKING, USUAL
from bot.messages import Model

# Prices that are not those of a thing that is made: of the words of an order, or of another feature.
_OTHER = ("INPUT", "OUTPUT", "CONTEXT", "describe")


def shipped_tools() -> object:
    """Return the list of 2026-03-29, in the shape of the live one."""
    return json.loads(files(__package__).joinpath("tools.json").read_text("utf-8"))


def read_tools(list: object, craft: str) -> Sequence[Model]:
    """Read a list as `GET /models` gives it: those that can do this, the usual one first."""
    feature, usual = FEATURES[craft], USUAL[craft]
    rows = [row for row in working(list) if feature in (row.get("features") or ())]
    models = {row["modelId"]: _model(row, craft) for row in rows}
    first = next((id for id in usual if id in models), None)
    return sorted(models.values(), key=lambda model: model.id != first)


def _model(row: Mapping[str, object], craft: str) -> Model:
    id = str(row["modelId"])
    return Model(id, str(row.get("name") or id), craft in LOOKING, _price(row.get("creditMetadata"), FEATURES[craft]))


def _price(credits: object, feature: str) -> str:
    """Say what one of it costs, from the cheapest to the dearest; empty where that is not told."""
    prices = sorted(_prices(_of(credits, feature) or credits))
    if not prices:
        return ""
    return f"{prices[0]:,}–{prices[-1]:,} credits" if prices[0] < prices[-1] else f"{prices[0]:,} credits"


def _of(credits: object, feature: str) -> object:
    """The part that is about the feature, wherever it stands."""
    if not isinstance(credits, dict):
        return None
    if feature in credits:
        return credits[feature]
    return next(filter(None, (_of(part, feature) for part in credits.values())), None)


def _prices(credits: object) -> Iterator[int]:
    if isinstance(credits, int | float) and not isinstance(credits, bool):
        yield round(credits)
    elif isinstance(credits, dict):
        for name, part in credits.items():
            if name not in _OTHER:
                yield from _prices(part)
