"""A chat platform as the core sees it: what every adapter can do, and what only some can."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Literal, Protocol, Self

from bot.messages import Attachment, Author, Channel, Message, OutgoingPost
from bot.ports import Receive

FIRST_POST_WAIT = 0.3  # seconds: a post with a few words after that is worth as much as one with a letter now

SKEW = 60.0  # seconds by which clocks may differ before a date is not believed


class ChatAdapter(Protocol):
    """Connects one chat platform. Once entered, it can post; only `listen` needs the live connection.

    Every method raises only `bot.errors.BotError` for what can be foreseen; the same holds for the capabilities below.
    """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    def as_platform(self) -> "Platform":
        """Return the record that names what this platform can do."""
        ...

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, in each channel's order, until cancelled."""

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id.

        Its files stay when the post is edited: pictures are shown, others can be fetched. Refused (file_too_large)
        where the platform takes none of that size; then nothing was posted. Busy where a partial post would have to
        wait, because later there will be a better text.
        """
        ...

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file; Refused when it holds more than `limit` bytes or is gone."""
        ...

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Return whether this person may change the channel's settings: anybody in private, admins elsewhere."""
        ...


class EditsPosts(Protocol):
    """Changes posts. Without it, an answer is posted once, when it is whole."""

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post, and add files; what it replies to stays as it was.

        Returns the post's id, which is another one where the platform had to post anew. Busy as in `send`.
        """
        ...


class DeletesPosts(Protocol):
    """Takes posts back. Without it, a post that cannot be finished stays as it is."""

    async def delete(self, channel: Channel, post_id: str) -> None:
        """Delete a post of the bot. One that is not there any more is no error."""


class OpensPrivateChats(Protocol):
    """Can write to a person alone. Without it, an answer that its channel does not take stays unsaid."""

    async def open_private_chat(self, author: Author) -> Channel:
        """Return the channel in which only this person reads the bot. Refused where there is none."""
        ...


class ReactsToMessages(Protocol):
    """Puts reactions on messages. Without it, none is shown."""

    async def react(self, channel: Channel, message_id: str, emoji: str, *, is_on: bool) -> None:
        """Put the bot's reaction on a message, or take it away."""


class LinksToMessages(Protocol):
    """Has links that lead to a message. Without it, people are told the day only."""

    def link_to(self, message: Message) -> str | None:
        """Return the address of the message, for those who may read it anyway; None where it has none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A piece of a channel's history."""

    messages: Sequence[Message]  # of people, with what they showed
    count: int  # of all messages in it
    read_to: str | None  # the oldest one; None: there are no older ones


class ReadsHistory(Protocol):
    """Can read what was posted before the bot listened. Without it, earlier photos are not found."""

    async def list_readable_channels(self, channel: Channel, author: Author) -> Sequence[Channel]:
        """Return the channels of the same server in which both this person and the bot may read back."""
        ...

    async def read_back(self, channel: Channel, before: str) -> HistoryPage:
        """Read the messages before this one, or the newest ones. Refused where the bot may not."""
        ...


class ShowsTyping(Protocol):
    """Shows that an answer is on its way. Without it, nothing is shown."""

    def typing(self, channel: Channel) -> AbstractAsyncContextManager[None]:
        """Show it while entered."""
        ...


class ForgetsChannels(Protocol):
    """Keeps what was said in the platform's place, by channel. Without it, there is nothing to delete."""

    async def forget(self, channel: Channel) -> None:
        """Delete what we hold of a channel."""


class ExpiresMessages(Protocol):
    """Keeps messages or files in the platform's place. Without it, there is nothing that could get old."""

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete what we hold from before then: words and photos (seconds since 1970)."""


@dataclass(frozen=True, slots=True)
class SetupRemark:
    """A remark of the check about a platform's set-up, in a sentence for the operator without its full stop."""

    sentence: str
    weight: Literal["note", "warn", "wrong"] = "note"


class ChecksToken(Protocol):
    """Can tell whether its token is accepted. Without it, no token is needed."""

    async def check(self) -> Sequence[SetupRemark]:
        """Make a cheap call that needs the token; raises what is wrong with it. Return what else there is to say."""
        ...


class HealthState(StrEnum):
    """The state of a platform's connection."""

    UP = auto()
    STANDBY = auto()  # another process listens
    DOWN = auto()


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a platform's connection, with a detail for the operator; empty if there is nothing to report."""

    state: HealthState = HealthState.UP
    detail: str = ""


class ReportsHealth(Protocol):
    """Has a connection that may break. Without it, the platform is up as long as the process is."""

    @property
    def health(self) -> Health:
        """The current health of the connection."""
        ...


@dataclass(frozen=True, slots=True)
class PostLimits:
    """The limits of posts in one channel."""

    max_length: int  # UTF-16 units in one post
    edit_interval: float = 0.0  # seconds between two edits of an answer under way
    first_post_wait: float = 0.0  # seconds that the first post waits until there are a few words to read
    max_posts: int | None = None  # posts of one answer; None: as many as it needs
    takes_files: bool = True  # False: they go to whoever asked, alone, and so does an answer that is too long
    measure: Callable[[str], int] | None = None  # how long Markdown becomes in a post; None: as long as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The capabilities of a platform. None: the platform lacks it, and the core does without."""

    name: str  # as in `Channel.platform`
    adapter: ChatAdapter
    threads: bool = False  # photos can have threads of their own
    rich: bool = False  # answers can be shown in a form that not every reader's app knows
    limits: Callable[[Channel], PostLimits]
    edits: EditsPosts | None = None
    deletes: DeletesPosts | None = None
    private_chats: OpensPrivateChats | None = None
    reactions: ReactsToMessages | None = None
    links: LinksToMessages | None = None
    history: ReadsHistory | None = None
    typing: ShowsTyping | None = None
    forgets: ForgetsChannels | None = None
    expires: ExpiresMessages | None = None
    token: ChecksToken | None = None
    connection: ReportsHealth | None = None

    @property
    def health(self) -> Health:
        """The current health of the connection."""
        return self.connection.health if self.connection else Health()

    def show_typing(self, channel: Channel) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way, where the platform can."""
        return self.typing.typing(channel) if self.typing else nullcontext()


def plausible_time(sent: float, empty_at: float | None = None) -> float:
    """Return when a message was sent, in seconds since 1970, by our clock where its date cannot be right.

    A message that comes at once cannot have waited, whatever its date says: it was sent after the last moment at which
    the platform had nothing more for us.

    `empty_at` is a moment at which no message waited for us; None where there is none that is known.
    """
    now = time.time()
    if empty_at is not None and empty_at - sent > SKEW:
        return min(empty_at, now)
    return now if sent - now > SKEW else sent
