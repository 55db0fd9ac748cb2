"""Commands that generate pictures and sound."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.commands.answer_commands import subject_of
from bot.commands.command import Command, CommandContext, Generate, Option, SpeakAnswer, Suggestion, number, parse
from bot.errors import FailureCode, Refused
from bot.messages import GenerationKind, Turn
from bot.ports import Provider

CRAFTS: tuple[GenerationKind, ...] = (
    *("imagine", "vary", "edit", "cutout", "upscale"),
    *("erase", "untext", "backdrop", "animate", "prompt"),
)
SPEAK, REDO = "speak", "redo"
MAKING = (*CRAFTS, SPEAK, REDO)  # commands that make something
NEEDS_WORDS = ("imagine", "edit", "erase", "backdrop")
TAKES_WORDS = (*NEEDS_WORDS, "animate")
MODEL = "model"
OF, NTH = "of", "nth"
WISHES = (
    MODEL,
    OF,
    NTH,
    "size",
    "n",
    "quality",
    "style",
    "background",
    "ratio",
    "duration",
    "mode",
)  # allowed parameters
WISH = re.compile(rf"(?<!\S)({'|'.join(WISHES)})=(\S+)", re.IGNORECASE)


async def draw(craft: GenerationKind, context: CommandContext, turn: Turn, rest: str) -> Generate:
    """Parse a request: [WORDS] [NAME=VALUE ...]. Buttons send of=TURN nth=N, for an earlier generated picture."""
    wishes = {name.lower(): value for name, value in WISH.findall(rest)}
    words = " ".join(WISH.sub("", rest).split())
    if craft in NEEDS_WORDS and not words:
        raise Refused(f"{craft}_how")
    of = wishes.pop(OF, None)
    subject = (await subject_of(context, turn, of))[0] if of and of.isdecimal() else None
    model, nth = wishes.pop(MODEL, None), number(wishes.pop(NTH, "")) or 1
    return Generate(
        kind=craft, words=words, model=model, params=wishes, source_turn=subject.id if subject else None, nth=nth
    )


async def speak(context: CommandContext, turn: Turn, rest: str) -> SpeakAnswer:
    """Read the answer aloud: /speak [TURN]."""
    subject, _ = await subject_of(context, turn, rest)
    if not subject.answer:
        raise Refused(FailureCode.AGAIN_NOTHING)
    return SpeakAnswer(subject)


async def redo(context: CommandContext, turn: Turn, rest: str) -> Generate:
    """Repeat a request: /redo TURN."""
    subject, _ = await subject_of(context, turn, rest)
    name, words = parse(subject.message.text) or ("", "")
    if name == REDO:
        return await redo(context, turn, words)
    craft = next((craft for craft in CRAFTS if craft == name), None)
    if craft is None:
        raise Refused(FailureCode.AGAIN_NOTHING)
    return replace(await draw(craft, context, subject, words), again=subject)


async def suggest(craft: GenerationKind, providers: Mapping[str, Provider], typed: str) -> Sequence[Suggestion]:
    """List models that can do it and match the typed text."""
    suggestions = []
    for name, provider in providers.items():
        models = await provider.capabilities.media.models(craft) if provider.capabilities.media else ()
        suggestions += [Suggestion(f"{name}/{each.id}", each.name or each.id) for each in models]
    return [each for each in suggestions if typed.lower() in f"{each.value} {each.label}".lower()]


def _command(craft: GenerationKind) -> Command:
    async def obey(context: CommandContext, turn: Turn, rest: str) -> Generate:
        return await draw(craft, context, turn, rest)

    words = (Option(name="words", required=craft in NEEDS_WORDS),) if craft in TAKES_WORDS else ()
    photo = () if craft == "imagine" else (Option(name="photo", photo=True),)
    named = ("model", "size", "n", "quality") if craft == "imagine" else ("model",)
    suggests = {MODEL: partial(suggest, craft)}
    wishes = (Option(name=f"wish_{name}", named=name, suggest=suggests.get(name)) for name in named)
    return Command(obey, (*words, *photo, *wishes))


STUDIO: Mapping[str, Command] = {
    **{craft: _command(craft) for craft in CRAFTS},
    SPEAK: Command(speak),
    REDO: Command(redo, listed=False),
}
