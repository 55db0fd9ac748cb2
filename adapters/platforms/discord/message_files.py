"""The files of a message of Discord's, and all in it that may be a photo; by which handle each is known for ever.

The `ref` of an attachment is one of

    CHANNEL/MESSAGE/ID      an attachment of a message, or of the message that it forwards
    CHANNEL/MESSAGE/embedN  the picture of its N-th embed
    sticker/ID.EXT          a sticker
    keep/ID                 a file that came with an interaction, whose bytes are in `Keep`
    hidden/MESSAGE          whatever a message may show that Discord does not show to us
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import discord

from bot.messages import Attachment

HIDDEN = "hidden"
UNTOLD = str.maketrans({"\0": " "})  # a database may refuse it

# What stickers are; the last one is drawn by a program of Lottie's, and nothing in it is a picture.
STICKERS = {".png": "image/png", ".gif": "image/gif", ".json": "video/lottie+json"}

FILMS = "YouTube"  # whose links are about what can be watched there, and not about the picture in front of it


def pictures(message: discord.Message) -> Iterator[tuple[Attachment, str]]:
    """All in a message that may be a photo, a recording or a document, each with its link.

    What is none of them is named too, for the asker to be told.
    """
    shown: list[discord.Message | discord.MessageSnapshot]
    shown = [message, *message.message_snapshots]  # a forward itself is empty
    place = f"{message.channel.id}/{message.id}"
    for file in chain.from_iterable(each.attachments for each in shown):
        yield _attachment(f"{place}/{file.id}", file), file.url
    for number, embed in enumerate(chain.from_iterable(each.embeds for each in shown)):
        # Discord's copy: the original may lie anywhere, and would learn who looks at it.
        link = embed.image.proxy_url or embed.thumbnail.proxy_url
        if link and embed.provider.name != FILMS:
            yield Attachment(f"{place}/embed{number}", _name_in(link)), link
    for sticker in chain.from_iterable(each.stickers for each in shown):
        kind = PurePosixPath(urlsplit(sticker.url).path).suffix
        name = f"{sticker.name}{kind}".translate(UNTOLD)
        yield Attachment(f"sticker/{sticker.id}{kind}", name, STICKERS.get(kind, "")), sticker.url


def links_in(message: discord.Message) -> dict[str, str]:
    """The links of all that `pictures` finds, by ref."""
    return {attachment.ref: link for attachment, link in pictures(message)}


def of_interaction(file: discord.Attachment) -> tuple[Attachment, str]:
    """A file that Discord will not show again, and the link by which it can be fetched now."""
    return _attachment(f"keep/{file.id}", file), file.url


def _attachment(ref: str, file: discord.Attachment) -> Attachment:
    return Attachment(ref, file.filename.translate(UNTOLD), file.content_type or "", file.size)


def _name_in(link: str) -> str:
    path = PurePosixPath(unquote(urlsplit(link).path))
    return path.name.translate(UNTOLD) if path.suffix else "embed.jpg"
