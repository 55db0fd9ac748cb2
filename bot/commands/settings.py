"""The settings of a channel and its conversation, and the permission to change them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, get_args

from bot.commands.command import Command, CommandContext, Option, Response
from bot.commands.model_choice import known_models, nearest
from bot.errors import FailureCode, Refused
from bot.messages import Button, ChannelSettings, Indexing, Length, Listening, Mirroring, Preferences, Turn
from bot.words import LANGUAGES, say, supported

ON_OFF: Mapping[str, Any] = {"off": False, "on": True}

# Every setting and its values: as people type them, and as they are stored. First those of the channel alone.
OF_CHANNEL: Mapping[str, Mapping[str, Any]] = {
    "listening": {value: value for value in get_args(Listening)},
    "threads": ON_OFF,
    "mirroring": {value: value for value in get_args(Mirroring)},
    "footer": ON_OFF,
    "thoughts": ON_OFF,
    "describe": ON_OFF,
    "reactions": ON_OFF,
    "alttext": ON_OFF,
    "rich": ON_OFF,
    "language": {"auto": None, **{code: code for code in LANGUAGES}},
}
OF_CONVERSATION: Mapping[str, Mapping[str, Any]] = {
    "length": {value: value for value in get_args(Length)},
    "web_search": ON_OFF,
    "sites": {str(n): n for n in (1, 3, 5, 10)},
    "words": {str(n): n for n in (500, 1000, 3000, 10_000)},
    "mixed": ON_OFF,
    "reader": ON_OFF,
    "index": {value: value for value in get_args(Indexing)},
}
CHOICES = {**OF_CHANNEL, **OF_CONVERSATION}
PERSONA, FALLBACKS = FREE = ("persona", "fallbacks")  # free text
LONGEST_PERSONA = 1_000
NONE = ("off", "none", "-")
DEFAULT = "default"
MOST_FALLBACKS = 5


async def settings(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Show or change the settings of this channel: /settings [NAME [VALUE]]."""
    chosen = await context.channels.get_channel_settings(turn.message.channel)
    preferences = turn.conversation.preferences
    name, _, value = rest.partition(" ")
    name, value = name.lower(), value.strip()
    offered = _offered(context, turn)
    if name not in offered:
        return _overview(turn, chosen, preferences, offered, known=not name)
    if name not in FREE:
        value = _choice(name, value)
    if not value:
        return _one(name, chosen, preferences)
    if not await context.can_manage(turn.message):
        raise Refused(FailureCode.SETTINGS_NOT_YOURS)
    if name == FALLBACKS or name in OF_CHANNEL:
        meant: Any = await _models(context, value) if name == FALLBACKS else OF_CHANNEL[name][value]
        chosen = replace(chosen, **{name: meant})
        await context.channels.save_channel_settings(turn.message.channel, chosen)
    else:
        preferences = replace(preferences, **{name: _meant(name, value)})
        await context.conversations.save_preferences(turn.conversation, preferences)
    overview = _overview(turn, chosen, preferences, offered, known=True)
    done = say("settings_done", name=say(f"setting_{name}"), value=_shown(name, chosen, preferences))
    return replace(overview, text=f"{done}\n\n{overview.text}")


def _choice(name: str, value: str) -> str:
    """Return the value as it is written in the table; a language may be of another region. Empty if there is none."""
    if name == "language":
        value = supported(value) or value
    return next((choice for choice in CHOICES[name] if choice.lower() == value.lower()), "")


async def _models(context: CommandContext, value: str) -> tuple[str, ...] | None:
    """Return the named fallback models in their order; None: the operator's."""
    if value.lower() == DEFAULT:
        return None
    if value.lower() in NONE:
        return ()
    known = await known_models(context.providers)
    names = value.replace(",", " ").split()[:MOST_FALLBACKS]
    return tuple(dict.fromkeys(nearest(name, known) for name in names))


def _meant(name: str, value: str) -> Any:
    if name == PERSONA:
        return "" if value.lower() in NONE else value[:LONGEST_PERSONA]
    return OF_CONVERSATION[name][value]


def _offered(context: CommandContext, turn: Turn) -> Sequence[str]:
    """Return the settings that make a difference here: some need threads, or others who speak."""
    platform = context.platforms.get(turn.message.channel.platform)
    lacking = set() if platform is None or platform.threads else {"threads"}
    lacking |= set() if platform is None or platform.rich else {"rich"}
    lacking |= {"threads", "listening", "alttext"} if turn.message.private else set()
    return [name for name in (*CHOICES, *FREE) if name not in lacking]


def _overview(
    turn: Turn, chosen: ChannelSettings, preferences: Preferences, offered: Sequence[str], *, known: bool
) -> Response:
    lines = [
        f"- **{say(f'setting_{name}')}**: {_shown(name, chosen, preferences)} · {say(f'settings_{name}')}"
        for name in offered
    ]
    text = say(
        "settings_now" if known else "settings_unknown", model=turn.conversation.model, settings="\n".join(lines)
    )
    buttons = [Button(say("setting_model"), "/model #1")]
    buttons += [Button(say(f"setting_{name}"), f"/settings {name}") for name in offered]
    return Response(text=text, buttons=tuple(buttons), in_place=True)


def _one(name: str, chosen: ChannelSettings, preferences: Preferences) -> Response:
    """Return one setting, with a button for each value."""
    shown = _shown(name, chosen, preferences)
    text = say("settings_one", name=say(f"setting_{name}"), what=say(f"settings_{name}"), value=shown)
    if name in FREE:
        return Response(text=f"{text}\n\n{say(f'settings_{name}_how')}", buttons=(_back(),), in_place=True)
    buttons = [
        Button(f"{'✓ ' if _word(name, value) == shown else ''}{_word(name, value)}", f"/settings {name} {value}")
        for value in CHOICES[name]
    ]
    return Response(text=text, buttons=(*buttons, _back()), in_place=True)


def _back() -> Button:
    return Button("↩", "/settings")


def _shown(name: str, chosen: ChannelSettings, preferences: Preferences) -> str:
    kept = {**asdict(chosen), **asdict(preferences)}[name]
    if name == FALLBACKS:
        return say("value_default") if kept is None else ", ".join(kept) or say("value_off")
    if name == PERSONA:
        return kept or say("value_off")
    return next((_word(name, value) for value, meaning in CHOICES[name].items() if meaning == kept), str(kept))


def _word(name: str, value: str) -> str:
    """Return the label of a value."""
    if name == "language":
        return LANGUAGES.get(value, say("value_auto"))
    return value if value.isdigit() else say(f"value_{value}")


SETTINGS = Command(settings, (Option(name="name", choices=(*CHOICES, *FREE)), Option(name="value")))
