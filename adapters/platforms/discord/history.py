"""Reads what was posted in a server before the bot listened, as far as it and whoever asks for it may read that."""

from collections.abc import Iterator, Sequence
from typing import Any

import discord

from adapters.platforms.discord.catch_up import TextPlace, open_channel, to_message
from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.message_lookup import may_read_back
from adapters.platforms.discord.partial_messages import read_message
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.translate import translate
from bot.chat_platform import HistoryPage
from bot.errors import FailureCode, Refused
from bot.messages import Author, Channel, Message
from bot.operations.set_aside import SetAsideLog

PAGE = 100  # messages that Discord returns at once


class History:
    """Reads channels backwards."""

    def __init__(self, rest: RestClient, set_aside: SetAsideLog) -> None:
        self._rest, self._set_aside = rest, set_aside

    async def list_readable_channels(self, channel: Channel, author: Author) -> Sequence[Channel]:
        """Return the channels of the same server that both this person and the bot may read back."""
        place = Place.of(channel)
        if place.private or place.visitor is not None:
            return [] if place.visitor is not None else [channel]
        client = await self._rest.client()
        with map_discord_errors():
            here: Any = await client.fetch_channel(place.id)
            guild = await client.fetch_guild(here.guild.id, with_counts=False)
            people = [await guild.fetch_member(id) for id in (int(author.id), client.user.id if client.user else 0)]
            places = [each for each in await guild.fetch_channels() if isinstance(each, TextPlace)]
            readable = [each for each in places if all([await may_read_back(guild, each, person) for person in people])]
            return [Place(each.id).channel for each in readable]
        return []

    async def read_back(self, channel: Channel, before: str) -> HistoryPage:
        """Read the messages before this one, or the newest ones. Refused where the bot may not."""
        place = Place.of(channel)
        if place.visitor is not None:
            raise Refused(FailureCode.CHANNEL_LOST)
        client = await self._rest.client()
        with map_discord_errors():
            opened = await open_channel(client, place)
            page: Any = await client.http.logs_from(place.id, PAGE, before=int(before) if before else None)
        raws = [raw for raw in page if isinstance(raw, dict) and str(raw.get("id")).isdigit()]
        oldest = min((int(raw["id"]) for raw in raws), default=None)
        return HistoryPage(
            messages=tuple(self._messages(client, opened, raws)),
            count=len(raws),
            read_to=None if oldest is None or len(page) < PAGE else str(oldest),
        )

    def _messages(
        self, client: discord.Client, channel: discord.abc.Messageable, raws: Sequence[Any]
    ) -> Iterator[Message]:
        """Yield the messages of people that show something. One that cannot be read is set aside."""
        me = client.user.id if client.user else 0
        for raw in raws:
            try:
                message = translate(read_message(lambda data: to_message(client, channel, data), raw), me)
            except Exception as error:
                self._set_aside.note("message", error, message=raw.get("id"))
                continue
            if message is not None and message.attachments:
                yield message
