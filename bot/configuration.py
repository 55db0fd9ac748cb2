"""Reads all settings at once: those of the bot, and those of every adapter in the tables."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, NoDecode

from adapters import Plugin
from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.adapter_settings import PlatformSettings, ProviderSettings
from bot.settings import ModelName, Settings, SettingsError, Subjects

Part = TypeVar("Part", bound=BaseSettings)
Platforms = Mapping[str, Plugin[PlatformSettings]]
Providers = Mapping[str, Plugin[ProviderSettings]]


def read_settings(
    platforms: Platforms = PLATFORMS, providers: Providers = PROVIDERS, /, **overrides: object
) -> Settings:
    """Read the environment and `.env`. SettingsError names every wrong variable at once, and no value.

    Each class is read by itself: one inside another would not see `.env`.
    """
    faults: list[str] = []
    parts = [
        _read(plugin.settings_class, overrides, faults) for table in (platforms, providers) for plugin in table.values()
    ]
    settings = _read(bot_settings_class(platforms, providers), overrides, faults)
    if faults or settings is None:
        raise SettingsError("\n".join(dict.fromkeys(faults)))  # services that share a variable say it once
    return settings.with_adapters(part for part in parts if part is not None)


def bot_settings_class(platforms: Platforms = PLATFORMS, providers: Providers = PROVIDERS) -> type[Settings]:
    """Return the class of the bot's own settings, with what the tables decide: platforms and first model."""
    names: Any = tuple(platforms)
    listened: Any = Annotated[tuple[Literal[names], ...], NoDecode] | None  # type: ignore[valid-type]
    first = next(_default_models(providers), ...)
    return create_model(
        "Settings",
        __base__=Settings,
        __validators__={"has_no_retired_model": _model_validator(providers)},
        bot_listen=(listened, Field(None, description=_described("bot_listen", names))),
        bot_model=(ModelName, Field(first, description=_described("bot_model", names))),
        bot_admins=(Subjects, Field((), description=_described("bot_admins", names))),
    )


def _default_models(providers: Providers) -> Iterator[str]:
    for name, plugin in providers.items():
        if model := plugin.settings_class.default_model:
            yield f"{name}/{model}"


def _model_validator(providers: Providers) -> Any:
    """Return the validator that says what replaced the models of a provider that is gone."""
    retired = {
        name: advice
        for plugin in providers.values()
        for name, advice in plugin.settings_class.retired_providers.items()
    }

    def check(cls: type[Settings], value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (value,) if isinstance(value, str) else value:
            if advice := retired.get(name.partition("/")[0]):
                raise ValueError(advice)
        return value

    return field_validator("bot_model", "bot_fallbacks")(check)


def _described(field: str, platforms: tuple[str, ...]) -> str:
    people = ",".join(f"{name}:{number}" for name, number in zip(platforms, (42, 7), strict=False))
    return (Settings.model_fields[field].description or "").format(platforms=", ".join(platforms), people=people)


def _read(kind: type[Part], overrides: Mapping[str, Any], faults: list[str]) -> Part | None:
    """Read a part of the settings; None if something in it is wrong, which is added to *faults*."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        faults += _lines(error)
    return None


def _lines(error: ValidationError) -> list[str]:
    """Write a line for each fault, with the variable and without its value."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return [": ".join(filter(None, (_variable(fault["loc"]), _sentence(fault["msg"])))) for fault in faults]


def _variable(loc: tuple[int | str, ...]) -> str:
    return str(loc[0]).upper() if loc else ""


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").replace("String should match pattern", "it should look like")
