"""The posts that show a turn's answer, and the turn that a post answers."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bot.messages import Channel, Turn
from bot.store import row_mapping as rows
from bot.store.database import Database

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

    async def list_posts_by_channel(self, turn: Turn) -> Mapping[Channel, list[str]]:
        """Return the posts of this turn in each channel, first post first; lane 0 only."""
        posted = await self.db.read(
            "SELECT channel, post FROM posts WHERE turn = :turn AND n < :next ORDER BY channel, n",
            turn=turn.id,
            next=LANE,
        )
        found = defaultdict[Channel, list[str]](list)
        for row in posted:
            found[Channel.parse(row["channel"])].append(row["post"])
        return dict(found)

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
