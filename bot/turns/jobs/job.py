"""The kinds of jobs: a question, one asked again, a comparison of models, or a command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.accounting.limits import UsageLimits
from bot.asking.asker import Asker
from bot.asking.media_generation import MediaGeneration
from bot.chat_platform import Platform
from bot.commands import CommandContext
from bot.intake.access import Access
from bot.messages import Channel, JobResult, Turn, Usage
from bot.ports import Channels, Files, Ledger, PaidSteps, Posts, Provider, Turns, Votes
from bot.replies.markdown.literal import literal
from bot.replies.mirror import Mirror
from bot.replies.reply import NOTHING_MORE, Reply
from bot.words import say, say_money, say_number


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """The services that a job may use."""

    turns: Turns
    posts: Posts
    channels: Channels
    files: Files
    ledger: Ledger
    steps: PaidSteps
    votes: Votes
    platforms: Mapping[str, Platform]
    providers: Mapping[str, Provider]
    asker: Asker
    limits: UsageLimits
    mirror: Mirror
    media: MediaGeneration
    access: Access
    commands: CommandContext  # of commands

    def platform_of(self, turn: Turn) -> Platform:
        """The platform that the turn came from."""
        return self.platforms[turn.message.channel.platform]


class Job(Protocol):
    """One turn's work, in the steps that `run_job` takes."""

    async def list_models(self) -> Sequence[str]:
        """Return the models that will work for it, by lane; none where nothing needs to be admitted."""
        ...

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Do the work. `notes` are to be said before the answer."""
        ...

    async def show(self, result: JobResult) -> None:
        """Let people read the result. Done again after a crash or a failure, it changes nothing."""


async def clear_busy_notice(context: JobContext, turn: Turn) -> None:
    """A turn that is answered in the posts of another one needs none of those that said why it took so long."""
    channel = turn.message.channel
    if turn.attempts and await context.posts.list_posts(turn, channel):
        await Reply(context.platform_of(turn), context.posts, turn, channel, resumed=True).show(NOTHING_MORE)


async def with_footer(context: JobContext, channel: Channel, result: JobResult) -> str:
    """Return the answer as it is shown in the channel: with the model's thoughts and what it took, where wanted."""
    settings = await context.channels.get_channel_settings(channel)
    shown = result.shown
    if settings.thoughts and result.thoughts:
        shown = f"{_hidden(result.thoughts)}\n\n{shown}"
    if not settings.footer or result.first_words is None:
        return shown
    return f"{shown}\n\n{footer(result.answered_by, result.took, result.usage)}"


def _hidden(thoughts: str) -> str:
    """Return the thoughts as a quote under a spoiler: where a long quote is folded, it is that too."""
    return f"> 💭 ||{literal(' '.join(thoughts.split()))}||"


def footer(model: str, took: float | None, usage: Usage) -> str:
    """Return who answered, how fast and for how much."""
    parts = [model] if took is None else [model, f"{say_number(took, decimals=1)} s"]
    if usage.credits is not None:
        parts.append(say("credits", credits=usage.credits))
    if usage.dollars is not None:
        parts.append(say_money(usage.dollars, digits=4))
    return f"_{' · '.join(parts)}_"
