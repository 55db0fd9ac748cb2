"""The guilds, channels, people and messages of the double."""

import re
import time
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag

from tests.doubles.discord.cdn import Cdn, File
from tests.doubles.discord.faults import Refused, Wire

EPOCH = 1_420_070_400_000  # ms; Discord's ids count from here
DAY = 86_400_000
MENTION = re.compile(r"<@!?(\d{15,20})>")
ROLE_MENTION = re.compile(r"<@&(\d{15,20})>")


def _long_ago(n: int) -> int:
    return (3300 * DAY + n) << 22


ME, ANN, BOB, ADMIN = (_long_ago(n) for n in range(1, 5))  # the bot (and its application), two people, the owner
GUILD, BOT_ROLE, ADMIN_ROLE = (_long_ago(n) for n in range(10, 13))
PLURALKIT, TUPPERBOX = 466378653216014359, 431544605209788416  # the applications of proxy bots
PROXY_WEBHOOK = _long_ago(30)  # of a proxy bot
GENERAL, OTHER, FORUM = (_long_ago(n) for n in range(20, 23))

TEXT_CHANNEL, DM_CHANNEL, GROUP_CHANNEL, THREAD, PRIVATE_THREAD, FORUM_CHANNEL = 0, 1, 3, 11, 12, 15
DEFAULT, THREAD_CREATED, REPLY, COMMAND, THREAD_STARTER, MENU_COMMAND = 0, 18, 19, 20, 21, 23
SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 15
IS_VOICE, IS_SNAPSHOT = 1 << 13, 1 << 14


