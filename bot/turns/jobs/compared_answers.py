"""The posts of compared answers: each answer with or without the name of its model, and the vote."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.commands.answer_buttons import pick_button
from bot.commands.voting import FEATURE, letter_of, votable, vote_buttons, vote_text
from bot.messages import JobResult, LaneResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, footer

VOTES = 60  # the lane of the post with the vote


def heading(n: int, model: str, *, is_hidden: bool) -> str:
    """Return the first line of an answer."""
    return f"**{letter_of(n) if is_hidden else model}**\n\n"


def hidden_names(n: int, model: str) -> dict[str, str]:
    """Return what stands for the names of a model in the bot's own words."""
    return dict.fromkeys((model, model.partition("/")[2]), letter_of(n))


async def show_lane(reply: Reply, turn: Turn, n: int, lane: LaneResult, *, is_hidden: bool) -> None:
    """Show one answer; hidden, it tells nothing by which its model is known, and cannot be picked."""
    answer = lane.answer
    reply.heading, reply.is_spoiler = heading(n, answer.model, is_hidden=is_hidden), answer.is_spoiler
    if is_hidden:
        reply.hidden_names = hidden_names(n, answer.model)
        notes = tuple(reply.without_names(note) for note in answer.notes)
        ending = reply.without_names(answer.ending)
        await reply.show(replace(answer, notes=notes, ending=ending).shown)
        return
    text = f"{answer.shown}\n\n{footer(answer.model, lane.took, lane.usage)}"
    await reply.show(text, buttons=[pick_button(turn, n)])


def is_hidden(result: JobResult, votes: Sequence[Collection[int]]) -> bool:
    """Tell whether the names are still hidden: nobody has voted, and there is something to vote on."""
    return result.is_blind and not votes and bool(votable(result))


async def show_vote(context: JobContext, compared: Turn, result: JobResult, votes: Sequence[Collection[int]]) -> None:
    """Show the vote below the answers, if there is something to compare."""
    lanes = votable(result)
    if not lanes or FEATURE in context.commands.rules.off:
        return
    channel = compared.message.channel
    reply = Reply(context.platform_of(compared), context.posts, compared, channel, lane=VOTES, resumed=True)
    text = vote_text(result, votes, is_hidden=is_hidden(result, votes))
    await reply.show(text, buttons=vote_buttons(compared.id, lanes))
