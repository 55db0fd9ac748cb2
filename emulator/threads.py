"""The room of conversations: begun, listed, shown and dropped."""

from aiohttp import web

from emulator import checks
from emulator.memory import Memory
from emulator.records import Body, reply
from emulator.visit import Visit

LISTED = 100


class Threads:
    """Answers at `/api/conversations`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def begin(self, visit: Visit) -> web.StreamResponse:
        """Begin a conversation."""
        wish = checks.begin(visit.body)
        for uuid in wish.files:
            self._memory.assets.file(uuid)
        conversation = self._memory.conversations.start(wish.type, wish.title, wish.model, wish.files, wish.video)
        body: Body = {"conversation": conversation.body}
        return reply(visit.fault.shape(body) if visit.fault.shape else body)

    async def latest(self, visit: Visit) -> web.StreamResponse:
        """List them, the newest first."""
        latest = list(self._memory.conversations.values())[-LISTED:]
        return reply({"conversations": [conversation.body for conversation in reversed(latest)]})

    async def show(self, visit: Visit) -> web.StreamResponse:
        """Show one with all that was said."""
        conversation = self._memory.conversations.find(visit.request.match_info["uuid"])
        return reply({"conversation": {**conversation.body, "messages": conversation.messages}})

    async def drop(self, visit: Visit) -> web.StreamResponse:
        """Delete one."""
        conversation = self._memory.conversations.find(visit.request.match_info["uuid"])
        del self._memory.conversations[conversation.uuid]
        return reply({"success": True})
