"""What was chosen for a channel, and who may choose it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, get_args

from bot.commands.command import Command, Desk, Option, Response
from bot.messages import ChannelSettings, Listening, Turn
from bot.words import say

# Every setting of a channel, and what it may be: as people say it, and as it is kept.
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "listening": {value: value for value in get_args(Listening)},
    "threads": {"on": True, "off": False},
}


async def settings(desk: Desk, turn: Turn, rest: str) -> Response:
    """/settings [NAME VALUE]: say how the bot behaves in this channel, or change it."""
    channel = turn.message.channel
    chosen = await desk.store.channel_settings(channel)
    if not rest:
        return Response(say("settings_now", settings=_list(chosen)))
    name, _, value = rest.lower().partition(" ")
    value = value.strip()
    if value not in CHOICES.get(name, ()):
        return Response(say("settings_unknown", settings=_list(chosen)))
    if not await desk.manages(turn.message):
        return Response(say("settings_not_yours"))
    await desk.store.set_channel(channel, replace(chosen, **{name: CHOICES[name][value]}))
    return Response(say("settings_done", name=name, value=value))


def _list(chosen: ChannelSettings) -> str:
    kept = asdict(chosen)
    return "\n".join(
        f"- `{name}` · {say(f'settings_{name}')} · "
        + " ".join(f"**{value}**" if kept[name] == meaning else value for value, meaning in values.items())
        for name, values in CHOICES.items()
    )


SETTINGS = Command(
    settings,
    (
        Option("name", choices=tuple(CHOICES)),
        Option("value", choices=tuple(dict.fromkeys(value for values in CHOICES.values() for value in values))),
    ),
)
