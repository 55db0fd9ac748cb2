"""What a turn may be: a question, one asked again, several models compared, or a command."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from bot.accounting.limits import UsageLimits
from bot.asking.asker import Asker
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import Question
from bot.commands import CommandContext, Rules
from bot.intake.access import Access
from bot.messages import Answer, Turn
from bot.ports import Adapter, Provider, Store
from bot.replies.mirror import Mirror
from bot.replies.reply import NOTHING_MORE, Reply
from bot.words import say


@dataclass(frozen=True)
class JobContext:
    """What every job works with."""

    store: Store
    adapters: Mapping[str, Adapter]
    providers: Mapping[str, Provider]
    asker: Asker
    limits: UsageLimits
    mirror: Mirror
    media: MediaGeneration
    rules: Rules
    access: Access

    @property
    def desk(self) -> CommandContext:
        """What commands may reach for."""
        finder = self.asker.loader
        return CommandContext(
            self.store, self.providers, self.adapters, self.rules, finder.photos, finder.most_bytes, finder.documents
        )

    def adapter_of(self, turn: Turn) -> Adapter:
        """The platform that the turn came from."""
        return self.adapters[turn.message.channel.platform]


class Job(Protocol):
    """One turn's work, in two steps: between them the answer is stored."""

    async def do(self) -> tuple[Answer, str]:
        """Find the answer; with it, how it came about: answered, stopped, command, or the key of what went wrong."""
        ...

    async def show(self, text: str) -> None:
        """Let people read it; also after a crash, when another process has found it."""


async def clear_busy_notice(hands: JobContext, turn: Turn) -> None:
    """A turn that is answered in the posts of another one needs none of those that said why it took so long."""
    channel = turn.message.channel
    if turn.attempts and await hands.store.posts.list_posts(turn, channel):
        await Reply(hands.adapter_of(turn), hands.store, turn, channel, resumed=True).show(NOTHING_MORE)


def build_answer(asked: Question, text: str) -> Answer:
    """What the store keeps of an answer."""
    took = monotonic() - asked.started
    return Answer(text, asked.answered_by, asked.usage, asked.first_words, took)


async def with_footer(hands: JobContext, asked: Question, text: str) -> str:
    """The answer as it is shown where people want to know what it took; after a crash nobody does."""
    settings = await hands.store.channels.get_channel_settings(asked.reply.channel)
    return f"{text}\n\n{footer(asked)}" if settings.footer and asked.first_words is not None else text


def footer(asked: Question) -> str:
    """Who answered, how fast and for how much."""
    parts = [asked.answered_by, f"{monotonic() - asked.started:.1f} s"]
    if asked.usage.credits is not None:
        parts.append(say("credits", credits=f"{asked.usage.credits:,}"))
    if asked.usage.dollars is not None:
        parts.append(f"${asked.usage.dollars:.4f}")
    return f"_{' · '.join(parts)}_"
