"""The people: what they do, what there is for them, and what they see of the bot's."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.doubles.discord import commands, people, wire
from tests.doubles.discord.commands import NotOffered, Options
from tests.doubles.discord.core import Core
from tests.doubles.discord.faults import Wire
from tests.doubles.discord.interactions import MENU, PRESS, RUN, SUBMIT, TYPE, Interaction, Interactions
from tests.doubles.discord.people import Upload
from tests.doubles.discord.rest import Rest
from tests.doubles.discord.world import (
    ANN,
    BOB,
    COMPONENTS_V2,
    FORUM,
    GENERAL,
    GROUP_CHANNEL,
    GUILD,
    IS_VOICE,
    ME,
    PLURALKIT,
    PRIVATE_THREAD,
    PROXY_WEBHOOK,
    REPLY,
    TEXT_CHANNEL,
    THREAD,
    Channel,
    Guild,
    Permission,
    Post,
    User,
)


class Crowd(Core):
    """Everything that happens without the bot; each deed is told on the gateway as Discord would tell it."""

    def __init__(self, token: str, message_content: bool) -> None:
        super().__init__(token, message_content)
        self.rest, self.interactions = Rest(self), Interactions(self)

    # what people do

    async def says(
        self,
        text: str = "",
        channel: int = GENERAL,
        by: int = ANN,
        *,
        files: Sequence[Upload] = (),
        reply_to: int | None = None,
        ping: bool = True,
        mention: bool = False,
        mention_role: bool = False,
        embeds: Sequence[Wire] = (),
        stickers: Sequence[Wire] = (),
        forwarded: int | None = None,
        **more: Any,
    ) -> int:
        """Somebody says something; returns the message's id, as all of these do.

        `ping` is of a reply; `forwarded` is a message of whatever channel; `more` are fields of the Post (type, flags).
        """
        place = self.world.channel(channel)
        if forwarded is not None:
            return self.publish(self.forwarded(self.world.find(forwarded), place, by)).id
        if mention:
            text = f"<@{ME}> {text}".rstrip()
        if mention_role and place.guild is not None:
            [role] = place.guild.members[ME]
            text = f"<@&{role}> {text}".rstrip()
        post = Post(next(self.world.ids), channel, by, text, embeds=list(embeds), stickers=list(stickers))
        post.files = people.files(self.world, place, files)
        self._mention(post, place)
        if reply_to is not None:
            self._answer(post, place, reply_to, ping)
        for name, value in more.items():
            setattr(post, name, value)
        if post.flags & COMPONENTS_V2:
            assert not (post.content or post.embeds or post.poll or post.stickers), (
                "Discord takes nothing beside a card"
            )
        return self.publish(post).id

    async def proxies(self, original: int, text: str, name: str = "Alice", app: int = PLURALKIT) -> int:
        """A proxy bot says under a character's name what somebody has said, and takes the original away."""
        post = self.world.find(original)
        place = self.world.channel(post.channel)
        copy = Post(next(self.world.ids), place.id, PROXY_WEBHOOK, text, proxy=(app, name))
        copy.files = people.files(self.world, place, [(file.name, file.data) for file in post.files])
        self._mention(copy, place)
        self.publish(copy)
        if original in place.posts:
            self.remove(place, original)
        return copy.id

    async def speaks(
        self,
        data: bytes,
        channel: int = GENERAL,
        by: int = ANN,
        *,
        seconds: float = 5.0,
        reply_to: int | None = None,
        ping: bool = True,
    ) -> int:
        """Somebody sends a voice message: one recording, and neither words nor anything else."""
        place = self.world.channel(channel)
        post = Post(next(self.world.ids), channel, by, flags=IS_VOICE)
        post.files = [people.voice(self.world, place, data, seconds)]
        if reply_to is not None:
            self._answer(post, place, reply_to, ping)
        return self.publish(post).id

    async def tells(self, text: str = "", by: int = ANN, **more: Any) -> int:
        """Somebody says something to the bot alone, in their direct messages."""
        return await self.says(text, self.dm(by), by, **more)

    async def posts_in_forum(
        self,
        title: str,
        text: str = "",
        files: Sequence[Upload] = (),
        *,
        by: int = ANN,
        forum: int = FORUM,
        message_first: bool = False,
        **more: Any,
    ) -> int:
        """Somebody opens a thread in a forum; returns its id, which is its first message's too.

        With `message_first` the message is told of before the thread, as it happens at times.
        """
        place = self.world.channel(forum)
        thread = self.add_thread(self.new_thread(place, title, by), told=not message_first)
        post = Post(thread.id, thread.id, by, text, files=people.files(self.world, thread, files), **more)
        place.last_message = thread.id
        self._mention(post, thread)
        self.publish(post)
        if message_first:
            self.channel_changed(thread, "CREATE", newly_created=True)
        return thread.id

    async def edits(
        self, channel: int, id: int, text: str | None = None, *, embeds: Sequence[Wire] | None = None
    ) -> None:
        """Somebody changes what they said; with `embeds` alone it is Discord that has looked at a link."""
        post, place = self.world.post(channel, id), self.world.channel(channel)
        if text is not None:
            pinged = [
                one for one in post.mentions if post.reply_to and one not in people.mentioned(post.content, self.world)
            ]
            post.content = text
            self._mention(post, place)
            post.mentions += pinged
        if embeds is not None:
            post.embeds = list(embeds)
        self.changed(post, edited=text is not None)

    async def deletes(self, channel: int, *ids: int) -> None:
        """Somebody takes messages away; several at once are one event."""
        self.remove(self.world.channel(channel), *ids)

    async def runs(
        self,
        name: str,
        channel: int = GENERAL,
        by: int = ANN,
        *,
        options: Mapping[str, Any] | None = None,
        files: Mapping[str, Upload] | None = None,
        as_user_app: bool = False,
    ) -> Interaction:
        """Somebody runs a command, `name` or `name subcommand`; `files` are options too.

        With `as_user_app` they have installed the bot for themselves, and it has no part in the channel.
        """
        place, (first, *path) = self.world.channel(channel), name.split()
        command = commands.offered(self.rest.commands, first, 1, place, user_app=as_user_app)
        commands.permitted(command, self.world, place, by)
        data = Options(self.world, place).data(command, path, {**(options or {}), **(files or {})})
        return self.interactions.begin(RUN, by, place, data, user_app=as_user_app)

    async def uses_menu(
        self, name: str, message: int, channel: int | None = None, by: int = ANN, *, as_user_app: bool = False
    ) -> Interaction:
        """Somebody picks a command from the menu of a message."""
        post = self.world.find(message) if channel is None else self.world.post(channel, message)
        place = self.world.channel(post.channel)
        command = commands.offered(self.rest.commands, name, MENU, place, user_app=as_user_app)
        commands.permitted(command, self.world, place, by)
        data = commands.menu_data(command, post, self.world)
        return self.interactions.begin(RUN, by, place, data, user_app=as_user_app)

    async def presses(
        self, post: Post, custom_id: str, by: int = ANN, *, values: list[str] | None = None
    ) -> Interaction:
        """Somebody presses a button of a post; `values` are what is chosen from a menu."""
        if post.ephemeral_to not in (None, by):
            raise NotOffered("only one person sees this post")
        data = commands.press_data(post, custom_id, values)
        owners = (post.metadata or {}).get("authorizing_integration_owners", {"0": "0"})
        place = self.world.channel(post.channel)
        return self.interactions.begin(PRESS, by, place, data, user_app="0" not in owners, message=post)

    async def types(
        self,
        name: str,
        option: str,
        text: str,
        channel: int = GENERAL,
        by: int = ANN,
        *,
        options: Mapping[str, Any] | None = None,
        seconds: float = 3,
    ) -> list[Wire]:
        """Somebody types an option's text; returns the choices that the bot proposes: name and value."""
        place, (first, *path) = self.world.channel(channel), name.split()
        command = commands.offered(self.rest.commands, first, 1, place, user_app=False)
        data = Options(self.world, place).data(command, path, {**(options or {}), option: text}, option)
        asked = self.interactions.begin(TYPE, by, place, data, user_app=False)
        return (await asked.acknowledged(seconds)).choices or []

    async def submits(self, asked: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Somebody fills in the form that an interaction brought up."""
        options = Options(self.world, asked.channel)
        data = commands.submit_data(asked, values, options)
        return self.interactions.begin(
            SUBMIT, asked.user, asked.channel, data, user_app=asked.user_app, message=asked.message
        )

    def dm(self, user: int = ANN) -> int:
        """The channel of somebody's direct messages."""
        return self.world.dm(user).id

    def embed(self, data: bytes, name: str = "photo.jpg", source: str = "https://photos.example") -> Wire:
        """What Discord makes of a link to a picture: the source, and its own copy of it."""
        id = next(self.world.ids)
        proxy = self.cdn.keep_plain(f"external/{id}/{name}", data)
        size = {"width": 640, "height": 480}
        picture = {"url": f"{source}/{name}", "proxy_url": proxy, "content_type": "image/jpeg", "flags": 0, **size}
        return {"type": "image", "url": f"{source}/{name}", "thumbnail": picture}

    def media(self, data: bytes, name: str = "photo.jpg", source: str = "https://photos.example") -> Wire:
        """A picture from elsewhere as a component shows it: the source, and Discord's own copy of it."""
        proxy = self.cdn.keep_plain(f"external/{next(self.world.ids)}/{name}", data)
        return {
            "url": f"{source}/{name}",
            "proxy_url": proxy,
            "width": 640,
            "height": 480,
            "content_type": "image/jpeg",
        }

    def card(self, *pictures: bytes, text: str = "", thumbnail: bytes = b"", spoiler: bool = False) -> Wire:
        """The fields of a post that is made of components, as bots send them: a text, pictures, one beside it."""
        inner: list[Wire] = [{"type": 10, "content": text}] if text else []
        if thumbnail:
            accessory = {"type": 11, "media": self.media(thumbnail), "description": None, "spoiler": False}
            inner = [{"type": 9, "components": inner or [{"type": 10, "content": "A card"}], "accessory": accessory}]
        if pictures:
            items = [{"media": self.media(data), "description": None, "spoiler": False} for data in pictures]
            inner.append({"type": 12, "items": items})
        container = {"type": 17, "accent_color": None, "spoiler": spoiler, "components": inner}
        return {"flags": COMPONENTS_V2, "components": [container]}

    def sticker(self, data: bytes, name: str = "wave", format: int = 1) -> Wire:
        """A sticker; its picture is at Asset.BASE + /stickers/{id}.png."""
        id = next(self.world.ids)
        self.cdn.keep_plain(f"stickers/{id}.png", data)
        return {"id": str(id), "name": name, "format_type": format}

    # what there is

    def add_user(self, name: str, *, bot: bool = False, guild: int | None = GUILD) -> int:
        """A person, or another bot."""
        user = User(next(self.world.ids), name, bot)
        self.world.users[user.id] = user
        if guild is not None:
            self.world.guilds[guild].members[user.id] = []
        return user.id

    def add_guild(self, name: str, owner: int = ANN, *, shard: int = 0, member: bool = True) -> int:
        """Another server, whose events go to the given shard; the bot joins it unless not a `member`."""
        id = next(self.world.ids) >> 22
        id = (id - (id - shard) % self.gateway.shards) << 22
        while id in self.world.guilds:
            id -= self.gateway.shards << 22
        guild = Guild(id, name, owner)
        self.world.add_guild(guild, next(self.world.ids))
        if member:
            self.gateway.tell("GUILD_CREATE", wire.guild_create(guild, self.world), id)
        else:
            guild.members.pop(ME)
        return id

    def add_channel(self, name: str, guild: int = GUILD, type: int = TEXT_CHANNEL) -> int:
        channel = self.world.add_channel(Channel(next(self.world.ids), type, name, self.world.guilds[guild]))
        if ME in self.world.guilds[guild].members:
            self.channel_changed(channel, "CREATE")
        return channel.id

    def add_group(self, *users: int, name: str = "") -> int:
        """A private channel of several people, where the bot cannot be."""
        group = Channel(next(self.world.ids), GROUP_CHANNEL, name, recipients=list(users or (ANN, BOB)))
        return self.world.add_channel(group).id

    def opens_thread(
        self, name: str, channel: int = GENERAL, *, by: int = ANN, of: int | None = None, private: bool = False
    ) -> int:
        """Somebody begins a thread, at the message `of` or at none; returns its id."""
        place = self.world.channel(channel)
        if of is not None:
            return self.thread_of(self.world.post(channel, of), name, by).id
        return self.add_thread(self.new_thread(place, name, by, type=PRIVATE_THREAD if private else THREAD)).id

    def removes_bot(self, guild: int = GUILD) -> None:
        """The bot is thrown out of a server."""
        self.world.guilds[guild].members.pop(ME, None)
        self.gateway.tell("GUILD_DELETE", {"id": str(guild)}, guild)

    def deletes_channel(self, channel: int) -> None:
        place = self.world.channels.pop(channel)
        if place.guild is not None:
            (place.guild.threads if place.is_thread else place.guild.channels).remove(channel)
        self.channel_changed(place, "DELETE")

    def archives(self, thread: int, *, locked: bool = False) -> None:
        place = self.world.channel(thread)
        place.archived, place.locked = True, locked
        self.channel_changed(place)

    def deny(self, channel: int, *permissions: str) -> None:
        """Take permissions from the bot in a channel, by their names."""
        place = self.world.place(self.world.channel(channel))
        for name in permissions:
            place.denied |= Permission[name]
        self.channel_changed(place)

    def allow(self, channel: int, *permissions: str) -> None:
        """Give them back."""
        place = self.world.place(self.world.channel(channel))
        for name in permissions:
            place.denied &= ~Permission[name]
        self.channel_changed(place)

    def hides(self, channel: int, *users: int) -> None:
        """People cannot see a channel any more."""
        place = self.world.place(self.world.channel(channel))
        place.hidden |= set(users)
        self.channel_changed(place)

    def refuses_dms(self, user: int = ANN, refuses: bool = True) -> None:
        self.world.users[user].refuses_dms = refuses

    # what people see

    def posts(self, channel: int = GENERAL) -> list[Post]:
        """The bot's messages in a channel, as they read now; those that one person alone can see too."""
        return list(self.world.channel(channel).ours.values())

    def reads(self, channel: int = GENERAL) -> list[str]:
        return [post.text for post in self.posts(channel)]

    def direct(self, user: int = ANN) -> list[Post]:
        """The bot's direct messages to somebody."""
        return self.posts(self.dm(user))

    def messages(self, channel: int = GENERAL) -> list[Post]:
        """All messages in a channel, whoever wrote them, the oldest first."""
        place = self.world.channel(channel)
        return [place.posts[id] for id in place.order]

    def threads(self, parent: int = GENERAL) -> list[Channel]:
        """The threads of a channel, with their names."""
        return [channel for channel in self.world.channels.values() if channel.is_thread and channel.parent == parent]

    def _mention(self, post: Post, place: Channel) -> None:
        post.mentions = people.mentioned(post.content, self.world)
        post.mention_roles = people.mentioned_roles(post.content, place)

    def _answer(self, post: Post, place: Channel, reply_to: int, ping: bool) -> None:
        post.type, post.reply_to = REPLY, reply_to
        answered = place.posts.get(reply_to)
        if answered is None or answered.proxy is not None:  # a reply to a webhook's message pings nobody
            return
        if ping and answered.author not in (*post.mentions, post.author):
            post.mentions.append(answered.author)
