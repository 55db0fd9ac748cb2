"""The settings of the bot itself: every variable once, with its sentence. Adapters bring theirs."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource, NoDecode

from bot.adapter_settings import SOURCES, AdapterSettings, PlatformSettings, TrimmedSettings, looks_like

ModelName = Annotated[
    str, looks_like(r"[a-z][a-z0-9_-]*/\S+", "it should be provider/model, with the name of the provider in front")
]

Part = TypeVar("Part", bound=AdapterSettings)

TOKEN_LENGTH = 16  # characters of a token at least

Feature = Literal["documents", "videos", "voice", "speech", "pictures", "find", "index", "table", "votes"]

Subject = Annotated[
    str,
    looks_like(r"[a-z]+:\S+", "each needs its platform in front, as platform:id, with commas between them"),
]
Subjects = Annotated[tuple[Subject, ...], NoDecode]
"""People, channels and servers, as platform:id."""


def _limit(what: str, whose: str) -> Any:
    return Field(None, gt=0, description=f"At most so many {what} for {whose}; empty: no limit.")


@dataclass(frozen=True, slots=True)
class Variables:
    """All variables by their names in capital letters, whoever they are for."""

    environment: Mapping[str, str]
    file: Mapping[str, str]


def read_variables() -> Variables:
    """Return the variables of the environment and of `.env`, as they are written there."""
    sources = (EnvSettingsSource(TrimmedSettings), DotEnvSettingsSource(TrimmedSettings))
    read = ({name.upper(): value for name, value in each.env_vars.items() if value is not None} for each in sources)
    return Variables(*read)


class SettingsError(Exception):
    """Says in one line a variable what is wrong with the settings; never what a variable holds."""


class Settings(TrimmedSettings):
    """The operator's settings, as `bot.configuration.read_settings` reads them."""

    model_config = SOURCES

    _adapters: dict[type[AdapterSettings], AdapterSettings] = PrivateAttr(default_factory=dict)

    # of earlier versions; excluded from what is documented
    bot_pairing: str = Field("", exclude=True, description="Became BOT_ACCESS.")

    # the bot
    bot_model: ModelName = Field(description="The model that answers in a new conversation, as provider/model.")
    bot_fallbacks: Annotated[tuple[ModelName, ...], NoDecode] = Field(
        (), description="Models that answer, in this order, while the first one is down; with commas between them."
    )
    bot_store: Annotated[
        str,
        looks_like(r"sqlite:///.+|postgres(ql)?://.+", "it should be sqlite:///FILE or postgresql://USER@HOST/NAME"),
    ] = Field(
        "sqlite:///data/bot.db",
        repr=False,  # may hold a password
        description="Where turns and conversations are kept: a file, or postgresql://...",
    )
    bot_data: str = Field("data", description="The folder for the files that the bot keeps beside its store.")
    bot_store_direct: (
        Annotated[str, looks_like(r"postgres(ql)?://.+", "it should be postgresql://USER@HOST/NAME")] | None
    ) = Field(
        None,
        repr=False,
        description="The same database past a pooler like PgBouncer, for what needs a connection of its own.",
    )
    bot_store_connections: int = Field(
        8, ge=2, le=100, description="How many connections this process opens to PostgreSQL, besides two of their own."
    )
    bot_listen: Annotated[tuple[str, ...], NoDecode] | None = Field(
        None,
        description="What this process listens to: {platforms}, with commas, or none; empty: all of them.",
    )
    bot_workers: int = Field(
        256,
        ge=0,
        le=10_000,
        description="How many turns this process may have in work at the same time; 0: it only listens.",
    )
    bot_photo_side: int = Field(
        2048, ge=256, le=8192, description="The longest side of a photo in pixels as a provider gets it."
    )
    bot_photo_mb: int = Field(20, ge=1, le=100, description="The largest file in megabytes that is taken as a photo.")
    bot_photo_megapixels: int = Field(
        40,
        ge=1,
        le=100,
        description="The most megapixels of a photo; a JPEG or HEIC, as phones write them, may have twice as many.",
    )
    bot_document_mb: int = Field(
        50, ge=1, le=200, description="The largest file in megabytes that is taken as a document."
    )
    bot_cache_mb: int = Field(
        512, ge=16, description="The largest size in megabytes of the folder of photos and documents, BOT_DATA/photos."
    )
    bot_log: Literal["text", "json"] = Field("text", description="Log lines for people (text) or for machines (json).")
    bot_log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is worth a log line."
    )

    # people
    bot_admins: Subjects = Field((), description="Who runs the bot, as platform:id with commas: {people}.")
    bot_access: Literal["paired", "open"] = Field(
        "paired", description="paired: strangers get a code that an admin may accept; open: everybody may use the bot."
    )
    bot_allow: Subjects = Field(
        (), description="People, channels and servers that may use it, as platform:id; with BOT_ACCESS=open: only they."
    )
    bot_deny: Subjects = Field((), description="People, channels and servers that may not, as platform:id.")
    bot_user_waiting: int = Field(
        200, ge=1, description="How many unanswered messages one person may have; what is said beyond is not taken in."
    )
    bot_user_turns_minute: float | None = _limit("answers a minute", "a person")
    bot_user_turns_day: float | None = _limit("answers a day", "a person")
    bot_user_credits_day: float | None = _limit("credits a day", "a person")
    bot_user_credits_month: float | None = _limit("credits a month", "a person")
    bot_user_dollars_day: float | None = _limit("dollars a day", "a person")
    bot_user_dollars_month: float | None = _limit("dollars a month", "a person")
    bot_channel_turns_minute: float | None = _limit("answers a minute", "a channel")
    bot_channel_turns_day: float | None = _limit("answers a day", "a channel")
    bot_channel_credits_day: float | None = _limit("credits a day", "a channel")
    bot_channel_credits_month: float | None = _limit("credits a month", "a channel")
    bot_channel_dollars_day: float | None = _limit("dollars a day", "a channel")
    bot_channel_dollars_month: float | None = _limit("dollars a month", "a channel")
    bot_total_turns_day: float | None = _limit("answers a day", "everybody together")
    bot_total_credits_day: float | None = _limit("credits a day", "everybody together")
    bot_total_credits_month: float | None = _limit("credits a month", "everybody together")
    bot_total_dollars_day: float | None = _limit("dollars a day", "everybody together")
    bot_total_dollars_month: float | None = _limit("dollars a month", "everybody together")
    bot_features_off: Annotated[tuple[Feature, ...], NoDecode] = Field(
        (),
        description=(
            "What nobody may use here, with commas: documents, videos, voice, speech, pictures, find, index, table, "
            "votes."
        ),
    )
    bot_local_only: bool = Field(
        False,
        description=(
            "true: no provider outside this machine and private networks is asked, so that photos and words reach "
            "nobody but the chat platforms themselves."
        ),
    )
    bot_keep_days: int = Field(30, ge=1, description="Days after which questions and answers are deleted.")
    bot_keep_photo_days: int = Field(7, ge=1, description="Days after which photos that the bot holds are deleted.")

    # the web server
    web_host: str = Field("127.0.0.1", description="The address the web server listens on.")
    web_port: int = Field(8080, ge=0, le=65535, description="Its port; 0 takes any free one.")
    web_token: SecretStr | None = Field(
        None,
        description=(
            "The password of the page and the dashboard, 16 characters or more; "
            "needed when WEB_HOST is more than this machine, and behind a reverse proxy."
        ),
    )
    web_metrics_token: SecretStr | None = Field(
        None, description="A second token, 16 characters or more, that opens /metrics and nothing else."
    )
    web_trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses and networks of reverse proxies, with commas, that are believed about who asks."
    )

    @field_validator(
        "bot_listen",
        "bot_fallbacks",
        "bot_features_off",
        "bot_admins",
        "bot_allow",
        "bot_deny",
        "web_trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("bot_listen", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:  # below `_split`, because pydantic begins with the last one
        return "" if value == "none" else value

    @field_validator("bot_pairing")
    @classmethod
    def _became_access(cls, value: str) -> str:
        if value:
            msg = "it became BOT_ACCESS: set that to paired (the default) or open instead"
            raise ValueError(msg)
        return value

    @field_validator("web_token", "web_metrics_token")
    @classmethod
    def _is_long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < TOKEN_LENGTH:
            msg = f"it needs at least {TOKEN_LENGTH} characters; `openssl rand -hex 24` makes a good one"
            raise ValueError(msg)
        return token

    @field_validator("web_trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                msg = "these should be addresses or networks, as in 10.0.0.5,172.16.0.0/12"
                raise ValueError(msg) from None
        return networks

    @model_validator(mode="after")
    def _page_is_guarded(self) -> Self:
        if self.web_token is None and not is_loopback(self.web_host):
            msg = f"WEB_HOST is reachable from other machines: set WEB_TOKEN to at least {TOKEN_LENGTH} characters"
            raise ValueError(msg)
        if self.web_token is not None and self.web_token == self.web_metrics_token:
            msg = "WEB_METRICS_TOKEN must be another one than WEB_TOKEN: who has it may only read the figures"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _has_something_to_do(self) -> Self:
        alone = self.bot_store.startswith("sqlite")
        if alone and (self.bot_workers == 0 or self.bot_listen == ()):
            msg = (
                "SQLite is for one process, which has to listen and to work; for several set BOT_STORE=postgresql://..."
            )
            raise ValueError(msg)
        if self.bot_workers == 0 and self.bot_listen == ():
            msg = "BOT_LISTEN=none and BOT_WORKERS=0 leave this process nothing to do"
            raise ValueError(msg)
        return self

    def listens(self, platform: str) -> bool:
        """Tell whether this process listens to the platform, if the platform is switched on."""
        return self.bot_listen is None or platform in self.bot_listen

    def of(self, kind: type[Part]) -> Part:
        """Return an adapter's part of the settings, by its class."""
        return cast(Part, self._adapters[kind])

    def has(self, kind: type[AdapterSettings]) -> bool:
        """Return whether an adapter's part could be read."""
        return kind in self._adapters

    def with_adapters(self, parts: Iterable[AdapterSettings]) -> Self:
        """Return these settings with the adapters' parts."""
        whole = self.model_copy()
        whole._adapters = {type(part): part for part in parts}
        return whole

    @property
    def webhooks(self) -> list[str]:
        """The titles of the platforms that call this bot's web server from outside."""
        return [part.title for part in self.adapters if isinstance(part, PlatformSettings) and part.public_address]

    @property
    def webhook_only(self) -> bool:
        """True if the web server serves webhooks only: a public address leads to it, and no token guards it."""
        return bool(self.webhooks) and self.web_token is None

    @property
    def adapters(self) -> tuple[AdapterSettings, ...]:
        """The parts of all adapters."""
        return tuple(self._adapters.values())

    def secrets(self) -> list[str]:
        """Every secret that is set, for the log to hide."""
        values = [getattr(part, name) for part in (*self.adapters, self) for name in type(part).model_fields]
        passwords = {urlsplit(url or "").password for url in (self.bot_store, self.bot_store_direct)}
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)] + [
            password for password in passwords if password
        ]


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
