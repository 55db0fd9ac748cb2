"""The sockets of the bot. Whatever fits one can be plugged in."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, Self

from bot.messages import (
    Answer,
    Attachment,
    Author,
    Button,
    Channel,
    ChannelSettings,
    Conversation,
    Exchange,
    Message,
    Model,
    Photo,
    Piece,
    Prompt,
    Turn,
)

Receive = Callable[[Message], Awaitable[None]]
"""Takes a message in. Once it returns, the message survives a crash."""


class Adapter(Protocol):
    """A chat platform. Entered, it can speak; only `listen` needs the live connection.

    Every method raises only `bot.errors.BotError` for what can be foreseen.
    """

    @property
    def name(self) -> str:
        """The platform's name, as in `Channel.platform`."""
        ...

    @property
    def max_length(self) -> int:
        """UTF-16 units in one post."""
        ...

    @property
    def edit_interval(self) -> float:
        """Seconds between two edits of a growing answer."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, in each channel's order, until cancelled."""

    @property
    def trouble(self) -> str | None:
        """What keeps it from hearing, in words for the operator; None while all is well."""
        ...

    @property
    def status(self) -> str:
        """How it is, in words for the operator; empty where there is nothing to say."""
        ...

    async def send(
        self,
        channel: Channel,
        text: str,
        *,
        reply_to: str | None = None,
        nonce: str | None = None,
        buttons: Sequence[Button] = (),
        growing: bool = False,
    ) -> str:
        """Post `text`, as a reply to the message `reply_to`, and return the post's id.

        A press of a button is heard as a message that says its command and is about the post.

        The same `nonce` again means the same post, where the platform can tell. `growing` says that more will follow:
        it is done now or not at all (Busy), because later there will be a better text.
        """
        ...

    async def edit(
        self, channel: Channel, post: str, text: str, *, buttons: Sequence[Button] = (), growing: bool = False
    ) -> str:
        """Let the post read `text`, with these buttons and no others; `growing` as in `send`.

        Returns the post's id, which is another one where the platform had to post anew.
        """
        ...

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file; Refused when it holds more than `limit` bytes or is gone."""
        ...

    def typing(self, channel: Channel) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way."""
        ...

    async def manages(self, channel: Channel, author: Author) -> bool:
        """Whether this person may change the channel's settings: anybody in private, admins elsewhere."""
        ...

    async def check(self) -> None:
        """Make one cheap call that needs the token; raises what is wrong with it."""


class Provider(Protocol):
    """Something that answers. Every method raises only `bot.errors.BotError` for what can be foreseen."""

    @property
    def name(self) -> str:
        """As in the models that people name: name/model."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    async def begin(self, conversation: Conversation, title: str) -> str | None:
        """Open the conversation on the provider's side and return its id there; None where it keeps no history."""

    async def upload(self, photo: Photo) -> None:
        """Bring a photo to where `ask` can name it; nothing to do where photos travel with the question.

        Called as soon as the photo is ready, so that uploads run side by side. Refused: this photo is not taken.
        """

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. Closing the generator closes the connection.

        Raises Forgotten when the provider lost the conversation. Nothing is asked twice once a Text is out.
        """
        ...

    async def models(self) -> Sequence[Model]:
        """What can be asked now; the shipped list where the live one cannot be had."""
        ...

    async def check(self) -> None:
        """Make one cheap call that needs the key; raises what is wrong with it."""


class Store(Protocol):
    """The memory. Unfinished turns are the queue; finished ones are the history.

    Whatever is written has survived once the call returns. Writes of a turn are fenced by its holder: LeaseLost when
    another process has taken it over.
    """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    # the queue

    async def add(self, message: Message, ripens: float = 0) -> bool:
        """Keep the message as a new turn, to be taken up in `ripens` seconds; False if it was kept before.

        A part of an album joins the turn of the other parts while that waits, and lets it wait that long again.
        """
        ...

    async def amend(self, message: Message) -> None:
        """The message was edited: keep its new words, if nobody has taken the turn up yet."""

    async def withdraw(self, channel: Channel, id: str) -> None:
        """The message was deleted: forget its turn, if nobody has taken it up yet; an album goes on without it."""

    async def claim(self, most: int) -> Sequence[Turn]:
        """Lease the oldest ripe turns, at most one of each conversation: always the first in its line."""
        ...

    async def renew_leases(self) -> None:
        """Push back the end of every lease this process holds."""

    async def release_leases(self) -> None:
        """Give back every turn this process holds."""

    async def wait(self, seconds: float) -> None:
        """Sleep until there may be something to claim, `seconds` at most."""

    def wake(self) -> None:
        """End this process's `wait`."""

    async def postponed(self, turn: Turn, seconds: float) -> None:
        """Put the turn back for that long; its conversation waits behind it. Counts as a try."""

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Keep the whole answer; only delivery is left."""

    async def finished(self, turn: Turn, error: str | None = None) -> None:
        """Take the turn off the queue, and let the next of its conversation come forward."""

    # posts

    async def posts(self, turn: Turn, channel: Channel) -> list[str]:
        """The ids of what was posted for this turn, first post first."""
        ...

    async def posted(self, turn: Turn, channel: Channel, n: int, post: str) -> None:
        """Keep the id of the n-th post (from 0)."""

    async def photos_behind(self, channel: Channel, post: str) -> Sequence[Attachment]:
        """The photos of the turn that a post of ours answers."""
        ...

    # channels

    async def channel_settings(self, channel: Channel) -> ChannelSettings:
        """What was chosen for the channel; what another process chose is known within seconds."""
        ...

    async def set_channel(self, channel: Channel, settings: ChannelSettings) -> None:
        """Keep what was chosen for the channel."""

    async def heard(self, marks: Mapping[Channel, str]) -> None:
        """Keep the id of the last message that was heard in each of these channels."""

    async def last_heard(self, platform: str) -> Mapping[Channel, str]:
        """The last message that was heard in each channel of the platform."""
        ...

    # conversations

    async def moved(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""

    async def history(self, turn: Turn, limit: int) -> Sequence[Exchange]:
        """The turns answered before this one in its conversation, oldest first, commands left out."""
        ...

    async def began(self, conversation: Conversation, remote_id: str | None) -> None:
        """Keep the provider's id of the conversation."""

    async def renewed(self, conversation: Conversation) -> Conversation:
        """Give its channels, with all that waits there, a fresh conversation with the same model and preferences."""
        ...

    async def switched(self, conversation: Conversation, model: str) -> None:
        """Keep the choice of a model. Another provider means another remote conversation."""

    # assets that providers keep for us

    async def asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""

    async def kept_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""

    async def lost_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""

    # figures

    async def waiting(self) -> int:
        """How many turns are on the queue, those in work included."""
        ...
