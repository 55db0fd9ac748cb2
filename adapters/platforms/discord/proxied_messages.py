"""Messages that a proxy bot (PluralKit, Tupperbox) posts under a character's name in place of a person's own.

The proxy reads the person's message, says it again through a webhook, and deletes the original. So the webhook's
message is the person's, and the original is not to be answered as well.
"""

import re
import time
from collections import OrderedDict
from dataclasses import dataclass

import discord

APPLICATIONS = frozenset({466378653216014359, 431544605209788416})  # PluralKit, Tupperbox; set by Discord, not by them
MENTION = re.compile(r"<@[!&]?\d+>")
MAX_ORIGINALS = 2_000  # messages of people that are remembered
MAX_PEOPLE = 1_000  # for whom a proxy spoke
USUAL_SECONDS = 3_600.0  # for which somebody for whom a proxy spoke is likely to use it again
PROXY_SECONDS = 60.0  # after which no proxy is expected any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A person's message that a proxy may say again."""

    id: int
    channel: int
    author: discord.User | discord.Member
    text: str
    files: tuple[str, ...]  # names
    heard: float  # monotonic


def is_proxied(message: discord.Message) -> bool:
    """Tell whether a proxy bot says what a person has said."""
    return message.webhook_id is not None and message.application_id in APPLICATIONS


class ProxiedMessages:
    """Remembers for a minute what people said, to recognize it when a proxy says it again, and for whom one spoke."""

    def __init__(self) -> None:
        self._spoken_for: OrderedDict[int, float] = OrderedDict()  # people, and when a proxy spoke for them (monotonic)
        self._taken: OrderedDict[int, Original] = OrderedDict()  # by the id of what a proxy said
        self._originals: OrderedDict[int, Original] = OrderedDict()  # by id, the latest last

    def note(self, said: discord.Message) -> None:
        """Remember a person's message in a server."""
        if said.guild is None or said.author.bot:
            return
        files = tuple(file.filename for file in said.attachments)
        original = Original(
            id=said.id,
            channel=said.channel.id,
            author=said.author,
            text=_words(said),
            files=files,
            heard=time.monotonic(),
        )
        self._originals[said.id] = original
        if len(self._originals) > MAX_ORIGINALS:
            self._originals.popitem(last=False)

    def is_expected(self, said: discord.Message) -> bool:
        """Tell whether a proxy may say it again, as it did for its author a while ago."""
        spoken_at = self._spoken_for.get(said.author.id)
        return spoken_at is not None and time.monotonic() - spoken_at < USUAL_SECONDS

    def original_of(self, message: int) -> Original | None:
        """Return what a proxy said again as this message, if that was heard here."""
        return self._taken.get(message)

    def take_original(self, said: discord.Message) -> Original | None:
        """Return the message that a proxy has said again; None if it was not heard here.

        A proxy takes away what marks the character, also behind a mention, so its words are a part of the original's.
        """
        if taken := self.original_of(said.id):
            return taken
        files = tuple(file.filename for file in said.attachments)
        oldest = time.monotonic() - PROXY_SECONDS
        for original in reversed(self._originals.values()):
            if original.heard < oldest:
                return None
            if (original.channel, original.files) == (said.channel.id, files) and _words(said) in original.text:
                self._note_spoken_for(original.author.id)
                self._taken[said.id] = self._originals.pop(original.id)
                if len(self._taken) > MAX_PEOPLE:
                    self._taken.popitem(last=False)
                return original
        return None

    def _note_spoken_for(self, person: int) -> None:
        self._spoken_for[person] = time.monotonic()
        self._spoken_for.move_to_end(person)
        if len(self._spoken_for) > MAX_PEOPLE:
            self._spoken_for.popitem(last=False)


def _words(said: discord.Message) -> str:
    return " ".join(MENTION.sub(" ", said.content).split())
