"""What a message of Discord's brings: attachments of every kind, forwards, embeds, stickers, in their order."""

from typing import Any

import pytest

from adapters.platforms.discord.downloads import AttachmentDownloads
from adapters.platforms.discord.message_files import list_files
from bot.errors import Unreadable
from bot.messages import Attachment
from tests.adapters.platforms.discord.shelf import LIMIT, PHOTO, Reader, Shelf


async def test_the_photos_of_a_message_come_in_their_order(shelf: Shelf, read: Reader) -> None:
    shelf.says(shelf.photo("5"), shelf.photo("6", "dog.png", content_type="image/png", size=3))
    found = [attachment for attachment, _ in list_files(await read.last())]
    assert found == [
        Attachment(ref="77/100/5", name="cat.jpg", mime="image/jpeg", size=len(PHOTO)),
        Attachment(ref="77/100/6", name="dog.png", mime="image/png", size=3),
    ]


async def test_a_forward_shows_what_it_forwards(shelf: Shelf, read: Reader, files: AttachmentDownloads) -> None:
    inner = {
        "type": 0,
        "content": "look",
        "timestamp": "2026-08-01T09:00:00+00:00",
        "edited_timestamp": None,
        "attachments": [shelf.photo("5")],
        "embeds": [{"type": "image", "thumbnail": {"url": "http://x.invalid/", "proxy_url": "/files/6/dog.png"}}],
        "sticker_items": [{"id": "9", "name": "Wave", "format_type": 1}],
    }
    shelf.files["/files/6/dog.png"] = b"a dog"
    shelf.says(content="", message_snapshots=[{"message": inner}])
    found = [attachment for attachment, _ in list_files(await read.last())]
    assert [attachment.ref for attachment in found] == ["77/100/5", "77/100/embed0", "sticker/9.png"]
    assert await files.download(found[0], LIMIT) == PHOTO
    assert await files.download(found[1], LIMIT) == b"a dog"


async def test_embeds_are_seen_through_discord_s_own_eyes(shelf: Shelf, read: Reader) -> None:
    theirs = "http://somewhere.invalid/p.png"
    shelf.says(
        embeds=[
            {"type": "rich", "title": "no picture"},
            {"type": "rich", "image": {"url": theirs}},
            {
                "type": "rich",
                "image": {"url": theirs, "proxy_url": "https://images-ext-1.invalid/external/x/https/a.b/hat%20.webp"},
                "thumbnail": {"url": theirs, "proxy_url": "https://images-ext-1.invalid/small.png"},
            },
            {"type": "article", "thumbnail": {"url": theirs, "proxy_url": "https://images-ext-1.invalid/watch?v=1.2"}},
        ]
    )
    assert [(attachment.ref, attachment.name, link) for attachment, link in list_files(await read.last())] == [
        ("77/100/embed2", "hat .webp", "https://images-ext-1.invalid/external/x/https/a.b/hat%20.webp"),
        ("77/100/embed3", "embed.jpg", "https://images-ext-1.invalid/watch?v=1.2"),
    ]


async def test_stickers_are_seen_as_far_as_they_are_pictures(
    shelf: Shelf, read: Reader, files: AttachmentDownloads
) -> None:
    kinds = {"1": "png", "2": "apng", "3": "lottie", "4": "gif"}
    items = [{"id": f"9{kind}", "name": name, "format_type": int(kind)} for kind, name in kinds.items()]
    shelf.says(sticker_items=items)
    found = dict(list_files(await read.last()))
    assert [(attachment.ref, attachment.name, attachment.mime) for attachment in found] == [
        ("sticker/91.png", "png.png", "image/png"),
        ("sticker/92.png", "apng.png", "image/png"),
        ("sticker/93.json", "lottie.json", "video/lottie+json"),
        ("sticker/94.gif", "gif.gif", "image/gif"),
    ]
    still, _, drawn, _ = found
    assert found[still] == f"{shelf.url}/stickers/91.png"
    shelf.files["/stickers/91.png"] = b"a sticker"
    assert await files.download(still, LIMIT) == b"a sticker"
    with pytest.raises(Unreadable) as caught:
        await files.download(drawn, LIMIT)
    assert caught.value.code == "photo_not_an_image"


