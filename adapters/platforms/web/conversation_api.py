"""The HTTP API of the list of conversations, which all devices share."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from adapters.platforms.web.audience import Audience, Event
from adapters.platforms.web.conversation_list import ConversationList, ListedConversation
from adapters.platforms.web.localized import CHANNEL, KEY, localized
from bot.web.bodies import read_json, refusal

log = structlog.get_logger(__name__)

LIST_CHANGED = Event("conversations", "conversations", {})
"""The event that lets a tab fetch the list anew; tabs of the channel itself see what was said there."""

Linked = Callable[[], Awaitable[Mapping[str, Sequence[str]]]]
"""A function that returns the platforms that channels are linked with, by channel."""

StartLike = Callable[[str, str], Awaitable[None]]
"""A function that gives a new channel the model and the preferences of another one."""


async def _none_linked() -> Mapping[str, Sequence[str]]:
    return {}


async def _start_plain(new: str, like: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationServices:
    """The services of the bot that the list of conversations needs."""

    linked: Linked = _none_linked
    start_like: StartLike = _start_plain


@dataclass(kw_only=True)
class ConversationApi:
    """The routes of the list. `on_new_message` is called when a command to forget is in the journal."""

    conversations: ConversationList
    audience: Audience
    services: ConversationServices
    on_new_message: Callable[[], None]

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes of the list."""
        router.add_get("/", self.open_last)
        router.add_get("/api/conversations", localized(self.list))
        router.add_post("/api/conversations", localized(self.start))
        router.add_post(f"/api/channels/{CHANNEL}/title", localized(self.rename))
        router.add_delete(f"/api/channels/{CHANNEL}", localized(self.delete))

    async def open_last(self, request: web.Request) -> web.Response:
        """Redirect to the last conversation, or to a new one where there is none."""
        last = await self.conversations.find(most=1)
        channel = last[0].channel if last else _new_channel()
        raise web.HTTPFound(f"/c/{channel}", headers={"Cache-Control": "no-store"})

    async def list(self, request: web.Request) -> web.Response:
        """List the conversations that hold the words `q`."""
        found = await self.conversations.find(request.query.get("q", "")[:200])
        try:
            linked = await self.services.linked()
        except Exception:  # the store may be away; the list can be read all the same
            log.exception("which conversations are linked could not be found")
            linked = {}
        return web.json_response([_describe(each, linked.get(each.channel, ())) for each in found])

    async def start(self, request: web.Request) -> web.Response:
        """Return the channel of a new conversation, with the model and the preferences of the channel `like`."""
        channel = _new_channel()
        match await read_json(request):
            case {"like": str(like)} if KEY.fullmatch(like):
                await self.services.start_like(channel, like)
        return web.json_response({"channel": channel}, status=201)

    async def rename(self, request: web.Request) -> web.Response:
        """Give a conversation the title that the body holds."""
        match await read_json(request):
            case {"title": str(title)}:
                await self.conversations.rename(request.match_info["channel"], title)
            case _:
                raise refusal(web.HTTPBadRequest, "A title is {title}.")
        self.audience.publish_elsewhere("", LIST_CHANGED)
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.Response:
        """Let the bot forget a conversation. The status 202 means that it will, even after a crash."""
        await self.conversations.delete(request.match_info["channel"], key=_new_channel())
        self.on_new_message()
        self.audience.publish_elsewhere("", LIST_CHANGED)
        return web.json_response({}, status=202)


def _new_channel() -> str:
    return secrets.token_urlsafe(9)


def _describe(conversation: ListedConversation, linked: Sequence[str]) -> dict[str, Any]:
    id, name, kind = json.loads(conversation.photo) if conversation.photo else ("", "", "")
    return {
        "channel": conversation.channel,
        "title": conversation.title or name,
        "newest": conversation.newest,
        "photo": f"/api/uploads/{id}" if kind.startswith("image/") else None,
        "linked": sorted(set(linked)),
    }
