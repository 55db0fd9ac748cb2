"""People's access to the bot, and the codes by which they prove that two places are theirs."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from bot.messages import RateLimit
from bot.store.database import Database, Execute
from bot.util.ttl_cache import TtlCache

ACCESS_SECONDS = 15.0  # until what another process allowed is known
ACCESS_KEPT = 10_000  # subjects, those that were asked about last
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
CODE_LENGTH = 8
GUESSES = 10  # codes of one purpose that one person may try in a minute
MINUTE = 60.0

ISSUE = """
INSERT INTO codes (purpose, subject, hash, expires) VALUES (:purpose, :subject, :hash, :expires)
ON CONFLICT (purpose, subject) DO UPDATE SET hash = excluded.hash, expires = excluded.expires
WHERE codes.expires <= :now OR :anew RETURNING subject
"""

USE = """
UPDATE codes SET hash = :used WHERE purpose = :purpose AND hash IN (:hash, :used) RETURNING subject, expires
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The decisions about one subject."""

    allowed: bool | None = None
    is_admin: bool = False


Standings = TtlCache[str, Standing]
"""By subject. Shared by the ports that change them: a place may move to another address."""


def new_standings() -> Standings:
    """Return an empty cache."""
    return TtlCache(ACCESS_KEPT, ACCESS_SECONDS)


@dataclass(frozen=True, slots=True)
class SqlPeople:
    """Stores people and places, written `telegram:42`, with their access and their codes."""

    db: Database
    standings: Standings

    async def get_access(self, subject: str) -> bool | None:
        """Return True if the subject was let in, False if kept out; another process's decision shows within seconds."""
        return (await self._standing(subject)).allowed

    async def is_admin(self, subject: str) -> bool:
        """Tell whether this person claimed the bot; a claim at another process shows within seconds."""
        return (await self._standing(subject)).is_admin

    async def _standing(self, subject: str) -> Standing:
        async def load() -> Standing:
            found = await self.db.read("SELECT allowed, is_admin FROM access WHERE subject = :subject", subject=subject)
            return Standing(bool(found[0]["allowed"]), bool(found[0]["is_admin"])) if found else Standing()

        return await self.standings.get(subject, load)

    async def set_access(self, subject: str, allowed: bool | None) -> None:
        """Let the subject in or keep it out; None: neither. Who is kept out is no admin any more."""
        if allowed is None:
            await self.db.run("DELETE FROM access WHERE subject = :subject", subject=subject)
        else:
            await self.db.run(
                "INSERT INTO access (subject, allowed) VALUES (:subject, :allowed)"
                " ON CONFLICT (subject) DO UPDATE"
                " SET allowed = excluded.allowed, is_admin = access.is_admin AND excluded.allowed",
                subject=subject,
                allowed=allowed,
            )
        self.standings.forget(subject)

    async def add_admin(self, subject: str) -> None:
        """Let this person in, as one who runs the bot."""
        await self.db.run(
            "INSERT INTO access (subject, allowed, is_admin) VALUES (:subject, TRUE, TRUE)"
            " ON CONFLICT (subject) DO UPDATE SET allowed = TRUE, is_admin = TRUE",
            subject=subject,
        )
        self.standings.forget(subject)

    async def list_admins(self) -> Sequence[str]:
        """Return everybody who claimed the bot."""
        return [
            row["subject"] for row in await self.db.read("SELECT subject FROM access WHERE is_admin ORDER BY subject")
        ]

    async def wants_alt_text(self, subject: str) -> bool:
        """Return False if this person wants no alt text below their pictures."""
        return not await self.db.read("SELECT 1 FROM without_alt_text WHERE subject = :subject", subject=subject)

    async def set_alt_text(self, subject: str, wanted: bool) -> None:
        """Note whether this person wants alt text below their pictures."""
        add = "INSERT INTO without_alt_text (subject) VALUES (:subject) ON CONFLICT (subject) DO NOTHING"
        remove = "DELETE FROM without_alt_text WHERE subject = :subject"
        await self.db.run(remove if wanted else add, subject=subject)

    async def create_code(self, purpose: str, subject: str, seconds: float, *, length: int = CODE_LENGTH) -> str:
        """Issue a code that stands for the subject, once, for so many seconds; its older one for this purpose is void.

        31 to the power of `length` codes are possible.
        """
        code = _random_code(length)
        await self._issue(purpose, subject, code, seconds, anew=True)
        return code

    async def first_code(self, purpose: str, subject: str, seconds: float) -> str | None:
        """Issue a code as `new_code` does; None while an older one is good, however many ask at the same time."""
        code = _random_code(CODE_LENGTH)
        return code if await self._issue(purpose, subject, code, seconds, anew=False) else None

    async def _issue(self, purpose: str, subject: str, code: str, seconds: float, *, anew: bool) -> bool:
        now = time.time()
        values = {"purpose": purpose, "subject": subject, "hash": _hash(purpose, code), "expires": now + seconds}

        async def unit(execute: Execute) -> bool:
            await execute("DELETE FROM codes WHERE expires <= :now", now=now)
            return bool(await execute(ISSUE, now=now, anew=anew, **values))

        return await self.db.write(unit)

    async def has_code(self, purpose: str, subject: str) -> bool:
        """Tell whether the subject has a valid code for this purpose."""
        values = {"purpose": purpose, "subject": subject, "now": time.time()}
        sql = "SELECT 1 FROM codes WHERE purpose = :purpose AND subject = :subject AND expires > :now"
        return bool(await self.db.read(sql, **values))

    async def void_codes(self, purpose: str) -> None:
        """Let no code for this purpose be good any more."""
        await self.db.run("DELETE FROM codes WHERE purpose = :purpose", purpose=purpose)

    async def redeem_code(self, purpose: str, code: str, by: str) -> str | None:
        """Return the subject of the code, which is void from now on.

        None for a wrong code, and for every code once `by` (telegram:42) has tried too many within a minute. Whoever
        guesses locks out nobody else.
        """
        if await self.db.acquire(RateLimit(f"{purpose} code by {by}", GUESSES, MINUTE), 0) > 0:
            return None
        # Marked as used by us before it is deleted, so that a lost answer of the database does not spoil the code.
        mark = {"purpose": purpose, "used": f"used {uuid4().hex}"}
        used = await self.db.run(USE, hash=_hash(purpose, code), **mark)
        await self.db.run("DELETE FROM codes WHERE purpose = :purpose AND hash = :used", **mark)
        if not used or used[0]["expires"] <= time.time():
            return None
        subject: str = used[0]["subject"]
        return subject


def _random_code(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _hash(purpose: str, code: str) -> str:
    """Return the hash that is stored for a code, however people write it."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return sha256(f"{purpose} {plain}".encode()).hexdigest()
