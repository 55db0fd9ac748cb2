"""Interactions: what people ask of the bot by commands and buttons, and the endpoints that answer them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_urlsafe

from aiohttp import web

from tests.doubles.discord import budgets, posting, wire
from tests.doubles.discord.core import Core
from tests.doubles.discord.faults import Refused, Wire, answer, invalid
from tests.doubles.discord.gateway import ALWAYS
from tests.doubles.discord.posting import MOST_BYTES, Form
from tests.doubles.discord.rest import Route
from tests.doubles.discord.world import (
    COMMAND,
    EPHEMERAL,
    LOADING,
    ME,
    MENU_COMMAND,
    REPLY,
    Channel,
    Permission,
    Post,
)

RUN, PRESS, TYPE, SUBMIT = 2, 3, 4, 5  # the types of interactions
SAY, THINK, KEEP, CHANGE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9  # the types of answers
IN_GUILD, IN_DM, IN_PRIVATE = 0, 1, 2  # contexts
MENU = 3  # the type of a command at a message
NO_ANSWER = "The application did not respond"
THINKING = "Snapthread is thinking..."


@dataclass(slots=True, eq=False)
class Interaction:
    """What somebody asked of the bot, and what became of it."""

    id: int
    type: int
    user: int
    channel: Channel
    data: Wire
    user_app: bool  # installed by the user, not in the channel
    must_answer: float  # monotonic, as the next
    ends: float
    message: Post | None = None  # whose button was pressed
    token: str = field(default_factory=lambda: token_urlsafe(40))
    kind: int | None = None  # the type of the first answer
    response: Post | None = None
    followups: list[Post] = field(default_factory=list)
    modal: Wire | None = None
    choices: list[Wire] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failed(self) -> bool:
        """Whether Discord has told the person that the bot did not respond."""
        late = time.monotonic() > (self.must_answer if self.kind is None else self.ends)
        return late and (self.kind is None or self.thinking)

    @property
    def thinking(self) -> bool:
        return self.response is not None and self.response.thinking

    @property
    def ephemeral(self) -> bool:
        return self.response is not None and self.response.ephemeral_to is not None

    @property
    def shows(self) -> str:
        """What the person reads as the answer; empty while there is none."""
        if self.failed:
            return NO_ANSWER
        if self.thinking:
            return THINKING
        return self.response.text if self.response else ""

    async def acknowledged(self, seconds: float = 5) -> "Interaction":
        """Wait for the first answer, be it only that the bot thinks."""
        return await self._when(lambda: self.kind is not None, seconds)

    async def answered(self, seconds: float = 10) -> "Interaction":
        """Wait until the bot has answered and thinks no more."""
        return await self._when(lambda: self.kind is not None and not self.thinking, seconds)

    def change(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def _when(self, true: Callable[[], bool], seconds: float) -> "Interaction":
        async with asyncio.timeout(seconds):
            while not true():
                await self.changed.wait()
        return self


class Interactions:
    """Begins interactions, and serves the endpoints that need no token but the interaction's own."""

    def __init__(self, core: Core) -> None:
        self.core, self.world = core, core.world
        self.answer_seconds, self.token_seconds = budgets.ANSWER_SECONDS, budgets.TOKEN_SECONDS
        self.size_limit = MOST_BYTES  # of the files of an answer
        self._by_token: dict[str, Interaction] = {}

    def routes(self) -> list[Route]:
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        return [
            ("POST", "/interactions/{webhook_id}/{webhook_token}/callback", "callback", self.callback),
            ("POST", webhook, "followup", self.follow_up),
            *(
                (method, f"{webhook}/messages/{message}", "response", handler)
                for message in ("@original", "{message_id}")
                for method, handler in (("GET", self.read), ("PATCH", self.edit), ("DELETE", self.delete))
            ),
        ]

    # the beginning

    def begin(
        self, type: int, user: int, channel: Channel, data: Wire, *, user_app: bool, message: Post | None = None
    ) -> Interaction:
        """Tell the bot that somebody asks for something."""
        now, id = time.monotonic(), next(self.world.ids)
        ends, must_answer = now + self.token_seconds, now + self.answer_seconds
        one = Interaction(id, type, user, channel, data, user_app, must_answer, ends, message)
        self._by_token[one.token] = one
        guild = channel.guild.id if channel.guild else None
        self.core.gateway.tell("INTERACTION_CREATE", self._event(one), guild, ALWAYS)
        return one

    def _event(self, one: Interaction) -> Wire:
        channel, user = one.channel, wire.user(self.world.users[one.user])
        may, bot_may = self.world.permissions(channel, one.user), self._bot_may(one)
        place = {**wire.channel(channel, self.world), **self.core.guild_id(channel)}
        event: Wire = {
            "id": str(one.id),
            "application_id": str(ME),
            "type": one.type,
            "token": one.token,
            "version": 1,
            "data": one.data,
            "channel_id": str(channel.id),
            "channel": {**place, "permissions": str(int(may))},
            "app_permissions": str(int(bot_may)),
            "locale": self.world.users[one.user].locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._owners(one),
            "context": context_of(channel),
            "attachment_size_limit": self.size_limit,
        }
        if one.message is not None:
            event["message"] = wire.message(one.message, self.world)
        if channel.guild is None:
            return {**event, "user": user}
        guild = {"id": str(channel.guild.id), "locale": "en-US", "features": []}
        member = {**wire.member(channel.guild, one.user), "user": user, "permissions": str(int(may))}
        where = {"guild_id": str(channel.guild.id), "guild": guild, "guild_locale": "en-US"}
        return {**event, **where, "member": member}

    def _bot_may(self, one: Interaction) -> Permission:
        if one.user_app:
            return Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.USE_EXTERNAL_EMOJIS
        return self.world.permissions(one.channel)

    def _owners(self, one: Interaction) -> Wire:
        if one.user_app:
            return {"1": str(one.user)}
        return {"0": str(one.channel.guild.id) if one.channel.guild else "0"}

    # the endpoints

    async def callback(self, request: web.Request, form: Form) -> web.Response:
        """The first answer."""
        one = self._by_token.get(request.match_info["webhook_token"])
        if one is None or str(one.id) != request.match_info["webhook_id"]:
            raise Refused(10062)
        if one.kind is not None:
            raise Refused(40060)
        if time.monotonic() > one.must_answer:
            raise Refused(10062)
        kind, inner = form.json["type"], Form(form.json.get("data") or {}, form.uploads)
        self._answer(one, kind, inner)
        one.kind = kind
        one.change()
        if request.query.get("with_response") not in ("1", "true"):
            return web.Response(status=204)
        return answer(self._outcome(one))

    def _answer(self, one: Interaction, kind: int, form: Form) -> None:
        if (kind in (KEEP, CHANGE) and one.message is None) or (kind == MODAL and one.type == SUBMIT):
            raise invalid("type", "INTERACTION_CALLBACK_TYPE_INVALID", "Invalid interaction callback type.")
        if (kind == CHOICES) != (one.type == TYPE):
            raise invalid("type", "INTERACTION_CALLBACK_TYPE_INVALID", "Invalid interaction callback type.")
        if kind == SAY:
            one.response = self._say(one, form, self._first_type(one), one.message)
        elif kind == THINK:
            one.response = self._think(one, form.json.get("flags", 0))
        elif kind in (KEEP, CHANGE):
            one.response = one.message
            if kind == CHANGE and one.message is not None:
                self._revise(one, one.message, form)
        elif kind == CHOICES:
            one.choices = form.json["choices"]
            _check_choices(one.choices)
        else:
            one.modal = form.json

    def _outcome(self, one: Interaction) -> Wire:
        interaction: Wire = {"id": str(one.id), "type": one.type}
        resource: Wire = {"type": one.kind}
        if one.response is not None and one.kind != KEEP:
            interaction["response_message_id"] = str(one.response.id)
            interaction["response_message_loading"] = one.thinking
            interaction["response_message_ephemeral"] = one.ephemeral
            resource["message"] = wire.message(one.response, self.world)
        return {"interaction": interaction, "resource": resource}

    async def follow_up(self, request: web.Request, form: Form) -> web.Response:
        """A further message; the first one after thinking is the answer itself."""
        one = self._answered(request)
        if one.response is not None and one.thinking:
            self._revise(one, one.response, form)
            return answer(wire.message(one.response, self.world))
        if one.user_app and len(one.followups) >= budgets.FOLLOWUPS:
            raise Refused(40094)
        post = self._say(one, form, REPLY, one.response)
        one.followups.append(post)
        one.change()
        return answer(wire.message(post, self.world))

    async def read(self, request: web.Request, form: Form) -> web.Response:
        _, post = self._asked(request)
        return answer(wire.message(post, self.world))

    async def edit(self, request: web.Request, form: Form) -> web.Response:
        one, post = self._asked(request)
        self._revise(one, post, form)
        return answer(wire.message(post, self.world))

    async def delete(self, request: web.Request, form: Form) -> web.Response:
        one, post = self._asked(request)
        if post.ephemeral_to is None:
            self.core.remove(one.channel, post.id)
        else:
            one.channel.ours.pop(post.id)
        if post is one.response:
            one.response = None
        else:
            one.followups.remove(post)
        one.change()
        return web.Response(status=204)

    # messages

    def _say(self, one: Interaction, form: Form, type: int, answered: Post | None) -> Post:
        ephemeral = bool(form.json.get("flags", 0) & EPHEMERAL)
        post = posting.compose(self.world, one.channel, form, _folder(ephemeral))
        posting.answer(self.world, one.channel, post, Form({"allowed_mentions": form.json.get("allowed_mentions")}))
        post.type = type
        if type == REPLY and answered is not None:
            post.reply_to = answered.id
        return self._publish(one, post)

    def _think(self, one: Interaction, flags: int) -> Post:
        post = Post(next(self.world.ids), one.channel.id, ME, type=self._first_type(one))
        post.flags = LOADING | (flags & EPHEMERAL)
        if post.type == REPLY and one.message is not None:
            post.reply_to = one.message.id
        return self._publish(one, post)

    def _publish(self, one: Interaction, post: Post) -> Post:
        """An ephemeral message is in no history, and one person alone sees it."""
        post.webhook, post.metadata = True, self._metadata(one)
        if not post.flags & EPHEMERAL:
            return self.core.publish(post)
        post.ephemeral_to = one.user
        one.channel.ours[post.id] = post
        return post

    def _revise(self, one: Interaction, post: Post, form: Form) -> None:
        thought = post.thinking
        posting.revise(self.world, one.channel, post, form, _folder(post.ephemeral_to is not None))
        post.flags &= ~LOADING
        self.core.changed(post, edited=not thought)
        one.change()

    def _first_type(self, one: Interaction) -> int:
        if one.message is not None:
            return REPLY
        return MENU_COMMAND if one.data.get("type") == MENU else COMMAND

    def _metadata(self, one: Interaction) -> Wire:
        user, owners = wire.user(self.world.users[one.user]), self._owners(one)
        told = {"id": str(one.id), "type": one.type, "user": user, "authorizing_integration_owners": owners}
        if "target_id" in one.data:
            told["target_message_id"] = one.data["target_id"]
        if one.message is not None:
            told["interacted_message_id"] = str(one.message.id)
        return told

    def _answered(self, request: web.Request) -> Interaction:
        """The interaction of a webhook's token, if its first answer was given and its time is not over."""
        one = self._by_token.get(request.match_info["webhook_token"])
        if one is None or one.kind is None:
            raise Refused(10015)
        if time.monotonic() > one.ends:
            raise Refused(50027)
        return one

    def _asked(self, request: web.Request) -> tuple[Interaction, Post]:
        one = self._answered(request)
        id = request.match_info.get("message_id")
        posts = [post for post in (one.response, *one.followups) if post is not None]
        found = [post for post in posts if (post is one.response if id is None else str(post.id) == id)]
        if not found or one.kind in (CHOICES, MODAL):
            raise Refused(10008)
        return one, found[0]


def context_of(channel: Channel) -> int:
    """In a server, in the bot's direct messages, or in a private channel without the bot."""
    if channel.guild is not None:
        return IN_GUILD
    return IN_DM if channel.recipient else IN_PRIVATE


def _folder(ephemeral: bool) -> str:
    return f"ephemeral-attachments/{ME}" if ephemeral else ""


def _check_choices(choices: list[Wire]) -> None:
    if len(choices) > 25:
        raise invalid("choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for n, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100 or len(str(choice["value"])) > 100:
            raise invalid(f"choices.{n}.name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
