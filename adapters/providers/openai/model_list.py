"""The list of models as OpenAI-compatible services give it: which of them chat, which see, what they cost.

OpenAI's own list tells no more than names. AI/ML API (?include=all,
https://docs.aimlapi.com/api-references/service-endpoints/complete-model-list) and OpenRouter tell the rest, each in a
way of its own.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from bot.messages import Model, Usage

MILLION = 1_000_000

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
    """A model, and what a million of its tokens cost in dollars; None where that is not told."""

    model: Model
    taken: float | None = None  # for those it is given
    given: float | None = None  # for those it answers with

    def dollars(self, usage: Usage) -> float | None:
        """What an answer cost; None where prices or figures are not known."""
        if None in (self.taken, self.given, usage.input_tokens, usage.output_tokens):
            return None
        taken, given = (self.taken or 0) * (usage.input_tokens or 0), (self.given or 0) * (usage.output_tokens or 0)
        return (taken + given) / MILLION


def read_models(said: object, named: Collection[str] = ()) -> Sequence[ListedModel]:
    """Read a list: each model once, and only those that chat. Other names of a model come after all models.

    Whoever the operator has `named` is taken to see, unless the list says otherwise.
    """
    rows = [row for row in _rows(said) if _chats(row)]
    models = {row["id"]: _listed(row, named) for row in rows}
    for row in rows:
        for alias in _texts(row.get("aliases")):
            same = models[row["id"]]
            models.setdefault(alias, replace(same, model=replace(same.model, id=alias)))
    return tuple(models.values())


def unlisted(named: Sequence[str]) -> Sequence[ListedModel]:
    """What stands in for a list where there is none: the models that the operator has named."""
    return tuple(ListedModel(Model(id, id, sees=True)) for id in dict.fromkeys(named))


def _rows(said: object) -> Iterator[Mapping[str, Any]]:
    rows = next(filter(None, map(said.get, ("data", "models"))), None) if isinstance(said, dict) else said
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]:
            yield row


def _chats(row: Mapping[str, Any]) -> bool:
    """Whether words come out of it, as its type says, what comes out of it, its endpoints, or else its name."""
    type, out = row.get("type"), _modalities(row, "output")
    endpoints = _texts(row.get("supported_endpoint_types"))  # as new-api tells
    if isinstance(type, str) and "chat" not in type and _OTHER_TYPES.search(type):
        return False
    if (out and "text" not in out) or (endpoints and "openai" not in endpoints):
        return False
    return not _OTHER.search(row["id"])


def _listed(row: Mapping[str, Any], named: Collection[str]) -> ListedModel:
    id, info = row["id"], _dict(row.get("info"))
    taken, given = _prices(_dict(row.get("pricing")))
    names = (info.get("name"), row.get("name"), row.get("display_name"))
    name = next((name for name in names if name and isinstance(name, str)), id)
    return ListedModel(Model(id, name, _sees(row, named), _price(taken, given)), taken, given)


def _sees(row: Mapping[str, Any], named: Collection[str]) -> bool:
    takes, capabilities = _modalities(row, "input"), row.get("capabilities")
    if takes or isinstance(capabilities, list):
        return "image" in takes or "vision" in _texts(capabilities)
    if isinstance(capabilities, dict) and isinstance(capabilities.get("vision"), bool):  # as Mistral tells
        return bool(capabilities["vision"])
    if _BLIND.search(row["id"]):
        return False
    return row["id"] in named or _SEEING.search(row["id"]) is not None


def _modalities(row: Mapping[str, Any], side: str) -> Sequence[str]:
    """What goes in or comes out: {modalities: {input}}, {architecture: {input_modalities}}, {input_modalities}."""
    architecture, modalities = _dict(row.get("architecture")), _dict(row.get("modalities"))
    told = modalities.get(side) or architecture.get(f"{side}_modalities") or row.get(f"{side}_modalities")
    return [text.lower() for text in _texts(told)]


# Prices


def _prices(pricing: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Dollars for a million tokens in and out: {units: [{name, origin, price, per}]}, or {prompt, completion} each.

    The units of AI/ML API also tell what is measured, but that is the output even where the prompt is meant.
    """
    if pricing.get("kind") == "fixed":
        units = pricing.get("units")
        rates = [unit for unit in units if isinstance(unit, dict)] if isinstance(units, list) else []
        return _rate(rates, "provided", "input"), _rate(rates, "generated", "output")
    taken, given = (_number(pricing.get(side)) for side in ("prompt", "completion"))
    if taken is None or given is None:
        return None, None
    return round(taken * MILLION, 6), round(given * MILLION, 6)


def _rate(rates: Sequence[Mapping[str, Any]], origin: str, measure: str) -> float | None:
    both = {rate.get("measure") for rate in rates} >= {"input", "output"}  # or it says nothing
    for rate in rates:
        price, per = _number(rate.get("price")), _number(rate.get("per"))
        meant = rate["origin"] == origin if "origin" in rate else both and rate.get("measure") == measure
        if meant and rate.get("name", "token") == "token" and price is not None and per:
            return round(price / per * MILLION, 6)
    return None


def _price(taken: float | None, given: float | None) -> str:
    """Say what tokens cost; empty where that is not told."""
    sides = [f"{price:g}" for price in (taken, given) if price is not None]
    where = "in/out" if len(sides) == 2 else "in" if given is None else "out"
    return f"{' / '.join(sides)} dollars per million tokens {where}" if sides else ""


def _number(value: object) -> float | None:
    """A price, which some write as a text; less than nothing means that it depends."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and number >= 0 else None


def _texts(value: object) -> Sequence[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
