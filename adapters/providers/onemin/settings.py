"""1min.ai's part of the settings."""

from typing import ClassVar, Literal

from pydantic import Field

from bot.adapter_settings import Key, ProviderSettings, Url


class OneMinSettings(ProviderSettings):
    """The access to 1min.ai."""

    title: ClassVar[str] = "1min.ai"
    switch: ClassVar[str] = "onemin_api_key"
    default_model: ClassVar[str] = "gpt-4o"

    onemin_api_key: Key | None = Field(default=None, description="The API key of your 1min.ai account.")
    onemin_api_url: Url = Field(default="https://api.1min.ai", description="Where 1min.ai's API is.")
    onemin_api: Literal["auto", "unified", "features"] = Field(
        default="auto",
        description="unified: /api/chat-with-ai; features: the older /api/features; auto: unified if it is there.",
    )
    onemin_requests_per_minute: int = Field(
        default=180, ge=1, description="How many requests a minute 1min.ai allows this account."
    )
