"""Profiles of the OpenAI-compatible services: their differences, as data.

V-API: https://api.gpt.ge (its page about chats with images). AI/ML API: https://docs.aimlapi.com. The others as their
documentation tells; docs/providers.md says how sure that is. Any other: whatever OPENAI_API_URL or BOT_ENDPOINTS names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

Auth = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "anthropic"]

READ_EVERYWHERE = frozenset({"image/jpeg", "image/png"})
"""MIME types of photos. The larger services read WebP too; llama.cpp's server and others behind such an API do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """The profile of a service. Paths are relative to its address, which usually ends in /v1."""

    name: str  # as in the models that people name: name/model
    service: str  # as people and the log call it
    url: str = ""  # its usual address; empty: each account has one of its own
    host: str = ""  # the end of the host's name, by which the service is recognised; empty: by that of `url`
    auth: Auth = "bearer"
    models_path: str = "models"
    models_query: Mapping[str, str] = field(default_factory=dict)  # what the list needs to tell prices and capabilities
    id_prefix: str = ""  # of the models in the list, which questions leave out
    most_photos: int | None = None  # in one question, for all models of the service; docs/providers.md says how sure
    balance_path: str = ""  # empty: the service has no such endpoint
    accepts_files: bool = True  # PDFs as they are, if the model does
    photo_formats: frozenset[str] = READ_EVERYWHERE
    accepts_detail: bool = True  # the field that says how closely to look at a photo
    include_usage: bool = True  # the usage comes only on request (stream_options)
    sends_request_id: bool = False  # each request carries an id of ours, by which the service's support finds it
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_host(self) -> str:
        """The host by which the service is recognised; empty where there is none."""
        return self.host or (urlsplit(self.url).hostname or "" if "://127." not in self.url else "")


VAPI = ServiceProfile(
    name="vapi",
    service="V-API",
    accepts_files=False,  # its page documents text and photos only
    accepts_detail=False,  # its page documents the link of a photo and nothing else
    include_usage=True,  # undocumented as well, but relays of its kind take it; where it is refused, it is left out
)
AIMLAPI = ServiceProfile(
    name="aimlapi",
    service="AI/ML API",
    models_query={"include": "all"},
    balance_path="../v2/billing",  # the only path of ours that is not below /v1
    include_usage=False,  # it tells the cost in the last event without being asked
    sends_request_id=True,
    headers={"x-title": "Snapthread"},
)
OPENAI = ServiceProfile(name="openai", service="The endpoint")

_KNOWN = (
    ServiceProfile(name="openai", service="OpenAI", url="https://api.openai.com/v1"),
    ServiceProfile(
        name="openrouter", service="OpenRouter", url="https://openrouter.ai/api/v1", headers={"x-title": "Snapthread"}
    ),
    ServiceProfile(name="ollama", service="Ollama", url="http://127.0.0.1:11434/v1"),
    ServiceProfile(name="lmstudio", service="LM Studio", url="http://127.0.0.1:1234/v1"),
    ServiceProfile(name="llamacpp", service="llama.cpp", url="http://127.0.0.1:8081/v1"),
    ServiceProfile(name="vllm", service="vLLM", url="http://127.0.0.1:8000/v1"),
    ServiceProfile(name="litellm", service="LiteLLM", url="http://127.0.0.1:4000/v1"),
    ServiceProfile(name="groq", service="Groq", url="https://api.groq.com/openai/v1", most_photos=5),
    ServiceProfile(name="mistral", service="Mistral", url="https://api.mistral.ai/v1", most_photos=8),
    ServiceProfile(name="xai", service="xAI", url="https://api.x.ai/v1"),
    ServiceProfile(
        name="gemini",
        service="Gemini",
        url="https://generativelanguage.googleapis.com/v1beta/openai",
        id_prefix="models/",
    ),
    ServiceProfile(name="azure", service="Azure", host=".azure.com", auth="api-key"),
    ServiceProfile(name="together", service="Together", url="https://api.together.xyz/v1"),
    ServiceProfile(name="deepseek", service="DeepSeek", url="https://api.deepseek.com/v1"),
    ServiceProfile(name="cloudflare", service="Cloudflare", host="api.cloudflare.com"),
    ServiceProfile(
        name="anthropic", service="Anthropic", url="https://api.anthropic.com/v1", auth="anthropic", most_photos=100
    ),
)
SERVICES: Mapping[str, ServiceProfile] = MappingProxyType({profile.name: profile for profile in _KNOWN})
"""The services that are known by name, for BOT_ENDPOINTS, and by the host of an address."""


def profile_of(name: str, url: str) -> ServiceProfile:
    """Return the profile of an endpoint that is called `name` here: by its host, else by its name, else any."""
    host = urlsplit(url).hostname or ""
    by_host = next((each for each in _KNOWN if each.known_host and host.endswith(each.known_host)), None)
    by_name = SERVICES.get(name) if name != OPENAI.name else None
    profile = by_host or by_name or OPENAI
    if profile is OPENAI and name != OPENAI.name:
        return replace(OPENAI, name=name, service=name)
    return replace(profile, name=name)


def auth_headers(key: str, auth: Auth = "bearer") -> dict[str, str]:
    """Return the headers that carry the key; none without one, as Ollama wants it."""
    if not key:
        return {}
    anthropic = {"x-api-key": key, "anthropic-version": "2023-06-01"}  # its way wants a version as well
    bearer = {"authorization": f"Bearer {key}"}
    match auth:
        case "bearer":
            return bearer
        case "x-api-key":
            return anthropic
        case "anthropic":  # questions want the one, the list of models the other
            return bearer | anthropic
        case "x-goog-api-key" | "api-key":
            return {auth: key}
