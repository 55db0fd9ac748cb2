"""The part of the settings that is about local/eyes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pydantic import Field

from bot.adapter_settings import ProviderSettings


class LocalSettings(ProviderSettings):
    """The switch that offers local/eyes."""

    title: ClassVar[str] = "Local eyes"
    switch: ClassVar[str] = "bot_local"
    keyless_trial: ClassVar[Mapping[str, object]] = MappingProxyType({"bot_local": True, "bot_model": "local/eyes"})

    bot_local: bool = Field(
        default=False, description="true: offer local/eyes, which measures photos without a key and is no AI model."
    )
