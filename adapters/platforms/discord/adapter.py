"""The Discord adapter, assembled from its parts."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import discord
import structlog

from adapters.platforms.budgets import DiscordBudgets
from adapters.platforms.discord.attachment_store import AttachmentStore
from adapters.platforms.discord.channel_queues import ChannelQueues
from adapters.platforms.discord.downloads import AttachmentDownloads, LinkCache
from adapters.platforms.discord.errors import (
    GalleryPost,
    HistoryForbidden,
    InteractionExpired,
    ThreadArchived,
    is_about_files,
    is_bare_404,
    map_discord_errors,
)
from adapters.platforms.discord.formatting import rendered_length
from adapters.platforms.discord.galleries import Galleries, GalleryItem, items_in
from adapters.platforms.discord.history import History
from adapters.platforms.discord.interaction_responses import (
    delete_response,
    edit_posted_response,
    fetch_posted_response,
    send_response,
)
from adapters.platforms.discord.interaction_tokens import InteractionToken, InteractionTokens
from adapters.platforms.discord.interactions import Interactions, Suggest
from adapters.platforms.discord.legacy_files import migrate_legacy_files
from adapters.platforms.discord.listener import DiscordListener
from adapters.platforms.discord.outgoing_attachments import (
    shrink_large_pictures,
    split_by_request,
)
from adapters.platforms.discord.places import NAME, Place, address_of
from adapters.platforms.discord.post_content import PostContent
from adapters.platforms.discord.previews import edit_message, send_message
from adapters.platforms.discord.references import References
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import MAX_CALLS, RestPacing, best_effort
from adapters.platforms.discord.session_budget import SessionBudget
from adapters.platforms.discord.settings import DiscordSettings
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash_commands import Payload, command_payloads, option_label
from adapters.platforms.discord.threads import PermissionNotices
from adapters.platforms.discord.token_encryption import TokenEncryption
from adapters.platforms.refused_reactions import RefusedReactions
from bot.adapter_context import AdapterContext
from bot.adapter_settings import reveal
from bot.chat_platform import FIRST_POST_WAIT, Health, Platform, PostLimits, SetupRemark
from bot.commands import COMMANDS, Suggestion
from bot.errors import POST_GONE, BotError, Busy, FailureCode, Refused
from bot.messages import Attachment, Author, Channel, File, Message, OutgoingPost
from bot.operations.metrics import Metrics
from bot.operations.set_aside import SetAsideLog
from bot.ports import Blobs, Channels, Coordination, Receive, TurnIntake
from bot.util.proxies import find_proxy
from bot.util.retry import DISCORD_ATTACHMENTS, retry
from bot.util.tasks import BackgroundTasks
from bot.words import say

log = structlog.get_logger(__name__)

LIMITS = PostLimits(
    max_length=DiscordBudgets.MESSAGE_LENGTH,
    edit_interval=DiscordBudgets.EDIT_INTERVAL,
    first_post_wait=FIRST_POST_WAIT,
    measure=rendered_length,
)
# "Thinking" is not there to be replaced after the press of a button
VISITOR_LIMITS = replace(LIMITS, max_posts=DiscordBudgets.USER_APP_FOLLOWUPS)
TYPING = 8.0  # seconds; Discord shows the sign for ten


class Discord:
    """The platform of servers' channels, threads, private chats, and places where the bot is no member."""

    name = NAME

    def __init__(
        self,
        token: str,
        url: str,
        folder: Path,
        *,
        intake: TurnIntake,
        channels: Channels,
        blobs: Blobs,
        coordination: Coordination,
        commands: Sequence[Payload] = (),
        suggest: Suggest,
        shards: Shards | None = None,
        max_bytes: int = 20 * 1024 * 1024,
        max_calls: int | None = None,
        metrics: Metrics | None = None,
        proxy: str | None = None,
        galleries: bool = True,
    ) -> None:
        """Make the adapter. `commands` are registered with Discord; `max_calls` a second is the limit of all processes.

        With `galleries`, several pictures are one message made of components.
        `proxy` is the way to Discord, if it is not that of the environment. `folder` is where earlier versions kept
        files that Discord shows only once.
        """
        pacing, links = RestPacing(coordination, token, max_calls), LinkCache()
        self._set_aside = set_aside = SetAsideLog(NAME, metrics)
        self._refused_reactions, self._galleries = RefusedReactions(), Galleries(is_on=galleries)
        self._folder, self._attachment_store = folder, AttachmentStore(blobs)
        self._rest = RestClient(token, url, pacing, find_proxy(url, proxy))
        self._files = AttachmentDownloads(self._rest.fetch_message, self._attachment_store, links, proxy)
        self._tokens = InteractionTokens(blobs, TokenEncryption(token))
        self._notices = PermissionNotices(self._rest, blobs)
        references = References()

        def make_interactions(receive: Receive, queues: ChannelQueues) -> Interactions:
            return Interactions(
                receive,
                queues,
                tokens=self._tokens,
                files=self._files,
                suggest=suggest,
                max_bytes=max_bytes,
                references=references,
                set_aside=set_aside,
            )

        self._listener = DiscordListener(
            token=token,
            rest=self._rest,
            intake=intake,
            channels=channels,
            coordination=coordination,
            pacing=pacing,
            shards=shards,
            commands=commands,
            links=links,
            notices=self._notices,
            references=references,
            set_aside=set_aside,
            budget=SessionBudget(blobs, f"{pacing.name}:{shards or 'all'}", len(shards.ids) if shards else 1),
            make_interactions=make_interactions,
        )
        self._tasks = BackgroundTasks()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(self._rest.close)
        await self._stack.enter_async_context(self._files)
        await migrate_legacy_files(self._folder, self._attachment_store)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._tasks.close()
        await self._stack.aclose()

    def as_platform(self) -> Platform:
        """Name what Discord can do. Nobody can tell whose the kept files are, so they go only when they are old."""
        return Platform(
            name=NAME,
            adapter=self,
            threads=True,
            limits=lambda channel: LIMITS if Place.of(channel).visitor is None else VISITOR_LIMITS,
            edits=self,
            deletes=self,
            private_chats=self,
            reactions=self,
            links=self,
            history=History(self._rest, set_aside=self._set_aside),
            typing=self,
            expires=self,
            token=self,
            connection=self,
        )

    def link_to(self, message: Message) -> str | None:
        """Return the address of a message; what came as a command or a press is none."""
        return address_of(message)

    # listening

    async def listen(self, receive: Receive) -> None:
        """Pass every message to `receive`, until cancelled; wait as long as another process does so.

        Raises Refused when the operator has to fix something.
        """
        await self._listener.run(receive)

    @property
    def health(self) -> Health:
        """The number of connected shards, or the fact that another process listens."""
        return self._listener.health

    # speaking

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. The same key again, within minutes, is the same post.

        Files that are too large together for one request come in several posts, and one that Discord refuses is left
        out with a sentence.
        """
        parts = deque(split_by_request(await shrink_large_pictures(post.files)))
        first, refused = None, list[File]()
        while parts:
            files = parts.popleft()
            part = replace(post, files=tuple(files))
            try:
                id = await (self._send_part(channel, part) if first is None else self._add_files(channel, part, first))
            except Refused as error:
                if not files or not is_about_files(error):
                    if first is None:
                        raise
                    refused += files
                elif len(files) > 1:
                    parts.extendleft((files[len(files) // 2 :], files[: len(files) // 2]))
                else:
                    refused += files
            else:
                first = first or id
        if first is None:
            raise Refused(FailureCode.POST_FILES_REFUSED)
        if refused:
            await self._name_refused_files(channel, first, post, refused)
        return first

    async def _send_part(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish a post whose files fit into one request."""
        if not (self._galleries.suit(channel, post.files) and not post.is_partial):
            return await self._send_form(channel, post, is_gallery=False)
        try:
            return await self._send_form(channel, post, is_gallery=True)
        except Refused as error:
            self._galleries.note_refusal(channel, error)
        return await self._send_form(channel, post, is_gallery=False)

    async def _send_form(self, channel: Channel, post: OutgoingPost, *, is_gallery: bool) -> str:
        place, content = Place.of(channel), _content(post, is_gallery=is_gallery)
        nonce = _nonce(channel, post)
        token = await self._tokens.find_for_message(post.reply_to, place)
        with best_effort(post.is_partial):
            if token is not None:
                try:
                    return await self._respond(token, place, content=content, nonce=nonce, is_partial=post.is_partial)
                except InteractionExpired:
                    if place.visitor is not None:
                        raise
            if place.visitor is not None:
                raise InteractionExpired(FailureCode.DISCORD_INTERACTION_OVER)
            self._check_room("POST", str(place.id), post.is_partial)
            post_id = await self._post(place, content, post.reply_to, nonce)
        self._tokens.mark_ordinary(post_id)
        return post_id

    async def _add_files(self, channel: Channel, post: OutgoingPost, first: str) -> str:
        """Publish files in reply to the post that they belong to, which is not sent again if this fails."""
        is_visit = Place.of(channel).visitor is not None
        key = f"{post.key}-{hashlib.blake2b(post.files[0].data, digest_size=4).hexdigest()}" if post.key else None
        part = OutgoingPost(text="", files=post.files, reply_to=post.reply_to if is_visit else first, key=key)
        try:
            return await retry(DISCORD_ATTACHMENTS, partial(self._send_part, channel, part), Busy)
        except Busy as error:
            raise Refused(FailureCode.POST_FILES_REFUSED) from error

    async def _name_refused_files(
        self, channel: Channel, post_id: str, post: OutgoingPost, refused: Sequence[File]
    ) -> None:
        """Say below the text which files are missing."""
        names = ", ".join(file.name for file in refused)
        log.warning("Discord does not take a file", files=len(refused))
        text = f"{post.text}\n\n⚠️ {say(FailureCode.POST_FILES_REFUSED)} ({names})".strip()
        try:
            await self.edit(channel, post_id, replace(post, text=text, files=(), is_partial=False))
        except BotError as error:
            log.warning("the missing files could not be named", reason=error.code)

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post, and with them its files if there are new ones.

        A thread that sleeps is woken up by a new post.
        """
        content = _content(replace(post, files=tuple(await shrink_large_pictures(post.files))))
        try:
            return await self._edit_form(channel, post_id, post, content)
        except GalleryPost:
            items = await self._items_of_post(channel, post_id)
            content = replace(content, is_gallery=True, files=(), posted=tuple(items))
            return await self._edit_form(channel, post_id, post, content)

    async def _items_of_post(self, channel: Channel, post_id: str) -> Sequence[GalleryItem]:
        """Return the pictures of a gallery of ours, which an edit has to name again."""
        client, token = await self._rest.client(), await self._tokens.find_for_post(post_id)
        with map_discord_errors():
            if token is not None:
                return list(items_in(await fetch_posted_response(client, token, post_id)))
            return list(items_in(cast("Any", await client.http.get_message(Place.of(channel).id, int(post_id)))))
        return ()

    async def _edit_form(self, channel: Channel, post_id: str, post: OutgoingPost, content: PostContent) -> str:
        place = Place.of(channel)
        token = await self._tokens.find_for_post(post_id)
        with best_effort(post.is_partial):
            if token is not None:
                try:
                    self._check_room("PATCH", token.token, post.is_partial)
                    await edit_posted_response(await self._rest.client(), token, post_id, content)
                except InteractionExpired:  # the post itself stays, and can be edited like any other
                    if place.visitor is not None:
                        raise
                else:
                    return post_id
            if place.visitor is not None:
                raise InteractionExpired(FailureCode.DISCORD_INTERACTION_OVER)
            self._check_room("PATCH", str(place.id), post.is_partial)
            try:
                await self._edit(place, int(post_id), content)
            except ThreadArchived:
                return await self.send(channel, replace(post, reply_to=None, key=None, is_partial=False))
        return post_id

    async def delete(self, channel: Channel, post_id: str) -> None:
        """Delete a post. One that is not there any more is no error."""
        client, token = await self._rest.client(), await self._tokens.find_for_post(post_id)
        try:
            if token is not None:
                await delete_response(client, token, post_id)
            else:
                with map_discord_errors():
                    await client.http.delete_message(Place.of(channel).id, int(post_id))
        except Refused as error:
            if error.code not in POST_GONE and not is_bare_404(error):
                raise

    async def open_private_chat(self, author: Author) -> Channel:
        """Return the private chat with a person. Refused where Discord opens none."""
        client = await self._rest.client()
        with map_discord_errors():
            chat: Any = await client.http.start_private_message(int(author.id))
        return Place(int(chat["id"]), private=True).channel

    async def _respond(
        self, token: InteractionToken, place: Place, content: PostContent, nonce: str | None, is_partial: bool
    ) -> str:
        is_first = token.is_first(nonce)
        self._check_room("PATCH" if is_first else "POST", token.token, is_partial)
        client = await self._rest.client()
        post = await send_response(client, token, content, first=is_first, hidden=place.visitor is not None)
        await self._tokens.save_post(token, post, nonce)
        return post

    async def _post(self, place: Place, content: PostContent, reply_to: str | None, nonce: str | None) -> str:
        try:
            return await self._send(place, content, _reference(place, reply_to), nonce)
        except HistoryForbidden:
            return await self._send(place, content, None, nonce)
        except Refused as error:
            if error.code is not FailureCode.CHANNEL_LOST:
                raise
            if content.files:  # we may be allowed to speak, if not to attach files
                post = await self._post(place, replace(content, files=(), is_gallery=False), reply_to, nonce)
                await self._notices.report_missing_permission(place.id, reply_to, "Attach Files")
                return post
            await self._notices.report_missing_permission(place.id, reply_to, "Send Messages")
            raise

    async def _send(
        self, place: Place, content: PostContent, reference: discord.MessageReference | None, nonce: str | None
    ) -> str:
        client, text = await self._rest.client(), content.content
        with map_discord_errors():
            post = await send_message(
                client,
                place.id,
                content=text,
                view=content.view,
                files=content.uploads,
                reply_to=reference.to_message_reference_dict() if reference else None,
                nonce=nonce,
                is_quiet=content.is_quiet,
            )
        shown = post.get("content")
        if shown is not None and shown.strip() != text.strip():  # posted before under this nonce, with an earlier text
            try:
                await self._edit(place, int(post["id"]), replace(content, files=(), is_gallery=False))
            except Refused:  # another form will be posted, and this one would seem to grow for ever
                with suppress(BotError):
                    await self.delete(place.channel, str(post["id"]))
                raise
        return str(post["id"])

    async def _edit(self, place: Place, post: int, content: PostContent) -> None:
        client = await self._rest.client()
        try:
            with map_discord_errors():
                await edit_message(
                    client,
                    place.id,
                    post,
                    content=content.content,
                    view=content.view,
                    files=content.uploads,
                )
        except Refused as error:
            if is_bare_404(error):
                raise Refused(FailureCode.DISCORD_POST_GONE) from error
            raise

    def _check_room(self, method: str, key: str, is_partial: bool) -> None:
        """Raise Busy for a partial text that would use the last allowed call: the complete one may need it."""
        pause = self._rest.remaining_calls.pause(method, key) if is_partial else 0
        if pause:
            raise Busy(FailureCode.DISCORD_SLOW_DOWN, retry_after=pause)

    async def react(self, channel: Channel, message_id: str, emoji: str, *, is_on: bool) -> None:
        """Put a reaction on a message, or take it away; where calls run short, it is left out."""
        place = Place.of(channel)
        is_outside = place.visitor is not None or int(message_id) == place.id  # a thread's first message stands there
        if is_outside or self._refused_reactions.has(channel):
            return
        http = (await self._rest.client()).http
        call = http.add_reaction if is_on else http.remove_own_reaction
        with self._refused_reactions.noting(channel), map_discord_errors(), best_effort(is_on):
            await call(place.id, int(message_id), emoji)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show the typing sign while an answer is being made."""
        done = asyncio.Event()
        place = Place.of(channel)
        if place.visitor is None:  # for a visitor, Discord itself shows "thinking"
            self._tasks.start(self._send_typing(place, done))
        try:
            yield
        finally:
            done.set()

    async def _send_typing(self, place: Place, done: asyncio.Event) -> None:
        while not done.is_set():
            with suppress(BotError), map_discord_errors(), best_effort():
                await (await self._rest.get_channel(place.id)).typing()
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Raises Unreadable when it is larger than `limit` bytes, or gone."""
        return await self._files.download(attachment, limit)

    # odds and ends

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Tell whether this person has Manage Server; in private, everybody manages."""
        place = Place.of(channel)
        if place.private or place.visitor is not None:
            return True
        client = await self._rest.client()
        with map_discord_errors():
            channel_object = await client.fetch_channel(place.id)
            if isinstance(channel_object, discord.abc.PrivateChannel):
                return True
            guild = await client.fetch_guild(channel_object.guild.id, with_counts=False)
            member = await guild.fetch_member(int(author.id))
        return member.guild_permissions.manage_guild

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete old files of interactions, expired tokens and old notices."""
        await self._files.expire(photos_before)
        await self._tokens.expire()
        await self._notices.expire(before)

    async def check(self) -> Sequence[SetupRemark]:
        """Fetch our own application. Raises Refused when Discord does not know the token."""
        await self._rest.application()
        return ()


def _content(post: OutgoingPost, *, is_gallery: bool = False) -> PostContent:
    return PostContent(
        post.text,
        post.buttons,
        post.files,
        is_spoiler=post.is_spoiler,
        is_quiet=post.is_quiet,
        is_gallery=is_gallery,
    )


def _reference(place: Place, reply_to: str | None) -> discord.MessageReference | None:
    """Return the message to reply to. A press replies to its post, and an interaction alone is no message."""
    id = (reply_to or "").partition("/")[0]
    if not id or int(id) == place.id:  # a thread's first message stands outside of it
        return None
    return discord.MessageReference(message_id=int(id), channel_id=place.id, fail_if_not_exists=False)


def _nonce(channel: Channel, post: OutgoingPost) -> str | None:
    """Derive a nonce that is the same for the same post, and another one after a fresh start with an empty store."""
    if post.key is None:
        return None
    return hashlib.blake2b(f"{channel} {post.reply_to} {post.key}".encode(), digest_size=12).hexdigest()


def open_discord(context: AdapterContext) -> Discord:
    """Build the Discord platform with the operator's settings."""
    settings, own = context.settings, context.settings.of(DiscordSettings)

    async def suggest(command: str, option: str, typed: str) -> Sequence[Suggestion]:
        options = COMMANDS[command].options if command in COMMANDS else ()
        suggest_values = next(
            (command_option.suggest for command_option in options if option_label(command_option) == option), None
        )
        return await suggest_values(context.providers, typed) if suggest_values else ()

    return Discord(
        own.discord_token.get_secret_value() if own.discord_token else "",
        own.discord_api_url,
        Path(settings.bot_data) / "discord",
        intake=context.store.intake,
        channels=context.store.channels,
        blobs=context.store.blobs,
        coordination=context.store.coordination,
        commands=command_payloads(),
        suggest=suggest,
        shards=Shards.parse(own.discord_shards) if own.discord_shards else None,
        max_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        max_calls=MAX_CALLS,
        metrics=context.metrics,
        proxy=reveal(own.discord_proxy),
        galleries=own.discord_galleries,
    )
