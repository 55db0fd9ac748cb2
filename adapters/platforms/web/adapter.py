"""The adapter of the page: it receives, posts, edits and stores, like any other chat platform."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import structlog

from adapters.platforms.web.api import SNAPSHOT_ENTRIES, ModelOf, Models, NumbersOf, WebApi, make_entry_event
from adapters.platforms.web.audience import Audience, Event
from adapters.platforms.web.conversation_api import LIST_CHANGED, ConversationApi, ConversationServices
from adapters.platforms.web.conversation_list import ConversationList
from adapters.platforms.web.entries import Entry, Upload
from adapters.platforms.web.journal import Journal
from adapters.platforms.web.partial_uploads import PartialUploads
from adapters.platforms.web.photo_api import PhotoApi
from adapters.platforms.web.photo_previews import Previews, can_be_drawn
from adapters.platforms.web.upload_kinds import browser_type
from bot.adapter_context import AdapterContext
from bot.chat_platform import Platform, PostLimits
from bot.commands.help import useless_features
from bot.commands.model_choice import known_models
from bot.errors import FailureCode, Unreadable
from bot.intake.access import CLAIM
from bot.messages import Attachment, Author, Channel, File, Message, MessageReference, OutgoingPost, ReferenceKind
from bot.ports import Receive
from bot.util.http import check_size
from bot.util.retry import WEB_INTAKE
from bot.web.server import TrialRun, WebServer
from bot.words import say

log = structlog.get_logger(__name__)

YOU = Author("you", "you")
MOST_NUMBERED = 200  # files of a conversation whose numbers are shown
LIMITS = PostLimits(max_length=100_000, edit_interval=0.1)


class WebPage:
    """The platform for everybody who may open the page; the address of the page is the channel."""

    name = "web"

    def __init__(
        self,
        server: WebServer,
        folder: Path,
        *,
        max_bytes: int,
        most_pixels: int = 40_000_000,
        longest_side: int = 2048,
        banner: Callable[[], str] | str = "",
        model_of: ModelOf | None = None,
        models: Models | None = None,
        services: ConversationServices | None = None,
        useless_commands: Callable[[], Collection[str]] = frozenset,
        numbers_of: NumbersOf | None = None,
        key_page: str = "",
    ) -> None:
        """Add the page to `server`, which must not have started, and store everything in `folder`.

        `banner` is a line on top of the page, `model_of` returns the model of a channel, and `models` those that can be
        chosen: `{"id": "provider/model", "name": ..., "sees": bool, "price": ...}`. `services` tells which channels are
        linked, and starts conversations like others; `useless_commands` are not suggested. `key_page` is the address
        at which a key can be pasted; empty: none.
        """
        self.journal = Journal(folder / "web.db")
        self.audience = Audience()
        self._partial_uploads = PartialUploads(folder / "web-uploads")
        self._new_message = asyncio.Event()
        self._typing: Counter[str] = Counter()
        self._previews = Previews(most_pixels=most_pixels, longest_side=longest_side)
        api = WebApi(
            journal=self.journal,
            audience=self.audience,
            on_new_message=self._new_message.set,
            is_typing=lambda channel: self._typing[channel] > 0,
            max_bytes=max_bytes,
            banner=lambda: banner if isinstance(banner, str) else banner(),
            model_of=model_of,
            models=models,
            useless_commands=useless_commands,
            numbers_of=numbers_of,
            partial_uploads=self._partial_uploads,
            key_page=key_page,
        )
        api.add_routes(server.router)
        ConversationApi(
            conversations=ConversationList(self.journal),
            audience=self.audience,
            services=services or ConversationServices(),
            on_new_message=self._new_message.set,
        ).add_routes(server.router)
        PhotoApi(journal=self.journal, previews=self._previews).add_routes(server.router)
        server.app.on_shutdown.append(self._end_streams)

    async def __aenter__(self) -> Self:
        await self.journal.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.audience.close()
        self._partial_uploads.close()
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
        """Pass on the messages that the bot does not have yet: new ones, and those from before a crash."""
        while True:
            self._new_message.clear()
            while entries := await self.journal.list_unreceived():
                for entry in entries:
                    await self._pass_on(entry, receive)
            await self._new_message.wait()

    async def _pass_on(self, entry: Entry, receive: Receive) -> None:
        while True:
            try:
                await receive(self._message(entry))
            except Exception:  # the store may be away; later messages must not overtake this one
                log.exception("a message could not be taken in", message=entry.id)
                await asyncio.sleep(WEB_INTAKE.delay(1))
            else:
                await self.journal.mark_received(entry)
                return

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Add the post and return its id; the same key again is the same post, with the files of the first time."""
        # A new store counts its turns from 1 again; the ids of messages never repeat.
        key = f"{post.reply_to}/{post.key}" if post.key else None
        uploads = [(await _upload(file), file.data) for file in post.files]
        entry = await self.journal.add_post(
            channel.id,
            post.stored_text or post.text,
            reply_to=post.reply_to,
            key=key,
            buttons=post.buttons,
            files=uploads,
            is_spoiler=post.is_spoiler,
        )
        self.audience.publish(channel.id, await make_entry_event(replace(entry, text=post.text)))
        self.audience.publish_elsewhere(channel.id, LIST_CHANGED)
        return entry.id

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post, in every open tab too."""
        text = post.stored_text or post.text
        entry = await self.journal.edit_post(channel.id, post_id, text, post.buttons, is_spoiler=post.is_spoiler)
        self.audience.publish(channel.id, await make_entry_event(replace(entry, text=post.text)))
        return post_id

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file from the journal."""
        data = await self.journal.get_data(attachment.ref)
        if data is None:
            raise Unreadable(FailureCode.PHOTO_GONE)
        check_size(len(data), limit)
        return data

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show the typing sign while an answer is being made."""
        self._count_typing(channel, 1)
        try:
            yield
        finally:
            self._count_typing(channel, -1)

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Everybody who may open the page does: it is private."""
        return True

    async def forget(self, channel: Channel) -> None:
        """Delete all entries and files of a channel; open pages then show only messages that the bot does not have."""
        self._previews.forget()
        await self.journal.forget(channel.id)
        remaining_entries = await self.journal.list_last_entries(channel.id, SNAPSHOT_ENTRIES)
        events = [await make_entry_event(entry) for entry in remaining_entries]
        self.audience.publish(channel.id, Event("forget", "forget", {"entries": [event.data for event in events]}))
        self.audience.publish_elsewhere(channel.id, LIST_CHANGED)

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete old messages, posts and files; an open page goes on showing what it has."""
        self._previews.forget()
        await self._partial_uploads.drop_old()
        await self.journal.expire(before, photos_before)

    def _count_typing(self, channel: Channel, change: int) -> None:
        self._typing[channel.id] += change
        is_typing = self._typing[channel.id] > 0
        if not is_typing:
            del self._typing[channel.id]
        self.audience.publish(channel.id, Event("typing", "typing", {"on": is_typing}))

    def _message(self, entry: Entry) -> Message:
        attachments = tuple(
            Attachment(ref=photo.id, name=photo.name, mime=photo.mime, size=photo.size) for photo in entry.photos
        )
        return Message(
            channel=Channel(self.name, entry.channel),
            id=entry.id,
            author=YOU,
            text=entry.text,
            sent=entry.time,
            attachments=attachments,
            about=_pointed_at(entry),
            private=True,
            language=entry.language,
            edited=entry.revised > 0,
            asks_again=entry.revised,
        )

    async def _end_streams(self, app: object) -> None:
        self.audience.close()


def _pointed_at(entry: Entry) -> MessageReference | None:
    """Return the answer that somebody replied to, or below which they pressed a button."""
    if not entry.about:
        return None
    kind: ReferenceKind = "button" if entry.text.startswith("/") else "reply"
    return MessageReference(id=entry.about, ours=True, text="", kind=kind)


async def _upload(file: File) -> Upload:
    kind = await browser_type(file.data)
    return Upload(
        id=secrets.token_urlsafe(16),
        name=file.name,
        mime=file.mime,
        kind=kind,
        size=len(file.data),
        has_preview=can_be_drawn(file.data),
        about=file.about,
        is_spoiler=file.is_spoiler,
    )


def _banner(model: str, trial: TrialRun | None) -> str:
    """Say who answers where that may surprise: no AI model, or one that `try` found on this machine."""
    if model.startswith("local/"):
        return say("page_local")
    return say("page_found", service=trial.found, model=model) if trial and trial.found else ""


def open_web(context: AdapterContext) -> WebPage:
    """Build the page, with the operator's settings and the models of all providers."""
    settings = context.settings

    async def models() -> Sequence[Mapping[str, Any]]:
        return [asdict(model) | {"id": name} for name, model in (await known_models(context.providers)).items()]

    async def model_of(channel: str) -> str:
        conversation = await context.store.conversations.find_conversation(Channel(WebPage.name, channel))
        return conversation.model if conversation else settings.bot_model

    async def numbers_of(channel: str) -> Mapping[str, int]:
        conversation = await context.store.conversations.find_conversation(Channel(WebPage.name, channel))
        if conversation is None:
            return {}
        files = await context.store.files.list_files(conversation, MOST_NUMBERED)
        return {each.attachment.ref: each.number for each in files if each.channel.platform == WebPage.name}

    def useless() -> Collection[str]:
        return useless_features(context.providers, settings.bot_features_off) | {CLAIM}

    async def linked() -> Mapping[str, Sequence[str]]:
        shared = await context.store.conversations.list_linked(WebPage.name)
        return {channel.id: [other.platform for other in others] for channel, others in shared.items()}

    async def start_like(new: str, like: str) -> None:
        conversations = context.store.conversations
        if conversation := await conversations.find_conversation(Channel(WebPage.name, like)):
            await conversations.join(Channel(WebPage.name, new), conversation)
            await conversations.leave(Channel(WebPage.name, new))

    return WebPage(
        context.web,
        Path(settings.bot_data),
        max_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        most_pixels=settings.bot_photo_megapixels * 1_000_000,
        longest_side=settings.bot_photo_side,
        banner=lambda: _banner(settings.bot_model, context.web.trial),
        key_page=context.web.trial.key_page if context.web.trial else "",
        model_of=model_of,
        models=models,
        services=ConversationServices(linked=linked, start_like=start_like),
        useless_commands=useless,
        numbers_of=numbers_of,
    )
