"""1min.ai's part of the settings."""

from typing import ClassVar, Literal

from pydantic import Field

from bot.adapter_settings import Key, ProviderSettings, Proxy, Url


class OneMinSettings(ProviderSettings):
    """The access to 1min.ai."""

    title: ClassVar[str] = "1min.ai"
    switch: ClassVar[str] = "onemin_api_key"
    key_source: ClassVar[str] = "app.1min.ai, API"
    default_model: ClassVar[str] = "gpt-4o"

    onemin_api_key: Key | None = Field(default=None, description="The API key of your 1min.ai account.")
    onemin_api_url: Url = Field(default="https://api.1min.ai", description="Where 1min.ai's API is.")
    onemin_proxy: Proxy | None = Field(
        default=None, description="The way to 1min.ai, if HTTPS_PROXY or ALL_PROXY is not it."
    )
    onemin_api: Literal["auto", "unified", "features"] = Field(
        default="auto",
        description="unified: /api/chat-with-ai; features: the older /api/features; auto: unified if it is there.",
    )
    onemin_memories: bool = Field(
        default=False,
        description="true: 1min.ai's models know what was said in all conversations of the account, of everybody here.",
    )
    onemin_brand_voice: str | None = Field(
        default=None, description="The id of a brand voice of your 1min.ai account, in which everything is answered."
    )
    onemin_requests_per_minute: int = Field(
        default=180, ge=1, description="How many requests a minute 1min.ai allows this account."
    )
