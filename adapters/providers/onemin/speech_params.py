"""What the models for speech want to know, and what a transcript says."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 4_096  # UTF-16 units that are read aloud, docs/api/ai-feature-api, page of tts-1
VOICE = "alloy"  # one of alloy, echo, fable, onyx, nova, shimmer
_ENDS = re.compile(r"(?<![.!?…。！？।])[.!?…。！？।]+[\"'”’»)\]]*(?=\s)|[。！？।]+|\n+")

# Where a language is mostly spoken, for those who want to know; others are asked for as they are told.
_REGIONS = {
    "ar": "EG", "bn": "BD", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR", "en": "US", "es": "ES", "fa": "IR",
    "fi": "FI", "fr": "FR", "he": "IL", "hi": "IN", "hu": "HU", "id": "ID", "it": "IT", "ja": "JP", "ko": "KR",
    "nl": "NL", "no": "NO", "pl": "PL", "pt": "BR", "ro": "RO", "ru": "RU", "sv": "SE", "th": "TH", "tr": "TR",
    "uk": "UA", "ur": "PK", "vi": "VN", "zh": "CN",
}  # fmt: skip


def _short(language: str) -> str:
    """Two letters, or three; empty for what is no language."""
    found = re.match(r"[a-z]{2,3}(?![a-z])", language.strip().lower())
    return found[0] if found else ""


def _regional(language: str) -> str:
    """As in en-US. Where nobody told a language it is English."""
    short = _short(language) or "en"
    region = re.search(r"[-_]([A-Za-z]{2})\b", language)
    named = region[1].upper() if region else _REGIONS.get(short)
    return f"{short}-{named}" if named else "en-US"


def _told(language: str) -> Mapping[str, Any]:
    return {"language": _short(language)} if _short(language) else {}


@dataclass(frozen=True, slots=True)
class TranscriptionParams:
    """How a model takes a recording."""

    models: str  # a pattern of their ids
    fields: Callable[[str], Mapping[str, Any]]  # from the language
    most: int = 25 * 1024 * 1024  # bytes: OpenAI's limit, which clients keep to for all of them


EARS: tuple[TranscriptionParams, ...] = (
    # clients: {audioUrl, response_format: "text", language?}
    TranscriptionParams(r"whisper-.*", lambda language: {"response_format": "text", **_told(language)}),
    # docs, page of qwen3-asr-flash: {audioUrl, language?, enable_itn}
    TranscriptionParams(r"qwen.*-asr.*", lambda language: {"enable_itn": False, **_told(language)}),
    # clients: Google's models need the language, as in en-US
    TranscriptionParams(
        r"(?:latest|telephony|medical|phone_call|command|default|chirp).*",
        lambda language: {"language": _regional(language)},
    ),
    # what nobody wrote down
    TranscriptionParams(r".*", lambda language: {}),
)


def transcription_params(model: str) -> TranscriptionParams:
    """How this model takes a recording."""
    return next(ear for ear in EARS if re.fullmatch(ear.models, model, re.IGNORECASE))


def read_transcript(text: str) -> str:
    """What was said: the text itself, or the one in a text that is JSON."""
    if text.lstrip().startswith("{"):
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return text.strip()
        found = said.get("text", said.get("transcript")) if isinstance(said, dict) else None
        return found.strip() if isinstance(found, str) else text.strip()
    return text.strip()


def speakable(text: str, most: int = LONGEST) -> str:
    """As much of the text as can be read aloud, up to the end of a sentence, else of a word."""
    text = text.strip().encode("utf-8", "replace").decode()
    raw = text.encode("utf-16-le")
    if len(raw) <= 2 * most:
        return text
    cut = raw[: 2 * most].decode("utf-16-le", "ignore")
    sentence = max((found.end() for found in _ENDS.finditer(cut)), default=0)
    # A quarter of it at least is read, be the next sentence ever so long.
    end = next(end for end in (sentence, cut.rfind(" "), len(cut)) if end > len(cut) // 4)
    return cut[:end].strip()
