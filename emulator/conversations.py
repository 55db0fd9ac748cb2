"""The endpoints of conversations: begin, list, show, delete."""

from aiohttp import web

from emulator import validation
from emulator.payloads import Body, reply
from emulator.request_context import RequestContext
from emulator.state import AccountState

LISTED = 100


class ConversationsEndpoint:
    """Answers at `/api/conversations`."""

    def __init__(self, memory: AccountState) -> None:
        self._memory = memory

    async def begin(self, visit: RequestContext) -> web.StreamResponse:
        """Begin a conversation."""
        wish = validation.begin(visit.body)
        for uuid in wish.files:
            self._memory.assets.file(uuid)
        conversation = self._memory.conversations.start(wish.type, wish.title, wish.model, wish.files, wish.video)
        body: Body = {"conversation": conversation.body}
        return reply(visit.fault.shape(body) if visit.fault.shape else body)

    async def latest(self, visit: RequestContext) -> web.StreamResponse:
        """List them, the newest first."""
        latest = list(self._memory.conversations.values())[-LISTED:]
        return reply({"conversations": [conversation.body for conversation in reversed(latest)]})

    async def show(self, visit: RequestContext) -> web.StreamResponse:
        """Show one with all that was said."""
        conversation = self._memory.conversations.find(visit.request.match_info["uuid"])
        return reply({"conversation": {**conversation.body, "messages": conversation.messages}})

    async def drop(self, visit: RequestContext) -> web.StreamResponse:
        """Delete one."""
        conversation = self._memory.conversations.find(visit.request.match_info["uuid"])
        del self._memory.conversations[conversation.uuid]
        return reply({"success": True})
