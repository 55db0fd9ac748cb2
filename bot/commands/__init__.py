"""The table of chat commands: the same on every platform."""

from collections.abc import Mapping

from bot.commands.access_commands import CROWDED, PEOPLE, introduce, may_claim, pairing_of
from bot.commands.alt_text_choice import ALT_TEXT
from bot.commands.answer_commands import AGAIN, ASKING, EDITED, RETRY
from bot.commands.command import (
    ASK,
    NEEDING_PHOTO,
    QUESTIONS,
    TABLE,
    AskAgain,
    CastVote,
    Command,
    CommandContext,
    CommandResult,
    CompareModels,
    Generate,
    LookCloser,
    MakeTable,
    Option,
    Response,
    Rules,
    SpeakAnswer,
    Suggestion,
    may_be_about_photo,
    parse,
    question,
    quick_actions,
)
from bot.commands.conversation import STOP, STOPPED, UNHEARD, new, stop, stopped, unheard
from bot.commands.find import FIND
from bot.commands.generation import MAKING, STUDIO
from bot.commands.help import help_, start
from bot.commands.links import LINKS
from bot.commands.model_choice import MODEL
from bot.commands.privacy import PRIVACY
from bot.commands.settings import SETTINGS
from bot.commands.table import TABLES, column_names
from bot.messages import VOTE

__all__ = [
    "ASK",
    "ASKING",
    "COMMANDS",
    "CROWDED",
    "EDITED",
    "FOR_FEW",
    "LISTED",
    "MAKING",
    "NEEDING_PHOTO",
    "QUESTIONS",
    "RETRY",
    "STOP",
    "STOPPED",
    "TABLE",
    "UNHEARD",
    "VOTE",
    "AskAgain",
    "CastVote",
    "Command",
    "CommandContext",
    "CommandResult",
    "CompareModels",
    "Generate",
    "LookCloser",
    "MakeTable",
    "Option",
    "Response",
    "Rules",
    "SpeakAnswer",
    "Suggestion",
    "column_names",
    "introduce",
    "may_be_about_photo",
    "may_claim",
    "pairing_of",
    "parse",
    "question",
    "quick_actions",
]

COMMANDS: Mapping[str, Command] = {
    "start": Command(start, listed=False),
    "help": Command(help_),
    "new": Command(new),
    "model": MODEL,
    STOP: Command(stop),
    STOPPED: Command(stopped, listed=False),
    UNHEARD: Command(unheard, listed=False),
    **AGAIN,
    **STUDIO,
    **FIND,
    **TABLES,
    **LINKS,
    "settings": SETTINGS,
    "alttext": ALT_TEXT,
    **PEOPLE,
    **PRIVACY,
}

LISTED = [name for name, command in COMMANDS.items() if command.listed]
FOR_FEW = frozenset(  # commands of those who run the bot
    name for name, command in COMMANDS.items() if command.audience in ("admins", "claimant")
)
