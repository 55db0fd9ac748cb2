"""/table: what is in the photos as a table, in files for spreadsheets."""

import re
from collections.abc import Sequence

from bot.commands.answer_commands import subject_of
from bot.commands.command import TABLE, Command, CommandContext, MakeTable, Option
from bot.errors import FailureCode, Refused
from bot.messages import Turn

LONGEST_WORDS = 500  # characters
MOST_COLUMNS, LONGEST_COLUMN = 30, 60
_OF = re.compile(r"of=(\d+)\s*")
_BETWEEN = re.compile(r"[,;|\n،、，；]")


async def table(context: CommandContext, turn: Turn, rest: str) -> MakeTable:
    """Make a table of the photos: /table [COLUMNS]. The button sends of=TURN, for an answer about them."""
    if TABLE in context.rules.off:
        raise Refused(FailureCode.FEATURE_OFF)
    of = _OF.match(rest)
    if of is None:
        return MakeTable(None, rest[:LONGEST_WORDS])
    subject, _ = await subject_of(context, turn, of[1])
    return MakeTable(subject, rest[of.end() :][:LONGEST_WORDS])


def column_names(words: str) -> Sequence[str]:
    """Return the columns that words name, with commas between them; none where they are a sentence."""
    names = [" ".join(name.split()) for name in _BETWEEN.split(words)]
    names = list(dict.fromkeys(filter(None, names)))
    is_list = 1 < len(names) <= MOST_COLUMNS and all(len(name) <= LONGEST_COLUMN for name in names)
    return names if is_list else ()


TABLES = {TABLE: Command(table, (Option(name="columns"), Option(name="photo", photo=True)))}
