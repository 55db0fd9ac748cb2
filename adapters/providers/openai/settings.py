"""The settings of V-API, AI/ML API and any other OpenAI-compatible endpoint."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from bot.adapter_settings import Key, ProviderSettings, Proxy, Url

ENDPOINT_NAME = r"[a-z][a-z0-9_-]*"


def split_names(value: str) -> tuple[str, ...]:
    """Split a list with commas."""
    return tuple(filter(None, map(str.strip, value.split(","))))


class CompletionSettings(ProviderSettings):
    """The settings that hold for all of them."""

    title: ClassVar[str] = "OpenAI-compatible services"

    bot_max_tokens: int | None = Field(
        default=None,
        ge=1,
        description="The longest answer in tokens, of all providers but 1min.ai; empty: as they like.",
    )
    bot_temperature: float | None = Field(
        default=None, ge=0, le=2, description="How freely the same ones answer, 0 to 2; empty: as they like."
    )
    bot_photo_detail: Literal["auto", "low", "high"] = Field(
        default="auto", description="How closely the same ones look at photos, where they can choose; low is cheaper."
    )
    bot_endpoints: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="More such endpoints by name, with commas: each has a NAME_API_KEY and a NAME_API_URL.",
    )
    bot_connect_seconds: float = Field(
        default=15, gt=0, description="Seconds that the same ones may take to be reached."
    )
    bot_first_words_seconds: float | None = Field(
        default=None,
        gt=0,
        description="Seconds they may be silent before an answer; empty: 120, on this machine and its network 600.",
    )
    bot_silence_seconds: float = Field(
        default=120, gt=0, description="Seconds that they may be silent within an answer."
    )
    bot_provider_proxy: Proxy | None = Field(
        default=None, description="The proxy that leads to the same ones; empty: as HTTPS_PROXY and the like say."
    )
    bot_ca_file: str = Field(
        default="", description="A file with certificates of authorities that the same ones' may be signed by, besides."
    )
    bot_self_signed: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts on your own network whose certificates are not checked, with commas."
    )

    @field_validator("bot_endpoints", "bot_self_signed", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_names(value) if isinstance(value, str) else value

    @field_validator("bot_endpoints")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(ENDPOINT_NAME, name) for name in names):
            msg = "it should be names in small letters with commas between them, as in openrouter,ollama"
            raise ValueError(msg)
        return names


class VapiSettings(CompletionSettings):
    """The access to V-API."""

    title: ClassVar[str] = "V-API"
    switch: ClassVar[str] = "vapi_api_key"
    key_source: ClassVar[str] = "the list of keys of your account at gpt.ge"

    vapi_api_key: Key | None = Field(default=None, description="The API key of your V-API account.")
    vapi_api_url: Url = Field(default="https://api.gpt.ge/v1", description="Where V-API is.")
    vapi_auth: Literal["bearer", "x-api-key", "x-goog-api-key"] = Field(
        default="bearer", description="How V-API gets the key: bearer (Authorization), or in the header of that name."
    )


class AimlapiSettings(CompletionSettings):
    """The access to AI/ML API."""

    title: ClassVar[str] = "AI/ML API"
    switch: ClassVar[str] = "aimlapi_api_key"
    key_source: ClassVar[str] = "aimlapi.com/app/keys"

    aimlapi_api_key: Key | None = Field(default=None, description="The API key of your AI/ML API account.")
    aimlapi_api_url: Url = Field(default="https://api.aimlapi.com/v1", description="Where AI/ML API is.")


class OpenAISettings(CompletionSettings):
    """The access to any other endpoint."""

    title: ClassVar[str] = "Any other OpenAI-compatible endpoint"
    switch: ClassVar[str] = "openai_api_key"
    key_source: ClassVar[str] = "that service; Ollama, LM Studio and vLLM need none"
    set_up_fields: ClassVar[tuple[str, ...]] = ("openai_api_url",)

    openai_api_key: Key | None = Field(
        default=None,
        description="The API key of any other OpenAI-compatible endpoint (Ollama, vLLM, LiteLLM, OpenAI itself).",
    )
    openai_api_url: Url = Field(
        default="https://api.openai.com/v1",
        description="Where that endpoint is; another one than OpenAI's may need no key.",
    )

    @property
    def is_on(self) -> bool:
        """True if it has a key or an address of its own: only OpenAI's own endpoint needs a key."""
        return super().is_on or self.openai_api_url != type(self).model_fields["openai_api_url"].default


class NamedEndpointSettings(CompletionSettings):
    """The access to an endpoint that BOT_ENDPOINTS names; its own variables begin with its name."""

    endpoint: ClassVar[str] = ""

    @property
    def is_on(self) -> bool:
        """True: it was named."""
        return True

    @property
    def key(self) -> SecretStr | None:
        """The key, if there is one."""
        key: SecretStr | None = getattr(self, self.switch)
        return key

    @property
    def url(self) -> str:
        """The address."""
        return str(getattr(self, self.switch.removesuffix("_key") + "_url"))
