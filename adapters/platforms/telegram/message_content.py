"""The content of a message of Telegram's, of one that it replies to, or of one in another chat: its words and files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import (
    Animation,
    Audio,
    Document,
    ExternalReplyInfo,
    MessageEntity,
    PaidMediaLivePhoto,
    PaidMediaPhoto,
    PhotoSize,
    Sticker,
    Video,
    Voice,
)
from telegram import Message as TelegramMessage

from adapters.platforms.telegram.rich_message import RichContent, RichFile, read_rich_message, with_address
from bot.messages import Attachment, Unseen

REMOVED_CHARACTERS = str.maketrans({"\0": " "})  # a database may refuse it

Source = TelegramMessage | ExternalReplyInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContent:
    """The words and files of a message, and why something of it cannot be seen."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    usernames: frozenset[str] = frozenset()  # that a rich message mentions, in lower case
    users: frozenset[int] = frozenset()
    unseen: Unseen | None = None


def read_content(source: Source) -> MessageContent:
    """Read the words and files of a message."""
    rich = _rich_content(source)
    attachments = (*_attachments(source), *_paid_photos(source), *map(_rich_attachment, rich.files))
    return MessageContent(
        text="\n\n".join(filter(None, (_plain_text(source), rich.text))).translate(REMOVED_CHARACTERS),
        attachments=attachments,
        usernames=frozenset(rich.usernames),
        users=frozenset(rich.users),
        unseen=None if attachments else _unseen(source),
    )


# words


def _rich_content(source: Source) -> RichContent:
    raw = source.api_kwargs.get("rich_message")
    return read_rich_message(raw) if isinstance(raw, Mapping) else RichContent()


def _plain_text(source: Source) -> str:
    if not isinstance(source, TelegramMessage):
        return _listed_words(source)
    text, entities = source.text, source.entities
    if text is None:
        text, entities = source.caption, source.caption_entities
    return _with_hidden_addresses(text, entities) if text else _listed_words(source)


def _listed_words(source: Source) -> str:
    """Return the words of a poll or a checklist."""
    if source.poll:
        return "\n".join([source.poll.question, *(f"- {option.text}" for option in source.poll.options)])
    if source.checklist:
        return "\n".join([source.checklist.title, *(f"- {task.text}" for task in source.checklist.tasks)])
    return ""


def _with_hidden_addresses(text: str, entities: Sequence[MessageEntity]) -> str:
    """Return the text with the address behind each link that hides one. Offsets count UTF-16 units."""
    links = [each for each in entities if each.type == MessageEntity.TEXT_LINK and each.url]
    units = text.encode("utf-16-le")
    for link in sorted(links, key=lambda each: each.offset, reverse=True):
        start, end = 2 * link.offset, 2 * (link.offset + link.length)
        words = units[start:end].decode("utf-16-le", "replace")
        units = units[:start] + with_address(words, link.url or "").encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace") if links else text


# files


def _attachments(source: Source) -> Iterator[Attachment]:
    """Yield the file of a message: its photo in the largest size, its document or its recording.

    Of a video, there may be a picture in case it cannot be read.
    """
    is_spoiler = bool(source.has_media_spoiler)
    if source.live_photo and source.live_photo.photo and not source.photo:  # in a message of another chat
        yield _photo(source.live_photo.photo, is_spoiler)
        return
    for kind, make in MAKERS.items():
        if value := getattr(source, kind):
            yield make(value, is_spoiler)
            return


def _paid_photos(source: Source) -> Iterator[Attachment]:
    """Yield the photos of a message that is for sale, as far as they can be seen."""
    for media in source.paid_media.paid_media if source.paid_media else ():
        if isinstance(media, PaidMediaPhoto) and media.photo:
            yield _photo(media.photo, False)
        elif isinstance(media, PaidMediaLivePhoto) and media.live_photo.photo:
            yield _photo(media.live_photo.photo, False)


def _unseen(source: Source) -> Unseen | None:
    if source.paid_media:
        return "paid"
    return "story" if source.story else None


def _rich_attachment(file: RichFile) -> Attachment:
    parsed = PARSERS[file.kind](file.value)
    return MAKERS[file.kind](parsed, file.is_spoiler)


def _document(document: Document, is_spoiler: bool) -> Attachment:
    """Return a document; whether it is a picture is for its bytes to say."""
    name = (document.file_name or "file").translate(REMOVED_CHARACTERS)
    return Attachment(
        ref=document.file_id,
        name=name,
        mime=document.mime_type or "",
        size=document.file_size or 0,
        is_spoiler=is_spoiler,
    )


def _sticker(sticker: Sticker, is_spoiler: bool) -> Attachment:
    if sticker.is_video:
        return _moving(sticker, "sticker.webm", "video/webm", is_spoiler)
    if sticker.is_animated and sticker.thumbnail:  # drawn by vectors, which nothing here can draw
        return _picture(sticker.thumbnail, "sticker.jpg", is_spoiler)
    return Attachment(ref=sticker.file_id, name="sticker.webp", mime="image/webp", size=sticker.file_size or 0)


def _voice(voice: Voice, _: bool) -> Attachment:
    return Attachment(
        ref=voice.file_id, name="voice.oga", mime=voice.mime_type or "audio/ogg", size=voice.file_size or 0
    )


def _audio(audio: Audio, _: bool) -> Attachment:
    name = (audio.file_name or "audio.mp3").translate(REMOVED_CHARACTERS)
    return Attachment(ref=audio.file_id, name=name, mime=audio.mime_type or "", size=audio.file_size or 0)


def _animation(animation: Animation, is_spoiler: bool) -> Attachment:
    is_gif = animation.mime_type == "image/gif"
    name, mime = ("animation.gif", "image/gif") if is_gif else ("animation.mp4", "video/mp4")
    return _moving(animation, name, mime, is_spoiler)


def _moving(file: Any, name: str, mime: str, is_spoiler: bool) -> Attachment:
    """Return a moving picture, with the thumbnail that Telegram offers."""
    still = file.thumbnail.file_id if file.thumbnail else ""
    return Attachment(
        ref=file.file_id, name=name, mime=mime, size=file.file_size or 0, is_spoiler=is_spoiler, still=still
    )


def _video(video: Any, is_spoiler: bool) -> Attachment:
    name = "video" if isinstance(video, Video) else "video note"
    return _moving(video, name, "video/mp4", is_spoiler)


def _photo(sizes: Sequence[PhotoSize], is_spoiler: bool) -> Attachment:
    return _picture(max(sizes, key=lambda size: size.width * size.height), "photo.jpg", is_spoiler)


def _picture(size: PhotoSize, name: str, is_spoiler: bool) -> Attachment:
    return Attachment(ref=size.file_id, name=name, mime="image/jpeg", size=size.file_size or 0, is_spoiler=is_spoiler)


# By the field of a message that holds the file; an animation has a document as well, and a live photo a photo.
MAKERS: Mapping[str, Callable[[Any, bool], Attachment]] = {
    "photo": _photo,
    "animation": _animation,
    "document": _document,
    "sticker": _sticker,
    "voice": _voice,
    "audio": _audio,
    "video": _video,
    "video_note": _video,
}
PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "photo": lambda raw: PhotoSize.de_list(raw, None),
    "animation": lambda raw: Animation.de_json(raw, None),
    "document": lambda raw: Document.de_json(raw, None),
    "voice": lambda raw: Voice.de_json(raw, None),
    "audio": lambda raw: Audio.de_json(raw, None),
    "video": lambda raw: Video.de_json(raw, None),
}
"""The library's readers of files in rich messages."""
