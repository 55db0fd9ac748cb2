"""Profiles of the OpenAI-compatible services: their differences, as data.

V-API: https://api.gpt.ge (its page about chats with images). AI/ML API: https://docs.aimlapi.com. Any other: whatever
OPENAI_API_URL names, be it OpenAI itself, OpenRouter, Ollama, vLLM or LiteLLM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Auth = Literal["bearer", "x-api-key", "x-goog-api-key"]

READ_EVERYWHERE = frozenset({"image/jpeg", "image/png"})
"""MIME types of photos. The larger services read WebP too; llama.cpp's server and others behind such an API do not."""


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """The profile of a service. Paths are relative to its address, which usually ends in /v1."""

    name: str  # as in the models that people name: name/model
    service: str  # as the log calls it
    models_path: str = "models"
    models_query: Mapping[str, str] = field(default_factory=dict)  # what the list needs to tell prices and capabilities
    balance_path: str = ""  # empty: the service has no such endpoint
    accepts_files: bool = True  # PDFs as they are, if the model does
    photo_formats: frozenset[str] = READ_EVERYWHERE
    accepts_detail: bool = True  # the field that says how closely to look at a photo
    include_usage: bool = False  # the usage comes only on request (stream_options)
    sends_request_id: bool = False  # each request carries an id of ours, by which the service's support finds it
    headers: Mapping[str, str] = field(default_factory=dict)


VAPI = ServiceProfile(
    "vapi",
    "V-API",
    accepts_files=False,  # its page documents text and photos only
    accepts_detail=False,  # its page documents the link of a photo and nothing else
    include_usage=True,  # undocumented as well, but relays of its kind take it; where it is refused, it is left out
)
AIMLAPI = ServiceProfile(
    "aimlapi",
    "AI/ML API",
    models_query={"include": "all"},
    balance_path="../v2/billing",  # the only path of ours that is not below /v1
    sends_request_id=True,  # and it tells the cost in the last event without being asked
    headers={"x-title": "Snapthread"},
)
OPENAI = ServiceProfile("openai", "The endpoint", include_usage=True)


def auth_headers(key: str, auth: Auth = "bearer") -> dict[str, str]:
    """Return the headers that carry the key; none without one, as Ollama wants it."""
    if not key:
        return {}
    match auth:
        case "bearer":
            return {"authorization": f"Bearer {key}"}
        case "x-api-key":  # in Anthropic's way, which wants a version as well
            return {"x-api-key": key, "anthropic-version": "2023-06-01"}
        case "x-goog-api-key":
            return {"x-goog-api-key": key}
