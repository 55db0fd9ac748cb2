"""The models of a list that make pictures or sound, or write down what is said, by their names and types."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.providers.openai.model_list import model_rows
from bot.messages import Model


@dataclass(frozen=True, slots=True)
class Craft:
    """A kind of work besides chatting: a pattern of the ids of its models, and those that are asked first."""

    models: re.Pattern[str]
    first: Sequence[str] = ()


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_DRAWN = (
    r"dall-e|gpt-image|chatgpt-image|\bimagen|\bflux|stable-diffusion|\bsd3|\bsdxl|recraft|seedream|qwen-image(?!.*edit)"
    r"|ideogram|grok-.*image|gemini.*image|hunyuan-?image|hidream|z-image|kolors"
)
CRAFTS: Mapping[str, Craft] = {
    "imagine": Craft(_names(_DRAWN), ("gpt-image-1", "gpt-image", "dall-e-3", "imagen", "flux")),
    # https://platform.openai.com/docs/api-reference/images/createEdit, and models of others that are made for it
    "edit": Craft(_names(r"gpt-image|chatgpt-image|dall-e-2|kontext|qwen-image-edit|seededit"), ("gpt-image",)),
    "vary": Craft(_names(r"gpt-image|chatgpt-image|dall-e-2|kontext"), ("gpt-image",)),
    "hear": Craft(_names(r"whisper|transcri|\bstt\b|-asr\b|voxtral"), ("gpt-4o-mini-transcribe", "whisper")),
    "speak": Craft(_names(r"\btts\b|-tts|\btts-|orpheus|kokoro"), ("gpt-4o-mini-tts", "tts-1")),
}


def find_tool_models(list_json: object, craft: str) -> Sequence[Model]:
    """Return the models of a list that can do it, the usual one first."""
    known = CRAFTS.get(craft)
    if known is None:
        return ()
    ids = [row["id"] for row in model_rows(list_json) if known.models.search(row["id"])]
    return [Model(id=id, name=id, sees=False) for id in sorted(ids, key=lambda id: _rank(id, known.first))]


def _rank(id: str, first: Sequence[str]) -> int:
    return next((n for n, part in enumerate(first) if part in id.lower()), len(first))
