"""A chat platform in a few lines: it shows what people see."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from bot.chat_platform import Health, Platform, PostLimits, SetupRemark
from bot.errors import Busy, Unreadable
from bot.messages import Attachment, Author, Channel, File, OutgoingPost
from bot.ports import Receive


class FakePlatform:
    """Keeps the posts of each channel, and what went wrong on demand."""

    def __init__(self, name: str = "web", max_length: int = 2000) -> None:
        self.name, self.max_length, self.edit_interval = name, max_length, 0.0
        self.posts: dict[Channel, dict[str, str]] = defaultdict(dict)
        self.replied_to: dict[str, str | None] = {}
        self.buttons: dict[str, list[str]] = {}  # the commands below each post
        self.hidden: dict[str, bool] = {}  # whether each post is behind a spoiler
        self.quiet: dict[str, bool] = {}  # whether each post came without a sound
        self.sent_files: dict[str, list[File]] = {}  # that came along with each post
        self.by_key: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.away: set[str] = set()  # files that cannot be fetched at the moment
        self.fetched: list[str] = []  # the files that somebody asked for
        self.fetching = 0.0  # seconds that a file takes
        self.sending = 0.0  # seconds that a new post takes
        self.calls: list[tuple[str, str]] = []  # (send or edit, text)
        self.health = Health()
        self.troubles: list[Exception] = []  # raised by the next sends and edits, one each
        self.typed: list[Channel] = []
        self.managers: set[str] | None = None  # the ids of those who manage the channels; None: everybody
        self.reactions: list[tuple[str, str, bool]] = []  # (message, emoji, whether it was put there)
        self.forgotten: list[Channel] = []
        self.expired: list[tuple[float, float]] = []  # from before when: words and photos
        self._ids = map(str, itertools.count(1))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    def as_platform(self) -> Platform:
        return Platform(
            name=self.name,
            adapter=self,
            threads=True,
            rich=True,
            limits=lambda channel: PostLimits(self.max_length, self.edit_interval),
            edits=self,
            reactions=self,
            typing=self,
            forgets=self,
            expires=self,
            token=self,
            connection=self,
        )

    async def listen(self, receive: Receive) -> None: ...

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        self._trouble("send", post.text)
        await asyncio.sleep(self.sending)
        id = self.by_key.get(post.key or "") or next(self._ids)
        if post.key:
            self.by_key[post.key] = id
        self.posts[channel][id] = post.text
        self.buttons[id] = [button.command for button in post.buttons]
        self.replied_to[id] = post.reply_to
        self.hidden[id] = post.is_spoiler
        self.quiet[id] = post.is_quiet
        self.sent_files.setdefault(id, list(post.files))
        return id

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        self._trouble("edit", post.text)
        assert post_id in self.posts[channel]
        self.posts[channel][post_id] = post.text
        self.hidden[post_id] = post.is_spoiler
        self.quiet[post_id] = post.is_quiet
        self.buttons[post_id] = [button.command for button in post.buttons]
        return post_id

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        self.fetched.append(attachment.ref)
        await asyncio.sleep(self.fetching)
        if attachment.ref in self.away:
            raise Busy("discord_unreachable")
        if attachment.ref not in self.files:
            raise Unreadable("photo_gone")
        return self.files[attachment.ref]

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        self.typed.append(channel)
        yield

    async def react(self, channel: Channel, message_id: str, emoji: str, *, is_on: bool) -> None:
        self.reactions.append((message_id, emoji, is_on))

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        return self.managers is None or author.id in self.managers

    async def forget(self, channel: Channel) -> None:
        self.forgotten.append(channel)

    async def expire(self, before: float, photos_before: float) -> None:
        self.expired.append((before, photos_before))

    async def check(self) -> Sequence[SetupRemark]:
        return ()

    def reads(self, channel: str = "web:lobby") -> list[str]:
        """What the bot's posts in a channel read now."""
        return list(self.posts[Channel.parse(channel)].values())

    def _trouble(self, call: str, text: str) -> None:
        self.calls.append((call, text))
        if self.troubles:
            raise self.troubles.pop(0)
