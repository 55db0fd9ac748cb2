"""The settings of V-API, AI/ML API and any other OpenAI-compatible endpoint."""

from typing import ClassVar, Literal

from pydantic import Field

from bot.adapter_settings import Key, ProviderSettings, Url


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


class VapiSettings(CompletionSettings):
    """The access to V-API."""

    title: ClassVar[str] = "V-API"
    switch: ClassVar[str] = "vapi_api_key"

    vapi_api_key: Key | None = Field(default=None, description="The API key of your V-API account.")
    vapi_api_url: Url = Field(default="https://api.gpt.ge/v1", description="Where V-API is.")
    vapi_auth: Literal["bearer", "x-api-key", "x-goog-api-key"] = Field(
        default="bearer", description="How V-API gets the key: bearer (Authorization), or in the header of that name."
    )


class AimlapiSettings(CompletionSettings):
    """The access to AI/ML API."""

    title: ClassVar[str] = "AI/ML API"
    switch: ClassVar[str] = "aimlapi_api_key"

    aimlapi_api_key: Key | None = Field(default=None, description="The API key of your AI/ML API account.")
    aimlapi_api_url: Url = Field(default="https://api.aimlapi.com/v1", description="Where AI/ML API is.")


class OpenAISettings(CompletionSettings):
    """The access to any other endpoint."""

    title: ClassVar[str] = "Any other OpenAI-compatible endpoint"
    switch: ClassVar[str] = "openai_api_key"

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
