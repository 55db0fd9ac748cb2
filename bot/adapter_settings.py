"""The common part of all adapters' settings. Each adapter declares its own in a `settings.py` beside it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# Quotation marks that editors and shells leave around a value, as pairs.
QUOTES = frozenset({'""', "''", "``", "“”", "„“", "„”", "‘’", "‚‘", "«»", "””", "’’"})
MARKS = frozenset(pair[0] for pair in QUOTES)
COMMENT = re.compile(r"\s#")
PROXY_SCHEMES = frozenset({"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"})
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # characters without a width that come along when text is copied


def trim(value: str) -> str:
    """Return a value without the blanks, line breaks and quotation marks around it, and without a comment after it.

    Docker's `--env-file` and systemd leave comments in values that Compose and shells leave out.
    """
    if value.lstrip()[:1] not in MARKS:
        value = COMMENT.split(value, maxsplit=1)[0]
    trimmed = value.strip().strip(INVISIBLE).strip()
    while len(trimmed) > 1 and trimmed[0] + trimmed[-1] in QUOTES:
        trimmed = trimmed[1:-1].strip().strip(INVISIBLE).strip()
    return trimmed


def looks_like(pattern: str, sentence: str) -> AfterValidator:
    """Return a validator of texts that says in words, not as a regular expression, what one should look like."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


def _check_url(url: str) -> str:
    """Raise ValueError, in words for people, unless the text is an address of HTTP without a password in it."""
    if "://" not in url:
        msg = "it needs http:// or https:// in front"
        raise ValueError(msg)
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or any(map(str.isspace, url)):
        msg = "it should be an address, as in https://api.example.com/v1"
        raise ValueError(msg)
    if parts.username is not None or parts.password is not None:
        msg = "it holds a user name or a password before the @: leave them out; the key has a variable of its own"
        raise ValueError(msg)
    return url


def _check_key(key: SecretStr) -> SecretStr:
    """Raise ValueError, in words for people, unless the secret can be sent in a header."""
    text = key.get_secret_value()
    if any(map(str.isspace, text)):
        msg = "it has a blank or a line break in it: copy it again, alone and in one line"
        raise ValueError(msg)
    if not (text.isascii() and text.isprintable()):
        msg = "it has a character in it that no key or token has: copy it again, from where it was shown first"
        raise ValueError(msg)
    return key


def _check_proxy(proxy: SecretStr) -> SecretStr:
    """Raise ValueError, in words for people, unless the text is the address of a proxy that can be spoken to."""
    try:
        address = proxy.get_secret_value()
        parts = urlsplit(address if "://" in address else f"http://{address}")
        is_proxy = parts.scheme.lower() in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_proxy = False
    if not is_proxy or any(map(str.isspace, proxy.get_secret_value())):
        msg = "it should be http://host:port, https://host:port or socks5://host:port, with user:password@ if needed"
        raise ValueError(msg)
    return proxy


def reveal(proxy: SecretStr | None) -> str | None:
    """Return the address of a proxy as clients need it."""
    return proxy.get_secret_value() if proxy else None


Url = Annotated[str, AfterValidator(_check_url)]
Key = Annotated[SecretStr, AfterValidator(_check_key)]
"""A key or a token of a service."""

Proxy = Annotated[SecretStr, AfterValidator(_check_proxy)]
"""The address of a proxy, which may hold a password."""

SOURCES = SettingsConfigDict(
    env_file=".env",
    env_file_encoding="utf-8",
    env_ignore_empty=True,
    extra="ignore",
    frozen=True,
    hide_input_in_errors=True,
)
"""The sources of all settings: the environment, which takes precedence, and `.env`."""


class TrimmedSettings(BaseSettings):
    """Settings whose values may have blanks, line breaks and quotation marks around them, as files of secrets do."""

    model_config = SOURCES

    @model_validator(mode="before")
    @classmethod
    def _trim(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        trimmed = {name: trim(value) if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in trimmed.items() if value != ""}


class AdapterSettings(TrimmedSettings):
    """An adapter's part of the settings. A field is named as its variable, in small letters."""

    model_config = SOURCES

    title: ClassVar[str]  # the service's name as people write it
    switch: ClassVar[str] = ""  # the field that switches the adapter on; empty: it is always on
    key_source: ClassVar[str] = ""  # the place where people find the token or the key, for the set-up
    set_up_fields: ClassVar[tuple[str, ...]] = ()  # the fields that the set-up asks for, before the switch
    quiet_loggers: ClassVar[tuple[str, ...]] = ()  # libraries that log URLs, with tokens in them, or people's messages
    exposed_loggers: ClassVar[tuple[str, ...]] = ()  # modules with log lines that anybody can cause

    @property
    def is_on(self) -> bool:
        """True if the operator has enabled the adapter."""
        return not self.switch or bool(getattr(self, self.switch))


class PlatformSettings(AdapterSettings):
    """A platform's part of the settings."""

    is_operator_console: ClassVar[bool] = False  # only the operator has access, by a password of its own

    @property
    def public_address(self) -> str | None:
        """The address at which the platform calls this bot's web server; None if it doesn't."""
        return None


class ProviderSettings(AdapterSettings):
    """A provider's part of the settings."""

    default_model: ClassVar[str] = ""  # BOT_MODEL as long as the operator sets none, if no provider above offers one
    retired_providers: ClassVar[Mapping[str, str]] = MappingProxyType({})  # by name: what to set instead of its models
    keyless_trial: ClassVar[Mapping[str, object]] = MappingProxyType({})  # settings by which it answers without a key
