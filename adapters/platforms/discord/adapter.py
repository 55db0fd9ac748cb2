"""Discord as a chat platform like any other, put together from its parts."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import discord
import structlog

from adapters.platforms.discord.answering import Interactions, Waiting
from adapters.platforms.discord.asking import Asking, Suggest
from adapters.platforms.discord.buttons import keyboard
from adapters.platforms.discord.errors import Archived, NoHistory, TokenOver, our_errors
from adapters.platforms.discord.files import Files, Links
from adapters.platforms.discord.gateway import Ears, stay_connected
from adapters.platforms.discord.hearing import Hearing
from adapters.platforms.discord.keep import Keep
from adapters.platforms.discord.lines import Lines
from adapters.platforms.discord.manners import Tact, Threads
from adapters.platforms.discord.marks import Marks
from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.render import render
from adapters.platforms.discord.rest import Rest
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash import Payload, sync
from adapters.platforms.discord.uploads import fit, uploads
from bot.errors import BotError, Busy, Refused
from bot.messages import Attachment, Author, Button, Channel, File
from bot.ports import Receive, Store

log = structlog.get_logger(__name__)

TYPING = 8.0  # seconds; Discord shows the sign for ten
NOBODY = discord.AllowedMentions.none()  # is called by what a model says


@dataclass(frozen=True, slots=True)
class _Said:
    """What a post is made of."""

    text: str
    buttons: Sequence[Button] = ()
    files: Sequence[File] = ()

    @property
    def content(self) -> str:
        """The text as Discord shows it; files need none."""
        return "" if self.files and not self.text.strip() else render(self.text)


class Discord:
    """Channels of servers, threads, private chats, and places where the bot is no member."""

    name = NAME
    max_length = 2000
    edit_interval = 1.2

    def __init__(
        self,
        token: str,
        url: str,
        store: Store,
        folder: Path,
        *,
        commands: Sequence[Payload] = (),
        suggest: Suggest,
        shards: Shards | None = None,
        most_bytes: int = 20 * 1024 * 1024,
    ) -> None:
        """`folder` is for files that Discord shows only once; `commands` are those that Discord is told of."""
        self._token, self._store = token, store
        self._commands, self._suggest, self._shards, self._most_bytes = commands, suggest, shards, most_bytes
        self._rest = Rest(token, url)
        self._links = Links()
        self._files = Files(self._rest.message, Keep(folder), self._links)
        self._interactions = Interactions()
        self._tact = Tact(self._rest)
        self._ears: Ears | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(self._rest.close)
        await self._stack.enter_async_context(self._files)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    # listening

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, until cancelled. Refused when the operator has to mend something."""
        intents = await self._insist_on_intents()
        lines, marks = Lines(), Marks(self._store)
        threads = Threads(self._store)
        hearing = Hearing(receive, self._store, lines, marks, self._links, threads, self._tact)
        asking = Asking(receive, lines, self._interactions, self._files, self._suggest, self._most_bytes)
        if self._shards is None or 0 in self._shards.ids:
            self._soon(self._tell_commands())
        noting = asyncio.create_task(marks.keep())
        try:
            await stay_connected(lambda: Ears(hearing, asking, intents, self._shards), self._token, self._see)
        finally:
            await lines.close()
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)

    @property
    def trouble(self) -> str | None:
        """What keeps us from hearing, for /readyz."""
        return None if self._is_connected else self.status

    @property
    def status(self) -> str:
        """Whether every shard is connected."""
        if self._ears is None:
            return "not connected yet"
        return f"{len(self._ears.connected)} of {len(self._ears.shards) or 1} shards are connected to Discord"

    @property
    def _is_connected(self) -> bool:
        ears = self._ears
        return ears is not None and bool(ears.shards) and ears.connected >= set(ears.shards)

    def _see(self, ears: Ears) -> None:
        self._ears = ears

    async def _insist_on_intents(self) -> discord.Intents:
        """The intents to ask for: the content of messages only where it has been granted, or Discord hangs up."""
        pause = 1.0
        while True:
            try:
                flags = (await self._rest.application()).flags
            except Refused:
                raise
            except Exception as error:  # whatever it is: Discord, or what stands before it, may come to its senses
                log.warning("Discord cannot be reached yet", again_in=pause, reason=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 60)
                continue
            granted = flags.gateway_message_content or flags.gateway_message_content_limited
            log.info("listening on Discord", message_content=granted)
            return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=granted)

    async def _tell_commands(self) -> None:
        try:
            with our_errors():
                await sync(await self._rest.client(), self._commands)
        except BotError as error:
            log.warning("Discord does not take the commands", reason=error.key)

    # speaking

    async def send(
        self,
        channel: Channel,
        text: str,
        *,
        reply_to: str | None = None,
        nonce: str | None = None,
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        growing: bool = False,
    ) -> str:
        """Post `text` and return the post's id. The same nonce again, within minutes, is the same post."""
        place, said = Place.of(channel), _Said(text, buttons, await fit(files))
        waiting = self._interactions.behind(reply_to, place)
        if waiting is not None:
            try:
                return await self._answer(waiting, place, said)
            except TokenOver:
                if place.visitor is not None:
                    raise
        if place.visitor is not None:
            raise TokenOver("discord_interaction_over")
        self._make_way("POST", place, growing)
        return await self._post(place, said, reply_to, _nonce(channel, reply_to, nonce))

    async def edit(
        self, channel: Channel, post: str, text: str, *, buttons: Sequence[Button] = (), growing: bool = False
    ) -> str:
        """Let the post read `text`; a thread that sleeps is woken up by a new post."""
        place = Place.of(channel)
        waiting = self._interactions.that_made(post)
        if waiting is not None:
            try:
                with our_errors():
                    await waiting.interaction.followup.edit_message(
                        int(post), content=render(text), view=keyboard(buttons), allowed_mentions=NOBODY
                    )
            except TokenOver:  # the post itself stays, and we can edit it like any other
                if place.visitor is not None:
                    raise
            else:
                return post
        if place.visitor is not None:
            raise TokenOver("discord_interaction_over")
        self._make_way("PATCH", place, growing)
        try:
            await self._edit(place, int(post), text, buttons)
        except Archived:
            return await self.send(channel, text, buttons=buttons)
        return post

    async def _answer(self, waiting: Waiting, place: Place, said: _Said) -> str:
        interaction, view = waiting.interaction, keyboard(said.buttons)
        post: discord.Message
        with our_errors():
            if waiting.thinking:
                post = await interaction.edit_original_response(
                    content=said.content, view=view, attachments=uploads(said.files), allowed_mentions=NOBODY
                )
            else:
                post = await interaction.followup.send(
                    said.content,
                    view=view or discord.utils.MISSING,
                    files=uploads(said.files),
                    allowed_mentions=NOBODY,
                    suppress_embeds=True,
                    ephemeral=place.visitor is not None,
                    wait=True,
                )
        self._interactions.answered(str(post.id), waiting)
        return str(post.id)

    async def _post(self, place: Place, said: _Said, reply_to: str | None, nonce: str | None) -> str:
        try:
            return await self._say(place, said, _reference(place, reply_to), nonce)
        except NoHistory:
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
        self, place: Place, said: _Said, reference: discord.MessageReference | None, nonce: str | None
    ) -> str:
        target = await self._rest.place(place.id)
        options: dict[str, Any] = {"view": keyboard(said.buttons), "nonce": nonce, "reference": reference}
        options["files"] = uploads(said.files) or None
        content = said.content
        with our_errors():
            post = await target.send(
                content,
                allowed_mentions=NOBODY,
                suppress_embeds=True,
                **{name: value for name, value in options.items() if value is not None},
            )
        if post.content.strip() != content.strip():  # said before, by the same nonce, with the words of then
            await self._edit(place, post.id, said.text, said.buttons)
        return str(post.id)

    async def _edit(self, place: Place, post: int, text: str, buttons: Sequence[Button]) -> None:
        target = await self._rest.place(place.id)
        with our_errors():
            await target.get_partial_message(post).edit(
                content=render(text), view=keyboard(buttons), allowed_mentions=NOBODY
            )

    def _make_way(self, method: str, place: Place, growing: bool) -> None:
        """Half-grown text never takes the last call that Discord allows: the whole one may need it."""
        pause = self._rest.allowance.pause(method, place.id) if growing else 0
        if pause:
            raise Busy("discord_slow_down", retry_after=pause)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        """Show that an answer is on its way."""
        done = asyncio.Event()
        place = Place.of(channel)
        if place.visitor is None:  # there, Discord itself shows that we think
            self._soon(self._type(place, done))
        try:
            yield
        finally:
            done.set()

    async def _type(self, place: Place, done: asyncio.Event) -> None:
        while not done.is_set():
            with suppress(BotError), our_errors():
                await (await self._rest.place(place.id)).typing()
            with suppress(TimeoutError):
                async with asyncio.timeout(TYPING):
                    await done.wait()

    # fetching

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Unreadable when it holds more than `limit` bytes, is gone, or is a film."""
        return await self._files.download(attachment, limit)

    # odds and ends

    async def manages(self, channel: Channel, author: Author) -> bool:
        """Whether this person has Manage Server; in private, everybody may choose."""
        place = Place.of(channel)
        if place.private or place.visitor is not None:
            return True
        client = await self._rest.client()
        with our_errors():
            found = await client.fetch_channel(place.id)
            if isinstance(found, discord.abc.PrivateChannel):
                return True
            guild = await client.fetch_guild(found.guild.id, with_counts=False)
            member = await guild.fetch_member(int(author.id))
        return member.guild_permissions.manage_guild

    async def forget(self, channel: Channel) -> None:
        """Nobody can tell whose the kept files are; they go when they are old."""

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete old files that Discord would not show again."""
        await self._files.expire(photos_before)

    async def check(self) -> None:
        """Ask who we are. Refused when Discord does not know the token."""
        await self._rest.application()

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        """Let it run on its own: whoever waits for it would wait for Discord."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _reference(place: Place, reply_to: str | None) -> discord.MessageReference | None:
    """What to reply to. A press is known by the post it was made under, and an interaction alone is no message."""
    id = (reply_to or "").partition("/")[0]
    if not id or int(id) == place.id:  # a thread's first message stands outside of it
        return None
    return discord.MessageReference(message_id=int(id), channel_id=place.id, fail_if_not_exists=False)


def _nonce(channel: Channel, reply_to: str | None, nonce: str | None) -> str | None:
    """The same text for the same post, and another one after a fresh start with an empty store."""
    if nonce is None:
        return None
    return hashlib.blake2b(f"{channel} {reply_to} {nonce}".encode(), digest_size=12).hexdigest()
