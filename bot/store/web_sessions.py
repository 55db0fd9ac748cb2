"""Sessions of the web server: random secrets, of which only hashes are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import WebSession
from bot.store.database import Database, Row

INSERT = """
INSERT INTO sessions (id, secret_hash, token_hash, device, created, seen)
VALUES (:id, :secret_hash, :token_hash, :device, :created, :seen)
"""


@dataclass(frozen=True, slots=True)
class SqlSessions:
    """Sessions by the hash of their secret. Each belongs to the token that it began with."""

    db: Database

    async def add_session(self, session: WebSession, *, secret_hash: str, token_hash: str) -> None:
        """Keep a new session."""
        hashes = {"secret_hash": secret_hash, "token_hash": token_hash}
        times = {"created": session.created, "seen": session.seen}
        await self.db.run(INSERT, id=session.id, device=session.device, **hashes, **times)

    async def find_session(self, *, secret_hash: str, token_hash: str) -> WebSession | None:
        """Return the session with this secret, if it began with this token."""
        sql = "SELECT id, device, created, seen FROM sessions WHERE secret_hash = :secret AND token_hash = :token"
        rows = await self.db.read(sql, secret=secret_hash, token=token_hash)
        return _session(rows[0]) if rows else None

    async def list_sessions(self, token_hash: str) -> Sequence[WebSession]:
        """Return the sessions that began with this token, the last used one first."""
        sql = "SELECT id, device, created, seen FROM sessions WHERE token_hash = :token ORDER BY seen DESC, id"
        return [_session(row) for row in await self.db.read(sql, token=token_hash)]

    async def touch_session(self, id: str, now: float) -> None:
        """Note when the session was last used."""
        await self.db.run("UPDATE sessions SET seen = :now WHERE id = :id", id=id, now=now)

    async def end_session(self, id: str) -> None:
        """Delete the session."""
        await self.db.run("DELETE FROM sessions WHERE id = :id", id=id)

    async def prune_sessions(self, *, token_hash: str, before: float) -> None:
        """Delete the sessions that began with another token, or before that moment."""
        sql = "DELETE FROM sessions WHERE token_hash <> :token OR created < :before"
        await self.db.run(sql, token=token_hash, before=before)


def _session(row: Row) -> WebSession:
    return WebSession(id=row["id"], device=row["device"], created=row["created"], seen=row["seen"])
