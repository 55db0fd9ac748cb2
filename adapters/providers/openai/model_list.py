"""The list of models of an OpenAI-compatible service: which of them chat, which see, what they cost.

OpenAI's own list holds only names. AI/ML API (?include=all,
https://docs.aimlapi.com/api-references/service-endpoints/complete-model-list) and OpenRouter add the rest, each in a
way of its own.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from bot.messages import Model, Usage

MILLION = 1_000_000
_PLACES = ("data", "models", "result", "items")  # of the models in a list
_TOLD_VISION = ("supports_image_input", "supports_vision", "vision")

# No chat: what makes or reads vectors, sound, pictures or verdicts.
_OTHER = re.compile(
    r"embed|\bbge-|\be5-|whisper|transcri|\btts\b|-tts|speech|\baudio\b|realtime|dall-e|gpt-image|\bimagen|stable-diffusion"
    r"|\bsd3|\bsdxl|\bflux\b|midjourney|\bmj[-_]|\bsuno|\bkling|\bveo-?\d|\bsora|rerank|moderation|guard\b|babbage|davinci"
    r"|\b(?:image|video|music)-?gen|text-to-(?:image|video)|image-to-(?:image|video)",
    re.IGNORECASE,
)
_OTHER_TYPES = re.compile(
    r"image|video|audio|speech|voice|music|embed|rerank|moderation|ocr|\bstt|\btts", re.IGNORECASE
)

# Models that see, by how their families are called; o3-mini and its like are the blind ones among them.
_SEEING = re.compile(
    r"gpt-4o|gpt-4\.1|gpt-4\.5|gpt-4-turbo|gpt-4-vision|chatgpt-4o|gpt-5|\bo[134](?:-pro|-20\d\d|$)|\bo4-mini"
    r"|claude-(?:[3-9]|opus|sonnet|haiku)|gemini|gemma-?[34]|llava|bakllava|moondream|pixtral|mistral-(?:small-?3\.[12]|medium-3)"
    r"|minicpm-?v|internvl|(?:\b|[-.\d])vl(?:\b|[-:\d])|qvq|omni|llama-?4|llama-?3\.2-(?:11b|90b)|vision|\bphi-?(?:3\.5|4)-"
    r"(?:vision|multimodal)|grok-4|grok-2-vision|kimi-k2[.-]?[56]|molmo|cogvlm|multimodal|glm-4(?:\.\d)?v",
    re.IGNORECASE,
)
_BLIND = re.compile(
    r"gpt-4o-(?:mini-)?search|gpt-3\.5|claude-3-5-haiku|gpt-oss|codex-mini-latest|\bo[13]-mini|deepseek-(?:chat|r\d|v\d)"
    r"|gemma-?3:(?:1b|270m)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model and its prices in dollars per million tokens; None where the list has none."""

    model: Model
    input_price: float | None = None
    output_price: float | None = None

    def cost(self, usage: Usage) -> float | None:
        """Return the dollars that an answer cost; None where prices or token counts are not known."""
        if None in (self.input_price, self.output_price, usage.input_tokens, usage.output_tokens):
            return None
        input_cost, output_cost = (
            (self.input_price or 0) * (usage.input_tokens or 0),
            (self.output_price or 0) * (usage.output_tokens or 0),
        )
        return (input_cost + output_cost) / MILLION


def read_models(list_json: object, named: Collection[str] = (), prefix: str = "") -> Sequence[ListedModel]:
    """Read a list: each model once, and only those that chat. Other names of a model come after all models.

    A model that the operator has `named` is taken to see, unless the list says otherwise. `prefix` stands before the
    ids in the list, and not in questions.
    """
    rows = [{**row, "id": row["id"].removeprefix(prefix)} for row in _rows(list_json) if _chats(row)]
    models = {row["id"]: _listed(row, named) for row in rows}
    for row in rows:
        for alias in _texts(row.get("aliases")):
            listed = models[row["id"]]
            models.setdefault(alias, replace(listed, model=replace(listed.model, id=alias)))
    return tuple(models.values())


def is_list(list_json: object) -> bool:
    """Tell whether this is a list of models, be it empty."""
    return isinstance(list_json, list) or (isinstance(list_json, dict) and bool(set(_PLACES) & list_json.keys()))


def list_named_models(named: Sequence[str]) -> Sequence[ListedModel]:
    """Return the models that the operator has named, in place of a list where there is none."""
    return tuple(ListedModel(Model(id=id, name=id, sees=True, is_listed=False)) for id in dict.fromkeys(named))


def model_rows(list_json: object) -> Iterator[Mapping[str, Any]]:
    """Yield the models of a list, whatever they do."""
    return _rows(list_json)


