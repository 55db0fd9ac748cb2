"""Discord's people: in each text channel one of them, who sends photos to the bot."""

from typing import Self

from bench.together import QUESTION, Screens, take_any_number
from tests.doubles.discord import ME, FakeDiscord, Post

CHANNELS = 50  # of each server
NO_LIMIT = (10_000_000, 1.0)  # calls, seconds
OF_CHANNEL = (5, 5.0)  # posts, and as many edits
OF_BOT = (50, 1.0)


class Guilds(FakeDiscord):
    """Servers in which the bot is a member; notes what is said in their channels, and by whom."""

    def __init__(self, token: str, screens: Screens, channels: int, *, limited: bool) -> None:
        super().__init__(token)
        self.rate_limits.default = NO_LIMIT
        if limited:
            self.limits(send=OF_CHANNEL, edit=OF_CHANNEL, everything=OF_BOT)
        self.screens = screens
        guilds = [self.add_guild(f"server {n}") for n in range(-(-channels // CHANNELS))]
        self.rooms = [self.add_channel(f"channel {n}", guilds[n // CHANNELS]) for n in range(channels)]

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        take_any_number(self)
        return self

    def publish(self, post: Post) -> Post:
        """A message appears in its channel."""
        if post.author != ME:
            self.screens.ask(post.channel)
            return super().publish(post)
        return self._see(super().publish(post))

    def changed(self, post: Post, *, edited: bool = True) -> Post:
        """A message of the bot's reads differently now."""
        return self._see(super().changed(post, edited=edited))

    def _see(self, post: Post) -> Post:
        self.screens.show(post.channel, post.text)
        return post

    async def asks(self, room: int, photo: bytes) -> None:
        """Send a photo to the bot."""
        await self.says(QUESTION.format(room=room), room, files=[photo], mention=True)

    def count_calls(self) -> tuple[int, int]:
        """Return the posts and edits since the photos were forgotten last, and those that were refused."""
        made = [call for call in self.calls if call.method in ("POST", "PATCH") and "/messages" in call.path]
        return len(made), sum(call.status == 429 for call in made)

    def tidy(self) -> None:
        """Forget the photos."""
        for post in (post for room in self.rooms for post in self.messages(room)):
            for file in post.files:
                self.cdn.forget(file)
            post.files = []
        self.calls.clear()
