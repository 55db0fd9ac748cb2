"""Login sessions of browsers: each gets a random secret in a cookie, and the store gets its hash."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from functools import cached_property

from aiohttp import web

from bot.messages import WebSession
from bot.ports import SessionStore

COOKIE = "snapthread"
LIFETIME = 30 * 24 * 3600.0  # seconds
TOUCH_SECONDS = 60.0  # between two updates of the last use of a session
SESSION = web.RequestKey("session", WebSession)

UNKNOWN_BROWSER = "A program"
# The first that matches names the browser; most of them claim to be others as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


class Logins:
    """The sessions of the server's current token; those of an earlier token are invalid."""

    def __init__(self, token: str, store: SessionStore) -> None:
        self._token, self._store = token, store

    async def prune(self) -> None:
        """Delete expired sessions: those of another token, and old ones."""
        await self._store.prune_sessions(token_hash=self._token_hash, before=time.time() - LIFETIME)

    async def begin(self, user_agent: str) -> str:
        """Start a session; return the value of its cookie."""
        await self.prune()
        secret, now = secrets.token_urlsafe(32), time.time()
        session = WebSession(id=secrets.token_hex(8), device=device_in(user_agent), created=now, seen=now)
        await self._store.add_session(session, secret_hash=_hash(secret), token_hash=self._token_hash)
        return secret

    async def find(self, request: web.Request) -> WebSession | None:
        """Return the session of the cookie in the request."""
        secret, now = request.cookies.get(COOKIE, ""), time.time()
        if not secret:
            return None
        session = await self._store.find_session(secret_hash=_hash(secret), token_hash=self._token_hash)
        if session is None or session.created < now - LIFETIME:
            return None
        if session.seen < now - TOUCH_SECONDS:
            await self._store.touch_session(session.id, now)
        return session

    async def list_sessions(self) -> Sequence[WebSession]:
        """Return all sessions, the most recently used one first."""
        sessions = await self._store.list_sessions(self._token_hash)
        return [session for session in sessions if session.created >= time.time() - LIFETIME]

    async def end(self, id: str) -> None:
        """End the session with this id."""
        await self._store.end_session(id)

    @cached_property
    def _token_hash(self) -> str:
        """Return a slow hash, because the store may be copied and a token may be a word that people can remember."""
        salt = b"snapthread sessions"
        return hashlib.scrypt(self._token.encode(errors="surrogateescape"), salt=salt, n=2**13, r=8, p=1).hex()


def device_in(user_agent: str) -> str:
    """Return the browser and the system named in a User-Agent, such as `Firefox on Linux`."""
    browser = _first(BROWSERS, user_agent) or UNKNOWN_BROWSER
    system = _first(SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _first(table: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for mark, name in table if mark in text), "")


def _hash(secret: str) -> str:
    """Return a fast hash, which is enough for 32 random bytes."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
