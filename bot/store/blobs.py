"""Blobs and upload keys that one process received and others need."""

import time
from dataclasses import dataclass

from bot.store.database import Database

CARRY = """
INSERT INTO carried (key, data, at) VALUES (:key, :data, :now)
ON CONFLICT (key) DO UPDATE SET data = excluded.data, at = excluded.at
"""


@dataclass(frozen=True, slots=True)
class SqlBlobs:
    """Blobs by key; the keys of uploaded files by provider, account and hash."""

    db: Database

    async def put_blob(self, key: str, data: bytes) -> None:
        """Keep under this key what only this process was given."""
        await self.db.run(CARRY, key=key, data=data, now=time.time())

    async def get_blob(self, key: str) -> bytes | None:
        """Return the blob of the key; None if it is unknown or too old."""
        found = await self.db.read("SELECT data FROM carried WHERE key = :key", key=key)
        return bytes(found[0]["data"]) if found else None

    async def delete_blobs(self, prefix: str, before: float) -> None:
        """Delete what was kept before that moment under keys that begin so."""
        # Not LIKE: SQLite would not tell upper from lower case.
        await self.db.run(
            "DELETE FROM carried WHERE at < :before AND SUBSTR(key, 1, :length) = :prefix",
            before=before, prefix=prefix, length=len(prefix),
        )  # fmt: skip

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""
        found = await self.db.read(
            "SELECT asset FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
        return found[0]["asset"] if found else None

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""
        await self.db.run(
            "INSERT INTO assets (provider, account, sha256, asset, kept)"
            " VALUES (:provider, :account, :sha256, :key, :now)"
            " ON CONFLICT (provider, account, sha256) DO UPDATE SET asset = excluded.asset, kept = excluded.kept",
            provider=provider,
            account=account,
            sha256=sha256,
            key=key,
            now=time.time(),
        )

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""
        await self.db.run(
            "DELETE FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
