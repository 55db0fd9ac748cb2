"""The part of the settings that is about local/eyes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pydantic import Field, field_validator

from bot.adapter_settings import ProviderSettings


class LocalSettings(ProviderSettings):
    """The switch that offers local/eyes."""

    title: ClassVar[str] = "Local eyes"
    switch: ClassVar[str] = "bot_local"
    keyless_trial: ClassVar[Mapping[str, object]] = MappingProxyType({"bot_local": True, "bot_model": "local/eyes"})

    retired_providers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"sandbox": "the sandbox is gone: set it to local/eyes, with BOT_LOCAL=true, or to a model of a provider"}
    )

    bot_sandbox: str = Field(default="", exclude=True, description="Became BOT_LOCAL.")  # not documented any more
    bot_local: bool = Field(
        default=False, description="true: offer local/eyes, which reads and measures photos without a key; no AI model."
    )
    bot_local_text: bool = Field(
        default=True, description="false: local/eyes measures only, and leaves out words, QR and bar codes."
    )

    @field_validator("bot_sandbox")
    @classmethod
    def _became_local(cls, value: str) -> str:
        if value.strip().lower() in ("1", "true", "t", "yes", "y", "on"):
            msg = "the sandbox is gone: set BOT_LOCAL=true for local/eyes, which measures photos"
            raise ValueError(msg)
        return value
