"""Pictures that a model drew into its answer: kept before they are shown, numbered, and posted below the words."""

from bot.asking.question import Question
from bot.messages import Generated, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext
from bot.words import say

LOOKED_BACK = 200  # photos of the conversation
PICTURES = 50  # the lane


async def keep_pictures(hands: JobContext, turn: Turn, asked: Question) -> None:
    """Store the pictures of an answer as generated files of the turn; they become photos of the conversation."""
    if asked.pictures:
        await hands.media.save(turn, Generated(tuple(asked.pictures)), is_spoiler=asked.subject.is_spoiler)


async def show_pictures(hands: JobContext, turn: Turn, result: JobResult) -> None:
    """Post the pictures of an answer with their numbers, in a post of their own: one that grew can get no file."""
    if not result.has_pictures:
        return
    files = await hands.store.files.list_generated(turn.id)
    known = await hands.store.files.list_files(turn.conversation, LOOKED_BACK)
    names = [say("photo_named", n=each.number, name=each.attachment.name) for each in known if each.turn == turn.id]
    reply = Reply(hands.platform_of(turn), hands.store.posts, turn, turn.message.channel, lane=PICTURES)
    reply.is_spoiler = result.is_spoiler
    await reply.show(", ".join(names) or say("picture_drawn"), files=files)
