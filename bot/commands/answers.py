"""An answer that could be better: asked again, of another model, or of several at once; and the way back."""

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
from bot.messages import Turn
from bot.words import say

FEWEST_MODELS, MOST_MODELS = 2, 4  # that are compared
ASKING = ("retry", "compare")  # commands that ask a model


async def retry(desk: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """/retry [TURN] [MODEL]: the same photos and the same question, for a new answer."""
    subject, rest = await subject_of(desk, turn, rest)
    if not rest:
        return AskAgain(subject, turn.conversation.model)
    return AskAgain(subject, nearest(rest, await known_models(desk.providers)))


async def other(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/with [TURN] [#PAGE]: pick the model that answers the question again."""
    subject, rest = await subject_of(desk, turn, rest)
    page = number(rest[1:]) if rest.startswith("#") else None
    known = await known_models(desk.providers)
    shown = picker(
        known, turn.conversation.model, page or 1, f"/retry {subject.id}", f"/with {subject.id}", "with_which"
    )
    return shown if page else Response(shown.text, shown.buttons)  # the answer itself stays where it is


async def version(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/version TURN N: show that one of the answers."""
    subject, rest = await subject_of(desk, turn, rest)
    versions = await desk.store.turns.list_versions(subject)
    n = (number(rest) or len(versions)) - 1
    if not 0 <= n < len(versions):
        raise Refused("version_unknown")
    await desk.store.turns.select_version(subject, n)
    return Response(versions[n].shown, tuple(controls(subject, len(versions), n, speaks=desk.speaks)), turn=subject)


async def compare(desk: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """/compare MODEL MODEL ...: the same photo and question to up to four models, side by side."""
    subject, rest = await subject_of(desk, turn, rest)
    known = await known_models(desk.providers)
    models = list(dict.fromkeys(nearest(name, known) for name in rest.replace(",", " ").split()))
    if not FEWEST_MODELS <= len(models) <= MOST_MODELS:
        raise Refused("compare_how", most=MOST_MODELS)
    return CompareModels(subject, models)


async def pick(desk: CommandContext, turn: Turn, rest: str) -> Response:
    """/pick TURN N: go on with what the N-th of the compared models said."""
    id, _, which = rest.partition(" ")
    compared = await _turn(desk, turn, id)
    lanes = compared.result.lanes if compared.result else ()
    n = (number(which) or 0) - 1
    if not 0 <= n < len(lanes):
        raise Refused("version_unknown")
    subject, _ = await subject_of(desk, compared, _rest(compared))
    answer = lanes[n].answer
    await switch(desk, turn.conversation, answer.model)
    await desk.store.turns.add_version(subject, compared, answer)
    return Response(say("picked", model=answer.model))


async def subject_of(desk: CommandContext, turn: Turn, rest: str) -> tuple[Turn, str]:
    """The question that is meant, and what is left of the words: named by its number, replied to, or the last one."""
    first, _, more = rest.partition(" ")
    if first.isdecimal():
        return await _turn(desk, turn, first), more.strip()
    found = await _replied_to(desk, turn) or await _last_question(desk, turn)
    if found is None:
        raise Refused("again_nothing")
    return found, rest


async def _turn(desk: CommandContext, turn: Turn, id: str) -> Turn:
    """A turn of the same conversation: the numbers of others are nobody's business."""
    n = number(id)
    found = None if n is None else await desk.store.turns.get_turn(n)
    if found is None or found.conversation.id != turn.conversation.id:
        raise Refused("again_nothing")
    return found


async def _replied_to(desk: CommandContext, turn: Turn) -> Turn | None:
    """The question behind the post that is replied to; what asked for other answers is about an earlier one."""
    about = turn.message.about
    behind = await desk.store.posts.find_turn_of_post(turn.message.channel, about.id) if about and about.ours else None
    if behind is None:
        return None
    said = parse(behind.message.text)
    if question(said, behind.message.text) is not None:
        return behind
    return (await subject_of(desk, behind, _rest(behind)))[0] if said and said[0] in ASKING else None


async def _last_question(desk: CommandContext, turn: Turn) -> Turn | None:
    """The last one that was asked before: when a button is pressed below an older answer, others have been since."""
    last = await desk.store.turns.find_last_question(turn.conversation)
    if last is None or last.id < turn.id:
        return last
    asked = await desk.store.turns.list_answered(turn.conversation)
    return next((each for each in reversed(asked) if each.id < turn.id), None)


def _rest(turn: Turn) -> str:
    """What a command was told."""
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
