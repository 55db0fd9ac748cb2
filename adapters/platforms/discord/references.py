"""Finds the messages that a message points at: by a reply, by links, by its thread, and by chains of replies."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from functools import partial

import discord

from adapters.platforms.discord.message_lookup import MessageAddress, Missing, Viewer, look_up, message_links
from adapters.platforms.discord.message_words import clean
from adapters.platforms.discord.proxied_messages import is_proxied
from adapters.platforms.discord.translate import is_withheld_from, reference_to, replied_to, unseen_reference
from bot.messages import Message, MessageReference, ReferenceKind
from bot.util.ttl_cache import TtlCache

MAX_STEPS = 10  # from a message to the one that it replies to
MAX_FORWARDS, COMMENT_SECONDS = 1_000, 1.5  # forwards that are remembered, and the time in which a comment comes
MAX_STARTERS, STARTER_SECONDS = 1_000, 60.0  # first messages of threads that are remembered, and for how long

Found = discord.Message | Missing


class References:
    """Finds what messages point at, and asks Discord for what did not come with them."""

    def __init__(self) -> None:
        self._starters: TtlCache[int, Found] = TtlCache(MAX_STARTERS, STARTER_SECONDS)
        self._forwards: dict[tuple[int, int], discord.Message] = {}  # by channel and person, the latest last
        self._comments: dict[int, int] = {}  # by the id of a forward: the message that comments on it

    def note_forward(self, said: discord.Message) -> None:
        """Remember what somebody forwards to nobody in particular: a comment on it may come next, and mention us."""
        key = said.channel.id, said.author.id
        earlier = self._forwards.pop(key, None)
        if earlier is not None:
            self._comments.pop(earlier.id, None)
        self._forwards[key] = said
        if len(self._forwards) > MAX_FORWARDS:
            oldest = self._forwards.pop(next(iter(self._forwards)))
            self._comments.pop(oldest.id, None)

    def forget(self, message: int) -> None:
        """Forget a message that has changed or is gone; the first one of a thread has the thread's id."""
        self._starters.forget(message)

    async def replies_to(self, said: discord.Message, author: int) -> bool:
        """Tell whether a message replies to one of this author, where Discord has left out what it replies to."""
        address, reference = replied_to(said), said.reference
        if address is None or reference is None or reference.resolved is not None:
            return False
        found = await look_up(Viewer.of(said), address)
        if isinstance(found, discord.Message):
            reference.resolved = found  # it need not be looked up again
        return isinstance(found, discord.Message) and found.author.id == author

    async def complete(
        self, said: discord.Message, message: Message, me: int, person: discord.abc.User | None = None
    ) -> Message:
        """Return the message with all that it points at, in the order in which it counts.

        `person` is its author, if that is not who Discord says, as where a proxy bot speaks for somebody.
        """
        viewer = Viewer.of(said, person)
        found = [each async for each in _replied(viewer, said, me)]
        found += [each async for each in _linked(viewer, _text_with_links(said), me)]
        found += message.references  # what it forwards, and the words of its own embeds
        forward = said if message.forwarded else None
        if not (found or message.attachments) and (forward := self._find_commented(viewer, said)):
            found.append(reference_to(forward, me, viewer=viewer, channel=viewer.channel, kind="forward"))
        if forward is not None:
            message = replace(message, origin=await _origin(viewer, forward))
        if said.id != said.channel.id:  # of a forum's post that is the first message itself
            found += [each async for each in self._begun_with(viewer, said.channel, me)]
        return with_references(message, found)

    async def complete_command(self, interaction: discord.Interaction, message: Message, me: int) -> Message:
        """Return the message of a command with all that it points at, by links and by the thread it was used in."""
        viewer = Viewer.of_interaction(interaction)
        found = [*message.references, *[each async for each in _linked(viewer, message.text, me)]]
        if not message.references:  # of a menu or a button, which are about one message
            found += [each async for each in self._begun_with(viewer, interaction.channel, me)]
        return with_references(message, found)

    async def of_menu(
        self, interaction: discord.Interaction, target: discord.Message, me: int
    ) -> list[MessageReference]:
        """Return the message of a menu, and those it replies to."""
        viewer = Viewer.of_interaction(interaction)
        return [each async for each in _climb(viewer, target, viewer.channel, me, kind="menu")]

    def _find_commented(self, viewer: Viewer, said: discord.Message) -> discord.Message | None:
        """Return what the same person forwarded a moment before: Discord sends a comment as a message of its own."""
        forward = self._forwards.get((said.channel.id, viewer.person.id))
        if forward is None or self._comments.setdefault(forward.id, said.id) != said.id:
            return None
        is_late = (said.created_at - forward.created_at).total_seconds() > COMMENT_SECONDS
        return None if is_late else forward

    async def _begun_with(self, viewer: Viewer, thread: object, me: int) -> AsyncIterator[MessageReference]:
        """Yield the message that the thread or the forum's post began with. Many threads began with none."""
        if not isinstance(thread, discord.Thread):
            return
        is_own = isinstance(thread.parent, discord.ForumChannel)
        address = MessageAddress(thread.id if is_own else thread.parent_id, thread.id, viewer.guild)
        starter = await self._starters.get(thread.id, partial(look_up, viewer, address, is_open=True))
        if isinstance(starter, discord.Message) and not is_withheld_from(starter, me):
            async for each in _climb(viewer, starter, address.channel, me, kind="starter"):
                yield each


