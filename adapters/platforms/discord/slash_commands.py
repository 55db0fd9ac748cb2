"""The chat commands as slash commands of Discord, with descriptions and typed options."""

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
IN_PRIVATE = {"integration_types": [0, 1], "contexts": [1]}  # in private chats with the bot
MANAGE_GUILD = str(1 << 5)  # without it, Discord shows no command of those who manage a server
MAX_PHOTOS = 4  # that /ask takes
MAX_DESCRIPTION = 100  # characters
ASK_MENU = "discord_ask"
LOCALES = {  # Discord's name, and ours; it has no Persian
    "zh-CN": "zh",
    "zh-TW": "zh",
    "es-ES": "es",
    "es-419": "es",
    **{code: code for code in ("de", "ru", "hi", "pt-BR", "fr", "uk", "ja")},
}
LOCALISED = ("name_localizations", "description_localizations")

# The message menus: the key of each label, and the question that it asks; the first shows a form.
MENUS: Mapping[str, str] = {
    ASK_MENU: ASK,
    "label_describe": "describe",
    "label_read": "read",
    "label_translate": "translate",
}


def command_payloads() -> list[Payload]:
    """Return the payloads of all commands and menus."""
    commands = [_command(name, [_option(option) for option in COMMANDS[name].options]) for name in LISTED]
    ask_options = [
        {"type": STRING, "name": "question", **_description("option_question"), "required": True},
        *(_photo(f"photo{n}" if n > 1 else "photo") for n in range(1, MAX_PHOTOS + 1)),
    ]
    questions = [_command(ASK, ask_options), *(_command(name, [_photo("photo")]) for name in QUESTIONS)]
    menus = [{"type": MESSAGE_MENU, **_in_all_languages("name", label), **EVERYWHERE} for label in MENUS]
    return [*questions, *commands, *menus]


def menu_question(name: str) -> str | None:
    """Return the question of a message menu; in any language, Discord sends its English name."""
    english = catalogue(ENGLISH)
    return next((question for label, question in MENUS.items() if english[label] == name), None)


async def sync_commands(client: discord.Client, wanted: Sequence[Payload]) -> None:
    """Register the commands with Discord, unless it has them already: it limits changes to some a day."""
    application = client.application_id
    if application is None:
        return
    route = discord.http.Route("GET", "/applications/{application_id}/commands", application_id=application)
    registered = await client.http.request(route, params={"with_localizations": "true"})  # or it leaves them out
    if _are_same(wanted, registered):
        return
    await client.http.bulk_upsert_global_commands(application, list(wanted))
    log.info("told Discord the commands", commands=len(wanted))


def _command(name: str, options: list[Payload]) -> Payload:
    return {
        "type": CHAT,
        "name": name,
        **_description(f"help_{name}"),
        "options": options,
        **_reach(name),
    }


def _reach(name: str) -> Payload:
    """Return where a command is offered, and to whom: in private chats, everybody manages."""
    audience = COMMANDS[name].audience if name in COMMANDS else "everybody"
    if audience == "claimant":
        return {**IN_PRIVATE, "default_member_permissions": None}
    return {**EVERYWHERE, "default_member_permissions": None if audience == "everybody" else MANAGE_GUILD}


def option_label(option: Option) -> str:
    """Return the name of an option that people see."""
    return option.named or option.name


def _option(option: Option) -> Payload:
    if option.photo:
        return _photo(option.name)
    payload: Payload = {
        "type": STRING,
        "name": option_label(option),
        **_description(f"option_{option.name}"),
        "required": option.required,
    }
    if option.choices:
        payload["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
    if option.suggest:
        payload["autocomplete"] = True
    return payload


def _photo(name: str) -> Payload:
    return {"type": ATTACHMENT, "name": name, **_description("option_photo"), "required": False}


def _description(key: str) -> Payload:
    return _in_all_languages("description", key)


def _in_all_languages(field: str, key: str) -> Payload:
    """Return a sentence in English, and in every other language that Discord and we have in common."""
    localizations = {locale: catalogue(language)[key][:MAX_DESCRIPTION] for locale, language in LOCALES.items()}
    return {field: catalogue(ENGLISH)[key][:MAX_DESCRIPTION], f"{field}_localizations": localizations}


def _are_same(wanted: Sequence[Payload], registered: Iterable[Mapping[str, Any]]) -> bool:
    by_name = {(command["type"], command["name"]): command for command in registered}
    return len(by_name) == len(wanted) and all(
        _holds(by_name.get((command["type"], command["name"])), command) for command in wanted
    )


def _holds(registered: Any, wanted: Any) -> bool:
    """Tell whether Discord's version is the same: it adds ids of its own, and leaves out defaults."""
    if isinstance(wanted, dict):
        return isinstance(registered, Mapping) and all(
            registered.get(key) == value if key in LOCALISED else _holds(registered.get(key), value)
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        registered = registered or []
        return len(registered) == len(wanted) and all(map(_holds, registered, wanted))
    return bool(registered == wanted or not (registered or wanted))