class Permission(IntFlag):
    """The permissions that the double knows."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


NOTHING = Permission(0)
ALL = ~NOTHING
EVERYONE = ALL & ~(
    Permission.ADMINISTRATOR
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.MENTION_EVERYONE
)


def moment(id: int) -> str:
    """When a thing was made, which its id tells."""
    return datetime.fromtimestamp(((id >> 22) + EPOCH) / 1000, UTC).isoformat()


class Snowflakes:
    """Ids made of the time, so that a later thing has a greater one."""

    def __init__(self) -> None:
        self._last = 0

    def __next__(self) -> int:
        self._last = max((int(time.time() * 1000) - EPOCH) << 22, self._last + 1)
        return self._last


@dataclass(slots=True)
class User:
    """Somebody, or some bot."""

    id: int
    name: str
    bot: bool = False
    refuses_dms: bool = False
    locale: str = "en-US"


@dataclass(slots=True)
class Role:
    """A role of a guild; a bot brings its own."""

    id: int
    name: str
    permissions: Permission = EVERYONE
    bot: int | None = None


@dataclass(slots=True)
class Guild:
    """A server; `members` are the ids of their roles, beside @everyone."""

    id: int
    name: str
    owner: int
    community: str = ""  # the language of a community; others have none
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)
    channels: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Post:
    """A message as its channel shows it now, whoever wrote it. Ids are numbers here."""

    id: int
    channel: int
    author: int
    content: str = ""
    type: int = DEFAULT
    flags: int = 0
    files: list[File] = field(default_factory=list)
    embeds: list[Wire] = field(default_factory=list)
    components: list[Wire] = field(default_factory=list)
    stickers: list[Wire] = field(default_factory=list)
    poll: Wire | None = None
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mentions_everyone: bool = False
    reply_to: int | None = None
    reply_channel: int | None = None  # of what it replies to; None: its own, or the parent of the thread that it begins
    unresolved: bool = False  # Discord has not looked for what it replies to, and says nothing of it
    forwarded: "Post | None" = None  # what it was when it was forwarded
    forwarded_from: tuple[int, int] | None = None  # (channel, message)
    thread: int | None = None
    nonce: str | None = None
    edited: float | None = None  # seconds since 1970
    edits: int = 0
    ephemeral_to: int | None = None
    webhook: bool = False  # written by way of an interaction
    proxy: tuple[int, str] | None = None  # of a webhook of another application: that, and the name it speaks under
    metadata: Wire | None = None  # of the interaction
    reactions: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it says, be it content or text displays."""
        return self.content or "\n".join(c["content"] for c in walk(self.components) if c["type"] == 10)

    @property
    def buttons(self) -> list[Wire]:
        return [component for component in walk(self.components) if component["type"] == 2]

    @property
    def commands(self) -> list[str]:
        return [button["custom_id"] for button in self.buttons if "custom_id" in button]

    @property
    def thinking(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def mentions_pinged(self) -> list[int | str]:
        """The people and roles it called upon, and `@everyone`."""
        return [*self.mentions, *self.mention_roles, *(["@everyone"] if self.mentions_everyone else [])]


def walk(components: Sequence[Wire]) -> list[Wire]:
    """All components, with those inside others."""
    found: list[Wire] = []
    for component in components:
        inner = [
            *component.get("components", []),
            *filter(None, [component.get("accessory"), component.get("component")]),
        ]
        found += [component, *walk(inner)]
    return found


@dataclass(slots=True)
class Channel:
    """A place to talk, threads and direct messages too."""

    id: int
    type: int
    name: str = ""
    guild: Guild | None = None
    recipient: int = 0  # of direct messages
    recipients: list[int] = field(default_factory=list)  # of a group
    denied: Permission = NOTHING  # to the bot
    hidden: set[int] = field(default_factory=set)  # people who cannot see it
    members: set[int] = field(default_factory=set)  # of a private thread
    last_message: int | None = None
    posts: dict[int, Post] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)  # ids of all posts, ascending
    ours: dict[int, Post] = field(default_factory=dict)  # the bot's, ephemeral ones too
    # threads only
    made: float = field(default_factory=time.time)  # seconds since 1970; the id may be that of an older message
    parent: int | None = None
    owner: int = 0
    archived: bool = False
    locked: bool = False
    archive_after: int = 1440  # minutes
    joined: bool = False
    tags: list[int] = field(default_factory=list)

    @property
    def is_thread(self) -> bool:
        return self.type in (THREAD, PRIVATE_THREAD)

    def add(self, post: Post) -> None:
        self.posts[post.id] = post
        insort(self.order, post.id)
        self.last_message = max(self.last_message or 0, post.id)

    def remove(self, id: int) -> Post:
        self.ours.pop(id, None)
        self.order.pop(bisect_left(self.order, id))
        return self.posts.pop(id)

    def page(self, limit: int, before: int | None, after: int | None, around: int | None) -> list[Post]:
        """Some posts, the newest first."""
        if after is not None:
            start = bisect_left(self.order, after + 1)
            ids = self.order[start : start + limit]
        elif around is not None:
            middle = bisect_left(self.order, around)
            ids = self.order[max(0, middle - limit // 2) :][:limit]
        else:
            end = len(self.order) if before is None else bisect_left(self.order, before)
            ids = self.order[max(0, end - limit) : end]
        return [self.posts[id] for id in reversed(ids)]


class World:
    """Everything there is; `channel`, `post` and so on raise Refused when there is no such thing."""

    def __init__(self, cdn: Cdn, message_content: bool) -> None:
        self.cdn, self.message_content = cdn, message_content
        self.ids = Snowflakes()
        self.users = {
            user.id: user
            for user in (User(ME, "snapthread", bot=True), User(ANN, "ann"), User(BOB, "bob"), User(ADMIN, "admin"))
        }
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.direct: dict[int, int] = {}  # user: channel
        self.places: dict[int, int] = {}  # message: channel
        self.harmful_links: set[str] = set()  # addresses that Discord takes to be harmful
        self.blocked_words: set[str] = set()  # that the servers' AutoMod keeps out
        self.explicit_pictures: set[bytes] = set()  # that Discord takes to be explicit
        self.previewed: list[str] = []  # addresses in what the bot said that Discord fetched, to show what is there
        self.add_guild(Guild(GUILD, "Photo club", ADMIN), BOT_ROLE)
        for id, name, type in ((GENERAL, "general", 0), (OTHER, "other", 0), (FORUM, "photos", FORUM_CHANNEL)):
            self.add_channel(Channel(id, type, name, self.guilds[GUILD]))

    def add_guild(self, guild: Guild, bot_role: int) -> None:
        """Everybody is in it, the bot too."""
        admin_role = ADMIN_ROLE if guild.id == GUILD else next(self.ids)
        roles = (
            Role(guild.id, "@everyone"),
            Role(bot_role, "Snapthread", EVERYONE, ME),
            Role(admin_role, "Admins", EVERYONE | Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES),
        )
        guild.roles = {role.id: role for role in roles}
        guild.members = {id: [] for id in self.users} | {ME: [bot_role], ADMIN: [admin_role]}
        self.guilds[guild.id] = guild

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild is not None:
            (channel.guild.threads if channel.is_thread else channel.guild.channels).append(channel.id)
        return channel

    def dm(self, user: int) -> Channel:
        """The direct messages with somebody."""
        if user not in self.direct:
            channel = self.add_channel(Channel(next(self.ids), DM_CHANNEL, recipient=user))
            self.direct[user] = channel.id
        return self.channels[self.direct[user]]

    def inside(self, channel: Channel) -> bool:
        """Whether the bot is where the channel is."""
        return channel.type != GROUP_CHANNEL and (channel.guild is None or ME in channel.guild.members)

    def user(self, id: int) -> User:
        if id not in self.users:
            raise Refused(10013)
        return self.users[id]

    def guild(self, id: int) -> Guild:
        if id not in self.guilds or ME not in self.guilds[id].members:
            raise Refused(10004)
        return self.guilds[id]

    def channel(self, id: int) -> Channel:
        if id not in self.channels:
            raise Refused(10003)
        return self.channels[id]

    def post(self, channel: int, id: int) -> Post:
        """A message that all in the channel can see."""
        post = self.channel(channel).posts.get(id)
        if post is None:
            raise Refused(10008)
        return post

    def find(self, id: int) -> Post:
        """A message in whatever channel."""
        if id not in self.places:
            raise Refused(10008)
        return self.post(self.places[id], id)

    def permissions(self, channel: Channel, user: int = ME) -> Permission:
        """What somebody may do in a channel."""
        if channel.guild is None:
            return EVERYONE
        guild = channel.guild
        if user == guild.owner:
            return ALL
        if user not in guild.members:
            return NOTHING
        granted = guild.roles[guild.id].permissions
        for role in guild.members[user]:
            granted |= guild.roles[role].permissions
        if user == ME:
            granted &= ~self.place(channel).denied
        if user in self.place(channel).hidden:
            granted &= ~Permission.VIEW_CHANNEL
        return granted

    def place(self, channel: Channel) -> Channel:
        """Where the permissions of a channel are set: those of a thread are its parent's."""
        return self.channels.get(channel.parent, channel) if channel.parent is not None else channel

    def readable(self, post: Post) -> bool:
        """Whether the bot may read a message without the intent for it."""
        return post.author == ME or ME in post.mentions or self.channels[post.channel].guild is None
