"""Discord as a chat platform like any other, put together from its parts."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import discord

from adapters.platforms.discord import legacy_files as attic
from adapters.platforms.discord.attachment_store import AttachmentStore
from adapters.platforms.discord.downloads import AttachmentDownloads, LinkCache
from adapters.platforms.discord.errors import HistoryForbidden, InteractionExpired, ThreadArchived, map_discord_errors
from adapters.platforms.discord.interaction_responses import answer, revise
from adapters.platforms.discord.interaction_tokens import InteractionToken, InteractionTokens
from adapters.platforms.discord.interactions import Interactions, Suggest
from adapters.platforms.discord.listener import DiscordListener
from adapters.platforms.discord.outgoing_attachments import fit, uploads
from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.post_content import PostContent
from adapters.platforms.discord.previews import NOBODY, edit_message
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import MOST_CALLS, RestPacing, best_effort
from adapters.platforms.discord.settings import DiscordSettings
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash_commands import Payload, payload, shown_as
from adapters.platforms.discord.threads import PermissionNotices
from adapters.platforms.discord.token_encryption import TokenEncryption
from bot.adapter_context import AdapterContext
from bot.chat_platform import Health, Platform, PostLimits
from bot.commands import COMMANDS, CommandContext, Suggestion
from bot.errors import BotError, Busy, Refused
from bot.messages import Attachment, Author, Channel, OutgoingPost
from bot.ports import Blobs, Channels, Coordination, Receive, TurnIntake
from bot.util.tasks import BackgroundTasks

LIMITS = PostLimits(max_length=2000, edit_interval=1.2)
TYPING = 8.0  # seconds; Discord shows the sign for ten


class Discord:
    """Channels of servers, threads, private chats, and places where the bot is no member."""

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
        most_bytes: int = 20 * 1024 * 1024,
        most_calls: int | None = None,
    ) -> None:
        """`commands` are those that Discord is told of; `most_calls` a second are made by all processes together.

        `folder` is where earlier versions kept files that Discord shows only once.
        """
        pace, links = RestPacing(coordination, token, most_calls), LinkCache()
        self._folder, self._keep = folder, AttachmentStore(blobs)
        self._rest = RestClient(token, url, pace)
        self._files = AttachmentDownloads(self._rest.message, self._keep, links)
        self._tickets = InteractionTokens(blobs, TokenEncryption(token))
        self._tact = PermissionNotices(self._rest, blobs)
        self._listening = DiscordListener(
            token, self._rest, intake, channels, coordination, pace, shards, commands, links, self._tact,
            lambda receive, lines: Interactions(receive, lines, self._tickets, self._files, suggest, most_bytes),
        )  # fmt: skip
        self._tasks = BackgroundTasks()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(self._rest.close)
        await self._stack.enter_async_context(self._files)
        await attic.empty(self._folder, self._keep)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._tasks.close()
        await self._stack.aclose()

    def as_platform(self) -> Platform:
        """Name what Discord can do. Nobody can tell whose the kept files are, so they go only when they are old."""
        return Platform(
            name=NAME,
            adapter=self,
            limits=lambda channel: LIMITS,
            edits=self,
            typing=self,
            expires=self,
            token=self,
            connection=self,
        )

    # listening

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, until cancelled; wait as long as another process does so.

        Refused when the operator has to mend something.
        """
        await self._listening.run(receive)

    @property
    def health(self) -> Health:
        """Whether every shard is connected, or another process listens."""
        return self._listening.health

    # speaking

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. The same key again, within minutes, is the same post."""
        place, said = Place.of(channel), PostContent(post.text, post.buttons, await fit(post.files))
        nonce = _nonce(channel, post)
        ticket = await self._tickets.behind(post.reply_to, place)
        with best_effort(post.is_partial):
            if ticket is not None:
                try:
                    return await self._answer(ticket, place, said, nonce, post.is_partial)
                except InteractionExpired:
                    if place.visitor is not None:
                        raise
            if place.visitor is not None:
                raise InteractionExpired("discord_interaction_over")
            self._make_way("POST", str(place.id), post.is_partial)
            post_id = await self._post(place, said, post.reply_to, nonce)
        self._tickets.ordinary(post_id)
        return post_id

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post; a thread that sleeps is woken up by a new post."""
        place, said = Place.of(channel), PostContent(post.text, post.buttons)
        ticket = await self._tickets.that_made(post_id)
        with best_effort(post.is_partial):
            if ticket is not None:
                try:
                    self._make_way("PATCH", ticket.token, post.is_partial)
                    await revise(await self._rest.client(), ticket, post_id, said)
                except InteractionExpired:  # the post itself stays, and we can edit it like any other
                    if place.visitor is not None:
                        raise
                else:
                    return post_id
            if place.visitor is not None:
                raise InteractionExpired("discord_interaction_over")
            self._make_way("PATCH", str(place.id), post.is_partial)
            try:
                await self._edit(place, int(post_id), said)
            except ThreadArchived:
                return await self.send(channel, OutgoingPost(text=post.text, buttons=post.buttons))
        return post_id

    async def _answer(
        self, ticket: InteractionToken, place: Place, said: PostContent, nonce: str | None, is_partial: bool
    ) -> str:
        first = ticket.is_first(nonce)
        self._make_way("PATCH" if first else "POST", ticket.token, is_partial)
        client = await self._rest.client()
        post = await answer(client, ticket, said, first=first, hidden=place.visitor is not None)
        await self._tickets.answered(ticket, post, nonce)
        return post

    async def _post(self, place: Place, said: PostContent, reply_to: str | None, nonce: str | None) -> str:
        try:
            return await self._say(place, said, _reference(place, reply_to), nonce)
        except HistoryForbidden:
            return await self._say(place, said, None, nonce)
        except Refused as error:
            if error.key != "discord_shut_out":
                raise
            if said.files:  # we may be allowed to speak, if not to attach files
                post = await self._post(place, replace(said, files=()), reply_to, nonce)
                await self._tact.shut_out(place.id, reply_to, "Attach Files")
                return post
            await self._tact.shut_out(place.id, reply_to, "Send Messages")
            raise

    async def _say(
        self, place: Place, said: PostContent, reference: discord.MessageReference | None, nonce: str | None
    ) -> str:
        target = await self._rest.place(place.id)
        options: dict[str, Any] = {"view": said.view, "nonce": nonce, "reference": reference}
        options["files"] = uploads(said.files) or None
        content = said.content
        with map_discord_errors():
            post = await target.send(
                content,
                allowed_mentions=NOBODY,
                suppress_embeds=True,
                **{name: value for name, value in options.items() if value is not None},
            )
        if post.content.strip() != content.strip():  # said before, by the same nonce, with the words of then
            await self._edit(place, post.id, said)
        return str(post.id)

    async def _edit(self, place: Place, post: int, said: PostContent) -> None:
        client = await self._rest.client()
        with map_discord_errors():
            await edit_message(client, place.id, post, content=said.content, view=said.view)

    def _make_way(self, method: str, where: str, is_partial: bool) -> None:
        """Half-grown text never takes the last call that Discord allows: the whole one may need it."""
        pause = self._rest.allowance.pause(method, where) if is_partial else 0
        if pause:
            raise Busy("discord_slow_down", retry_after=pause)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show that an answer is on its way."""
        done = asyncio.Event()
        place = Place.of(channel)
        if place.visitor is None:  # there, Discord itself shows that we think
            self._tasks.start(self._type(place, done))
        try:
            yield
        finally:
            done.set()

    async def _type(self, place: Place, done: asyncio.Event) -> None:
        while not done.is_set():
            with suppress(BotError), map_discord_errors(), best_effort():
                await (await self._rest.place(place.id)).typing()
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Unreadable when it holds more than `limit` bytes, is gone, or is a film."""
        return await self._files.download(attachment, limit)

    # odds and ends

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        """Whether this person has Manage Server; in private, everybody may choose."""
        place = Place.of(channel)
        if place.private or place.visitor is not None:
            return True
        client = await self._rest.client()
        with map_discord_errors():
            found = await client.fetch_channel(place.id)
            if isinstance(found, discord.abc.PrivateChannel):
                return True
            guild = await client.fetch_guild(found.guild.id, with_counts=False)
            member = await guild.fetch_member(int(author.id))
        return member.guild_permissions.manage_guild

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete old files that Discord would not show again, and what is of no use any more."""
        await self._files.expire(photos_before)
        await self._tickets.expire()
        await self._tact.expire(before)

    async def check(self) -> None:
        """Ask who we are. Refused when Discord does not know the token."""
        await self._rest.application()


def _reference(place: Place, reply_to: str | None) -> discord.MessageReference | None:
    """What to reply to. A press is known by the post it was made under, and an interaction alone is no message."""
    id = (reply_to or "").partition("/")[0]
    if not id or int(id) == place.id:  # a thread's first message stands outside of it
        return None
    return discord.MessageReference(message_id=int(id), channel_id=place.id, fail_if_not_exists=False)


def _nonce(channel: Channel, post: OutgoingPost) -> str | None:
    """The same text for the same post, and another one after a fresh start with an empty store."""
    if post.key is None:
        return None
    return hashlib.blake2b(f"{channel} {post.reply_to} {post.key}".encode(), digest_size=12).hexdigest()


def open_discord(context: AdapterContext) -> Discord:
    """Build the Discord platform with the operator's settings."""
    settings, own = context.settings, context.settings.of(DiscordSettings)
    command_context = CommandContext(context.store, context.providers)

    async def suggest(command: str, option: str, typed: str) -> Sequence[Suggestion]:
        options = COMMANDS[command].options if command in COMMANDS else ()
        suggest_values = next((each.suggest for each in options if shown_as(each) == option), None)
        return await suggest_values(command_context, typed) if suggest_values else ()

    return Discord(
        own.discord_token.get_secret_value() if own.discord_token else "",
        own.discord_api_url,
        Path(settings.bot_data) / "discord",
        intake=context.store.intake,
        channels=context.store.channels,
        blobs=context.store.blobs,
        coordination=context.store.coordination,
        commands=payload(),
        suggest=suggest,
        shards=Shards.parse(own.discord_shards) if own.discord_shards else None,
        most_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        most_calls=MOST_CALLS,
    )
