"""The world and the gateway together: whatever happens to a message is told to the bot."""

import time
from dataclasses import replace

from tests.doubles.discord import wire
from tests.doubles.discord.cdn import Cdn
from tests.doubles.discord.faults import Wire
from tests.doubles.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS, Gateway
from tests.doubles.discord.world import (
    ME,
    THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Permission,
    Post,
    World,
)


class Core:
    """What rooms of the double share."""

    def __init__(self, token: str, message_content: bool) -> None:
        self.token = token
        self.cdn = Cdn()
        self.world = World(self.cdn, message_content)
        self.gateway = Gateway(self.world, lambda: self.token)
        self.nonce_seconds = 180.0
        self.nonces: dict[str, tuple[float, Post]] = {}  # of the bot's messages

    def publish(self, post: Post) -> Post:
        """A message appears in its channel."""
        channel = self.world.channels[post.channel]
        channel.add(post)
        self.world.places[post.id] = channel.id
        if post.author == ME and post.type not in (THREAD_CREATED, THREAD_STARTER):
            channel.ours[post.id] = post
        if channel.archived:
            channel.archived = False
            self.channel_changed(channel)
        self._message_event("MESSAGE_CREATE", post)
        return post

    def changed(self, post: Post, *, edited: bool = True) -> Post:
        """A message reads differently now; `edited` is false when Discord itself has changed it."""
        if edited:
            post.edited, post.edits = time.time(), post.edits + 1
        if post.ephemeral_to is None:
            self._message_event("MESSAGE_UPDATE", post)
        return post

    def remove(self, channel: Channel, *ids: int) -> None:
        """Messages vanish; several at once are one event."""
        for id in ids:
            for file in channel.remove(id).files:
                self.cdn.forget(file)
        where: Wire = {"channel_id": str(channel.id)} | self.guild_id(channel)
        if len(ids) == 1:
            self._told(channel, "MESSAGE_DELETE", {"id": str(ids[0]), **where})
        else:
            self._told(channel, "MESSAGE_DELETE_BULK", {"ids": [str(id) for id in ids], **where})

    def channel_changed(self, channel: Channel, event: str = "UPDATE", **more: object) -> None:
        """A channel or thread is new, different or gone (CREATE, UPDATE, DELETE)."""
        kind = "THREAD" if channel.is_thread else "CHANNEL"
        body = {**wire.channel(channel, self.world), **self.guild_id(channel), **more}
        self.gateway.tell(f"{kind}_{event}", body, channel.guild.id if channel.guild else None, GUILDS)

    def add_thread(self, thread: Channel, *, told: bool = True) -> Channel:
        """A thread begins."""
        self.world.add_channel(thread)
        if told:
            self.channel_changed(thread, "CREATE", newly_created=True)
        return thread

    def new_thread(self, parent: Channel, name: str, owner: int, id: int | None = None, type: int = THREAD) -> Channel:
        """A thread, not yet told of."""
        thread = Channel(id or next(self.world.ids), type, name, parent.guild, parent=parent.id, owner=owner)
        thread.joined = owner == ME
        return thread

    def thread_of(self, post: Post, name: str, owner: int) -> Channel:
        """The thread that begins at a message has the message's id, and a first message that points back."""
        channel = self.world.channels[post.channel]
        thread = self.add_thread(self.new_thread(channel, name, owner, post.id))
        post.thread = thread.id
        self.changed(post, edited=False)
        self.publish(Post(next(self.world.ids), thread.id, owner, type=THREAD_STARTER, reply_to=post.id))
        return thread

    def forwarded(self, post: Post, channel: Channel, by: int) -> Post:
        """A message that forwards another; not yet published."""
        folder = f"attachments/{channel.id}"
        files = [self.cdn.copy(file, next(self.world.ids), folder) for file in post.files]
        copy = replace(post, files=files, mentions=[])
        flags = wire.snapshot_flags(post)
        origin = (post.channel, post.id)
        return Post(next(self.world.ids), channel.id, by, flags=flags, forwarded=copy, forwarded_from=origin)

    def guild_id(self, channel: Channel) -> Wire:
        return {"guild_id": str(channel.guild.id)} if channel.guild else {}

    def _message_event(self, event: str, post: Post) -> None:
        channel = self.world.channels[post.channel]
        if self.world.inside(channel) and Permission.VIEW_CHANNEL in self.world.permissions(channel):
            intent = GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES
            guild = channel.guild.id if channel.guild else None
            self.gateway.tell(event, lambda content: wire.event(post, self.world, content), guild, intent)

    def _told(self, channel: Channel, event: str, body: Wire) -> None:
        intent = GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES
        self.gateway.tell(event, body, channel.guild.id if channel.guild else None, intent)
