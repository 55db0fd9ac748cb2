"""Reads all settings at once: those of the bot, and those of every adapter in the tables."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, create_model, field_validator
from pydantic_core import ErrorDetails
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
    settings = _read_all(platforms, providers, overrides=overrides, faults=faults, read=_read)
    if faults or settings is None:
        raise SettingsError("\n".join(dict.fromkeys(faults)))  # services that share a variable say it once
    return settings


def read_usable_settings(
    platforms: Platforms = PLATFORMS, providers: Providers = PROVIDERS, /, **overrides: object
) -> tuple[Settings, list[str]]:
    """Read what can be read: wrong variables have their defaults, and a line each says what is wrong with them."""
    faults: list[str] = []
    settings = _read_all(platforms, providers, overrides=overrides, faults=faults, read=_read_usable)
    if settings is None:  # a variable without a default is missing
        raise SettingsError("\n".join(dict.fromkeys(faults)))
    return settings, list(dict.fromkeys(faults))


def _read_all(
    platforms: Platforms, providers: Providers, overrides: Mapping[str, Any], faults: list[str], read: Any
) -> Settings | None:
    tables: tuple[Mapping[str, Plugin[Any]], ...] = (platforms, providers)
    parts = [read(plugin.settings_class, overrides, faults) for table in tables for plugin in table.values()]
    settings: Settings | None = read(bot_settings_class(platforms, providers), overrides, faults)
    return settings and settings.with_adapters(part for part in parts if part is not None)


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


def _read_usable(kind: type[Part], overrides: Mapping[str, Any], faults: list[str]) -> Part | None:
    """Read a part of the settings with the defaults in place of what is wrong, which is added to *faults*."""
    replaced: set[str] = set()
    optional = {name for name, field in kind.model_fields.items() if not field.is_required()}
    while True:
        defaults = {name: kind.model_fields[name].default for name in replaced & optional}
        try:
            return kind(**{**overrides, **defaults})
        except ValidationError as error:
            faults += _lines(error)
            wrong = (_wrong_fields(error) & optional) - replaced
        if not wrong and replaced >= optional:  # something without a default is missing
            return None
        replaced |= wrong or optional


def _wrong_fields(error: ValidationError) -> set[str]:
    """Return the fields that are at fault; for rules about several of them, those that the sentence names."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    named = {str(fault["loc"][0]) for fault in faults if fault["loc"]}
    named |= {word.lower() for fault in faults if not fault["loc"] for word in re.findall(r"[A-Z_]{4,}", fault["msg"])}
    return named


def _lines(error: ValidationError) -> list[str]:
    """Write a line for each fault, with the variable and without its value."""
    faults = error.errors(include_url=False, include_input=False)
    return [": ".join(filter(None, (_variable(fault["loc"]), _sentence(fault)))) for fault in faults]


def _variable(loc: tuple[int | str, ...]) -> str:
    return str(loc[0]).upper() if loc else ""


# Sentences by the type of the fault; gaps are filled from its context, which holds bounds and no values.
_SENTENCES = {
    "missing": "it is missing: set it",
    "string_pattern_mismatch": "it does not look as it should: its line in .env.example tells how",
    "int_parsing": "it should be a whole number",
    "int_from_float": "it should be a whole number",
    "float_parsing": "it should be a number",
    "bool_parsing": "it should be true or false",
    "greater_than": "it should be more than {gt:g}",
    "greater_than_equal": "it should be {ge:g} or more",
    "less_than": "it should be less than {lt:g}",
    "less_than_equal": "it should be {le:g} or less",
    "literal_error": "it should be {expected}",
}


def _sentence(fault: ErrorDetails) -> str:
    sentence = _SENTENCES.get(fault["type"])
    if sentence is not None:
        return sentence.format(**fault.get("ctx", {}))
    return fault["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
