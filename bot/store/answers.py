"""Turns that were answered, their answers in every version, and the posts that show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import AnswerVersion, Channel, Conversation, Exchange, PlacesFound, SearchHit, SearchQuery, Turn
from bot.store import row_mapping as rows
from bot.store import search as search_table
from bot.store.database import Database, Execute, Row
from bot.store.search import SEARCH_AGAIN

# What brought another answer to an older question is no exchange of its own.
HISTORY = """
SELECT id, message, transcript, answer, model FROM turns
WHERE conversation = :conversation AND id < :id AND answer IS NOT NULL AND error IS NULL AND model IS NOT NULL
    AND again_of IS NULL
ORDER BY id DESC LIMIT :limit
"""

# The answer of a model, be it only what it failed with.
QUESTIONS = f"""
{rows.TURN} WHERE conversation = :conversation AND finished IS NOT NULL AND answer IS NOT NULL
    AND turns.model IS NOT NULL AND again_of IS NULL
"""

RECORD = f"""
{rows.TURN} WHERE conversation = :conversation AND finished IS NOT NULL AND answer IS NOT NULL AND again_of IS NULL
    AND (turns.model IS NOT NULL OR EXISTS (SELECT 1 FROM spending WHERE spending.turn = turns.id))
ORDER BY turns.id
"""  # noqa: S608 (ours)

# Also a lock: of two that bring an answer to the same turn, the second one waits here.
AGAIN = "UPDATE turns SET answer = answer WHERE id = :turn RETURNING id"

ORIGINAL = """
INSERT INTO versions (turn, n, text, result, model, error, brought_by)
SELECT id, 0, answer, result, model, error, id FROM turns
WHERE id = :turn AND answer IS NOT NULL AND model IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM versions WHERE turn = :turn)
"""

ONE_MORE = """
INSERT INTO versions (turn, n, text, result, model, brought_by)
SELECT id, (SELECT COUNT(*) FROM versions WHERE turn = :turn), :text, :result, :model, :by FROM turns WHERE id = :turn
ON CONFLICT (turn, brought_by)
DO UPDATE SET text = excluded.text, result = excluded.result, model = excluded.model RETURNING n
"""

SHOW = """
UPDATE turns SET answer = versions.text, result = versions.result, model = versions.model, error = versions.error
FROM versions
WHERE turns.id = :turn AND versions.turn = turns.id AND versions.n = :n
"""

# A question that is asked again was finished long ago.
TRANSCRIBED = """
UPDATE turns SET transcript = :transcript WHERE id = :turn AND (holder = :me OR finished IS NOT NULL) RETURNING id
"""

PLACED = "UPDATE turns SET places = :places WHERE id = :turn AND holder = :me RETURNING id"

ONLY_VERSION = """
SELECT answer AS text, result, model FROM turns WHERE id = :turn AND answer IS NOT NULL AND model IS NOT NULL
"""
LANE = 1000  # posts that one answer may have in a channel; the next lane begins there

# The turn must not be deleted meanwhile; of one that is gone nothing is kept.
POSTED = """
INSERT INTO posts (turn, channel, n, post) SELECT id, :channel, :n, :post FROM turns WHERE id = :turn {keep}
ON CONFLICT (turn, channel, n) DO UPDATE SET post = excluded.post
"""

# What brought another answer to an older question answers that one. Numbers of posts may begin again when people
# move: the last one counts.
BEHIND = """
SELECT COALESCE(asked.id, shown.id) FROM posts JOIN turns AS shown ON shown.id = posts.turn
    LEFT JOIN turns AS asked ON asked.id = shown.again_of
WHERE posts.channel = :channel AND post = :post ORDER BY shown.id DESC LIMIT 1
"""


CHANNEL_OF = """
SELECT posts.channel FROM channels JOIN posts ON posts.channel = channels.channel
WHERE (channels.channel = :chat OR SUBSTR(channels.channel, 1, :length) = :topics) AND posts.post = :post
ORDER BY posts.turn DESC LIMIT 1
"""

OF_MESSAGE = """
SELECT COALESCE(
    (SELECT id FROM turns WHERE channel = :channel AND message_id = :id),
    (SELECT turn FROM parts WHERE channel = :channel AND message_id = :id AND NOT withdrawn))
