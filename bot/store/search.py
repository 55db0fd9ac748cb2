"""Search in what was said and shown in a conversation.

Its words stand folded in a table of their own, which each search brings up to date first: turns pay nothing for it, and
whoever never searches has none. A search reads the rows of one conversation and no others, so a plain comparison of
words is quick enough, and a deleted row leaves no word behind, as it would in a full-text index.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.messages import SearchHit, SearchQuery, Turn
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute, Row
from bot.words.folding import fold

BATCH = 500  # turns that are added in one transaction
MOST_TEXT = 8_000  # characters of a row

# What is still waiting may have been asked before what is finished, after channels were linked.
PENDING = """
SELECT turns.id, message, transcript, answer, turns.model, again_of, searched_to
FROM turns JOIN conversations ON conversations.id = turns.conversation
WHERE conversation = :conversation AND turns.id > searched_to AND finished IS NOT NULL AND turns.id < (
    SELECT MIN(id) FROM turns WHERE conversation = :conversation AND finished IS NULL)
ORDER BY turns.id LIMIT :most
"""

SHOWN = """
SELECT turn, number, name, description, words FROM photos
WHERE conversation = :conversation AND turn >= :first AND turn <= :last ORDER BY number
"""

CLEAR = "DELETE FROM searchable WHERE conversation = :conversation AND turn >= :first AND turn <= :last"
ADD = """
INSERT INTO searchable (conversation, turn, number, sent, text) SELECT :conversation, id, :number, :sent, :text
FROM turns WHERE id = :turn {keep}
"""
ADVANCE = "UPDATE conversations SET searched_to = :last WHERE id = :conversation"

SEARCH_AGAIN = """
UPDATE conversations SET searched_to = :turn - 1
WHERE id = (SELECT conversation FROM turns WHERE id = :turn) AND searched_to >= :turn
"""
"""The statement of every write that changes the words of a finished turn."""

FIND = """
SELECT turn, number, sent, text FROM (
    SELECT turn, number, sent, text, {matches} AS matches FROM searchable
    WHERE conversation = :conversation {period}
) AS compared WHERE matches > 0 ORDER BY matches DESC, turn DESC, number LIMIT :most
"""

HAS_WORD = "CASE WHEN text LIKE :word{n} ESCAPE '!' THEN 1 ELSE 0 END"


async def search(db: Database, turn: Turn, query: SearchQuery, most: int) -> Sequence[SearchHit]:
    """Return what holds most of the words, newest first among equals, of the turn's conversation before it."""
    conversation = turn.conversation.id
    while await _update(db, conversation):
        pass
    matches = " + ".join(HAS_WORD.format(n=n) for n in range(len(query.words)))
    found = await db.read(
        FIND.format(matches=matches or "1", period=period_of(query)),
        conversation=conversation,
        most=most,
        **bounds_of(query),
        **{f"word{n}": pattern_of(word) for n, word in enumerate(query.words)},
    )
    return [SearchHit(turn=row["turn"], number=row["number"], sent=row["sent"], text=row["text"]) for row in found]


async def _update(db: Database, conversation: int) -> bool:
    """Add the next turns that were finished; False if there are none beyond them."""
    if not await db.read(PENDING, conversation=conversation, most=1):
        return False

    async def unit(execute: Execute) -> bool:
        await db.lock_line(execute, conversation)
        pending = await execute(PENDING, conversation=conversation, most=BATCH)
        if not pending:
            return False
        span = {"conversation": conversation, "first": pending[0]["id"], "last": pending[-1]["id"]}
        files = defaultdict[int, list[Row]](list)
        for row in await execute(SHOWN, **span):
            files[row["turn"]].append(row)
        await execute(CLEAR, **span)
        for row in pending:
            for values in _entries(row, files[row["id"]]):
                await execute(ADD.format(keep=db.keep), conversation=conversation, **values)
        await execute(ADVANCE, conversation=conversation, last=span["last"])
        return len(pending) == BATCH

    return await db.write(unit)


def _entries(turn: Row, files: Sequence[Row]) -> Iterator[Row]:
    """Return the rows of a turn: one for each file that it showed first, or else one for its words."""
    message = rows.message(turn["message"])
    is_answered = turn["model"] is not None or message.wants_alt_text  # else it is what came of a command
    said = [message.text, turn["transcript"] or "", (turn["answer"] or "") if is_answered else ""]
    said += [each.alt for each in message.attachments if each.alt]
    common = {"turn": turn["id"], "sent": message.sent}
    for file in files:
        text = "\n".join([file["name"], file["description"], file["words"], *said])
        yield common | {"number": file["number"], "text": rows.storable(fold(text)[:MOST_TEXT])}
    if not files and turn["model"] and turn["again_of"] is None:
        yield common | {"number": 0, "text": rows.storable(fold("\n".join(said))[:MOST_TEXT])}


def period_of(query: SearchQuery) -> str:
    """Return the clauses for the time in which it was sent."""
    return " ".join(
        clause
        for clause, bound in (("AND sent >= :since", query.since), ("AND sent < :until", query.until))
        if bound is not None
    )


def bounds_of(query: SearchQuery) -> dict[str, float]:
    """Return the moments that these clauses name."""
    bounds = {"since": query.since, "until": query.until}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def pattern_of(word: str) -> str:
    """Return the pattern of texts that hold a word."""
    escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
