"""The shape of a command and its context, and questions as commands, for buttons under an answer."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.accounting.limits import Limit
from bot.chat_platform import Platform
from bot.files.documents import DocumentIntake
from bot.files.photos import PhotoIntake
from bot.intake.access import is_admin
from bot.messages import Button, File, GenerationKind, Message, Turn
from bot.ports import Channels, Conversations, Deletion, Files, Imports, Ledger, People, Posts, Provider, Turns, Votes
from bot.words import say

WORD = re.compile(r"/(?P<name>[a-z_]{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)
MOST_DIGITS = 18  # databases accept no longer numbers

ASK = "ask"  # asks whatever follows it
TABLE = "table"  # makes a table of photos; also the feature as it is switched off

# The sentence that replaces the command.
QUESTIONS = {name: f"ask_{name}" for name in ("describe", "read", "translate", "explain")}


NEEDING_PHOTO = frozenset(
    {*QUESTIONS, *("vary", "edit", "cutout", "upscale", "erase", "untext", "backdrop", "animate", "prompt", TABLE)}
)
"""The commands that are about a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The operator's rules for everybody."""

    admins: frozenset[str] = frozenset()  # as platform:id; the store knows who claimed the bot since
    limits: tuple[Limit, ...] = ()
    keep_days: int = 30
    photo_days: int = 7
    off: frozenset[str] = frozenset()  # features that are switched off
    consoles: frozenset[str] = frozenset()  # platforms with access for the operator only
    local_only: bool = False  # no service outside private networks is asked


@dataclass(frozen=True, kw_only=True)
class CommandContext:
    """The services that a command may use."""

    turns: Turns
    posts: Posts
    channels: Channels
    conversations: Conversations
    people: People
    files: Files
    ledger: Ledger
    votes: Votes
    deletion: Deletion
    providers: Mapping[str, Provider]
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    photos: PhotoIntake | None = None  # takes photos in
    most_bytes: int = 20 * 1024 * 1024  # of a photo
    documents: DocumentIntake | None = None  # takes documents in
    imports: Imports | None = None  # earlier photos

    @property
    def speaks(self) -> bool:
        """True if answers can be read aloud."""
        return "speech" not in self.rules.off and any(
            provider.capabilities.media for provider in self.providers.values()
        )

    @property
    def draws(self) -> bool:
        """True if pictures can be made."""
        return "pictures" not in self.rules.off and any(
            provider.capabilities.media for provider in self.providers.values()
        )

    async def can_manage(self, message: Message) -> bool:
        """Tell whether the author may change settings of the whole channel."""
        return await self.platforms[message.channel.platform].adapter.can_manage(message.channel, message.author)

    async def is_admin(self, message: Message) -> bool:
        """Tell whether the author is an admin."""
        return await is_admin(self.people, self.rules.admins, message, self.rules.consoles)

    def is_console(self, message: Message) -> bool:
        """Tell whether the message came from a platform of the operator's own, such as the page."""
        return message.channel.platform in self.rules.consoles


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A possible value of an option, and its label in a list."""

    value: str
    label: str


Suggest = Callable[[Mapping[str, Provider], str], Awaitable[Sequence[Suggestion]]]
"""Returns values that match the text typed so far, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An argument of a command. Its description is the sentence `option_NAME`."""

    name: str
    choices: tuple[str, ...] = ()  # all valid values; empty: anything
    named: str = ""  # written as NAME=VALUE, and not just as the value
    photo: bool = False  # an attachment instead of text
    suggest: Suggest | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The reply to a command."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    in_place: bool = False  # edits the post with the button that was pressed; a new post without one
    turn: Turn | None = None  # the turn with the posts that show it
    lane: int = 0  # which of the posts of that turn
    is_spoiler: bool = False
    has_footer: bool = False  # the text is the answer of `turn`, with what belongs below it


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A request to ask the question of an earlier turn again; `goes_on`: only for the rest of its answer."""

    subject: Turn
    model: str
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class CompareModels:
    """A request to ask several models the question of an earlier turn at the same time."""

    subject: Turn
    models: Sequence[str]
    is_blind: bool = False  # their names are hidden until somebody votes


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote on compared answers: the lanes of the best ones, none where no answer is good."""

    compared: Turn
    won: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """A request to generate a picture from words, or from an earlier picture."""

    kind: GenerationKind
    words: str
    model: str | None  # as typed; None: the default one
    params: Mapping[str, str]
    source_turn: int | None = None  # the turn with the picture; None: that of the message, or else the last one
    nth: int = 1  # number of the picture in that turn
    again: Turn | None = None  # the turn that first asked for it


@dataclass(frozen=True, slots=True)
class SpeakAnswer:
    """A request to read the answer to an earlier turn aloud."""

    subject: Turn


@dataclass(frozen=True, slots=True)
class LookCloser:
    """A request to look closer at the photo of an earlier turn, at what the words are about."""

    subject: Turn
    words: str


@dataclass(frozen=True, slots=True)
class MakeTable:
    """A request for a table of photos: those of an earlier turn, or, where that is None, those it is said about."""

    subject: Turn | None
    columns: str  # in people's words; empty: as the photos have them


Audience = Literal["everybody", "managers", "admins", "claimant"]
"""The people to whom a command is of use; managers manage the channel, and a claimant claims the bot in private."""

CommandResult = Response | AskAgain | CastVote | CompareModels | Generate | LookCloser | MakeTable | SpeakAnswer


@dataclass(frozen=True, slots=True)
class Command:
    """A chat command. Its line in /help is the sentence `help_NAME`.

    `run` executes it with the words after the name; it may run twice if a process dies meanwhile. `options` are the
    arguments in their order, for platforms that have a form for them.
    """

    run: Callable[[CommandContext, Turn, str], Awaitable[CommandResult]]
    options: tuple[Option, ...] = ()
    listed: bool = True  # in /help, and in the platforms' lists of commands; others are sent by buttons
    audience: Audience = "everybody"


def parse(text: str) -> tuple[str, str] | None:
    """Split `/name rest` or `/name@bot rest`; None if the text is no command. The name may be an unknown one."""
    match = WORD.fullmatch(text.strip())
    return (match["name"].lower(), (match["rest"] or "").strip()) if match else None


def number(text: str) -> int | None:
    """Parse a number; None if it is none, or longer than any id."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def quick_actions(turn: Turn) -> Sequence[Button]:
    """Return the buttons for the answer, none if the author asked in words."""
    if turn.words or not turn.message.attachments:
        return ()
    return [Button(say(f"label_{name}"), f"/{name}") for name in QUESTIONS]


def question(command: tuple[str, str] | None, text: str) -> str | None:
    """Return the words of a question: an empty string if it has none. None: `text` is a command.

    `command` is the result of `parse` for the text.
    """
    if command is None:
        return text
    name, rest = command
    if name == ASK:
        return rest
    return say(QUESTIONS[name]) if name in QUESTIONS else None


def may_be_about_photo(text: str) -> bool:
    """Tell whether a text is a question, or a command that is about a picture."""
    command = parse(text)
    return question(command, text) is not None or (command is not None and command[0] in NEEDING_PHOTO)
