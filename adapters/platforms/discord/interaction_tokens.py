"""Tickets: the right to answer an interaction. Discord gives each fifteen minutes, and a token nobody else may see.

They are plain data, carried in the store under a seal, so that any process can answer what another one heard:

    discord:ticket:ID           the ticket of the interaction with this id, sealed
    discord:ticket:post:POST    the id of the ticket by which this post was made
    discord:ticket:place:PLACE  the id of the latest ticket of a visitor's place
"""

import json
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field, replace

from adapters.platforms.discord.places import Place
from adapters.platforms.discord.token_encryption import TokenEncryption
from bot.ports import Blobs

LIFE = 14 * 60.0  # seconds; of the fifteen minutes, the last one is nobody's
PREFIX = "discord:ticket:"
REMEMBERED = 10_000  # posts of which is known how they were made


@dataclass(frozen=True, slots=True)
class InteractionToken:
    """The right to answer one interaction."""

    id: str  # of the interaction
    application: int
    token: str = field(repr=False)
    thinking: bool  # Discord shows that we think, and the first answer takes the place of that
    began: float  # seconds since 1970
    first: str | None = None  # the nonce of the first answer, once it was given

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return time.time() - self.began > LIFE

    def is_first(self, nonce: str | None) -> bool:
        """Whether an answer takes the place of "thinking"; the same answer again still does."""
        return self.thinking and (self.first is None or self.first == nonce)


class InteractionTokens:
    """Knows which message, post or visitor's place belongs to which ticket, whichever process heard of it."""

    def __init__(self, blobs: Blobs, seal: TokenEncryption) -> None:
        self._blobs, self._seal = blobs, seal
        self._made: OrderedDict[str, str | None] = OrderedDict()  # posts: by which ticket, None: by none

    async def opened(self, ticket: InteractionToken, place: Place) -> None:
        """A ticket is there."""
        await self._keep(ticket)
        if place.visitor is not None:  # the only way to speak there
            await self._blobs.put_blob(f"{PREFIX}place:{place}", ticket.id.encode())

    async def answered(self, ticket: InteractionToken, post: str, nonce: str | None) -> None:
        """The post was made by it, and can be edited by it."""
        if ticket.first is None:
            await self._keep(replace(ticket, first=nonce or ""))
        await self._blobs.put_blob(f"{PREFIX}post:{post}", ticket.id.encode())
        self._remember(post, ticket.id)

    async def behind(self, message: str | None, place: Place) -> InteractionToken | None:
        """The way to answer a message: by its own ticket, or the place's latest where there is no other way."""
        interaction = (message or "").partition("/")[2]
        found = await self._open(interaction) if interaction else None
        if found is None and place.visitor is not None:
            found = await self._named(f"place:{place}")
        return found

    async def that_made(self, post: str) -> InteractionToken | None:
        """The ticket by which a post was made, while it lasts."""
        if post not in self._made:
            made = await self._blobs.get_blob(f"{PREFIX}post:{post}")
            self._remember(post, made.decode() if made else None)
        ticket = self._made[post]
        return await self._open(ticket) if ticket else None

    def ordinary(self, post: str) -> None:
        """The post was made by no ticket: nobody needs to look for one."""
        self._remember(post, None)

    async def expire(self) -> None:
        """Delete those that are over."""
        await self._blobs.delete_blobs(PREFIX, time.time() - LIFE)

    async def _named(self, name: str) -> InteractionToken | None:
        found = await self._blobs.get_blob(PREFIX + name)
        return await self._open(found.decode()) if found else None

    async def _keep(self, ticket: InteractionToken) -> None:
        await self._blobs.put_blob(PREFIX + ticket.id, self._seal.close(json.dumps(asdict(ticket)).encode()))

    async def _open(self, id: str) -> InteractionToken | None:
        sealed = await self._blobs.get_blob(PREFIX + id)
        data = self._seal.open(sealed) if sealed else None
        ticket = InteractionToken(**json.loads(data)) if data else None
        return ticket if ticket and not ticket.is_over else None

    def _remember(self, post: str, ticket: str | None) -> None:
        self._made[post] = ticket
        self._made.move_to_end(post)
        if len(self._made) > REMEMBERED:
            self._made.popitem(last=False)