async def test_a_voice_message_is_a_recording_and_can_be_fetched(
    shelf: Shelf, read: Reader, files: AttachmentDownloads
) -> None:
    said: dict[str, Any] = {"data": b"OggS", "content_type": "audio/ogg", "duration_secs": 2.0, "waveform": "AAA="}
    shelf.says(shelf.photo("5", "voice-message.ogg", **said), flags=1 << 13)
    [(attachment, _)] = list_files(await read.last())
    assert attachment == Attachment(ref="77/100/5", name="voice-message.ogg", mime="audio/ogg", size=4)
    assert attachment.sound == "ogg"
    assert await files.download(attachment, LIMIT) == b"OggS"


@pytest.mark.parametrize(
    ("name", "type", "sound"),
    [
        ("talk.mp3", "audio/mpeg", "mp3"),
        ("talk.ogg", "video/ogg", "ogg"),
        ("bill.pdf", "application/pdf", ""),
        ("notes.md", "text/markdown; charset=utf-8", ""),
    ],
)
async def test_recordings_and_documents_are_files_like_any(
    shelf: Shelf, read: Reader, files: AttachmentDownloads, name: str, type: str, sound: str
) -> None:
    shelf.says(shelf.photo("5", name, data=b"its bytes", content_type=type))
    [(attachment, _)] = list_files(await read.last())
    assert (attachment.name, attachment.mime, attachment.sound) == (name, type, sound)
    assert await files.download(attachment, LIMIT) == b"its bytes"


async def test_a_film_is_fetched_as_it_is(shelf: Shelf, read: Reader, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5", "cat.mp4", data=b"its bytes", content_type="video/mp4"))
    [(attachment, _)] = list_files(await read.last())
    assert attachment.is_video and await files.download(attachment, LIMIT) == b"its bytes"


async def test_a_sticker_of_vectors_is_never_fetched(shelf: Shelf, files: AttachmentDownloads) -> None:
    with pytest.raises(Unreadable):
        await files.download(Attachment(ref="sticker/93.json", name="lottie.json", mime="video/lottie+json"), LIMIT)
    assert not shelf.asked["file"]


async def test_what_stands_in_front_of_a_film_on_youtube_is_no_photo(shelf: Shelf, read: Reader) -> None:
    there = {"url": "http://i.invalid/1.jpg", "proxy_url": "https://images-ext-1.invalid/1.jpg"}
    film = {"type": "video", "url": "https://youtu.be/x", "provider": {"name": "YouTube"}, "thumbnail": there}
    shelf.says(content="https://youtu.be/x", embeds=[film, {"type": "image", "thumbnail": there}])
    assert [attachment.ref for attachment, _ in list_files(await read.last())] == ["77/100/embed1"]


async def test_names_hold_nothing_that_a_database_refuses(shelf: Shelf, read: Reader) -> None:
    far = {"url": "http://x.invalid/", "proxy_url": "https://images-ext-1.invalid/a%00b.png"}
    shelf.says(
        shelf.photo("5") | {"filename": "c\0t.jpg"},
        embeds=[{"type": "image", "image": far}],
        sticker_items=[{"id": "9", "name": "wa\0ve", "format_type": 1}],
    )
    assert [attachment.name for attachment, _ in list_files(await read.last())] == ["c t.jpg", "a b.png", "wa ve.png"]


async def test_a_claim_that_is_left_out_is_empty(shelf: Shelf, read: Reader) -> None:
    file = shelf.photo("5")
    del file["content_type"]
    shelf.says(file)
    [(attachment, _)] = list_files(await read.last())
    assert attachment.mime == ""
