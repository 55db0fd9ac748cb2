"""The refusals of S3, in XML."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from aiohttp import web

_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


def denied() -> web.Response:
    """403: the bucket is private. So it answers for files that are not there, too."""
    return _error(403, "AccessDenied", "Access Denied")


def expired(ends: datetime, lives: int) -> web.Response:
    """403: the link has run out."""
    more = {
        "X-Amz-Expires": str(lives),
        "Expires": f"{ends:{_SECONDS}}",
        "ServerTime": f"{datetime.now(UTC):{_SECONDS}}",
    }
    return _error(403, "AccessDenied", "Request has expired", more)


def forged() -> web.Response:
    """403: the link was changed."""
    message = "The request signature we calculated does not match the signature you provided."
    return _error(403, "SignatureDoesNotMatch", message)


def missing(key: str) -> web.Response:
    """404: the link is good, the file is gone."""
    return _error(404, "NoSuchKey", "The specified key does not exist.", {"Key": key})


def _error(status: int, code: str, message: str, more: dict[str, str] | None = None) -> web.Response:
    parts = {"Code": code, "Message": message, **(more or {}), "RequestId": "EMULATOR", "HostId": "emulator"}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return web.Response(text=text, status=status, content_type="application/xml")
