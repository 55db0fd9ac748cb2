"""The choice of the model."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches

from bot.accounting.model_scores import best_value
from bot.commands.command import Command, CommandContext, Option, Response, Suggestion, number
from bot.errors import BotError, FailureCode, Refused
from bot.messages import Button, Conversation, Model, Turn
from bot.ports import Provider
from bot.words import say

PAGE = 8  # models on one page of the picker
SUGGESTED = 25  # suggestions during typing
OFFERED = 3  # placeholder for a name that matches nothing
CLOSE = 0.4  # similarity of two names, from 0 to 1, to be close
EYE = "👁"  # marks a model that sees photos
HERE = "✓"  # marks the model that answers here
BEST = "🏅"  # marks the cheapest model of those that win as often as the best
LONGEST = 40  # characters of a button

Known = Mapping[str, Model]
"""Models by provider/model."""


async def model(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Pick the model that answers here: /model [NAME | #PAGE]. NAME may be a part of it, without the provider."""
    known = await known_models(context.providers)
    current = turn.conversation.model
    if not rest or rest.startswith("#"):
        return picker(
            known,
            current,
            page=number(rest[1:]) or 1,
            command="/model",
            turn_page="/model",
            title="model_now",
            best=best_value(await context.votes.list_scores()),
        )
    name = resolve(rest, known)
    if name is None:
        return _which(rest, known, current)
    await switch(context, turn.conversation, name)
    if known[name].sees:
        return Response(text=say("model_switched", model=name), in_place=True)
    seeing = _seeing(known)[0]
    return Response(
        text=say("model_switched_blind", model=name, seeing=seeing),
        buttons=(Button(f"{EYE} {seeing}"[:LONGEST], f"/model {seeing}"),),
        in_place=True,
    )


async def switch(context: CommandContext, conversation: Conversation, name: str) -> None:
    """Switch the model. A provider that is left deletes its conversation: nobody would find it there later."""
    left = context.providers.get(conversation.provider)
    await context.conversations.switch_model(conversation, name)
    if left is not None and conversation.remote_id is not None and name.partition("/")[0] != conversation.provider:
        with suppress(BotError):
            await left.capabilities.forget(conversation)


def picker(
    known: Known, current: str, page: int, command: str, turn_page: str, title: str, *, best: str | None = None
) -> Response:
    """Return a page of all models, grouped by provider, those that see photos first.

    A press sends `command` and the model, or `turn_page` and the number of another page. `best` is the best buy.
    """
    ordered = _ordered(known)
    pages = max(1, -(-len(ordered) // PAGE))
    page = (page - 1) % pages + 1
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    turning = [
        Button("◀", f"{turn_page} #{page - 1 or pages}"),
        Button(f"{page}/{pages} ▶", f"{turn_page} #{page % pages + 1}"),
    ]
    buttons = [Button(_label(name, known[name], current, best), f"{command} {name}") for name in shown]
    text = say(title, model=current, models=_lines(shown, known, current, best))
    if best in known:
        text = f"{text}\n\n{BEST} {say('scores_best', model=best)}"
    return Response(text=text, buttons=(*buttons, *(turning if pages > 1 else ())), in_place=True)


async def known_models(providers: Mapping[str, Provider]) -> dict[str, Model]:
    """Return all available models, by provider/model."""
    return {f"{name}/{model.id}": model for name, provider in providers.items() for model in await provider.models()}


def resolve(name: str, known: Known) -> str | None:
    """Find the one model that matches a name, with or without the provider; None: it is ambiguous."""
    wanted = name.lower()
    same = [full for full, model in known.items() if wanted in (full.lower(), model.id.lower())]
    if same:
        return same[0]
    holding = _holding(name, known)
    return holding[0] if len(holding) == 1 else None


def nearest(name: str, known: Known) -> str:
    """Find the model that most likely matches. Refused, with the closest names, if there is none."""
    found = resolve(name, known) or next(iter(_holding(name, known)), None)
    if found is not None:
        return found
    close = fitting(name, known)[:3]
    if not close:
        raise Refused(FailureCode.MODEL_UNKNOWN_PLAIN, model=name)
    raise Refused(FailureCode.MODEL_UNKNOWN, model=name, close=", ".join(close))


async def suggest(providers: Mapping[str, Provider], typed: str) -> Sequence[Suggestion]:
    """List the models that contain the typed text, then those with similar names; those that see photos first."""
    known = await known_models(providers)
    return [
        Suggestion(name, f"{EYE} {name}" if known[name].sees else name) for name in fitting(typed, known)[:SUGGESTED]
    ]


def fitting(typed: str, known: Known) -> Sequence[str]:
    """List the models that contain the typed text, then those with similar names; those that see photos first."""
    holding = _holding(typed, known)
    found = dict.fromkeys([*holding, *_close(typed, known)])
    return sorted(found, key=lambda name: (name not in holding, not known[name].sees))


def _holding(typed: str, known: Known) -> Sequence[str]:
    return [name for name in known if typed.lower() in name.lower()]


def _close(typed: str, known: Known) -> Sequence[str]:
    """List the models with a similar name, with or without the provider, the closest first."""
    names = {model.id.lower(): name for name, model in known.items()} | {name.lower(): name for name in known}
    close = get_close_matches(typed.lower(), names, n=SUGGESTED, cutoff=CLOSE)
    return list(dict.fromkeys(names[name] for name in close))


def _which(typed: str, known: Known, current: str) -> Response:
    """Return the error for a name that matches several models, or none, with buttons for the possible ones."""
    holding = _holding(typed, known)
    meant = [name for name in _ordered(known) if name in holding][:PAGE] or _close(typed, known)[:OFFERED]
    if not meant:
        return Response(text=say("model_unknown_plain", model=typed))
    buttons = tuple(Button(_label(name, known[name], current), f"/model {name}") for name in meant)
    if holding:
        return Response(
            text=say("model_several", model=typed, models=_lines(meant, known, current)), buttons=buttons, in_place=True
        )
    return Response(text=say("model_unknown", model=typed, close=", ".join(meant)), buttons=buttons, in_place=True)


def _ordered(known: Known) -> Sequence[str]:
    providers = list(dict.fromkeys(name.partition("/")[0] for name in known))
    return sorted(known, key=lambda name: (providers.index(name.partition("/")[0]), not known[name].sees))


def _seeing(known: Known) -> Sequence[str]:
    return [name for name, model in known.items() if model.sees] or list(known)


def _label(name: str, model: Model, current: str, best: str | None = None) -> str:
    marks = [HERE] * (name == current) + [BEST] * (name == best) + [EYE] * model.sees
    return " ".join([*marks, model.name or model.id])[:LONGEST]


def _lines(names: Sequence[str], known: Known, current: str, best: str | None = None) -> str:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        model = known[name]
        marks = (
            HERE if name == current else "",
            BEST if name == best else "",
            EYE if model.sees else "",
            f"· {model.price}" if model.price else "",
        )
        groups[name.partition("/")[0]].append(" ".join(filter(None, ("-", f"`{name}`", *marks))))
    return "\n\n".join(f"**{provider}**\n" + "\n".join(lines) for provider, lines in groups.items())


MODEL = Command(model, (Option(name="model", suggest=suggest),))
