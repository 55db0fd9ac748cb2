"""The store in portable SQL: one object for each port, all over the same database."""

from dataclasses import dataclass
from typing import Self

from bot.store.answers import SqlPosts, SqlTurns
from bot.store.conversations import SqlChannels, SqlConversations
from bot.store.coordination import SqlBlobs, SqlCoordination
from bot.store.database import Database
from bot.store.deletion import SqlDeletion
from bot.store.file_records import SqlFiles
from bot.store.imports import SqlImports
from bot.store.ledger import SqlLedger
from bot.store.paid_steps import SqlSteps
from bot.store.people import SqlPeople, new_standings
from bot.store.reporting import SqlReporting
from bot.store.turn_intake import SqlTurnIntake
from bot.store.turn_queue import SqlTurnQueue
from bot.store.vote_records import SqlVotes
from bot.store.web_sessions import SqlSessions


@dataclass(frozen=True, kw_only=True)
class SqlStore:
    """The ports over one database. A write that crosses two of them belongs to the one whose use case it is."""

    db: Database
    intake: SqlTurnIntake
    queue: SqlTurnQueue
    posts: SqlPosts
    turns: SqlTurns
    conversations: SqlConversations
    channels: SqlChannels
    files: SqlFiles
    people: SqlPeople
    sessions: SqlSessions
    ledger: SqlLedger
    steps: SqlSteps
    votes: SqlVotes
    imports: SqlImports
    blobs: SqlBlobs
    deletion: SqlDeletion
    coordination: SqlCoordination
    reporting: SqlReporting

    @classmethod
    def over(cls, db: Database) -> Self:
        """Return the ports of a database, which is not entered yet."""
        standings = new_standings()
        return cls(
            db=db,
            intake=SqlTurnIntake(db),
            queue=SqlTurnQueue(db),
            posts=SqlPosts(db),
            turns=SqlTurns(db),
            conversations=SqlConversations(db),
            channels=SqlChannels(db, standings),
            files=SqlFiles(db),
            people=SqlPeople(db, standings),
            sessions=SqlSessions(db),
            ledger=SqlLedger(db),
            steps=SqlSteps(db),
            votes=SqlVotes(db),
            imports=SqlImports(db),
            blobs=SqlBlobs(db),
            deletion=SqlDeletion(db),
            coordination=SqlCoordination(db),
            reporting=SqlReporting(db),
        )

    @property
    def me(self) -> str:
        """The name of this process in the store; one that starts again has another."""
        return self.db.me

    async def __aenter__(self) -> Self:
        await self.db.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.db.__aexit__(*exc)