"""


@dataclass(frozen=True, slots=True)
class SqlTurns:
    """The turn itself holds the answer that is shown; `versions` holds them all once there are several."""

    db: Database

    async def get_turn(self, id: int) -> Turn | None:
        """The turn with this number, finished or not, with its conversation as it is now."""
        found = await self.db.read(f"{rows.TURN} WHERE turns.id = :id", id=id)
        return rows.turn(found[0]) if found else None

    async def list_history(self, turn: Turn, limit: int) -> Sequence[Exchange]:
        """The turns answered before this one in its conversation, oldest first, commands left out."""
        found = await self.db.read(HISTORY, conversation=turn.conversation.id, id=turn.id, limit=limit)
        return [rows.exchange(row) for row in reversed(found)]

    async def list_answered(self, conversation: Conversation) -> Sequence[Turn]:
        """All that was asked and answered in the conversation, oldest first, commands left out."""
        found = await self.db.read(f"{QUESTIONS} ORDER BY turns.id", conversation=conversation.id)
        return [rows.turn(row) for row in found]

    async def list_recorded(self, conversation: Conversation) -> Sequence[Turn]:
        """As `transcript`, with the commands for which a model worked: what it compared, made or read aloud."""
        found = await self.db.read(RECORD, conversation=conversation.id)
        return [rows.turn(row) for row in found]

    async def find_last_question(self, conversation: Conversation) -> Turn | None:
        """The last turn of the conversation that a model was asked about, be it in vain; no command."""
        found = await self.db.read(f"{QUESTIONS} ORDER BY turns.id DESC LIMIT 1", conversation=conversation.id)
        return rows.turn(found[0]) if found else None

    async def search(self, turn: Turn, query: SearchQuery, most: int) -> Sequence[SearchHit]:
        """Return what holds most of the words, newest first among equals, of the turn's conversation before it."""
        return await search_table.search(self.db, turn, query, most)

    async def list_versions(self, turn: Turn) -> Sequence[AnswerVersion]:
        """The answers that models gave to the turn, the original one first."""
        found = await self.db.read(
            "SELECT text, result, model FROM versions WHERE turn = :turn ORDER BY n", turn=turn.id
        ) or await self.db.read(ONLY_VERSION, turn=turn.id)
        return [rows.version(row) for row in found]

    async def add_version(self, turn: Turn, by: Turn, version: AnswerVersion) -> int:
        """Keep and show the answer that the later turn `by` brought for `turn`; its number, from 0.

        What `by` brings again takes the place of what it brought. A turn that was forgotten meanwhile keeps nothing.
        """

        async def unit(execute: Execute) -> int:
            if not await execute(AGAIN, turn=turn.id):
                return 0
            brought = {"turn": turn.id, "by": by.id}
            await execute(ORIGINAL, turn=turn.id)
            [added] = await execute(ONE_MORE, **_stored(version), **brought)
            await execute(SHOW, turn=turn.id, n=added["n"])
            await execute(SEARCH_AGAIN, turn=turn.id)
            await execute("UPDATE turns SET again_of = :turn WHERE id = :by", **brought)
            return int(added["n"])

        return await self.db.write(unit)

    async def select_version(self, turn: Turn, n: int) -> None:
        """Let this answer be the one that is shown and that the history quotes."""

        async def unit(execute: Execute) -> None:
            await execute(SHOW, turn=turn.id, n=n)
            await execute(SEARCH_AGAIN, turn=turn.id)

        await self.db.write(unit)

    async def set_transcript(self, turn: Turn, transcript: str) -> None:
        """Keep what is said in the turn's recordings. Raises LeaseLost where another process holds the turn."""
        await self.db.run_held(TRANSCRIBED, turn=turn.id, transcript=rows.storable(transcript))

    async def save_places(self, turn: Turn, places: PlacesFound) -> None:
        """Keep the places that a closer look found. Raises LeaseLost where another process holds the turn."""
        await self.db.run_held(PLACED, turn=turn.id, places=rows.stored_places(places))


def _stored(version: AnswerVersion) -> Row:
    return {"text": version.text, "result": rows.stored_result(version), "model": version.model}


@dataclass(frozen=True, slots=True)
class SqlPosts:
    """Stores the posts of turns."""

    db: Database

    async def list_posts(self, turn: Turn, channel: Channel, lane: int = 0) -> list[str]:
        """The ids of what was posted for this turn, first post first; each answer side by side has its own lane."""
        posted = await self.db.read(
            "SELECT post FROM posts WHERE turn = :turn AND channel = :channel AND n >= :first AND n < :next ORDER BY n",
            turn=turn.id,
            channel=str(channel),
            first=LANE * lane,
            next=LANE * (lane + 1),
        )
        return [row["post"] for row in posted]

    async def save_post_id(self, turn: Turn, channel: Channel, n: int, post: str, lane: int = 0) -> None:
        """Keep the id of the n-th post (from 0, below 1,000) of a lane."""
        await self.db.run(
            POSTED.format(keep=self.db.keep),
            turn=turn.id,
            channel=str(channel),
            n=LANE * lane + n,
            post=post,
        )

    async def find_turn_of_post(self, channel: Channel, post: str) -> Turn | None:
        """The turn that a post of ours answers."""
        found = await self.db.read(f"{rows.TURN} WHERE turns.id = ({BEHIND})", channel=str(channel), post=post)
        return rows.turn(found[0]) if found else None

    async def find_channel_of_post(self, chat: Channel, post: str) -> Channel | None:
        """The channel of a post of ours, if only its chat is known: the chat itself, or one of its topics."""
        topics = f"{chat}/"
        found = await self.db.read(CHANNEL_OF, chat=str(chat), topics=topics, length=len(topics), post=post)
        return Channel.parse(found[0]["channel"]) if found else None

    async def find_turn_of_message(self, channel: Channel, message: str) -> Turn | None:
        """The turn that a person's message is, or is a part of."""
        found = await self.db.read(f"{rows.TURN} WHERE turns.id = ({OF_MESSAGE})", channel=str(channel), id=message)
        return rows.turn(found[0]) if found else None
