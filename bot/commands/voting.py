"""Votes on compared answers: the buttons, the command that they send, and what came of all votes."""

from collections import Counter
from collections.abc import Collection, Sequence

from bot.accounting.model_scores import best_value, by_rank, wilson_interval
from bot.commands.answer_buttons import MOST_IN_ROW
from bot.commands.command import CastVote, CommandContext, number
from bot.commands.model_choice import BEST
from bot.errors import FailureCode, Refused
from bot.messages import VOTE, Button, JobResult, LaneResult, ModelScore, Turn
from bot.words import say, say_money, say_number

FEATURE = "votes"  # as it is switched off
ALL, NONE = "all", "none"  # in place of a number
FEWEST_ANSWERS = 2  # that can be compared


def letter_of(lane: int) -> str:
    """Return the letter by which an answer is called."""
    return chr(ord("A") + lane)


def votable(result: JobResult) -> list[int]:
    """Return the lanes that can be voted for: those with an answer, if there are several."""
    lanes = [n for n, lane in enumerate(result.lanes) if lane.answer.text]
    return lanes if len(lanes) >= FEWEST_ANSWERS else []


def vote_buttons(compared: int, lanes: Sequence[int]) -> tuple[Button, ...]:
    """Return one row of buttons: one for each answer, and as many of neither and both as have room."""
    are_two = len(lanes) == FEWEST_ANSWERS
    every = Button(say("label_vote_both" if are_two else "label_vote_all"), f"/{VOTE} {compared} {ALL}")
    no_one = Button(say("label_vote_neither" if are_two else "label_vote_none"), f"/{VOTE} {compared} {NONE}")
    single = [Button(letter_of(lane), f"/{VOTE} {compared} {lane + 1}") for lane in lanes]
    room = MOST_IN_ROW - len(single)
    return (*single, *((every, no_one) if room >= 2 else (no_one,)))


def vote_text(result: JobResult, votes: Sequence[Collection[int]], *, is_hidden: bool) -> str:
    """Return the question that stands above the buttons, with the models and their votes so far."""
    lanes = votable(result)
    if is_hidden:
        return f"{say('vote_which')}\n\n{say('vote_hidden')}"
    choices = Counter(_choice(won, lanes) for won in votes)
    lines = [_line(result, lane, choices[str(lane)]) for lane in lanes]
    are_two = len(lanes) == FEWEST_ANSWERS
    for choice, label in ((ALL, "both" if are_two else "all"), (NONE, "neither" if are_two else "none")):
        if choices[choice]:
            lines.append(f"- {say(f'label_vote_{label}')}: {say('vote_count', n=choices[choice])}")
    return "\n".join([say("vote_which"), "", *lines])


def _choice(won: Collection[int], lanes: Sequence[int]) -> str:
    if len(won) == 1:
        return str(next(iter(won)))
    return ALL if set(won) >= set(lanes) else NONE


def _line(result: JobResult, lane: int, votes: int) -> str:
    """Return the model of an answer, what it took, and its votes; without any, others tell what it took."""
    parts = [result.lanes[lane].answer.model]
    if result.is_blind:
        parts += _what_it_took(result.lanes[lane])
    if votes:
        parts.append(say("vote_count", n=votes))
    return f"- **{letter_of(lane)}**: {' · '.join(parts)}"


def _what_it_took(lane: LaneResult) -> list[str]:
    return _figures(lane.took, lane.usage.credits, lane.usage.dollars)


def _figures(took: float | None, credits: float | None, dollars: float | None) -> list[str]:
    """Return seconds and price, as far as they are known."""
    parts = [] if took is None else [f"{say_number(took, decimals=1)} s"]
    if credits is not None:
        parts.append(say("credits", credits=round(credits)))
    if dollars is not None:
        parts.append(say_money(dollars, digits=4))
    return parts


async def vote(context: CommandContext, turn: Turn, rest: str) -> CastVote:
    """Vote for the N-th compared answer, for all or for none: /vote TURN N|all|none. Sent by buttons."""
    if FEATURE in context.rules.off:
        raise Refused(FailureCode.FEATURE_OFF)
    id, _, choice = rest.partition(" ")
    wanted = number(id)
    compared = None if wanted is None else await context.turns.get_turn(wanted)
    if compared is None or compared.result is None or not _is_shown_to(turn, compared):
        raise Refused(FailureCode.AGAIN_NOTHING)
    lanes = votable(compared.result)
    chosen = {ALL: lanes, NONE: []}.get(choice, [(number(choice) or 0) - 1])
    if not lanes or not set(chosen) <= set(lanes):
        raise Refused(FailureCode.VERSION_UNKNOWN)
    return CastVote(compared, tuple(chosen))


def _is_shown_to(turn: Turn, compared: Turn) -> bool:
    """Tell whether a comparison is of the same conversation, or of an older one in the same channel."""
    is_same_conversation = turn.conversation.id == compared.conversation.id
    return is_same_conversation or turn.message.channel == compared.message.channel


async def report_scores(context: CommandContext) -> str:
    """Return how often each model wins comparisons, in all and by kind of question: /usage models."""
    scores = await context.votes.list_scores()
    if not scores:
        return say("scores_none")
    best = best_value(scores)
    lines = [say("scores_title"), "", *(f"- {_score_line(score, best)}" for score in by_rank(scores))]
    for kind, of_kind in (await context.votes.list_scores_by_kind()).items():
        shares = [say("score_share", model=each.model, won=each.won, votes=each.votes) for each in by_rank(of_kind)]
        lines += ["", f"**{say(f'kind_{kind}')}**: {' · '.join(shares)}"]
    return "\n".join([*lines, *(["", f"{BEST} {say('scores_best', model=best)}"] if best else [])])


def _score_line(score: ModelScore, best: str | None) -> str:
    low, high = wilson_interval(score.won, score.votes)
    wins = say("score_wins", won=score.won, votes=score.votes, low=round(low * 100), high=round(high * 100))
    name = f"**{score.model}**" + (f" {BEST}" if score.model == best else "")
    return " · ".join([f"{name}: {wins}", *_figures(score.took, score.credits, score.dollars)])
