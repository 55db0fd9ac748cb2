"""Results lie where 1min.ai keeps them, and are fetched from nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.providers.onemin.result_files import MAX_BYTES, ResultFetcher, find_addresses
from bot.errors import Refused

API = "https://api.1min.ai"
KEY = "images/2026_03_29_10_00_00_000_123456.png"
LINK = f"https://s3.us-east-1.amazonaws.com/asset.1min.ai/{KEY}?X-Amz-Expires=604800&X-Amz-Signature=abc"


def record(result: Any, link: Any = "") -> dict[str, Any]:
    return {"temporaryUrl": link, "aiRecordDetail": {"resultObject": result}}


def test_the_link_comes_before_the_key() -> None:
    assert find_addresses(record([KEY], LINK), API) == [[LINK, f"https://asset.1min.ai/{KEY}"]]


def test_of_several_the_link_belongs_to_the_one_whose_key_it_holds() -> None:
    other = "images/other one.png"

    assert find_addresses(record([other, KEY], LINK), API) == [
        ["https://asset.1min.ai/images/other%20one.png"],
        [LINK, f"https://asset.1min.ai/{KEY}"],
    ]


def test_a_link_to_none_of_them_is_taken_for_the_first_one() -> None:
    link = "https://asset.1min.ai/elsewhere.png?sig=1"

    assert find_addresses(record([KEY, "images/b.png"], link), API)[0] == [link, f"https://asset.1min.ai/{KEY}"]


@pytest.mark.parametrize("result", [KEY, [KEY], {"url": KEY}, [{"image": KEY}], ["", None, KEY]])
def test_keys_are_found_in_every_shape(result: Any) -> None:
    assert find_addresses(record(result), API) == [[f"https://asset.1min.ai/{KEY}"]]


def test_older_replies_have_whole_addresses() -> None:
    address = f"https://asset.1min.ai/{KEY}"

    assert find_addresses(record([address]), API) == [[address]]


@pytest.mark.parametrize("result", [[], None, {}, 7])
def test_the_link_alone_will_do(result: Any) -> None:
    assert find_addresses(record(result, LINK), API) == [[LINK]]
    assert find_addresses(record(result), API) == []


def test_where_the_api_is_not_1min_ais_own_the_files_lie_beside_it() -> None:
    assert find_addresses(record([KEY]), "http://127.0.0.1:8080/") == [[f"http://127.0.0.1:8080/{KEY}"]]


@pytest.mark.parametrize(
    "address",
    [
        "https://asset.1min.ai/a.png",
        "https://cdn.asset.1min.ai/a.png",
        "https://asset.1min.ai.s3.us-east-1.amazonaws.com/a.png?X-Amz-Signature=1",
        "https://asset.1min.ai.s3.amazonaws.com/a.png",
        "https://s3.amazonaws.com/asset.1min.ai/a.png",
        "https://S3.us-east-1.AmazonAWS.com:443/asset.1min.ai/a.png",
    ],
)
def test_these_hosts_are_asked(address: str) -> None:
    assert find_addresses(record([address]), API) == [[address]]


@pytest.mark.parametrize(
    "address",
    [
        "http://asset.1min.ai/a.png",
        "https://asset.1min.ai.evil.example/a.png",
        "https://evil1min.ai/a.png",
        "https://s3.amazonaws.com.evil.example/a.png",
        "https://evils3.amazonaws.com.example/a.png",
        "https://ec2.amazonaws.com/a.png",
        "https://user@asset.1min.ai/a.png",
        "https://asset.1min.ai:8443/a.png",
        "https://asset.1min.ai\\@evil.example/a.png",
        "https://evil.example/ asset.1min.ai",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost/a.png",
        "https://[::1/a.png",
        "https://asset.1min.ai:port/a.png",
        "http://api.1min.ai/a.png",
    ],
)
def test_no_other_host_is_asked(address: str) -> None:
    assert find_addresses(record([address]), API) == [[]]
    assert find_addresses(record([], address), API) == [[]]


@asynccontextmanager
async def serving(head: bytes, body: bytes = b"") -> AsyncIterator[str]:
    """Somebody who answers every request with the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n" + body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png"


async def test_a_file_that_says_it_is_too_large_is_not_even_read() -> None:
    async with serving(b"Content-Length: %d\r\n" % (MAX_BYTES + 1)) as address, ResultFetcher(5) as fetcher:
        with pytest.raises(Refused) as refused:
            await fetcher.fetch([address], "picture")

    assert refused.value.code == "made_too_large"
    assert "25 MB" in str(refused.value)


async def test_one_that_keeps_silent_about_it_is_read_up_to_there() -> None:
    async with serving(b"", bytes(MAX_BYTES + 1)) as address, ResultFetcher(5) as fetcher:
        with pytest.raises(Refused):
            await fetcher.fetch([address], "picture")


async def test_with_no_way_at_all_it_is_gone() -> None:
    async with ResultFetcher(5) as fetcher:
        with pytest.raises(Refused) as refused:
            await fetcher.fetch([], "picture")

    assert refused.value.code == "made_gone"
