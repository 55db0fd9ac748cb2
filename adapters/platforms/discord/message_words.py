"""The words of a message that stand beside its text: of embeds, polls and cards, and of what it forwards."""

from collections.abc import Iterator

import discord

from adapters.platforms.discord.message_components import components_of, list_texts
from adapters.platforms.discord.message_files import REMOVED_CHARACTERS


def clean(text: str) -> str:
    """Return the text without characters that a database may refuse, and without space around it."""
    return text.translate(REMOVED_CHARACTERS).strip()


def all_words(message: discord.Message) -> str:
    """Return all words of a message, as they are quoted where somebody else's message is meant."""
    return clean("\n".join(filter(None, (message.content, words_beside(message), forwarded_words(message)))))


def words_beside(part: discord.Message | discord.MessageSnapshot) -> str:
    """Return the words that a message shows beside its text: of its embeds, its poll and its components."""
    poll = part.poll if isinstance(part, discord.Message) else None
    lines = [line for embed in part.embeds for line in _embed_lines(embed)]
    lines += _poll_lines(poll) if poll is not None else ()
    lines += list_texts(components_of(part))
    return clean("\n".join(filter(None, lines)))


def forwarded_words(message: discord.Message) -> str:
    """Return the words of the message that this one forwards."""
    snapshots = message.message_snapshots
    return clean("\n".join(filter(None, (f"{each.content}\n{words_beside(each)}".strip() for each in snapshots))))


def _embed_lines(embed: discord.Embed) -> Iterator[str | None]:
    yield embed.author.name
    yield embed.title
    yield embed.description
    for field in embed.fields:
        yield ": ".join(filter(None, (field.name, field.value)))
    yield embed.footer.text


def _poll_lines(poll: discord.Poll) -> Iterator[str]:
    yield poll.question or ""  # Discord's documentation warns that it may be missing some day
    for answer in poll.answers:
        yield f"- {answer.text or ''}"
