"""An answer that could be better: asked again, of another model, or of several at once; and the way back."""

from bot.commands.command import AskAgain, AskAll, Command, Desk, Option, Ordered, Response
from bot.commands.controls import controls
from bot.commands.models import known_models, picker, resolve, suggest
from bot.errors import Refused
from bot.messages import Turn, Version
from bot.words import say

FEWEST_MODELS, MOST_MODELS = 2, 4  # that are compared
BETWEEN = "\n\x1e\n"  # a separator that nobody writes, between the answers of compared models


async def retry(desk: Desk, turn: Turn, rest: str) -> Ordered:
    """/retry [TURN] [MODEL]: the same photos and the same question, for a new answer."""
    subject, rest = await _subject(desk, turn, rest)
    if not rest:
        return AskAgain(subject, turn.conversation.model)
    known = await known_models(desk.providers)
    model = resolve(rest, known)
    if model is None:
        raise Refused("model_unknown_plain", model=rest)
    return AskAgain(subject, model)


async def other(desk: Desk, turn: Turn, rest: str) -> Response:
    """/with [TURN] [#PAGE]: pick the model that answers the question again."""
    subject, rest = await _subject(desk, turn, rest)
    page = int(rest[1:]) if rest.startswith("#") and rest[1:].isdigit() else 0
    known = await known_models(desk.providers)
    shown = picker(
        known, turn.conversation.model, page or 1, f"/retry {subject.id}", f"/with {subject.id}", "with_which"
    )
    return shown if page else Response(shown.text, shown.buttons)  # the answer itself stays where it is


async def version(desk: Desk, turn: Turn, rest: str) -> Response:
    """/version TURN N: show that one of the answers."""
    subject, rest = await _subject(desk, turn, rest)
    versions = await desk.store.versions(subject)
    n = int(rest) - 1 if rest.isdigit() else len(versions) - 1
    if not 0 <= n < len(versions):
        raise Refused("version_unknown")
    await desk.store.show_version(subject, n)
    return Response(versions[n].text, tuple(controls(subject, len(versions), n)), turn=subject)


async def compare(desk: Desk, turn: Turn, rest: str) -> Ordered:
    """/compare MODEL MODEL ...: the same photo and question to up to four models, side by side."""
    subject, rest = await _subject(desk, turn, rest)
    known = await known_models(desk.providers)
    names = rest.replace(",", " ").split()
    models = list(dict.fromkeys(filter(None, (resolve(name, known) for name in names))))
    unknown = [name for name in names if resolve(name, known) is None]
    if unknown:
        raise Refused("model_unknown_plain", model=unknown[0])
    if not FEWEST_MODELS <= len(models) <= MOST_MODELS:
        raise Refused("compare_how", most=MOST_MODELS)
    return AskAll(subject, models)


async def pick(desk: Desk, turn: Turn, rest: str) -> Response:
    """/pick TURN N: go on with what the N-th of the compared models said."""
    compared = await _turn(desk, turn, rest.partition(" ")[0])
    ordered = await compare(desk, compared, compared.message.text.partition(" ")[2])
    n = int(rest.partition(" ")[2] or 0) - 1
    texts = (compared.answer or "").split(BETWEEN)
    if not isinstance(ordered, AskAll) or not 0 <= n < min(len(ordered.models), len(texts)):
        raise Refused("version_unknown")
    model = ordered.models[n]
    await desk.store.switched(turn.conversation, model)
    await desk.store.add_version(ordered.subject, compared, Version(texts[n], model))
    return Response(say("picked", model=model))


async def _subject(desk: Desk, turn: Turn, rest: str) -> tuple[Turn, str]:
    """The question that is meant, and what is left of the words: named by its number, replied to, or the last one."""
    first, _, more = rest.partition(" ")
    if first.isdigit():
        return await _turn(desk, turn, first), more.strip()
    about = turn.message.about
    behind = await desk.store.turn_behind(turn.message.channel, about.id) if about and about.ours else None
    found = behind or await desk.store.last_question(turn.conversation)
    if found is None:
        raise Refused("again_nothing")
    return found, rest


async def _turn(desk: Desk, turn: Turn, id: str) -> Turn:
    """A turn of the same conversation: the numbers of others are nobody's business."""
    found = await desk.store.turn(int(id)) if id.isdigit() else None
    if found is None or found.conversation.id != turn.conversation.id:
        raise Refused("again_nothing")
    return found


MODEL_OPTION = Option("model", suggest=suggest)
AGAIN = {
    "retry": Command(retry, (MODEL_OPTION,)),
    "compare": Command(
        compare,
        tuple(Option(f"model{n}", suggest=suggest, required=n <= FEWEST_MODELS) for n in range(1, MOST_MODELS + 1)),
    ),
    "with": Command(other, listed=False),
    "version": Command(version, listed=False),
    "pick": Command(pick, listed=False),
}
