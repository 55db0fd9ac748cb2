"""What a command is, and what it may reach for."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.accounting.limits import Limit
from bot.chat_platform import Platform
from bot.files.documents import DocumentIntake
from bot.files.photos import PhotoIntake
from bot.intake.access import is_admin
from bot.messages import Button, File, GenerationKind, Message, Turn
from bot.ports import Provider, Store

WORD = re.compile(r"/(?P<name>[a-z_]{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)
MOST_DIGITS = 18  # databases take no longer numbers


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decided for everybody."""

    admins: frozenset[str] = frozenset()  # as platform:id; the store knows who claimed the bot since
    limits: tuple[Limit, ...] = ()
    keep_days: int = 30
    photo_days: int = 7
    off: frozenset[str] = frozenset()  # features that nobody gets
    consoles: frozenset[str] = frozenset()  # platforms with access for the operator only


@dataclass(frozen=True)
class CommandContext:
    """What lies within a command's reach."""

    store: Store
    providers: Mapping[str, Provider]
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    photos: PhotoIntake | None = None  # what cleans them
    most_bytes: int = 20 * 1024 * 1024  # of a photo
    documents: DocumentIntake | None = None  # what reads the others

    @property
    def speaks(self) -> bool:
        """Whether answers can be read aloud."""
        return "speech" not in self.rules.off and any(provider.media for provider in self.providers.values())

    async def can_manage(self, message: Message) -> bool:
        """Whether its author may change what holds for everybody in the channel."""
        return await self.platforms[message.channel.platform].adapter.can_manage(message.channel, message.author)

    async def is_admin(self, message: Message) -> bool:
        """Tell whether the author is an admin."""
        return await is_admin(self.store.people, self.rules.admins, message, self.rules.consoles)

    def is_console(self, message: Message) -> bool:
        """Tell whether the message came from a platform of the operator's own, such as the page."""
        return message.channel.platform in self.rules.consoles


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that an option may hold, and how to show it in a list."""

    value: str
    label: str


Suggest = Callable[[CommandContext, str], Awaitable[Sequence[Suggestion]]]
"""What fits what has been typed so far, the best first."""


@dataclass(frozen=True, slots=True)
class Option:
    """A part of what follows a command's name. Its description is the sentence `option_NAME`."""

    name: str
    choices: tuple[str, ...] = ()  # all it may be; empty: anything
    named: str = ""  # said as NAME=VALUE, and not just as the value
    photo: bool = False  # not words at all
    suggest: Suggest | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What a command answers."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    in_place: bool = False  # in the post whose button said the command; anew where no button did
    turn: Turn | None = None  # whose posts are to show it


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The question of an earlier turn is to be asked once more."""

    subject: Turn
    model: str


@dataclass(frozen=True, slots=True)
class CompareModels:
    """The question of an earlier turn is to be asked of several models at the same time."""

    subject: Turn
    models: Sequence[str]


@dataclass(frozen=True, slots=True)
class Generate:
    """A picture is to be made: of words, or of one that was shown."""

    kind: GenerationKind
    words: str
    model: str | None  # as somebody named it; None: the usual one
    params: Mapping[str, str]
    source_turn: int | None = None  # the turn whose picture is meant; None: that of the message, or else the last one
    nth: int = 1  # of its pictures
    again: Turn | None = None  # that ordered it first


@dataclass(frozen=True, slots=True)
class SpeakAnswer:
    """The answer to an earlier turn is to be read aloud."""

    subject: Turn


CommandResult = Response | AskAgain | CompareModels | Generate | SpeakAnswer


@dataclass(frozen=True, slots=True)
class Command:
    """Something that the bot is told to do. Its line in /help is the sentence `help_NAME`.

    `obey` does it, with what was said after the name; it may run twice when a process dies over it. `options` are the
    parts of what is said, in their order, for platforms that have a form for them.
    """

    run: Callable[[CommandContext, Turn, str], Awaitable[CommandResult]]
    options: tuple[Option, ...] = ()
    listed: bool = True  # in /help, and where platforms list commands; others are said by buttons


def parse(text: str) -> tuple[str, str] | None:
    """Split `/name rest` or `/name@bot rest`; None where the text is no command. The name may be an unknown one."""
    match = WORD.fullmatch(text.strip())
    return (match["name"].lower(), (match["rest"] or "").strip()) if match else None


def number(text: str) -> int | None:
    """The number that somebody wrote; None where it is none, or longer than any that we gave out."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
