"""Commands that improve an answer: ask again, ask another model or several at once, and go back."""

from bot.commands.answer_buttons import controls
from bot.commands.command import (
    AskAgain,
    Command,
    CommandContext,
    CommandResult,
    CompareModels,
    Option,
    Response,
    number,
    parse,
)
from bot.commands.model_choice import known_models, nearest, picker, suggest, switch
from bot.commands.questions import question
from bot.errors import Refused
from bot.messages import AnswerVersion, Turn
from bot.words import say

FEWEST_MODELS, MOST_MODELS = 2, 4  # models in a comparison
ASKING = ("retry", "compare")  # commands that ask a model
BETWEEN = "\n\x1e\n"  # a separator that nobody types, between the answers of compared models


async def retry(desk: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Ask again with the same photos and question: /retry [TURN] [MODEL]."""
    subject, rest = await subject_of(desk, turn, rest)
    if not rest:
        return AskAgain(subject, turn.conversation.model)
    return AskAgain(subject, nearest(rest, await known_models(desk.providers)))


async def other(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Pick the model that answers the question again: /with [TURN] [#PAGE]."""
    subject, rest = await subject_of(desk, turn, rest)
    page = number(rest[1:]) if rest.startswith("#") else None
    known = await known_models(desk.providers)
    shown = picker(
        known, turn.conversation.model, page or 1, f"/retry {subject.id}", f"/with {subject.id}", "with_which"
    )
    return shown if page else Response(shown.text, shown.buttons)  # the post with the answer is not replaced


async def version(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Show another version of the answer: /version TURN N."""
    subject, rest = await subject_of(desk, turn, rest)
    versions = await desk.store.turns.list_versions(subject)
    n = (number(rest) or len(versions)) - 1
    if not 0 <= n < len(versions):
        raise Refused("version_unknown")
    await desk.store.turns.select_version(subject, n)
    return Response(versions[n].text, tuple(controls(subject, len(versions), n, speaks=desk.speaks)), turn=subject)


async def compare(desk: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Ask up to four models side by side, with the same photo and question: /compare MODEL MODEL ..."""
    subject, rest = await subject_of(desk, turn, rest)
    known = await known_models(desk.providers)
    models = list(dict.fromkeys(nearest(name, known) for name in rest.replace(",", " ").split()))
    if not FEWEST_MODELS <= len(models) <= MOST_MODELS:
        raise Refused("compare_how", most=MOST_MODELS)
    return CompareModels(subject, models)


async def pick(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """Continue with the answer of the N-th compared model: /pick TURN N."""
    id, _, which = rest.partition(" ")
    compared = await _turn(desk, turn, id)
    ordered = await compare(desk, compared, _rest(compared))
    texts = (compared.answer or "").split(BETWEEN)
    n = (number(which) or 0) - 1
    if not isinstance(ordered, CompareModels) or len(texts) != len(ordered.models) or not 0 <= n < len(texts):
        raise Refused("version_unknown")
    model = ordered.models[n]
    await switch(desk, turn.conversation, model)
    await desk.store.turns.add_version(ordered.subject, compared, AnswerVersion(texts[n], model))
    return Response(say("picked", model=model))


async def subject_of(desk: CommandContext, turn: Turn, rest: str) -> tuple[Turn, str]:
    """Find the question by its number, the reply or as the last one; return it with the remaining words."""
    first, _, more = rest.partition(" ")
    if first.isdecimal():
        return await _turn(desk, turn, first), more.strip()
    found = await _replied_to(desk, turn) or await _last_question(desk, turn)
    if found is None:
        raise Refused("again_nothing")
    return found, rest


async def _turn(desk: CommandContext, turn: Turn, id: str) -> Turn:
    """Find a turn of the same conversation; those of others are private."""
    n = number(id)
    found = None if n is None else await desk.store.turns.get_turn(n)
    if found is None or found.conversation.id != turn.conversation.id:
        raise Refused("again_nothing")
    return found


async def _replied_to(desk: CommandContext, turn: Turn) -> Turn | None:
    """Find the question behind the replied-to post; for a repeated question, the original one."""
    about = turn.message.about
    behind = await desk.store.posts.find_turn_of_post(turn.message.channel, about.id) if about and about.ours else None
    if behind is None:
        return None
    said = parse(behind.message.text)
    if question(said, behind.message.text) is not None:
        return behind
    return (await subject_of(desk, behind, _rest(behind)))[0] if said and said[0] in ASKING else None


async def _last_question(desk: CommandContext, turn: Turn) -> Turn | None:
    """Find the last question before this turn: a button below an older answer may be pressed after newer questions."""
    last = await desk.store.turns.find_last_question(turn.conversation)
    if last is None or last.id < turn.id:
        return last
    asked = await desk.store.turns.list_answered(turn.conversation)
    return next((each for each in reversed(asked) if each.id < turn.id), None)


def _rest(turn: Turn) -> str:
    """Return the arguments of a command."""
    said = parse(turn.message.text)
    return said[1] if said else ""


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
