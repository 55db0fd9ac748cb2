"""The page as a chat platform like any other: it hears, posts, edits and keeps, and knows nothing of answers."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import structlog

from adapters.platforms.web.api import LAST, ModelOf, Models, WebApi, event_of
from adapters.platforms.web.audience import Audience, Event
from adapters.platforms.web.entries import Entry, Upload
from adapters.platforms.web.journal import Journal
from adapters.platforms.web.upload_kinds import kind_of
from bot.adapter_context import AdapterContext
from bot.chat_platform import Platform, PostLimits
from bot.commands.model_choice import known_models
from bot.errors import Unreadable
from bot.messages import Attachment, Author, Channel, File, Message, MessageReference, OutgoingPost
from bot.ports import Receive
from bot.util.http import check_size
from bot.util.retry import WEB_INTAKE
from bot.web.server import WebServer
from bot.words import say

log = structlog.get_logger(__name__)

YOU = Author("you", "you")
LIMITS = PostLimits(max_length=100_000, edit_interval=0.1)


class WebPage:
    """Everybody who may open the page talks here; the address of the page is the channel."""

    name = "web"

    def __init__(
        self,
        server: WebServer,
        folder: Path,
        *,
        most_bytes: int,
        banner: Callable[[], str] | str = "",
        model_of: ModelOf | None = None,
        models: Models | None = None,
    ) -> None:
        """Add the page to `server`, which must not have started, and keep everything in `folder`.

        `banner` is a line on top of the page, `model_of` returns what answers in a channel, and `models` what can be
        switched to: `{"id": "provider/model", "name": ..., "sees": bool, "price": ...}`.
        """
        self.journal = Journal(folder / "web.db")
        self.audience = Audience()
        self._said = asyncio.Event()
        self._typing: Counter[str] = Counter()
        api = WebApi(
            journal=self.journal,
            audience=self.audience,
            said=self._said.set,
            is_typing=lambda channel: self._typing[channel] > 0,
            most_bytes=most_bytes,
            banner=lambda: banner if isinstance(banner, str) else banner(),
            model_of=model_of,
            models=models,
        )
        api.add_routes(server.router)
        server.app.on_shutdown.append(self._end_streams)

    async def __aenter__(self) -> Self:
        await self.journal.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.audience.close()
        await self.journal.__aexit__(*exc)

    def as_platform(self) -> Platform:
        """Name what the page can do. It is our own: no token to check, and no connection that could break."""
        return Platform(
            name=self.name,
            adapter=self,
            limits=lambda channel: LIMITS,
            edits=self,
            typing=self,
            forgets=self,
            expires=self,
        )

    async def listen(self, receive: Receive) -> None:
        """Hand over what the journal has and the bot does not: new messages, and those from before a crash."""
        while True:
            self._said.clear()
            while waiting := await self.journal.to_receive():
                for entry in waiting:
                    await self._hand_over(entry, receive)
            await self._said.wait()

    async def _hand_over(self, entry: Entry, receive: Receive) -> None:
        while True:
            try:
                await receive(self._message(entry))
            except Exception:  # the store may be away; later messages must not overtake this one
                log.exception("a message could not be taken in", message=entry.id)
                await asyncio.sleep(WEB_INTAKE.delay(1))
            else:
                await self.journal.received(entry)
                return

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Add the post and return its id; the same key again is the same post, with the files of the first time."""
        # A new store counts its turns from 1 again; the ids of messages never come back.
        key = f"{post.reply_to}/{post.key}" if post.key else None
        uploads = [(await _upload(file), file.data) for file in post.files]
        entry = await self.journal.add_post(channel.id, post.text, post.reply_to, key, post.buttons, uploads)
        self.audience.tell(channel.id, event_of(entry))
        return entry.id

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post, in every open tab too."""
        entry = await self.journal.edit_post(channel.id, post_id, post.text, post.buttons)
        self.audience.tell(channel.id, event_of(entry))
        return post_id

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file from the journal."""
        data = await self.journal.data(attachment.ref)
        if data is None:
            raise Unreadable("photo_gone")
        check_size(len(data), limit)
        return data

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show that an answer is on its way."""
        self._count_typing(channel, 1)
        try:
            yield
        finally:
            self._count_typing(channel, -1)

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Everybody who may open the page does: it is private."""
        return True

    async def forget(self, channel: Channel) -> None:
        """Delete all that was said there, and the files; open pages then show only what the bot is yet to hear."""
        await self.journal.forget(channel.id)
        left = await self.journal.last_entries(channel.id, LAST)
        self.audience.tell(channel.id, Event("forget", "forget", {"entries": [event_of(entry).data for entry in left]}))

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete old messages, posts and files; an open page goes on showing what it has."""
        await self.journal.expire(before, photos_before)

    def _count_typing(self, channel: Channel, change: int) -> None:
        self._typing[channel.id] += change
        on = self._typing[channel.id] > 0
        if not on:
            del self._typing[channel.id]
        self.audience.tell(channel.id, Event("typing", "typing", {"on": on}))

    def _message(self, entry: Entry) -> Message:
        attachments = tuple(Attachment(photo.id, photo.name, photo.mime, photo.size) for photo in entry.photos)
        return Message(
            Channel(self.name, entry.channel),
            entry.id,
            YOU,
            entry.text,
            entry.time,
            attachments,
            about=MessageReference(entry.about, ours=True, text="") if entry.about else None,
            private=True,
            language=entry.language,
        )

    async def _end_streams(self, app: object) -> None:
        self.audience.close()


async def _upload(file: File) -> Upload:
    kind = await kind_of(file.data)
    return Upload(secrets.token_urlsafe(16), file.name, file.mime, kind, len(file.data), file.about)


def open_web(context: AdapterContext) -> WebPage:
    """Build the page, with the operator's settings and the models of all providers."""
    settings = context.settings

    async def models() -> Sequence[Mapping[str, Any]]:
        return [asdict(model) | {"id": name} for name, model in (await known_models(context.providers)).items()]

    async def model_of(channel: str) -> str:
        conversation = await context.store.conversations.find_conversation(Channel(WebPage.name, channel))
        return conversation.model if conversation else settings.bot_model

    return WebPage(
        context.web,
        Path(settings.bot_data),
        most_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        banner=lambda: say("page_local") if settings.bot_model.startswith("local/") else "",
        model_of=model_of,
        models=models,
    )
