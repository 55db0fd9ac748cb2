"""Which model answers."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from bot.commands.command import Command, Desk, Option, Response, Suggestion
from bot.messages import Model, Turn
from bot.ports import Provider
from bot.words import say

LISTED = 12  # how many names one answer holds
SUGGESTED = 25
EYE = "👁"  # what marks a model that sees photos


async def model(desk: Desk, turn: Turn, rest: str) -> Response:
    """/model [NAME]: say which model answers here, or switch. NAME may leave out the provider."""
    known = await known_models(desk.providers)
    if not rest:
        return Response(_list(turn.conversation.model, known))
    name = rest if rest in known else _without_provider(rest, known)
    if name is None:
        close = get_close_matches(rest, [*known, *(model.id for model in known.values())], n=3, cutoff=0.4)
        if not close:
            return Response(say("model_unknown_plain", model=rest))
        return Response(say("model_unknown", model=rest, close=", ".join(close)))
    await desk.store.switched(turn.conversation, name)
    if known[name].sees:
        return Response(say("model_switched", model=name))
    return Response(say("model_switched_blind", model=name, seeing=_seeing(known)[0]))


async def known_models(providers: Mapping[str, Provider]) -> dict[str, Model]:
    """Every model that can be asked, by provider/model."""
    return {f"{name}/{model.id}": model for name, provider in providers.items() for model in await provider.models()}


async def suggest(desk: Desk, typed: str) -> Sequence[Suggestion]:
    """The models whose name holds what was typed, then those whose name is close to it; seeing ones first."""
    known = await known_models(desk.providers)
    holding = [name for name in known if typed.lower() in name.lower()]
    close = get_close_matches(typed, list(known), n=SUGGESTED, cutoff=0.4)
    names = sorted(dict.fromkeys([*holding, *close]), key=lambda name: (name not in holding, not known[name].sees))
    return [Suggestion(name, f"{EYE} {name}" if known[name].sees else name) for name in names[:SUGGESTED]]


def _list(current: str, known: Mapping[str, Model]) -> str:
    names = "\n".join(f"- `{name}`" for name in _seeing(known)[:LISTED])
    return say("model_now", model=current, models=say("model_list", names=names))


def _seeing(known: Mapping[str, Model]) -> Sequence[str]:
    return [name for name, model in known.items() if model.sees] or list(known)


def _without_provider(name: str, known: Mapping[str, Model]) -> str | None:
    same = [full for full, model in known.items() if model.id.lower() == name.lower() or full.lower() == name.lower()]
    return same[0] if same else None


MODEL = Command(model, (Option("model", suggest=suggest),))
