"""Photos are fetched by links that do not last, from a Discord on loopback that hands out fresh ones."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from adapters.platforms.discord.attachment_store import AttachmentStore
from adapters.platforms.discord.downloads import MAX_LINKS, AttachmentDownloads, LinkCache
from adapters.platforms.discord.message_files import interaction_file, list_links
from bot.errors import Busy, Unreadable
from bot.messages import Attachment
from tests.adapters.platforms.discord.shelf import CHANNEL, LIMIT, MESSAGE, PHOTO, Reader, Shelf


def photo(key: str = "5", **more: Any) -> Attachment:
    return Attachment(ref=f"{CHANNEL}/{MESSAGE}/{key}", name="cat.jpg", mime="image/jpeg", **more)


# fetching


async def test_a_photo_arrives_byte_for_byte(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5"))
    assert await files.download(photo(), LIMIT) == PHOTO


async def test_a_fresh_link_is_enough(shelf: Shelf, read: Reader, files: AttachmentDownloads, links: LinkCache) -> None:
    shelf.says(shelf.photo("5"))
    for ref, link in list_links(await read.last()).items():
        links.put(ref, link)
    assert await files.download(photo(), LIMIT) == PHOTO
    assert shelf.asked == {"message": 1, "file": 1}


async def test_a_link_that_is_over_is_not_even_tried(
    shelf: Shelf, files: AttachmentDownloads, links: LinkCache
) -> None:
    shelf.says(shelf.photo("5"))
    shelf.lasts = -1
    links.put(photo().ref, shelf.link("/files/5/cat.jpg"))
    assert await files.download(photo(), LIMIT) == PHOTO
    assert shelf.asked == {"message": 1, "file": 1}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_link_that_ended_early_is_replaced(
    shelf: Shelf, files: AttachmentDownloads, links: LinkCache, status: int
) -> None:
    shelf.says(shelf.photo("5"))
    links.put(photo().ref, shelf.link("/files/5/cat.jpg"))
    shelf.faults.append(web.Response(status=status))
    assert await files.download(photo(), LIMIT) == PHOTO
    assert shelf.asked == {"message": 1, "file": 2}
    assert await files.download(photo(), LIMIT) == PHOTO  # and the new one is remembered
    assert shelf.asked == {"message": 1, "file": 3}


async def test_one_look_at_a_message_serves_all_its_photos(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(*(shelf.photo(str(id), data=b"%d" % id) for id in range(5, 15)))
    found = await asyncio.gather(*(files.download(photo(str(id)), LIMIT) for id in range(5, 15)))
    assert found == [b"%d" % id for id in range(5, 15)]
    assert shelf.asked == {"message": 1, "file": 10}


@pytest.mark.parametrize("ref", ["77/101/5", "78/100/5", "77/100/6", "77/100/embed0"])
async def test_a_photo_that_is_gone_is_named(shelf: Shelf, files: AttachmentDownloads, ref: str) -> None:
    shelf.says(shelf.photo("5"))
    with pytest.raises(Unreadable) as caught:
        await files.download(Attachment(ref=ref, name="cat.jpg"), LIMIT)
    assert caught.value.code == "photo_gone"


async def test_a_file_that_is_gone_behind_a_fresh_link_is_named(
    shelf: Shelf, files: AttachmentDownloads, links: LinkCache
) -> None:
    shelf.says(shelf.photo("5"))
    shelf.files.clear()
    links.put(photo().ref, shelf.link("/files/5/cat.jpg"))
    with pytest.raises(Unreadable) as caught:
        await files.download(photo(), LIMIT)
    assert caught.value.code == "photo_gone"
    assert shelf.asked == {"message": 1, "file": 2}


async def test_a_file_that_claims_too_much_is_not_asked_for(shelf: Shelf, files: AttachmentDownloads) -> None:
    with pytest.raises(Unreadable) as caught:
        await files.download(photo(size=LIMIT + 1), LIMIT)
    assert str(caught.value) == "it is larger than 20 MB"
    assert not shelf.asked


async def test_a_file_that_claims_too_little_is_cut_off(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5", data=b"x" * 3_000_000, size=1))
    with pytest.raises(Unreadable) as caught:
        await files.download(photo(size=1), 2 << 20)
    assert caught.value.code == "photo_too_heavy"


async def test_a_hiccup_is_worth_another_try(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5"))
    shelf.faults = [web.Response(status=429, headers={"Retry-After": "3"}), web.Response(status=502)]
    for pause in (3.0, None):
        with pytest.raises(Busy) as caught:
            await files.download(photo(), LIMIT)
        assert (caught.value.code, caught.value.retry_after) == ("discord_unreachable", pause)
    assert await files.download(photo(), LIMIT) == PHOTO


async def test_a_packed_body_is_a_photo_that_cannot_be_had(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5"))
    shelf.faults.append(web.Response(body=b"x", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Unreadable) as caught:
        await files.download(photo(), LIMIT)
    assert caught.value.code == "photo_gone"


async def test_a_redirect_is_not_followed(shelf: Shelf, files: AttachmentDownloads) -> None:
    shelf.says(shelf.photo("5"))
    shelf.faults.append(web.Response(status=302, headers={"Location": "/files/5/cat.jpg"}))
    with pytest.raises(Unreadable):
        await files.download(photo(), LIMIT)
    assert shelf.asked["file"] == 1


# interactions


async def test_a_file_of_an_interaction_is_there_when_it_is_asked_for(
    shelf: Shelf, read: Reader, files: AttachmentDownloads
) -> None:
    shelf.says(shelf.photo("5"))
    attachment, link = interaction_file((await read.last()).attachments[0])
    assert attachment == Attachment(ref="keep/5", name="cat.jpg", mime="image/jpeg", size=len(PHOTO))
    await files.store_file(link, "5", LIMIT)
    shelf.files.clear()
    shelf.messages.clear()
    assert await files.download(attachment, LIMIT) == PHOTO


async def test_a_file_of_an_interaction_that_made_room_is_named(files: AttachmentDownloads) -> None:
    with pytest.raises(Unreadable) as caught:
        await files.download(Attachment(ref="keep/5", name="cat.jpg"), LIMIT)
    assert caught.value.code == "photo_gone"


async def test_a_file_of_an_interaction_keeps_to_the_limits(
    shelf: Shelf, files: AttachmentDownloads, keep: AttachmentStore
) -> None:
    shelf.photo("5", data=b"x" * 3_000_000)
    with pytest.raises(Unreadable):
        await files.store_file(shelf.link("/files/5/cat.jpg"), "5", 2 << 20)
    assert await keep.get("5") is None
    await keep.put("5", b"x" * 3_000_000)
    with pytest.raises(Unreadable) as caught:
        await files.download(Attachment(ref="keep/5", name="cat.jpg"), 2 << 20)
    assert caught.value.code == "photo_too_heavy"


async def test_a_file_of_an_interaction_that_is_gone_already_is_named(shelf: Shelf, files: AttachmentDownloads) -> None:
    with pytest.raises(Unreadable) as caught:
        await files.store_file(shelf.link("/files/5/cat.jpg"), "5", LIMIT)
    assert caught.value.code == "photo_gone"


# links


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that are shown with it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


async def test_links_show_in_no_error_and_in_no_log(
    files: AttachmentDownloads, links: LinkCache, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is no HTTP\r\n\r\n")  # aiohttp's error quotes the address
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        links.put(photo().ref, f"http://127.0.0.1:{port}/files/5/cat.jpg?hm=secret")
        with pytest.raises(Busy) as caught:
            await files.download(photo(), LIMIT)
    shown = "".join(f"{error!r} {error}" for error in chain(caught.value))
    logged = capsys.readouterr()
    assert "cat.jpg" not in shown + logged.out + logged.err + caplog.text + repr(links) + repr(files)


def test_a_link_is_fresh_until_shortly_before_its_end() -> None:
    now = 1_000_000.0
    links = LinkCache(clock=lambda: now)
    links.put("a", f"https://cdn.invalid/a?ex={1_000_100:x}&is=1&hm=2")
    assert links.get_valid("a")
    now += 50
    assert links.get_valid("a") is None


@pytest.mark.parametrize("query", ["", "?ex=&is=1", "?ex=never"])
def test_a_link_that_does_not_say_is_fresh_for_a_while(query: str) -> None:
    now = 1_000_000.0
    links = LinkCache(clock=lambda: now)
    links.put("a", f"https://cdn.invalid/a{query}")
    now += 599
    assert links.get_valid("a") == f"https://cdn.invalid/a{query}"
    now += 2
    assert links.get_valid("a") is None


def test_the_oldest_links_are_forgotten() -> None:
    links = LinkCache()
    for number in range(MAX_LINKS):
        links.put(str(number), f"https://cdn.invalid/{number}")
    links.put("0", "https://cdn.invalid/again")
    links.put("new", "https://cdn.invalid/new")
    assert links.get_valid("1") is None
    assert links.get_valid("0") == "https://cdn.invalid/again"
    assert links.get_valid("new")


def test_what_nobody_noted_is_not_there() -> None:
    assert LinkCache().get_valid("a") is None
