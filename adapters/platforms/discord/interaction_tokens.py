"""Interaction tokens: each is the secret right to answer an interaction for fifteen minutes.

They are stored encrypted, so that any process can answer an interaction that another one received:

    discord:ticket:ID           the token of the interaction with this id, encrypted
    discord:ticket:post:POST    the id of the interaction whose token made this post
    discord:ticket:place:PLACE  the id of the latest interaction of a visitor's place
"""

import json
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field, replace

from adapters.platforms.discord.places import Place
from adapters.platforms.discord.token_encryption import TokenEncryption
from bot.ports import Blobs

LIFETIME = 14 * 60.0  # seconds; the last of the fifteen minutes is a margin
PREFIX = "discord:ticket:"
MAX_CACHED = 10_000  # posts whose token is known


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionToken:
    """The right to answer one interaction. It is stored as JSON by the names of its fields."""

    id: str  # of the interaction
    application: int
    token: str = field(repr=False)
    thinking: bool  # Discord shows "thinking", which the first answer replaces
    began: float  # seconds since 1970
    first: str | None = None  # the nonce of the first answer, once it was sent

    @property
    def is_over(self) -> bool:
        """True once the token has expired."""
        return time.time() - self.began > LIFETIME

    def is_first(self, nonce: str | None) -> bool:
        """Tell whether an answer replaces "thinking"; the same answer again still does."""
        return self.thinking and (self.first is None or self.first == nonce)


class InteractionTokens:
    """The tokens of messages, posts and visitors' places, shared by all processes."""

    def __init__(self, blobs: Blobs, encryption: TokenEncryption) -> None:
        self._blobs, self._encryption = blobs, encryption
        self._by_post: OrderedDict[str, str | None] = OrderedDict()  # post: the interaction that made it, or None

    async def save(self, token: InteractionToken, place: Place) -> None:
        """Save the token of a new interaction."""
        await self._store_token(token)
        if place.visitor is not None:  # the only way to post there
            await self._blobs.put_blob(f"{PREFIX}place:{place}", token.id.encode())

    async def save_post(self, token: InteractionToken, post: str, nonce: str | None) -> None:
        """Save that the token made the post, and can edit it."""
        if token.first is None:
            await self._store_token(replace(token, first=nonce or ""))
        await self._blobs.put_blob(f"{PREFIX}post:{post}", token.id.encode())
        self._remember(post, token.id)

    async def find_for_message(self, message: str | None, place: Place) -> InteractionToken | None:
        """Find the token for a reply: the message's own, or the place's latest where there is no other way."""
        interaction = (message or "").partition("/")[2]
        token = await self._load(interaction) if interaction else None
        if token is None and place.visitor is not None:
            token = await self._find_by_name(f"place:{place}")
        return token

    async def find_for_post(self, post: str) -> InteractionToken | None:
        """Find the token that made a post, while it is valid."""
        if post not in self._by_post:
            interaction_id = await self._blobs.get_blob(f"{PREFIX}post:{post}")
            self._remember(post, interaction_id.decode() if interaction_id else None)
        interaction = self._by_post[post]
        return await self._load(interaction) if interaction else None

    def mark_ordinary(self, post: str) -> None:
        """Remember that no token made the post."""
        self._remember(post, None)

    async def expire(self) -> None:
        """Delete expired tokens."""
        await self._blobs.delete_blobs(PREFIX, time.time() - LIFETIME)

    async def _find_by_name(self, name: str) -> InteractionToken | None:
        interaction_id = await self._blobs.get_blob(PREFIX + name)
        return await self._load(interaction_id.decode()) if interaction_id else None

    async def _store_token(self, token: InteractionToken) -> None:
        await self._blobs.put_blob(PREFIX + token.id, self._encryption.encrypt(json.dumps(asdict(token)).encode()))

    async def _load(self, id: str) -> InteractionToken | None:
        encrypted = await self._blobs.get_blob(PREFIX + id)
        data = self._encryption.decrypt(encrypted) if encrypted else None
        token = InteractionToken(**json.loads(data)) if data else None
        return token if token and not token.is_over else None

    def _remember(self, post: str, interaction_id: str | None) -> None:
        self._by_post[post] = interaction_id
        self._by_post.move_to_end(post)
        if len(self._by_post) > MAX_CACHED:
            self._by_post.popitem(last=False)
