"""Who may talk to the bot, and the codes with which people show that two places are theirs."""

import secrets
import time
from collections import defaultdict, deque
from hashlib import sha256
from uuid import uuid4

from bot.messages import Channel
from bot.store.base import Execute
from bot.store.channels import Channels
from bot.store.recent import Recent

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
CODE_LENGTH = 8
WRONG_CODES = 10  # of one purpose that are looked at in a minute
MINUTE = 60.0
ACCESS_SECONDS = 15.0  # until what another process allowed is known
ACCESS_KEPT = 10_000  # subjects, those that were asked about last

USE = """
UPDATE codes SET hash = :used WHERE purpose = :purpose AND hash IN (:hash, :used) RETURNING subject, expires
"""


class Access(Channels):
    """What is kept about people and places themselves, written `telegram:42`."""

    def __init__(self, first_model: str) -> None:
        super().__init__(first_model)
        self._access: Recent[str, bool | None] = Recent(ACCESS_KEPT, ACCESS_SECONDS)
        self._wrong: defaultdict[str, deque[float]] = defaultdict(deque)  # when wrong codes were tried, by purpose

    async def access(self, subject: str) -> bool | None:
        """Whether the subject was let in (True) or kept out (False); what another process chose is known in seconds."""

        async def load() -> bool | None:
            found = await self.read("SELECT allowed FROM access WHERE subject = :subject", subject=subject)
            return bool(found[0]["allowed"]) if found else None

        return await self._access.get(subject, load)

    async def set_access(self, subject: str, allowed: bool | None) -> None:
        """Let the subject in or keep it out; None: neither."""
        if allowed is None:
            await self._run("DELETE FROM access WHERE subject = :subject", subject=subject)
        else:
            await self._run(
                "INSERT INTO access (subject, allowed) VALUES (:subject, :allowed)"
                " ON CONFLICT (subject) DO UPDATE SET allowed = excluded.allowed",
                subject=subject,
                allowed=allowed,
            )
        self._access.forget(subject)

    async def moved(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""
        await super().moved(old, new)
        self._access.forget(str(old), str(new))

    async def new_code(self, purpose: str, subject: str, seconds: float) -> str:
        """A code that stands for the subject, once, for so many seconds; one it had for this purpose is void."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        now = time.time()

        async def unit(execute: Execute) -> None:
            await execute("DELETE FROM codes WHERE expires <= :now", now=now)
            await execute(
                "INSERT INTO codes (purpose, subject, hash, expires) VALUES (:purpose, :subject, :hash, :expires)"
                " ON CONFLICT (purpose, subject) DO UPDATE SET hash = excluded.hash, expires = excluded.expires",
                purpose=purpose,
                subject=subject,
                hash=_hash(purpose, code),
                expires=now + seconds,
            )

        await self.write(unit)
        return code

    async def use_code(self, purpose: str, code: str) -> str | None:
        """The subject of the code, which is void from now on; None for a wrong one, and after too many of them."""
        wrong, now = self._wrong[purpose], time.monotonic()
        while wrong and wrong[0] <= now - MINUTE:
            wrong.popleft()
        if len(wrong) >= WRONG_CODES:
            return None
        wrong.append(now)  # before it is looked at, or many at the same time would all be looked at
        # Marked as used by us before it is deleted, so that a lost answer of the database does not spoil the code.
        mark = {"purpose": purpose, "used": f"used {uuid4().hex}"}
        used = await self._run(USE, hash=_hash(purpose, code), **mark)
        await self._run("DELETE FROM codes WHERE purpose = :purpose AND hash = :used", **mark)
        if not used or used[0]["expires"] <= time.time():
            return None
        wrong.remove(now)
        subject: str = used[0]["subject"]
        return subject


def _hash(purpose: str, code: str) -> str:
    """What is stored of a code, however people write it."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return sha256(f"{purpose} {plain}".encode()).hexdigest()
