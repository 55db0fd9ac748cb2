"""A Bot API server of one's own, and Telegram behind a proxy."""

import os
import socket
from pathlib import Path

import pytest

from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.settings import TelegramSettings
from bot.errors import Unreadable
from bot.messages import Attachment, OutgoingPost
from tests.adapters.platforms.telegram.conftest import PHOTO, Client, Inbox, listening, until
from tests.doubles.socks import SocksProxy
from tests.doubles.telegram import TOKEN, Fault, TelegramBed

LIMIT = 100 << 20


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


BY_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


def photo(bed: TelegramBed, data: bytes = PHOTO) -> Attachment:
    file = bed.file(data)
    return Attachment(ref=file["file_id"], name="photo.jpg", mime="image/jpeg", size=file["file_size"])


async def test_a_file_that_lies_on_this_disk_is_read_there(
    telegram: Telegram, bed: TelegramBed, tmp_path: Path
) -> None:
    bed.local_folder = tmp_path
    assert await telegram.download(photo(bed), LIMIT) == PHOTO
    assert bed.downloads == 0


async def test_a_file_of_more_than_telegrams_twenty_megabytes_is_read(
    telegram: Telegram, bed: TelegramBed, tmp_path: Path
) -> None:
    bed.local_folder = tmp_path
    await telegram.download(photo(bed), LIMIT)  # by which the bot knows that this server has no such limit
    large = PHOTO + bytes(25 << 20)
    assert await telegram.download(photo(bed, large), LIMIT) == large
    with pytest.raises(Unreadable) as caught:
        await telegram.download(photo(bed, large), 20 << 20)
    assert caught.value.code == "photo_too_heavy"


@pytest.mark.parametrize("trouble", ["elsewhere", "no right", "a pipe"])
async def test_a_file_that_cannot_be_read_here_is_asked_for_by_http(
    telegram: Telegram, bed: TelegramBed, tmp_path: Path, trouble: str
) -> None:
    bed.local_folder = tmp_path
    attachment = photo(bed)
    path = tmp_path / TOKEN / "photos" / attachment.ref
    path.parent.mkdir(parents=True)
    if trouble == "a pipe":
        os.mkfifo(path)
    elif trouble == "no right":
        path.mkdir()
    bed.writes_local_files = False
    assert await telegram.download(attachment, LIMIT) == PHOTO
    assert bed.downloads == 1


async def test_a_file_that_moved_is_asked_for_anew(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("file", Fault(404))
    assert await telegram.download(photo(bed), LIMIT) == PHOTO
    assert len(bed.called("getFile")) == 2


async def test_a_getfile_without_a_path_is_repeated(telegram: Telegram, bed: TelegramBed) -> None:
    bed.leaves_out_path = 1
    assert await telegram.download(photo(bed), LIMIT) == PHOTO
    assert len(bed.called("getFile")) == 2


@pytest.mark.parametrize("ending", ["/bot", "/bot/", "/"])
async def test_an_address_that_ends_as_libraries_want_it_is_understood(bed: TelegramBed, ending: str) -> None:
    async with Telegram(TOKEN, bed.url + ending) as telegram:
        await telegram.check()


async def test_telegram_is_reached_through_socks(client: Client, bed: TelegramBed, inbox: Inbox) -> None:
    async with (
        SocksProxy(bed.port) as proxy,
        Telegram(TOKEN, "http://api.blocked.invalid", proxy=proxy.address, poll_seconds=1) as telegram,
    ):
        async with listening(telegram, inbox):
            await bed.sends_photo(PHOTO, "what is this?")
            await until(lambda: inbox.messages)
        assert await telegram.download(inbox.messages[0].attachments[0], LIMIT) == PHOTO
    assert set(proxy.asked) == {"api.blocked.invalid"}


@BY_IPV6
@pytest.mark.parametrize(
    ("way", "exempt"), [("directly", ""), ("by a proxy", ""), ("past a proxy", "::1"), ("past a proxy", "::/64")]
)
async def test_a_telegram_that_only_ipv6_reaches_is_talked_to(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, way: str, exempt: str
) -> None:
    async with TelegramBed(host="::1") as bed, SocksProxy(bed.port, host="::1") as proxy:
        monkeypatch.setenv("NO_PROXY", exempt)
        if way != "directly":
            monkeypatch.setenv("ALL_PROXY", proxy.address)
        async with Telegram(TOKEN, f"{bed.url}/bot", poll_seconds=1) as telegram:
            async with listening(telegram, inbox):
                await bed.sends_photo(PHOTO, "what is this?")
                await until(lambda: inbox.messages)
            assert await telegram.download(inbox.messages[0].attachments[0], LIMIT) == PHOTO
            await telegram.send(inbox.messages[0].channel, OutgoingPost(text="a cat"))
        assert bed.url.startswith("http://[::1]:")
        assert bed.reads() == ["a cat"]
        assert set(proxy.asked) == ({"::1"} if way == "by a proxy" else set())


@pytest.mark.parametrize(
    "proxy", ["socks5://10.0.0.1:1080", "socks5://[fd00::3]:1080", "http://ann:pw@proxy:3128", "proxy:8080"]
)
def test_a_proxy_is_a_setting(proxy: str) -> None:
    settings = TelegramSettings(telegram_proxy=proxy)  # type: ignore[arg-type]
    assert settings.telegram_proxy is not None
    assert "pw" not in repr(settings)


@pytest.mark.parametrize("proxy", ["ftp://proxy:21", "socks5://", "mtproto://x", "socks5://a b:1"])
def test_what_is_no_proxy_is_named(proxy: str) -> None:
    with pytest.raises(ValueError, match="socks5://host:port"):
        TelegramSettings(telegram_proxy=proxy)  # type: ignore[arg-type]


async def test_a_server_with_local_files_may_be_named_in_the_settings(client: Client, bed: TelegramBed) -> None:
    bed.local_folder = None
    large = PHOTO + bytes(25 << 20)
    async with client(is_local=True) as telegram:
        with pytest.raises(Unreadable) as caught:  # by the server, which was asked
            await telegram.download(photo(bed, large), LIMIT)
    assert caught.value.code == "telegram_too_heavy"
    assert bed.called("getFile")
