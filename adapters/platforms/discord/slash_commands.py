"""The chat commands as Discord's own: described, with typed options, and known to Discord before anybody asks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord
import structlog

from bot.commands import ASK, COMMANDS, LISTED, QUESTIONS, Option
from bot.words import ENGLISH, catalogue

log = structlog.get_logger(__name__)

Payload = dict[str, Any]

CHAT, MESSAGE_MENU = 1, 3  # kinds of commands
STRING, ATTACHMENT = 3, 11  # kinds of options
EVERYWHERE = {"integration_types": [0, 1], "contexts": [0, 1, 2]}  # for servers and for people; wherever they are
PHOTOS = 4  # that /ask takes
LONGEST = 100  # characters of a description
ASK_MENU = "discord_ask"
LOCALES = {"zh-CN": "zh", "es-ES": "es", "es-419": "es", "de": "de", "ru": "ru", "hi": "hi"}  # Discord's name, and ours
LOCALISED = ("name_localizations", "description_localizations")

# The message menus: the sentence on each one, and the question that it asks; the first asks for one.
MENUS: Mapping[str, str] = {
    ASK_MENU: ASK,
    "label_describe": "describe",
    "label_read": "read",
    "label_translate": "translate",
}


def payload() -> list[Payload]:
    """Every command as Discord wants to be told of it."""
    commands = [_command(name, [_option(option) for option in COMMANDS[name].options]) for name in LISTED]
    asking = [
        {"type": STRING, "name": "question", **_described("option_question"), "required": True},
        *(_photo(f"photo{n}" if n > 1 else "photo") for n in range(1, PHOTOS + 1)),
    ]
    questions = [_command(ASK, asking), *(_command(name, [_photo("photo")]) for name in QUESTIONS)]
    menus = [{"type": MESSAGE_MENU, **_in_all_languages("name", label), **EVERYWHERE} for label in MENUS]
    return [*questions, *commands, *menus]


def menu(name: str) -> str | None:
    """The question that a message menu asks; whatever its people read on it, Discord tells us the English name."""
    english = catalogue(ENGLISH)
    return next((question for label, question in MENUS.items() if english[label] == name), None)


async def sync(client: discord.Client, wanted: Sequence[Payload]) -> None:
    """Tell Discord the commands, unless it knows them already: it takes only so many changes a day."""
    application = client.application_id
    if application is None:
        return
    route = discord.http.Route("GET", "/applications/{application_id}/commands", application_id=application)
    known = await client.http.request(route, params={"with_localizations": "true"})  # or it leaves them out
    if _are_same(wanted, known):
        return
    await client.http.bulk_upsert_global_commands(application, list(wanted))
    log.info("told Discord the commands", commands=len(wanted))


def _command(name: str, options: list[Payload]) -> Payload:
    return {
        "type": CHAT,
        "name": name,
        **_described(f"help_{name}"),
        "options": options,
        **EVERYWHERE,
    }


def shown_as(option: Option) -> str:
    """What people see an option called."""
    return option.named or option.name


def _option(option: Option) -> Payload:
    if option.photo:
        return _photo(option.name)
    made: Payload = {
        "type": STRING,
        "name": shown_as(option),
        **_described(f"option_{option.name}"),
        "required": option.required,
    }
    if option.choices:
        made["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
    if option.suggest:
        made["autocomplete"] = True
    return made


def _photo(name: str) -> Payload:
    return {"type": ATTACHMENT, "name": name, **_described("option_photo"), "required": False}


def _described(key: str) -> Payload:
    return _in_all_languages("description", key)


def _in_all_languages(field: str, key: str) -> Payload:
    """A sentence in English, and in every other language that Discord and we have in common."""
    others = {locale: catalogue(language)[key][:LONGEST] for locale, language in LOCALES.items()}
    return {field: catalogue(ENGLISH)[key][:LONGEST], f"{field}_localizations": others}


def _are_same(wanted: Sequence[Payload], known: Iterable[Mapping[str, Any]]) -> bool:
    by_name = {(command["type"], command["name"]): command for command in known}
    return len(by_name) == len(wanted) and all(
        _holds(by_name.get((command["type"], command["name"])), command) for command in wanted
    )


def _holds(known: Any, wanted: Any) -> bool:
    """Whether Discord's version says the same: it adds numbers of its own, and leaves out what is usual."""
    if isinstance(wanted, dict):
        return isinstance(known, Mapping) and all(
            known.get(key) == value if key in LOCALISED else _holds(known.get(key), value)
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        known = known or []
        return len(known) == len(wanted) and all(map(_holds, known, wanted))
    return bool(known == wanted or not (known or wanted))
