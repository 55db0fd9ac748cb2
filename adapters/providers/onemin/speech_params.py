"""The parameters of each model for speech, and the reader of transcripts."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 4_096  # UTF-16 units of a text to speak, docs/api/ai-feature-api, page of tts-1
VOICE = "alloy"  # one of alloy, echo, fable, onyx, nova, shimmer
_SENTENCE_ENDS = re.compile(r"(?<![.!?…。！？।])[.!?…。！？।]+[\"'”’»)\]]*(?=\s)|[。！？।]+|\n+")

# The region in which a language is mostly spoken, for models that want one; other languages are sent as they are.
_REGIONS = {
    "ar": "EG", "bn": "BD", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR", "en": "US", "es": "ES", "fa": "IR",
    "fi": "FI", "fr": "FR", "he": "IL", "hi": "IN", "hu": "HU", "id": "ID", "it": "IT", "ja": "JP", "ko": "KR",
    "nl": "NL", "no": "NO", "pl": "PL", "pt": "BR", "ro": "RO", "ru": "RU", "sv": "SE", "th": "TH", "tr": "TR",
    "uk": "UA", "ur": "PK", "vi": "VN", "zh": "CN",
}  # fmt: skip


def _short(language: str) -> str:
    """Return the code of two letters, or three; empty for what is no language."""
    match = re.match(r"[a-z]{2,3}(?![a-z])", language.strip().lower())
    return match[0] if match else ""


def _regional(language: str) -> str:
    """Return the code with a region, as in en-US; English where there is no language."""
    short = _short(language) or "en"
    region = re.search(r"[-_]([A-Za-z]{2})\b", language)
    region_code = region[1].upper() if region else _REGIONS.get(short)
    return f"{short}-{region_code}" if region_code else "en-US"


def _language_field(language: str) -> Mapping[str, Any]:
    return {"language": _short(language)} if _short(language) else {}


@dataclass(frozen=True, slots=True)
class TranscriptionParams:
    """The parameters with which a model transcribes."""

    models: str  # a pattern of their ids
    fields: Callable[[str], Mapping[str, Any]]  # from the language
    max_bytes: int = 25 * 1024 * 1024  # OpenAI's limit, which clients apply to all of them


TRANSCRIPTION_MODELS: tuple[TranscriptionParams, ...] = (
    # clients: {audioUrl, response_format: "text", language?}
    TranscriptionParams(r"whisper-.*", lambda language: {"response_format": "text", **_language_field(language)}),
    # docs, page of qwen3-asr-flash: {audioUrl, language?, enable_itn}
    TranscriptionParams(r"qwen.*-asr.*", lambda language: {"enable_itn": False, **_language_field(language)}),
    # clients: Google's models need the language, as in en-US
    TranscriptionParams(
        r"(?:latest|telephony|medical|phone_call|command|default|chirp).*",
        lambda language: {"language": _regional(language)},
    ),
    # models that are not documented
    TranscriptionParams(r".*", lambda language: {}),
)


def transcription_params(model: str) -> TranscriptionParams:
    """Return the parameters of a model: the first row that matches."""
    return next(params for params in TRANSCRIPTION_MODELS if re.fullmatch(params.models, model, re.IGNORECASE))


def read_transcript(text: str) -> str:
    """Read a transcript: the text itself, or the one inside a text that is JSON."""
    if text.lstrip().startswith("{"):
        try:
            transcript_json = json.loads(text)
        except (ValueError, RecursionError):
            return text.strip()
        transcript = (
            transcript_json.get("text", transcript_json.get("transcript"))
            if isinstance(transcript_json, dict)
            else None
        )
        return transcript.strip() if isinstance(transcript, str) else text.strip()
    return text.strip()


def truncate_for_speech(text: str, max_length: int = MAX_LENGTH) -> str:
    """Truncate a text to what can be spoken, at the end of a sentence, else of a word."""
    text = text.strip().encode("utf-8", "replace").decode()
    raw = text.encode("utf-16-le")
    if len(raw) <= 2 * max_length:
        return text
    cut = raw[: 2 * max_length].decode("utf-16-le", "ignore")
    sentence = max((match.end() for match in _SENTENCE_ENDS.finditer(cut)), default=0)
    # At least a quarter of it is spoken, however long the next sentence is.
    end = next(end for end in (sentence, cut.rfind(" "), len(cut)) if end > len(cut) // 4)
    return cut[:end].strip()
