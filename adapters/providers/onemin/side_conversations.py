"""Side conversations: `/api/features` talks about some files only in a conversation that was begun for them.

There a video, or documents, need a conversation of their own type
(https://docs.1min.ai/docs/api/conversation-api). The next questions go on in that one, until something else comes
up; each is listed beside the conversation that it belongs to.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from adapters.providers.onemin.uploads import AssetKeys
from bot.asking.mentions import links
from bot.errors import BotError, FailureCode, Refused
from bot.messages import Prompt

VIDEO, DOCUMENTS = "CHAT_WITH_YOUTUBE_VIDEO", "CHAT_WITH_PDF"
MAX_REMEMBERED = 20  # side conversations of a conversation
MAIN = "-"  # is first in the list where the conversation itself goes on

Begin = Callable[[Prompt, Mapping[str, Any]], Awaitable[str]]
"""A function that opens a conversation with these additional fields and returns its UUID."""


@dataclass(frozen=True, slots=True)
class SideConversation:
    """A conversation of 1min.ai about one file or video."""

    type: str
    uuid: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.type}:{self.uuid}:{self.about}"


@dataclass(frozen=True, slots=True)
class SideTopic:
    """The subject for which a question needs a side conversation."""

    type: str
    about: str
    fields: Mapping[str, Any]  # of the request that opens the conversation


class SideConversations:
    """The side conversations of each conversation; their list is stored among the asset keys."""

    def __init__(
        self, assets: AssetKeys, provider: str, account: str, begin: Begin, delete: Callable[[str], Awaitable[None]]
    ) -> None:
        self.assets, self.provider, self.account = assets, provider, account
        self.begin, self.delete = begin, delete

    @asynccontextmanager
    async def choose(
        self, prompt: Prompt, documents: Sequence[str] = ()
    ) -> AsyncGenerator[SideConversation | None, None]:
        """Choose the side conversation of a question, begun if need be; None: the conversation itself.

        `documents` are the UUIDs of the question's own; raises Refused where they cannot be sent. One that was begun
        for a single question outside of any conversation is deleted in the end.
        """
        topic, conversation = _find_topic(prompt, documents), prompt.conversation.remote_id
        if conversation is not None:
            yield await self._choose_within(prompt, topic, conversation)
        elif topic is None:
            yield None
        else:
            side = await self._begin_new(prompt, topic)
            try:
                yield side
            finally:
                with suppress(BotError):  # the answer is here
                    await self.delete(side.uuid)

    async def forget(self, conversation: str) -> None:
        """Delete the side conversations of a conversation; those that are gone already count as deleted."""
        for side in _parse_entries(await self._list(conversation)):
            with suppress(BotError):
                await self.delete(side.uuid)
        await self.assets.forget_asset(self.provider, self.account, _list_key(conversation))

    async def _choose_within(
        self, prompt: Prompt, topic: SideTopic | None, conversation: str
    ) -> SideConversation | None:
        entries = await self._list(conversation)
        sides = _parse_entries(entries)
        if topic is None:
            if not (prompt.photos or prompt.excerpts):
                return sides[0] if sides and entries[0] != MAIN else None
            if sides and entries[0] != MAIN:
                await self._save(conversation, [MAIN, *sides])
            return None
        matching = (side for side in sides if (side.type, side.about) == (topic.type, topic.about))
        side = next(matching, None) or await self._begin_new(prompt, topic)
        await self._save(conversation, [side, *(entry for entry in sides if entry != side)])
        return side

    async def _begin_new(self, prompt: Prompt, topic: SideTopic) -> SideConversation:
        return SideConversation(topic.type, await self.begin(prompt, {"type": topic.type, **topic.fields}), topic.about)

    async def _list(self, conversation: str) -> Sequence[str]:
        return (await self.assets.get_asset(self.provider, self.account, _list_key(conversation)) or "").split()

    async def _save(self, conversation: str, sides: Sequence[SideConversation | str]) -> None:
        listed = " ".join(map(str, sides[:MAX_REMEMBERED]))
        await self.assets.save_asset(self.provider, self.account, _list_key(conversation), listed)


def _find_topic(prompt: Prompt, documents: Sequence[str]) -> SideTopic | None:
    """Return the topic of a question, if it has one: photos need none, and documents can't be sent along with them."""
    if documents and prompt.photos:
        raise Refused(FailureCode.PROVIDER_DOCUMENT_REFUSED)
    if documents:
        return SideTopic(DOCUMENTS, ",".join(documents), {"fileList": list(documents)})
    videos = links(prompt.text)
    if prompt.photos or not videos:
        return None
    return SideTopic(VIDEO, videos[-1].rpartition("=")[2], {"youtubeUrl": videos[-1]})


def _parse_entries(entries: Sequence[str]) -> list[SideConversation]:
    return [SideConversation(*entry.split(":", 2)) for entry in entries if entry.count(":") == 2]


def _list_key(conversation: str) -> str:
    return f"threads of {conversation}"
