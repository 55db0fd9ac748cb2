"""The REST API, as far as a bot for photos needs it."""

import re
import time
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from tests.doubles.discord import posting, wire
from tests.doubles.discord.core import Core
from tests.doubles.discord.faults import Fault, Refused, Wire, answer, invalid
from tests.doubles.discord.gateway import MESSAGE_CONTENT_LIMITED
from tests.doubles.discord.posting import Form
from tests.doubles.discord.world import DM_CHANNEL, FORUM_CHANNEL, ME, THREAD_CREATED, Channel, Permission, Post

Handler = Callable[[web.Request, Form], Awaitable[web.Response]]
Route = tuple[str, str, str, Handler]  # method, template as in discord.py, kind for faults and limits, handler

ARCHIVE_AFTER = (60, 1440, 4320, 10080)  # minutes
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
OPTION_NAME = re.compile(r"[-_'\w]{1,32}")
TYPED = (3, 4, 10)  # options that are written: text, whole numbers, numbers
MOST_COMMANDS = {1: 100, 2: 15, 3: 15}  # by their type


class Rest:
    """The calls that need the bot's token."""

    def __init__(self, core: Core) -> None:
        self.core, self.world = core, core.world
        self.commands: dict[str, list[Wire]] = {}  # of each guild; "": everywhere
        self.unreadable: set[int] = set()  # messages that the history shows without their authors
        self.out_of_reach: set[int] = set()  # messages that Discord cannot hand out for the time being
        self.application_fields: set[str] = set()  # all that is told of the application; empty: everything
        self.typing: list[tuple[float, int]] = []  # (monotonic, channel)

    def routes(self) -> list[Route]:
        return [
            ("GET", "/gateway/bot", "gateway", self.gateway),
            ("GET", "/users/@me", "me", self.me),
            ("GET", "/users/{user_id}", "user", self.user),
            ("POST", "/users/@me/channels", "dm", self.open_dm),
            ("GET", "/oauth2/applications/@me", "application", self.application),
            ("GET", "/applications/@me", "application", self.application),
            ("GET", "/applications/{application_id}/commands", "commands", self.read_commands),
            ("PUT", "/applications/{application_id}/commands", "commands", self.write_commands),
            ("GET", "/applications/{application_id}/guilds/{guild_id}/commands", "commands", self.read_commands),
            ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", "commands", self.write_commands),
            ("GET", "/guilds/{guild_id}", "guild", self.guild),
            ("GET", "/guilds/{guild_id}/members/{member_id}", "member", self.member),
            ("GET", "/guilds/{guild_id}/channels", "channels", self.guild_channels),
            ("GET", "/guilds/{guild_id}/threads/active", "threads", self.active_threads),
            ("GET", "/channels/{channel_id}", "channel", self.channel),
            ("PATCH", "/channels/{channel_id}", "channel", self.edit_channel),
            ("POST", "/channels/{channel_id}/typing", "typing", self.type),
            ("GET", "/channels/{channel_id}/messages", "history", self.history),
            ("POST", "/channels/{channel_id}/messages", "send", self.send),
            ("GET", MESSAGE, "message", self.message),
            ("PATCH", MESSAGE, "edit", self.edit),
            ("DELETE", MESSAGE, "delete", self.delete),
            ("POST", f"{MESSAGE}/threads", "thread", self.thread_of_message),
            ("POST", "/channels/{channel_id}/threads", "thread", self.thread),
            ("PUT", "/channels/{channel_id}/thread-members/@me", "join", self.join),
            ("GET", "/channels/{channel_id}/thread-members/{user_id}", "thread member", self.thread_member),
            ("PUT", f"{MESSAGE}/reactions/{{emoji}}/@me", "reaction", self.react),
            ("DELETE", f"{MESSAGE}/reactions/{{emoji}}/@me", "reaction", self.unreact),
        ]

    async def gateway(self, request: web.Request, form: Form) -> web.Response:
        gateway = self.core.gateway
        limit = gateway.session_start_limit
        return answer({"url": gateway.url, "shards": gateway.shards, "session_start_limit": limit})

    async def me(self, request: web.Request, form: Form) -> web.Response:
        return answer({**wire.user(self.world.users[ME]), "mfa_enabled": True, "verified": True, "flags": 0})

    async def user(self, request: web.Request, form: Form) -> web.Response:
        return answer(wire.user(self.world.user(_id(request, "user_id"))))

    async def open_dm(self, request: web.Request, form: Form) -> web.Response:
        user = self.world.user(int(form.json["recipient_id"]))
        return answer(wire.channel(self.world.dm(user.id), self.world))

    async def application(self, request: web.Request, form: Form) -> web.Response:
        flags = MESSAGE_CONTENT_LIMITED if self.world.message_content else 0
        owner = next(user for user in self.world.users.values() if not user.bot)
        body: Wire = {"id": str(ME), "name": "Snapthread", "icon": None, "description": "", "flags": flags}
        body |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "", "team": None}
        body["owner"] = wire.user(owner)
        body = {name: body[name] for name in self.application_fields or body}
        return answer(body)

    # commands

    async def read_commands(self, request: web.Request, form: Form) -> web.Response:
        return answer(self.commands.get(request.match_info.get("guild_id", ""), []))

    async def write_commands(self, request: web.Request, form: Form) -> web.Response:
        """Put these commands in the place of all others; one that stays keeps its id."""
        place = request.match_info.get("guild_id", "")
        asked: list[Wire] = form.json["commands"]
        _check_commands(asked)
        known = {(one["type"], one["name"]): one["id"] for one in self.commands.get(place, [])}
        self.commands[place] = [self._command(one, place, known) for one in asked]
        return answer(self.commands[place])

    def _command(self, asked: Wire, place: str, known: dict[tuple[int, str], str]) -> Wire:
        given = {name: value for name, value in asked.items() if value is not None}
        asked = {"type": 1, "description": "", **given}
        id = known.get((asked["type"], asked["name"])) or str(next(self.world.ids))
        rest: Wire = {"id": id, "application_id": str(ME), "version": str(next(self.world.ids)), "nsfw": False}
        rest |= {"default_member_permissions": None, "integration_types": [0], "contexts": None}
        return {**rest, **asked, **({"guild_id": place} if place else {})}

    # servers and channels

    async def guild(self, request: web.Request, form: Form) -> web.Response:
        guild = self.world.guild(_id(request, "guild_id"))
        if ME not in guild.members:
            raise Refused(50001)
        return answer(wire.guild(guild))

    async def member(self, request: web.Request, form: Form) -> web.Response:
        guild, id = self.world.guild(_id(request, "guild_id")), _id(request, "member_id")
        if id not in guild.members:
            raise Refused(10007)
        return answer({**wire.member(guild, id), "user": wire.user(self.world.users[id])})

    async def guild_channels(self, request: web.Request, form: Form) -> web.Response:
        """All channels of a server but threads, also those that the bot may not see."""
        guild = self.world.guild(_id(request, "guild_id"))
        channels = [each for each in self.world.channels.values() if each.guild is guild and not each.is_thread]
        return answer([self._channel(each) for each in channels])

    async def active_threads(self, request: web.Request, form: Form) -> web.Response:
        guild = self.world.guild(_id(request, "guild_id"))
        threads = [self.world.channels[id] for id in guild.threads]
        shown = [self._channel(thread) for thread in threads if not thread.archived]
        return answer({"threads": shown, "members": []})

    async def channel(self, request: web.Request, form: Form) -> web.Response:
        return answer(self._channel(self._seen(request)))

    async def edit_channel(self, request: web.Request, form: Form) -> web.Response:
        """Rename, archive, lock."""
        channel, body = self._seen(request), form.json
        if not channel.is_thread:
            raise Refused(50013)
        only_opens = set(body) <= {"archived"} and not body.get("archived")
        if channel.owner != ME and not only_opens:
            self._may(channel, Permission.MANAGE_THREADS)
        channel.name = body.get("name", channel.name)
        channel.archived = body.get("archived", channel.archived)
        channel.locked = body.get("locked", channel.locked)
        self.core.channel_changed(channel)
        return answer(self._channel(channel))

    async def type(self, request: web.Request, form: Form) -> web.Response:
        channel = self._writable(request)
        self.typing.append((time.monotonic(), channel.id))
        return web.Response(status=204)

    # messages

    async def history(self, request: web.Request, form: Form) -> web.Response:
        channel = self._seen(request)
        limit = int(request.query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.")
        marks = (request.query.get(name) for name in ("before", "after", "around"))
        before, after, around = (int(mark) if mark else None for mark in marks)
        if Permission.READ_MESSAGE_HISTORY not in self.world.permissions(channel):
            return answer([])
        page = [self._wire(post) for post in channel.page(limit, before, after, around)]
        return answer([{"id": one["id"]} if int(one["id"]) in self.unreadable else one for one in page])

    async def message(self, request: web.Request, form: Form) -> web.Response:
        channel = self._seen(request)
        if Permission.READ_MESSAGE_HISTORY not in self.world.permissions(channel):
            raise Refused(50001)
        post = self._post(request)
        return Fault(503).reply() if post.id in self.out_of_reach else answer(self._wire(post))

    async def send(self, request: web.Request, form: Form) -> web.Response:
        channel = self._writable(request)
        if channel.type == FORUM_CHANNEL:
            raise Refused(50008)
        self._may_carry(channel, form)
        first = self._said_before(form.json)
        if first is not None:
            return answer(self._wire(first))
        post = self._composed(channel, form)
        if post.nonce is not None:
            self.core.nonces[post.nonce] = (time.monotonic(), post)
        return answer(self._wire(self.core.publish(post)))

    async def edit(self, request: web.Request, form: Form) -> web.Response:
        channel, post = self._seen(request), self._post(request)
        if post.author != ME:
            raise Refused(50005)
        if channel.archived:
            raise Refused(50083)
        posting.revise(self.world, channel, post, form)
        return answer(self._wire(self.core.changed(post)))

    async def delete(self, request: web.Request, form: Form) -> web.Response:
        channel, post = self._seen(request), self._post(request)
        if post.author != ME:
            if channel.type == DM_CHANNEL:
                raise Refused(50003)
            self._may(channel, Permission.MANAGE_MESSAGES)
        self.core.remove(channel, post.id)
        return web.Response(status=204)

    async def react(self, request: web.Request, form: Form) -> web.Response:
        channel, post = self._seen(request), self._post(request)
        self._may(channel, Permission.ADD_REACTIONS | Permission.READ_MESSAGE_HISTORY)
        emoji = unquote(request.match_info["emoji"])
        if emoji not in post.reactions:
            post.reactions.append(emoji)
        return web.Response(status=204)

    async def unreact(self, request: web.Request, form: Form) -> web.Response:
        post, emoji = self._post(request), unquote(request.match_info["emoji"])
        if emoji in post.reactions:
            post.reactions.remove(emoji)
        return web.Response(status=204)

    # threads

    async def thread_of_message(self, request: web.Request, form: Form) -> web.Response:
        channel, post = self._seen(request), self._post(request)
        if channel.guild is None or channel.is_thread or channel.type == FORUM_CHANNEL:
            raise Refused(50024)
        self._may(channel, Permission.CREATE_PUBLIC_THREADS)
        if post.thread is not None:
            raise Refused(160004)
        _check_thread(form.json)
        thread = self.core.thread_of(post, form.json["name"], ME)
        thread.archive_after = form.json.get("auto_archive_duration") or 1440
        return answer(self._channel(thread), status=201)

    async def thread(self, request: web.Request, form: Form) -> web.Response:
        """A thread without a message, or a post in a forum, which begins with one."""
        channel, body = self._seen(request), form.json
        if channel.guild is None or channel.is_thread:
            raise Refused(50024)
        self._may(channel, Permission.CREATE_PUBLIC_THREADS)
        _check_thread(body)
        if channel.type == FORUM_CHANNEL:
            return answer(self._forum_post(channel, form), status=201)
        thread = self.core.new_thread(channel, body["name"], ME, type=body.get("type", 12))
        self.core.add_thread(thread)
        notice = Post(next(self.world.ids), channel.id, ME, body["name"], THREAD_CREATED, reply_to=thread.id)
        self.core.publish(notice)
        return answer(self._channel(thread), status=201)

    def _forum_post(self, forum: Channel, form: Form) -> Wire:
        self._may(forum, Permission.SEND_MESSAGES)
        inner = Form(form.json["message"], form.uploads)
        self._may_carry(forum, inner)
        thread = self.core.new_thread(forum, form.json["name"], ME)
        thread.tags = [int(tag) for tag in form.json.get("applied_tags") or []]
        post = posting.compose(self.world, thread, inner)
        post.id = thread.id
        forum.last_message = thread.id
        self.core.add_thread(thread)
        self.core.publish(post)
        return {**self._channel(thread), "message": self._wire(post)}

    async def join(self, request: web.Request, form: Form) -> web.Response:
        self._seen(request).joined = True
        return web.Response(status=204)

    async def thread_member(self, request: web.Request, form: Form) -> web.Response:
        thread, user = self._seen(request), _id(request, "user_id")
        if user not in {thread.owner, *thread.members}:
            raise Refused(10007)
        return answer({"id": str(thread.id), "user_id": str(user), "join_timestamp": wire.JOINED, "flags": 0})

    # what several of them ask

    def _composed(self, channel: Channel, form: Form) -> Post:
        """A message from a form; a forward has no words of its own."""
        reference: Wire = form.json.get("message_reference") or {}
        if reference.get("type", 0) == 1:
            origin = self.world.post(int(reference["channel_id"]), int(reference["message_id"]))
            return self.core.forwarded(origin, channel, ME)
        if reference and Permission.READ_MESSAGE_HISTORY not in self.world.permissions(channel):
            raise Refused(160002)
        post = posting.compose(self.world, channel, form)
        posting.answer(self.world, channel, post, form)
        return post

    def _said_before(self, body: Wire) -> Post | None:
        """The message that was sent with the same nonce a short while ago."""
        if not body.get("enforce_nonce"):
            return None
        at, post = self.core.nonces.get(str(body.get("nonce")), (0.0, None))
        return post if post is not None and time.monotonic() - at < self.core.nonce_seconds else None

    def _seen(self, request: web.Request) -> Channel:
        """The channel of a call, if the bot may look into it."""
        channel = self.world.channel(_id(request, "channel_id"))
        self.looks_into(channel)
        return channel

    def looks_into(self, channel: Channel) -> None:
        """Refuse a channel that the bot cannot see."""
        if not self.world.inside(channel) or Permission.VIEW_CHANNEL not in self.world.permissions(channel):
            raise Refused(50001)

    def _writable(self, request: web.Request) -> Channel:
        channel = self._seen(request)
        if channel.locked and channel.archived:
            raise Refused(160005)
        if channel.type == DM_CHANNEL and self.world.users[channel.recipient].refuses_dms:
            raise Refused(50007)
        self._may(channel, Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES)
        return channel

    def _may_carry(self, channel: Channel, form: Form) -> None:
        if form.uploads:
            self._may(channel, Permission.ATTACH_FILES)
        if form.json.get("embeds"):
            self._may(channel, Permission.EMBED_LINKS)

    def _may(self, channel: Channel, permission: Permission) -> None:
        if permission not in self.world.permissions(channel):
            raise Refused(50013)

    def _post(self, request: web.Request) -> Post:
        return self.world.post(_id(request, "channel_id"), _id(request, "message_id"))

    def _wire(self, post: Post) -> Wire:
        return wire.message(post, self.world, self.world.message_content)

    def _channel(self, channel: Channel) -> Wire:
        return {**wire.channel(channel, self.world), **self.core.guild_id(channel)}


def _id(request: web.Request, name: str) -> int:
    """An id of the path; what is no number is no id of anything."""
    try:
        return int(request.match_info[name])
    except ValueError:
        raise invalid(name, "NUMBER_TYPE_COERCE", "Value is not snowflake.") from None


def _check_thread(body: Wire) -> None:
    if not 1 <= len(body.get("name") or "") <= 100:
        raise invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if body.get("auto_archive_duration") not in (None, *ARCHIVE_AFTER):
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {4320, 10080, 60, 1440}.")


def _check_options(where: str, options: list[Wire]) -> None:
    """Refuse options that are too many, in the wrong order, or not what Discord can offer."""
    if len(options) > 25:
        raise invalid(where, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    names = [one["name"] for one in options]
    if len(names) != len(set(names)):
        raise invalid(where, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names must be unique")
    required = [bool(one.get("required")) for one in options]
    if required != sorted(required, reverse=True):
        message = "Required options must be placed before non-required options"
        raise invalid(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
    for n, one in enumerate(options):
        _check_option(f"{where}.{n}", one)


def _check_option(where: str, one: Wire) -> None:
    if not OPTION_NAME.fullmatch(one["name"]) or one["name"] != one["name"].lower():
        raise invalid(f"{where}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(one.get("description", "")) <= 100:
        raise invalid(f"{where}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    choices = one.get("choices") or []
    if len(choices) > 25:
        raise invalid(f"{where}.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    if (choices or one.get("autocomplete")) and one["type"] not in TYPED:
        message = f'Value of field "type" must be one of {TYPED}.'
        raise invalid(f"{where}.type", "UNION_TYPE_CHOICES", message)
    if choices and one.get("autocomplete"):
        message = "Choices are not allowed with autocomplete"
        raise invalid(f"{where}.choices", "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", message)
    _check_options(f"{where}.options", one.get("options") or [])


def _check_commands(commands: list[Wire]) -> None:
    names = [(one.get("type", 1), one["name"]) for one in commands]
    for n, one in enumerate(commands):
        if not 1 <= len(one["name"]) <= 32:
            raise invalid(f"{n}.name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
        if one.get("type", 1) == 1 and not 1 <= len(one.get("description", "")) <= 100:
            raise invalid(f"{n}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        _check_options(f"{n}.options", one.get("options", []))
    if len(names) != len(set(names)):
        raise invalid("0.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for type, most in MOST_COMMANDS.items():
        if sum(kind == type for kind, _ in names) > most:
            raise Refused(30032)