async def _origin(viewer: Viewer, forward: discord.Message) -> str:
    """Return who wrote first what was forwarded, and where, as far as the viewer may open that; else nothing.

    A forward itself tells only the place that it comes from.
    """
    reference = forward.reference
    if reference is None or reference.message_id is None:
        return ""
    found = await look_up(viewer, MessageAddress(reference.channel_id, reference.message_id, reference.guild_id))
    if isinstance(found, Missing):
        return ""
    where = getattr(found.channel, "name", None)
    return clean(f"{found.author.display_name} (#{where})" if where else found.author.display_name)


def _text_with_links(said: discord.Message) -> str:
    """Return the text of a message; webhooks can't reply, so proxy bots link to what a message replies to."""
    quoted = [embed.description or "" for embed in said.embeds] if is_proxied(said) else []
    return "\n".join([said.content, *quoted])


def with_references(message: Message, references: Iterable[MessageReference]) -> Message:
    """Return the message with these references, each once."""
    by_place = dict[tuple[object, str], MessageReference]()
    for each in references:
        by_place.setdefault((each.channel, each.id), each)
    found = tuple(by_place.values())
    return replace(message, about=found[0] if found else None, more=found[1:])


async def _linked(viewer: Viewer, text: str, me: int) -> AsyncIterator[MessageReference]:
    """Yield the messages that links in a text lead to."""
    for address in message_links(text):
        found = await look_up(viewer, address)
        if isinstance(found, Missing):
            yield unseen_reference(viewer, address, found, kind="link")
        else:
            async for each in _climb(viewer, found, address.channel, me, kind="link"):
                yield each


async def _climb(
    viewer: Viewer, message: discord.Message, channel: int, me: int, *, kind: ReferenceKind
) -> AsyncIterator[MessageReference]:
    """Yield the message, and those it replies to, up to the first one that shows something or is ours."""
    for _ in range(MAX_STEPS):
        reference = reference_to(message, me, viewer=viewer, channel=channel, kind=kind)
        if message.type is not discord.MessageType.thread_starter_message:  # which only stands for another one
            yield reference
            kind = "chain"
        address = replied_to(message)
        if reference.ours or reference.attachments or address is None:
            return
        found = await _referenced(viewer, message, address)
        if isinstance(found, Missing):  # nobody pointed at this one directly
            return
        message, channel = found, address.channel


async def _replied(viewer: Viewer, said: discord.Message, me: int) -> AsyncIterator[MessageReference]:
    address = replied_to(said)
    if address is None:
        return
    found = await _referenced(viewer, said, address)
    if isinstance(found, Missing):
        yield unseen_reference(viewer, address, found, kind="reply")
        return
    async for each in _climb(viewer, found, address.channel, me, kind="reply"):
        yield each


async def _referenced(viewer: Viewer, message: discord.Message, address: MessageAddress) -> Found:
    """Return what a message refers to: as it came along, or looked up where Discord left it out."""
    resolved = message.reference.resolved if message.reference else None
    if isinstance(resolved, discord.DeletedReferencedMessage):
        return Missing.DELETED
    return resolved or await look_up(viewer, address)
