"""The services that speak OpenAI's language, a row of data each: in what they differ is read here and nowhere else.

V-API: https://api.gpt.ge (its page about chats with images). AI/ML API: https://docs.aimlapi.com. Any other: whatever
OPENAI_API_URL names, be it OpenAI itself, OpenRouter, Ollama, vLLM or LiteLLM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Auth = Literal["bearer", "x-api-key", "x-goog-api-key"]


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """One service. Paths are relative to its address, which ends in /v1 as a rule."""

    name: str  # as in the models that people name: name/model
    service: str  # as the log calls it
    models: str = "models"  # where its models are listed
    query: Mapping[str, str] = field(default_factory=dict)  # what the list needs to tell prices and capabilities
    balance: str = ""  # where it tells how much money is left; empty: nowhere
    files: bool = True  # it takes PDFs as they are, if its model does
    detail: bool = True  # it knows how closely a model may be asked to look at a photo
    figures: bool = False  # it tells what an answer took only if it is asked to (stream_options)
    traced: bool = False  # it keeps an id of ours with each request, for its support to find it by
    headers: Mapping[str, str] = field(default_factory=dict)


VAPI = ServiceProfile(
    "vapi",
    "V-API",
    files=False,  # its page documents text and photos only
    detail=False,  # its page documents the link of a photo and nothing else
    figures=True,  # undocumented as well, but relays of its kind take it; where it is refused, it is left out
)
AIMLAPI = ServiceProfile(
    "aimlapi",
    "AI/ML API",
    query={"include": "all"},
    balance="../v2/billing",  # the only path of ours that is not below /v1
    traced=True,  # and it tells the cost in the last event without being asked
    headers={"x-title": "Snapthread"},
)
OPENAI = ServiceProfile("openai", "The OpenAI-compatible endpoint", figures=True)


def authorised(key: str, how: Auth = "bearer") -> dict[str, str]:
    """The headers that carry the key; none without one, as Ollama wants it."""
    if not key:
        return {}
    match how:
        case "bearer":
            return {"authorization": f"Bearer {key}"}
        case "x-api-key":  # in Anthropic's way, which wants a version as well
            return {"x-api-key": key, "anthropic-version": "2023-06-01"}
        case "x-goog-api-key":
            return {"x-goog-api-key": key}
