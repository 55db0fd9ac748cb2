"""Assets: the photos that providers keep for us."""

import time

from bot.store.database import Database


class AssetTable(Database):
    """Known by provider, account and the photo's hash."""

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""
        found = await self.read(
            "SELECT asset FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
        return found[0]["asset"] if found else None

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""
        await self._run(
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
        await self._run(
            "DELETE FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )

    async def forget_assets_before(self, before: float) -> int:
        """Forget all keys that were kept before that moment; how many."""
        return len(await self._run("DELETE FROM assets WHERE kept < :before RETURNING provider", before=before))
