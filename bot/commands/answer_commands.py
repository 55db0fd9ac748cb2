"""Commands that improve an answer: ask again, ask another model or several at once, vote, and go back."""

from bot.commands.answer_buttons import BUTTONS, PICTURES, controls, drawn_controls, offers_table
from bot.commands.command import (
    AskAgain,
    Command,
    CommandContext,
    CommandResult,
    CompareModels,
    LookCloser,
    Option,
    Response,
    number,
    parse,
    question,
)
from bot.commands.model_choice import known_models, nearest, picker, suggest, switch
from bot.commands.voting import FEATURE as VOTES
from bot.commands.voting import vote
from bot.errors import FailureCode, Refused
from bot.messages import VOTE, Button, JobResult, Turn
from bot.words import say

FEWEST_MODELS, MOST_MODELS = 2, 4  # models in a comparison
EDITED = "edited"  # what the bot says to itself when a question was edited after its answer
RETRY = "retry"
BLIND = "blind"
ASKING = (RETRY, "compare", "more", "zoom")  # commands that ask a model


async def retry(context: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Ask again with the same photos and question: /retry [TURN] [MODEL]."""
    subject, rest = await subject_of(context, turn, rest)
    if not rest:
        return AskAgain(subject, turn.conversation.model)
    return AskAgain(subject, nearest(rest, await known_models(context.providers)))


async def more(context: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Ask for the rest of an answer that broke off, or all of it where it never began: /more [TURN]."""
    subject, _ = await subject_of(context, turn, rest)
    return AskAgain(subject, turn.conversation.model, goes_on=bool(subject.answer))


async def zoom(context: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Look closer at a photo: /zoom [TURN] [WORDS]."""
    if turn.message.own_photos:
        return LookCloser(turn, rest)
    subject, words = await subject_of(context, turn, rest)
    return LookCloser(subject, words or subject.words)


async def other(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Pick the model that answers the question again: /with [TURN] [#PAGE]."""
    subject, rest = await subject_of(context, turn, rest)
    page = number(rest[1:]) if rest.startswith("#") else None
    known = await known_models(context.providers)
    shown = picker(
        known,
        turn.conversation.model,
        page=page or 1,
        command=f"/retry {subject.id}",
        turn_page=f"/with {subject.id}",
        title="with_which",
    )
    return (
        shown if page else Response(text=shown.text, buttons=shown.buttons)
    )  # the post with the answer is not replaced


async def edited(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Offer to ask a question again that was edited after it had been answered: /edited TURN."""
    subject, _ = await subject_of(context, turn, rest)
    return Response(text=say("edited_after"), buttons=(Button(say("label_retry"), f"/retry {subject.id}"),))


async def version(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Show another version of the answer: /version TURN N."""
    subject, rest = await subject_of(context, turn, rest)
    versions = await context.turns.list_versions(subject)
    n = (number(rest) or len(versions)) - 1
    if not 0 <= n < len(versions):
        raise Refused(FailureCode.VERSION_UNKNOWN)
    await context.turns.select_version(subject, n)
    is_tabular = offers_table(subject, versions[n], context.rules.off)
    buttons = tuple(controls(subject, len(versions), n, speaks=context.speaks, is_tabular=is_tabular))
    return Response(text=versions[n].shown, buttons=buttons, turn=subject, is_spoiler=versions[n].is_spoiler)


async def unfold(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Show all buttons of an answer: /buttons TURN."""
    subject, _ = await subject_of(context, turn, rest)
    if subject.result is not None and subject.result.caption is not None:
        return await _unfold_pictures(context, subject, subject.result)
    versions = await context.turns.list_versions(subject)
    if not versions or subject.result is None:
        raise Refused(FailureCode.VERSION_UNKNOWN)
    texts = [version.shown for version in versions]
    n = texts.index(subject.result.shown) if subject.result.shown in texts else len(texts) - 1
    is_tabular = offers_table(subject, versions[n], context.rules.off)
    buttons = tuple(controls(subject, len(versions), n, speaks=context.speaks, is_tabular=is_tabular, is_unfolded=True))
    return Response(
        text=subject.result.shown, buttons=buttons, turn=subject, is_spoiler=versions[n].is_spoiler, has_footer=True
    )


async def _unfold_pictures(context: CommandContext, subject: Turn, result: JobResult) -> Response:
    """Show all buttons of generated pictures."""
    files = await context.files.list_generated(subject.id)
    pictures = sum(file.mime.startswith("image/") for file in files)
    caption = result.caption or say("picture_drawn")
    buttons = tuple(drawn_controls(subject, pictures, is_unfolded=True))
    return Response(text=caption, buttons=buttons, turn=subject, lane=PICTURES, is_spoiler=result.is_spoiler)


async def compare(context: CommandContext, turn: Turn, rest: str) -> CommandResult:
    """Ask up to four models side by side, with the same photo and question: /compare [blind] MODEL MODEL ..."""
    names = rest.replace(",", " ").split()
    is_blind = BLIND in map(str.lower, names)
    if is_blind and VOTES in context.rules.off:  # nobody could have the names shown
        raise Refused(FailureCode.FEATURE_OFF)
    subject, rest = await subject_of(context, turn, " ".join(name for name in names if name.lower() != BLIND))
    models_by_name = await known_models(context.providers)
    models = list(dict.fromkeys(nearest(name, models_by_name) for name in rest.split()))
    if not FEWEST_MODELS <= len(models) <= MOST_MODELS:
        raise Refused(FailureCode.COMPARE_HOW, most=MOST_MODELS)
    return CompareModels(subject, models, is_blind)


async def pick(context: CommandContext, turn: Turn, rest: str) -> Response:
    """Continue with the answer of the N-th compared model: /pick TURN N."""
    id, _, which = rest.partition(" ")
    compared = await _turn(context, turn, id)
    lanes = compared.result.lanes if compared.result else ()
    n = (number(which) or 0) - 1
    if not 0 <= n < len(lanes):
        raise Refused(FailureCode.VERSION_UNKNOWN)
    subject, _ = await subject_of(context, compared, _rest(compared))
    answer = lanes[n].answer
    await switch(context, turn.conversation, answer.model)
    await context.turns.add_version(subject, compared, answer)
    return Response(text=say("picked", model=answer.model))


async def subject_of(context: CommandContext, turn: Turn, rest: str) -> tuple[Turn, str]:
    """Find the question by its number, the reply or as the last one; return it with the remaining words."""
    first, _, more = rest.partition(" ")
    if first.isdecimal():
        return await _turn(context, turn, first), more.strip()
    subject = await _replied_to(context, turn) or await _last_question(context, turn)
    if subject is None:
        raise Refused(FailureCode.AGAIN_NOTHING)
    return subject, rest


async def _turn(context: CommandContext, turn: Turn, id: str) -> Turn:
    """Find a turn of the same conversation; those of others are private."""
    n = number(id)
    subject = None if n is None else await context.turns.get_turn(n)
    if subject is None or subject.conversation.id != turn.conversation.id:
        raise Refused(FailureCode.AGAIN_NOTHING)
    return subject


async def _replied_to(context: CommandContext, turn: Turn) -> Turn | None:
    """Find the question behind the replied-to post; for a repeated question, the original one."""
    about = turn.message.about
    behind = await context.posts.find_turn_of_post(turn.message.channel, about.id) if about and about.ours else None
    if behind is None:
        return None
    command = parse(behind.message.text)
    if question(command, behind.message.text) is not None:
        return behind
    return (await subject_of(context, behind, _rest(behind)))[0] if command and command[0] in ASKING else None


async def _last_question(context: CommandContext, turn: Turn) -> Turn | None:
    """Find the last question before this turn: a button below an older answer may be pressed after newer questions."""
    last = await context.turns.find_last_question(turn.conversation)
    if last is None or last.id < turn.id:
        return last
    asked = await context.turns.list_answered(turn.conversation)
    return next((each for each in reversed(asked) if each.id < turn.id), None)


def _rest(turn: Turn) -> str:
    """Return the arguments of a command."""
    command = parse(turn.message.text)
    return command[1] if command else ""


MODEL_OPTION = Option(name="model", suggest=suggest)
AGAIN = {
    "retry": Command(retry, (MODEL_OPTION,)),
    "compare": Command(
        compare,
        (
            *(Option(name=f"model{n}", suggest=suggest, required=True) for n in range(1, FEWEST_MODELS + 1)),
            *(Option(name=f"model{n}", suggest=suggest) for n in range(FEWEST_MODELS + 1, MOST_MODELS + 1)),
            Option(name=BLIND, choices=(BLIND,)),
        ),
    ),
    "zoom": Command(zoom, (Option(name="place"),)),
    "more": Command(more, listed=False),
    "with": Command(other, listed=False),
    EDITED: Command(edited, listed=False),
    "version": Command(version, listed=False),
    BUTTONS: Command(unfold, listed=False),
    "pick": Command(pick, listed=False),
    VOTE: Command(vote, listed=False),
}
