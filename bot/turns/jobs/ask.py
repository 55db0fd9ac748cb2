"""A question: the usual job."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.question import Question
from bot.commands import QUESTIONS, parse, quick_actions
from bot.commands.answer_buttons import controls, failure_controls, offers_table, stop_button
from bot.errors import BotError
from bot.messages import STOPPED, File, Generated, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, with_footer
from bot.turns.jobs.photo_traces import describe_traces
from bot.words import say

LOOKED_BACK = 200  # photos of the conversation
PICTURES = 50  # the lane


@dataclass
class AskJob:
    """Asks the conversation's model, and shows the answer in the channel and where it is linked to."""

    context: JobContext
    turn: Turn
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        reply = Reply(platform, self.context.posts, self.turn, channel, growing_buttons=stop_button())
        self.asked = Question(turn=self.turn, reply=reply, attempts=self.turn.attempts)

    async def list_models(self) -> Sequence[str]:
        """Return the model of the conversation."""
        return [self.turn.conversation.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask."""
        self.asked.state.notes += notes
        result = await answer_question(self.context.asker, self.asked)
        self.turn = replace(self.turn, transcript=self.asked.state.transcript or self.turn.transcript)
        state = self.asked.state
        await keep_pictures(self.context, self.turn, state.pictures, is_spoiler=state.subject.is_spoiler)
        return result

    async def show(self, result: JobResult) -> None:
        """Show it whole, with what can be done next."""
        shown = await with_footer(self.context, self.turn.message.channel, result)
        if result.has_failed:
            buttons = failure_controls(self.turn, result.outcome, is_cut=result.is_cut)
        else:
            buttons = controls(
                self.turn,
                speaks=self.context.commands.speaks,
                is_cut=result.is_cut,
                is_large=result.is_large,
                is_tabular=offers_table(self.turn, result, self.context.commands.rules.off),
            )
        self.asked.reply.is_spoiler, self.asked.reply.is_stopped = result.is_spoiler, result.outcome == STOPPED
        if self._tells_traces(result) and (traces := describe_traces(self.turn, self.asked.state.files)):
            shown, self.asked.reply.unstored = f"{shown}\n\n🔒 {traces.text}", traces.places
        await self.asked.reply.show(shown, buttons=buttons)
        await show_pictures(self.context, self.turn, result)
        await self._fold_quick_actions()
        await self.context.mirror.show(self.turn, result.shown, self.asked.state.files, is_spoiler=result.is_spoiler)

    def _tells_traces(self, result: JobResult) -> bool:
        """Tell whether whoever answered is one that says what photos carried."""
        provider = self.context.providers.get((result.model or "").partition("/")[0])
        return provider is not None and provider.capabilities.tells_traces

    async def _fold_quick_actions(self) -> None:
        """Take the quick actions away below the answer from which this one was asked for."""
        about, command = self.turn.message.about, parse(self.turn.message.text)
        if about is None or not about.ours or command is None or command[0] not in QUESTIONS:
            return
        channel, posts = self.turn.message.channel, self.context.posts
        earlier = await posts.find_turn_of_post(channel, about.id)
        if earlier is None or earlier.result is None or not quick_actions(earlier):
            return
        versions = await self.context.turns.list_versions(earlier)
        if len(versions) != 1 or earlier.result.has_failed:
            return
        reply = Reply(self.context.platform_of(self.turn), posts, earlier, channel, resumed=True)
        reply.is_spoiler = earlier.result.is_spoiler
        shown = await with_footer(self.context, channel, earlier.result)
        with suppress(BotError):  # the answer is what matters
            is_tabular = offers_table(earlier, earlier.result, self.context.commands.rules.off)
            buttons = controls(
                earlier, speaks=self.context.commands.speaks, is_tabular=is_tabular, has_quick_actions=False
            )
            await reply.show(shown, buttons=buttons)


async def keep_pictures(context: JobContext, turn: Turn, pictures: Sequence[File], *, is_spoiler: bool) -> None:
    """Store the pictures of an answer as generated files of the turn; they become photos of the conversation."""
    if pictures:
        await context.media.save(turn, Generated(tuple(pictures)), is_spoiler=is_spoiler)


async def show_pictures(context: JobContext, turn: Turn, result: JobResult) -> None:
    """Post the pictures of an answer with their numbers, in a post of their own: one that grew can get no file."""
    if not result.has_pictures:
        return
    files = await context.files.list_generated(turn.id)
    known = await context.files.list_files(turn.conversation, LOOKED_BACK)
    drawn = {file.name for file in files}  # the turn's own photos are beside them
    pictures = (each for each in known if each.turn == turn.id and each.attachment.name in drawn)
    names = [say("photo_named", n=each.number, name=each.attachment.name) for each in pictures]
    reply = Reply(context.platform_of(turn), context.posts, turn, turn.message.channel, lane=PICTURES)
    reply.is_spoiler = result.is_spoiler
    await reply.show(", ".join(names) or say("picture_drawn"), files=files)
