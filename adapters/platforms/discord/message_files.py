"""The files of a message of Discord's, with a permanent `ref` and a temporary link for each.

The `ref` of an attachment is one of

    CHANNEL/MESSAGE/ID      an attachment of a message, or of the message that it forwards
    CHANNEL/MESSAGE/embedN  the picture of its N-th embed
    CHANNEL/MESSAGE/mediaN  the N-th picture or file that its components show
    sticker/ID.EXT          a sticker
    keep/ID                 a file of an interaction, whose bytes are in the AttachmentStore
    hidden/MESSAGE          possible files of a message that Discord does not show to us
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import discord

from adapters.platforms.discord.message_components import CardMedia, components_of, list_media
from bot.messages import Attachment

HIDDEN = "hidden"
REMOVED_CHARACTERS = str.maketrans({"\0": " "})  # a database may refuse it

# The types of stickers; the last one is a vector animation, and no picture.
VECTOR_ANIMATION = "video/lottie+json"
STICKERS = {".png": "image/png", ".gif": "image/gif", ".json": VECTOR_ANIMATION}

HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
VIDEO_PROVIDER = "YouTube"  # a link to it is about the video, and not about its preview picture


def list_files(message: discord.Message, channel: int | None = None) -> Iterator[tuple[Attachment, str]]:
    """Yield all in a message that may be a photo, a recording or a document, each with its link.

    Other files are included, so that the author can be told about them. `channel` is where the message stands, if that
    is not where discord.py has put it: it takes the first message of a thread for one in the thread.
    """
    parts: list[discord.Message | discord.MessageSnapshot]
    parts = [message, *message.message_snapshots]  # a forward itself is empty
    prefix = f"{channel or message.channel.id}/{message.id}"
    uploaded = list(chain.from_iterable(part.attachments for part in parts))
    for file in uploaded:
        yield _attachment(f"{prefix}/{file.id}", file), file.url
    for number, embed in enumerate(chain.from_iterable(part.embeds for part in parts)):
        # Discord's copy: the original may lie anywhere, and would learn who looks at it.
        link = embed.image.proxy_url or embed.thumbnail.proxy_url
        if link and embed.provider.name != VIDEO_PROVIDER:
            is_spoiler = any(_is_hidden_in(part.content, embed.url) for part in parts)
            name = _name_in(link)
            yield (
                Attachment(
                    ref=f"{prefix}/embed{number}", name=name, is_preview=_is_preview(embed), is_spoiler=is_spoiler
                ),
                link,
            )
    known = {file.id for file in uploaded}
    for number, shown in enumerate(chain.from_iterable(list_media(components_of(part)) for part in parts)):
        link = _media_link(shown)
        if link and shown.media.attachment_id not in known:
            yield _card_attachment(f"{prefix}/media{number}", shown, link), link
    for sticker in chain.from_iterable(part.stickers for part in parts):
        kind = PurePosixPath(urlsplit(sticker.url).path).suffix
        name = f"{sticker.name}{kind}".translate(REMOVED_CHARACTERS)
        yield Attachment(ref=f"sticker/{sticker.id}{kind}", name=name, mime=STICKERS.get(kind, "")), sticker.url


def list_links(message: discord.Message) -> dict[str, str]:
    """Return the links of all files, by ref."""
    return {attachment.ref: link for attachment, link in list_files(message)}


def interaction_file(file: discord.Attachment) -> tuple[Attachment, str]:
    """Return a file of an interaction, which Discord will not show again, and its link."""
    return _attachment(f"keep/{file.id}", file), file.url


def _attachment(ref: str, file: discord.Attachment) -> Attachment:
    return Attachment(
        ref=ref,
        name=file.filename.translate(REMOVED_CHARACTERS),
        mime=file.content_type or "",
        size=file.size,
        alt=(file.description or "").translate(REMOVED_CHARACTERS),
        is_spoiler=file.is_spoiler(),
    )


def _is_hidden_in(text: str, address: str | None) -> bool:
    """Tell whether a link stands behind a spoiler, as its picture then does."""
    return address is not None and any(address in hidden[1] for hidden in SPOILER.finditer(text))


def _is_preview(embed: discord.Embed) -> bool:
    """Tell whether the picture only goes with the words of an embed, as that of an article does."""
    return not embed.image.proxy_url and bool(embed.title or embed.description)


def _media_link(shown: CardMedia) -> str | None:
    """Return the link to Discord's copy. What was uploaded lies at Discord itself; other addresses are not asked."""
    is_uploaded = bool(shown.media.attachment_id) or urlsplit(shown.media.url).netloc in _hosts()
    return shown.media.proxy_url or (shown.media.url if is_uploaded else None)


def _hosts() -> frozenset[str]:
    """Return where Discord keeps files; a server like Discord keeps them where its other pictures are."""
    return frozenset({*HOSTS, urlsplit(discord.Asset.BASE).netloc})


def _card_attachment(ref: str, shown: CardMedia, link: str) -> Attachment:
    name = shown.name.translate(REMOVED_CHARACTERS) or _name_in(link)
    alt = shown.description.translate(REMOVED_CHARACTERS)
    return Attachment(
        ref=ref, name=name, mime=shown.media.content_type or "", size=shown.size, alt=alt, is_spoiler=shown.spoiler
    )


def _name_in(link: str) -> str:
    path = PurePosixPath(unquote(urlsplit(link).path))
    return path.name.translate(REMOVED_CHARACTERS) if path.suffix else "embed.jpg"
