"""Mirroring: turns of one channel are shown in the linked channels that want to see them."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from bot.chat_platform import Platform
from bot.errors import BotError, Busy, FailureCode
from bot.messages import Channel, File, StoredFile, Turn
from bot.ports import Channels, Conversations, Posts
from bot.replies.reply import Reply
from bot.words import say, speaking

log = structlog.get_logger(__name__)

ANSWER, QUESTION = 0, 1  # lanes


class Mirror:
    """Shows turns in linked channels. Failures there affect nothing else."""

    def __init__(
        self, conversations: Conversations, channels: Channels, posts: Posts, platforms: Mapping[str, Platform]
    ) -> None:
        self._conversations, self._channels, self._posts, self._platforms = conversations, channels, posts, platforms

    async def show(self, turn: Turn, text: str, shown: Sequence[StoredFile], *, is_spoiler: bool = False) -> None:
        """Show a turn and its answer in the other channels, as each one chose; `shown` came with the question.

        `is_spoiler`: both are for those only who choose to see them.
        """
        for channel in await self._conversations.list_channels(turn.conversation):
            platform = self._platforms.get(channel.platform)
            if channel == turn.message.channel or platform is None:
                continue
            chosen = await self._channels.get_channel_settings(channel)
            if chosen.mirroring != "off":
                with speaking(chosen.language or turn.message.language):
                    seen = shown if chosen.mirroring == "everything" else None
                    await self._show_in(channel, platform, turn=turn, text=text, shown=seen, is_spoiler=is_spoiler)

    async def _show_in(
        self,
        channel: Channel,
        platform: Platform,
        turn: Turn,
        text: str,
        shown: Sequence[StoredFile] | None,
        *,
        is_spoiler: bool,
    ) -> None:
        try:
            if shown is not None:
                files = await asyncio.to_thread(_files, shown, is_spoiler=is_spoiler)
                question = Reply(platform, self._posts, turn, channel, lane=QUESTION)
                await question.show(_question(turn), files=files)
            answer = Reply(platform, self._posts, turn, channel, lane=ANSWER)
            answer.is_spoiler = is_spoiler
            await answer.show(text)
        except Busy as error:
            log.warning("a linked channel could not be told", channel=str(channel), reason=error.code)
        except BotError as error:
            log.warning("a linked channel could not be told", channel=str(channel), reason=error.code)
            if error.code is FailureCode.CHANNEL_LOST:
                await self._conversations.drop_channel(channel)
                log.warning("a linked channel has gone; its link is dropped", channel=str(channel))


def _question(turn: Turn) -> str:
    message = turn.message
    platform = message.channel.platform.title()
    return say("mirror_question", author=message.author.name, platform=platform, text=turn.shown_words)


def _files(shown: Sequence[StoredFile], *, is_spoiler: bool) -> list[File]:
    files = []
    for file in shown:
        with suppress(FileNotFoundError):  # another process needed the slot
            files.append(File(name=file.filename, mime=file.mime, data=file.file.read_bytes(), is_spoiler=is_spoiler))
    return files
