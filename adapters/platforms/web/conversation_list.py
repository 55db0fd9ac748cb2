"""The list of conversations: the channels of the page in which somebody said something, the latest first."""

from dataclasses import dataclass

from adapters.platforms.web.entries import SubmittedMessage
from adapters.platforms.web.journal import Journal

MOST_LISTED = 200
LONGEST_TITLE = 120  # characters
DELETE = "/forget yes"  # the command behind *Delete*: it deletes at the provider and in linked channels, too

LIST = """
SELECT talk.channel, coalesce(conversations.title, ''), talk.newest, (
    SELECT text FROM entries
    WHERE channel = talk.channel AND ours = 0 AND text <> '' AND substr(text, 1, 1) <> '/' ORDER BY id LIMIT 1
), (
    SELECT text FROM entries
    WHERE channel = talk.channel AND ours = 0 AND about IS NULL AND text LIKE '/%'
    ORDER BY text LIKE '/% %' DESC, id LIMIT 1
), (
    SELECT json_array(uploads.id, uploads.name, uploads.picture)
    FROM entries JOIN photos ON entry = entries.id JOIN uploads ON upload = uploads.id
    WHERE entries.channel = talk.channel AND ours = 0 ORDER BY entries.id, place LIMIT 1
)
FROM (SELECT channel, max(id) AS newest FROM entries GROUP BY channel HAVING min(ours) = 0) AS talk
LEFT JOIN conversations ON conversations.channel = talk.channel
WHERE NOT coalesce(hidden, 0) AND (:words = '' OR has_words(coalesce(conversations.title, ''), :words) OR EXISTS (
    SELECT 1 FROM entries WHERE entries.channel = talk.channel AND has_words(text, :words)
))
ORDER BY newest DESC LIMIT :most
"""
RENAME = """
INSERT INTO conversations (channel, title) VALUES (?, ?) ON CONFLICT (channel) DO UPDATE SET title = excluded.title
"""
HIDE = "INSERT INTO conversations (channel, hidden) VALUES (?, 1) ON CONFLICT (channel) DO UPDATE SET hidden = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """A conversation as the list shows it."""

    channel: str
    title: str  # chosen, or the first question; empty where there were only photos
    newest: str  # the id of its last entry
    photo: str  # the JSON of the first file's id, name and kind; empty without one


class ConversationList:
    """Lists, finds, names and deletes the conversations of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def find(self, words: str = "", most: int = MOST_LISTED) -> list[ListedConversation]:
        """Return the conversations in which these words occur, the one with the latest entry first."""
        rows = await self._journal.read(LIST, {"words": words.strip().casefold(), "most": most})
        return [
            ListedConversation(
                channel=channel,
                title=_one_line(title or question or ("" if photo else _words_of(command or ""))),
                newest=str(newest),
                photo=photo or "",
            )
            for channel, title, newest, question, command, photo in rows
        ]

    async def rename(self, channel: str, title: str) -> None:
        """Give a conversation a title; an empty one gives it back its first question."""
        await self._journal.write(RENAME, (channel, _one_line(title)), durable=True)

    async def delete(self, channel: str, key: str) -> None:
        """Take a conversation off the list, and let the bot forget it: it will, even after a crash."""
        await self._journal.add_message(channel, SubmittedMessage(text=DELETE, uploads=(), key=key))
        await self._journal.write(HIDE, (channel,), durable=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TITLE]


def _words_of(command: str) -> str:
    """Return the words after a command; the command itself where there are none."""
    return command.partition(" ")[2].strip() or command
