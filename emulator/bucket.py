"""The bucket of files: private, except through a signed link that expires, as S3 has it."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from aiohttp import web

from emulator import s3
from emulator.request_context import RequestContext
from emulator.state import BUCKET, Assets

LIVES = 604_800  # seconds, seven days
_STAMP = "%Y%m%dT%H%M%SZ"


class Bucket:
    """Gives out links and serves what they point to."""

    def __init__(self, assets: Assets, lives: int = LIVES) -> None:
        """A link lives for `lives` seconds."""
        self._assets, self._lives, self._secret = assets, lives, secrets.token_bytes(32)

    def link(self, origin: str, key: str) -> str:
        """Return a link to a file that everybody can follow until it runs out."""
        date, lives = f"{datetime.now(UTC):{_STAMP}}", str(self._lives)
        query = (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"
            f"&X-Amz-Credential=EMULATOR%2F{date[:8]}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={date}"
            f"&X-Amz-Expires={lives}&X-Amz-Signature={self._sign(key, date, lives)}"
            "&X-Amz-SignedHeaders=host&x-id=GetObject"
        )
        return f"{origin}/{BUCKET}/{quote(key)}?{query}"

    async def serve(self, visit: RequestContext) -> web.StreamResponse:
        """Answer a GET for a file."""
        key, signed = visit.seen.name, "X-Amz-Signature" in visit.request.query
        refusal = self._refusal(key, visit) if signed else None
        if refusal is not None:
            return refusal
        asset = self._assets.kept.get(key)
        if asset is None or not (signed or asset.public):
            return s3.missing(key) if signed else s3.denied()
        visit.seen.bytes = len(asset.data)
        return web.Response(body=asset.data, content_type=asset.mime)

    def _refusal(self, key: str, visit: RequestContext) -> web.Response | None:
        query = visit.request.query
        date, lives, signature = (query.get(f"X-Amz-{name}", "") for name in ("Date", "Expires", "Signature"))
        if not hmac.compare_digest(self._sign(key, date, lives).encode(), signature.encode()):
            return s3.forged()
        ends = datetime.strptime(date, _STAMP).replace(tzinfo=UTC) + timedelta(seconds=int(lives))
        return s3.expired(ends, int(lives)) if ends <= datetime.now(UTC) else None

    def _sign(self, key: str, date: str, lives: str) -> str:
        return hmac.new(self._secret, f"{key}\n{date}\n{lives}".encode(), hashlib.sha256).hexdigest()
