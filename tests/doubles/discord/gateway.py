"""The gateway: sessions that outlive their sockets, and events with numbers."""

import asyncio
import json
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex

from aiohttp import WSMessage, WSMsgType, web

from tests.doubles.discord import budgets, wire
from tests.doubles.discord.faults import Wire
from tests.doubles.discord.world import ME, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
MESSAGE_CONTENT_LIMITED = 1 << 19  # the application's flag for the intent, below 100 servers
GONE = 1006  # not a code that is sent, but what a connection leaves behind that just ends
UNRESUMABLE = (4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014)
ALWAYS = 0
FORGOTTEN = -1.0

Body = Callable[[bool], Wire]  # the event's data, with or without the contents of messages


@dataclass(slots=True, eq=False)
class Session:
    """What IDENTIFY began; it goes on after its socket until Discord or the bot ends it."""

    id: str
    shard: int
    shards: int
    intents: int
    content: bool  # may read the contents of messages
    number: int = 0
    events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=20_000))
    socket: "Socket | None" = None
    left: float = 0.0  # monotonic; when the socket was lost, or FORGOTTEN


class Socket:
    """One connection: what goes out stays in order, and is one zlib stream if that was asked for."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.ws = web.WebSocketResponse(max_msg_size=0, compress=False)
        self.session: Session | None = None
        self.closing = False  # by Discord
        compressed = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if compressed else None
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()

    def send(self, op: int, data: object = None) -> None:
        self.send_text(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_text(self, text: str) -> None:
        self._queue.put_nowait(text)

    def close(self, code: int) -> None:
        """Close it after all that was sent before; GONE ends the connection without a word."""
        self.closing = True
        if self.session is not None and code in UNRESUMABLE:
            self.session.left = FORGOTTEN
        if code != GONE:
            self._queue.put_nowait(code)
        elif self.request.transport is not None:
            self.request.transport.abort()

    async def pump(self) -> None:
        """Send what waits, until the connection ends."""
        with suppress(ConnectionError):
            while True:
                item = await self._queue.get()
                if isinstance(item, int):
                    await self.ws.close(code=item)
                elif self._zlib is None:
                    await self.ws.send_str(item)
                else:
                    data = self._zlib.compress(item.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.ws.send_bytes(data)


class Gateway:
    """Hands events to the sessions that may see them."""

    def __init__(self, world: World, token: Callable[[], str]) -> None:
        self.world, self.token = world, token
        self.shards = 1
        self.max_concurrency = 1
        self.heartbeat = 41.25  # seconds
        self.resume_seconds = 180.0
        self.identifies: list[tuple[int, int]] = []  # (shard, number of shards) of each IDENTIFY
        self.identified: list[float] = []  # when each of these came; monotonic
        self.resumes: list[bool] = []  # whether each RESUME was granted
        self.heartbeats = 0
        self.leaves_out: set[str] = set()  # fields of READY, as on a server that is not Discord's
        self.says_null = False  # `guild_id: null` in place of no `guild_id` at all, as such a server does
        self.remaining: int | None = None  # sessions that Discord says may begin; None: what is left of a thousand
        self.reset_at = 0.0  # monotonic; when that many may begin again
        self.reset_in: float | None = None  # seconds from when somebody first asks, instead of that moment
        self.late: set[int] = set()  # servers that are unavailable for the time being
        self.sessions: dict[str, Session] = {}
        self.sockets: set[Socket] = set()
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return self.world.cdn.base.replace("http", "ws", 1) + "/gateway"

    @property
    def live(self) -> list[Session]:
        """The sessions that have a connection."""
        return [session for session in self.sessions.values() if session.socket is not None]

    async def connected(self, shards: int | None = None) -> None:
        """Wait until so many shards have a session and a connection."""
        while len({session.shard for session in self.live}) < (shards or self.shards):
            await self._changed.wait()

    async def disconnected(self) -> None:
        """Wait until no session has a connection."""
        while self.live:
            await self._changed.wait()

    @property
    def session_start_limit(self) -> Wire:
        """The sessions that may begin, as GET /gateway/bot tells."""
        if self.reset_in is not None:
            self.reset_at, self.reset_in = time.monotonic() + self.reset_in, None
        left = max(0.0, self.reset_at - time.monotonic())
        if self.remaining is not None and left == 0:
            self.remaining = None
        remaining = budgets.SESSIONS_PER_DAY - len(self.identifies) if self.remaining is None else self.remaining
        limit = {"total": budgets.SESSIONS_PER_DAY, "remaining": remaining}
        return {
            **limit,
            "reset_after": int(left * 1000) if self.remaining is not None else 86_400_000,
            "max_concurrency": self.max_concurrency,
        }

    def tell(self, event: str, data: Body | Wire, guild: int | None, intent: int = GUILDS) -> None:
        """Hand an event out; it is kept for sessions that have lost their connection."""
        bodies: dict[bool, str] = {}
        for session in self._hearing(guild, intent):
            if session.content not in bodies:
                body = data(session.content) if callable(data) else data
                body = {"guild_id": None, **body} if self.says_null else body
                bodies[session.content] = json.dumps(body)
            self._send(session, event, bodies[session.content])

    def tell_one(self, session: Session, event: str, data: Wire) -> None:
        self._send(session, event, json.dumps(data))

    def become_available(self, guild: int) -> None:
        """Tell all sessions of a server that was unavailable until now."""
        self.late.discard(guild)
        self.tell("GUILD_CREATE", wire.guild_create(self.world.guilds[guild], self.world), guild, GUILDS)

    def drop(self, code: int = GONE) -> None:
        """Close all connections."""
        for socket in list(self.sockets):
            socket.close(code)

    def forget(self) -> None:
        """No session can be resumed any more."""
        self.sessions = {session.id: session for session in self.live}
        for session in self.live:
            session.left = FORGOTTEN

    def ask_to_reconnect(self) -> None:
        for session in self.live:
            if session.socket is not None:
                session.socket.send(RECONNECT)

    def invalidate(self, resumable: bool = False) -> None:
        """Tell the bot that its session is over, or that it should resume it."""
        for session in self.live:
            socket = session.socket
            if not resumable:
                self.sessions.pop(session.id)
            if socket is not None:
                socket.send(INVALID_SESSION, resumable)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from HELLO to its end."""
        socket = Socket(request)
        await socket.ws.prepare(request)
        self.sockets.add(socket)
        pump = asyncio.create_task(socket.pump())
        try:
            socket.send(HELLO, {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": []})
            async for message in socket.ws:
                self._heard(socket, message)
        finally:
            pump.cancel()
            self._ended(socket)
        return socket.ws

    def _heard(self, socket: Socket, message: WSMessage) -> None:
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        packet = json.loads(message.data)
        if packet["op"] == HEARTBEAT:
            self.heartbeats += 1
            socket.send(ACK)
        elif packet["op"] == IDENTIFY:
            self._identify(socket, packet["d"])
        elif packet["op"] == RESUME:
            self._resume(socket, packet["d"])

    def _ended(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        session = socket.session
        if session is not None and session.socket is socket:
            session.socket = None
            ended = not socket.closing and socket.ws.close_code in (1000, 1001)  # by the bot, for good
            if ended or session.left == FORGOTTEN:
                self.sessions.pop(session.id, None)
            session.left = session.left or time.monotonic()
        self._change()

    def _identify(self, socket: Socket, asked: Wire) -> None:
        shard, shards = asked.get("shard", (0, 1))
        wrong = self._refusal(asked, shard, shards)
        if wrong:
            socket.close(wrong)
            return
        self.identifies.append((shard, shards))
        self.identified.append(time.monotonic())
        content = bool(asked["intents"] & MESSAGE_CONTENT)
        session = Session(token_hex(16), shard, shards, asked["intents"], content)
        self.sessions[session.id] = session
        self._join(socket, session)
        guilds = [
            guild for guild in self.world.guilds.values() if ME in guild.members and _shard(guild.id, shards) == shard
        ]
        ready = self._ready(session, [guild.id for guild in guilds])
        ready = {name: value for name, value in ready.items() if name not in self.leaves_out}
        self.tell_one(session, "READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                if guild.id not in self.late:
                    self.tell_one(session, "GUILD_CREATE", wire.guild_create(guild, self.world))
        self._change()

    def _refusal(self, asked: Wire, shard: int, shards: int) -> int:
        """The code to close the connection with; 0: none."""
        if asked["token"].removeprefix("Bot ") != self.token():
            return 4004
        if not 0 <= shard < shards:
            return 4010
        if shards < self.shards:
            return 4011
        if asked["intents"] & MESSAGE_CONTENT and not self.world.message_content:
            return 4014
        return 0

    def _ready(self, session: Session, guilds: list[int]) -> Wire:
        me = {**wire.user(self.world.users[ME]), "mfa_enabled": True, "verified": True, "email": None, "flags": 0}
        return {
            "v": 10,
            "user": me,
            "guilds": [{"id": str(id), "unavailable": True} for id in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "shard": [session.shard, session.shards],
            "resume_gateway_url": self.url,
            "application": {"id": str(ME), "flags": MESSAGE_CONTENT_LIMITED if self.world.message_content else 0},
            "private_channels": [],
            "relationships": [],
            "_trace": [],
        }

    def _resume(self, socket: Socket, asked: Wire) -> None:
        session = self.sessions.get(asked["session_id"])
        if asked["token"].removeprefix("Bot ") != self.token():
            socket.close(4004)
            return
        granted = session is not None and session.left != FORGOTTEN and not self._expired(session)
        self.resumes.append(granted)
        if session is None or not granted:
            socket.send(INVALID_SESSION, False)
            return
        if asked["seq"] > session.number:
            socket.close(4007)
            return
        if session.socket is not None:
            session.socket.close(GONE)
        for number, text in session.events:
            if number > asked["seq"]:
                socket.send_text(text)
        self._join(socket, session)
        self.tell_one(session, "RESUMED", {"_trace": []})
        self._change()

    def _expired(self, session: Session) -> bool:
        return session.socket is None and time.monotonic() - session.left > self.resume_seconds

    def _join(self, socket: Socket, session: Session) -> None:
        session.socket, session.left = socket, 0.0
        socket.session = session

    def _hearing(self, guild: int | None, intent: int) -> Iterator[Session]:
        for session in list(self.sessions.values()):
            if self._expired(session):
                self.sessions.pop(session.id)
            elif guild in self.late:
                continue
            elif _shard(guild, session.shards) == session.shard and (not intent or session.intents & intent):
                yield session

    def _send(self, session: Session, event: str, body: str) -> None:
        session.number += 1
        text = f'{{"op":0,"t":"{event}","s":{session.number},"d":{body}}}'
        session.events.append((session.number, text))
        if session.socket is not None:
            session.socket.send_text(text)

    def _change(self) -> None:
        """Wake all who wait for a session to come or go."""
        self._changed.set()
        self._changed = asyncio.Event()


def _shard(guild: int | None, shards: int) -> int:
    """The shard that hears of a guild; direct messages have none and go to the first."""
    return 0 if guild is None else (guild >> 22) % shards
