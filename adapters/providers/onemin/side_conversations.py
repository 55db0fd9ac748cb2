"""Side threads: what `/api/features` talks about only in a conversation that was begun for it.

There a video, or documents, need a conversation of their own type
(https://docs.1min.ai/docs/api/conversation-api). What is asked next goes on in that one, until something else comes
up; each is listed beside the conversation that it belongs to.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from adapters.providers.onemin.uploads import AssetKeys
from bot.asking.video_links import links
from bot.errors import BotError, Refused
from bot.messages import Prompt

VIDEO, DOCUMENTS = "CHAT_WITH_YOUTUBE_VIDEO", "CHAT_WITH_PDF"
MOST = 20  # side threads that are remembered of a conversation
MAIN = "-"  # stands first where the conversation itself goes on

Begin = Callable[[Prompt, Mapping[str, Any]], Awaitable[str]]
"""Opens a conversation with these fields besides the usual ones; its UUID."""


@dataclass(frozen=True, slots=True)
class SideConversation:
    """A conversation over there, and what it is about."""

    type: str
    uuid: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.type}:{self.uuid}:{self.about}"


@dataclass(frozen=True, slots=True)
class SideTopic:
    """What a question needs a thread of its own for."""

    type: str
    about: str
    fields: Mapping[str, Any]  # of the wish for a conversation


class SideConversations:
    """Knows in which thread a question belongs; the cloakroom keeps the list."""

    def __init__(
        self, assets: AssetKeys, provider: str, account: str, begin: Begin, delete: Callable[[str], Awaitable[None]]
    ) -> None:
        self.assets, self.provider, self.account = assets, provider, account
        self.begin, self.delete = begin, delete

    @asynccontextmanager
    async def of(self, prompt: Prompt, documents: Sequence[str] = ()) -> AsyncGenerator[SideConversation | None, None]:
        """The thread in which the question belongs, begun if need be; None: in its conversation itself.

        `documents` are the UUIDs of the question's own; Refused where they cannot go along. A thread that was begun for
        a single question outside of any conversation is deleted in the end.
        """
        subject, conversation = _subject(prompt, documents), prompt.conversation.remote_id
        if conversation is not None:
            yield await self._goes_on(prompt, subject, conversation)
        elif subject is None:
            yield None
        else:
            thread = await self._begun(prompt, subject)
            try:
                yield thread
            finally:
                with suppress(BotError):  # what was answered counts
                    await self.delete(thread.uuid)

    async def forget(self, conversation: str) -> None:
        """Delete the threads of a conversation. What is gone already is as good."""
        for thread in _threads(await self._list(conversation)):
            with suppress(BotError):
                await self.delete(thread.uuid)
        await self.assets.forget_asset(self.provider, self.account, _place(conversation))

    async def _goes_on(self, prompt: Prompt, subject: SideTopic | None, conversation: str) -> SideConversation | None:
        known = await self._list(conversation)
        threads = _threads(known)
        if subject is None:
            if not (prompt.photos or prompt.excerpts):
                return threads[0] if threads and known[0] != MAIN else None
            if threads and known[0] != MAIN:
                await self._keep(conversation, [MAIN, *threads])
            return None
        same = (thread for thread in threads if (thread.type, thread.about) == (subject.type, subject.about))
        thread = next(same, None) or await self._begun(prompt, subject)
        await self._keep(conversation, [thread, *(each for each in threads if each != thread)])
        return thread

    async def _begun(self, prompt: Prompt, subject: SideTopic) -> SideConversation:
        return SideConversation(
            subject.type, await self.begin(prompt, {"type": subject.type, **subject.fields}), subject.about
        )

    async def _list(self, conversation: str) -> Sequence[str]:
        return (await self.assets.get_asset(self.provider, self.account, _place(conversation)) or "").split()

    async def _keep(self, conversation: str, threads: Sequence[SideConversation | str]) -> None:
        listed = " ".join(map(str, threads[:MOST]))
        await self.assets.save_asset(self.provider, self.account, _place(conversation), listed)


def _subject(prompt: Prompt, documents: Sequence[str]) -> SideTopic | None:
    """What the question is about; photos need no thread of their own, and documents do not go together with them."""
    if documents and prompt.photos:
        raise Refused("provider_document_refused")
    if documents:
        return SideTopic(DOCUMENTS, ",".join(documents), {"fileList": list(documents)})
    videos = links(prompt.text)
    if prompt.photos or not videos:
        return None
    return SideTopic(VIDEO, videos[-1].rpartition("=")[2], {"youtubeUrl": videos[-1]})


def _threads(known: Sequence[str]) -> list[SideConversation]:
    return [SideConversation(*each.split(":", 2)) for each in known if each.count(":") == 2]


def _place(conversation: str) -> str:
    return f"threads of {conversation}"