def _rows(list_json: object) -> Iterator[Mapping[str, Any]]:
    """Yield the models with their ids, which some lists call otherwise; a list may also hold nothing but ids."""
    rows = next(filter(None, map(list_json.get, _PLACES)), None) if isinstance(list_json, dict) else list_json
    for row in rows if isinstance(rows, list) else ():
        row = row if isinstance(row, dict) else {"id": row}
        ids = [row.get(key) for key in ("id", "model", "name")]
        if id := next((id for id in ids if isinstance(id, str) and id), ""):
            yield {**row, "id": id}


def _chats(row: Mapping[str, Any]) -> bool:
    """Tell whether a model chats, by its type, its output modalities, its endpoints, or else its name."""
    type, outputs = row.get("type"), _modalities(row, "output")
    endpoints = _texts(row.get("supported_endpoint_types"))  # as new-api tells
    if isinstance(type, str) and "chat" not in type and _OTHER_TYPES.search(type):
        return False
    if (outputs and "text" not in outputs) or (endpoints and "openai" not in endpoints):
        return False
    if row.get("supports_chat") is False or _dict(row.get("capabilities")).get("completion_chat") is False:
        return False
    return not _OTHER.search(row["id"])


def _listed(row: Mapping[str, Any], named: Collection[str]) -> ListedModel:
    id, info = row["id"], _dict(row.get("info"))
    input_price, output_price = _prices(_dict(row.get("pricing")))
    names = (info.get("name"), row.get("name"), row.get("display_name"))
    name = next((name for name in names if name and isinstance(name, str)), id)
    return ListedModel(
        Model(id=id, name=name, sees=_sees(row, named), price=_price(input_price, output_price)),
        input_price,
        output_price,
    )


def _sees(row: Mapping[str, Any], named: Collection[str]) -> bool:
    inputs, capabilities = _modalities(row, "input"), row.get("capabilities")
    if inputs or isinstance(capabilities, list):
        return "image" in inputs or "vision" in _texts(capabilities)
    if isinstance(capabilities, dict) and isinstance(capabilities.get("vision"), bool):  # as Mistral tells
        return bool(capabilities["vision"])
    told = [row.get(key) for key in _TOLD_VISION]
    if any(isinstance(each, bool) for each in told):
        return True in told
    if row.get("type") == "vlm":  # as LM Studio tells
        return True
    if _BLIND.search(row["id"]):
        return False
    return row["id"] in named or _SEEING.search(row["id"]) is not None


def _modalities(row: Mapping[str, Any], side: str) -> Sequence[str]:
    """Return a side's modalities, as in {modalities: {input}}, {input_modalities} or {modality: text+image->text}.

    Each of them may also stand in {architecture}.
    """
    architecture, modalities = _dict(row.get("architecture")), _dict(row.get("modalities"))
    names = (f"{side}_modalities", f"supported_{side}_modalities")
    found = [modalities.get(side), *(place.get(name) for place in (architecture, row) for name in names)]
    values = _texts(next(filter(None, found), None))
    arrow = next((text for text in (architecture.get("modality"), row.get("modality")) if isinstance(text, str)), "")
    if not values and "->" in arrow:
        values = arrow.split("->")[0 if side == "input" else 1].split("+")
    return [text.lower() for text in values]


# Prices


def _prices(pricing: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return dollars per million tokens, in and out: {units: [{name, origin, price, per}]}, or {prompt, completion}.

    The units of AI/ML API also have a `measure`, but that is the output even where the prompt is meant.
    """
    if pricing.get("kind") == "fixed":
        units = pricing.get("units")
        rates = [unit for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []
        return _rate(rates, "provided", "input"), _rate(rates, "generated", "output")
    prompt_price, completion_price = (_number(pricing.get(side)) for side in ("prompt", "completion"))
    if prompt_price is None or completion_price is None:
        return None, None
    return round(prompt_price * MILLION, 6), round(completion_price * MILLION, 6)


def _rate(rates: Sequence[Mapping[str, Any]], origin: str, measure: str) -> float | None:
    both = {rate.get("measure") for rate in rates} >= {"input", "output"}  # or it says nothing
    for rate in rates:
        price, per = _number(rate.get("price")), _number(rate.get("per"))
        meant = rate["origin"] == origin if "origin" in rate else both and rate.get("measure") == measure
        if meant and rate.get("name", "token") == "token" and price is not None and per:
            return round(price / per * MILLION, 6)
    return None


def _price(input_price: float | None, output_price: float | None) -> str:
    """Describe the prices of tokens; empty where there are none."""
    sides = [f"{price:g}" for price in (input_price, output_price) if price is not None]
    where = "in/out" if len(sides) == 2 else "in" if output_price is None else "out"
    return f"{' / '.join(sides)} dollars per million tokens {where}" if sides else ""


def _number(value: object) -> float | None:
    """Parse a price, which some lists write as text; a negative one means that it depends."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and number >= 0 else None


def _texts(value: object) -> Sequence[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
