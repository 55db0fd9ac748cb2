from urllib.parse import parse_qs, urlsplit

import aiohttp

from emulator import Emulator
from emulator.bucket import LIVES

from .conftest import Client, photo


async def made(client: Client) -> tuple[str, str]:
    """Have a picture made and return its key and its link."""
    record = (await client.order("IMAGE_GENERATOR", "dall-e-2", prompt="a cat", size="256x256")).record
    return record["aiRecordDetail"]["resultObject"][0], record["temporaryUrl"]


async def test_a_link_looks_like_one_of_s3_and_needs_no_key(client: Client) -> None:
    key, link = await made(client)
    query = parse_qs(urlsplit(link).query)
    assert urlsplit(link).path == f"/asset.1min.ai/{key}" and link.startswith(client.emulator.url)
    assert query["X-Amz-Expires"] == ["604800"] and len(query["X-Amz-Signature"][0]) == 64
    heard = await client.get(link)
    assert (heard.status, heard.type, heard.picture.size) == (200, "image/png", (256, 256))
    assert (client.emulator.seen[-1].name, client.emulator.seen[-1].bytes) == (key, len(heard.body))


async def test_the_book_tells_whether_the_key_was_sent_along(client: Client) -> None:
    _, link = await made(client)
    await client.get(link)
    assert [seen.keyed for seen in client.emulator.seen] == [True, False]
    await client.call("GET", urlsplit(link).path, headers={"API-KEY": "a key"})
    assert client.emulator.seen[-1].keyed


async def test_the_bucket_is_private(client: Client) -> None:
    key, _ = await made(client)
    for path in (f"/{key}", f"/asset.1min.ai/{key}", "/images/never.png", f"/{await client.upload(photo())}"):
        heard = await client.get(client.emulator.url + path)
        assert heard.status == 403 and "<Code>AccessDenied</Code><Message>Access Denied</Message>" in heard.text


async def test_a_link_that_was_changed_is_refused(client: Client) -> None:
    _, link = await made(client)
    other = link.replace(f"X-Amz-Expires={LIVES}", "X-Amz-Expires=999999999")
    for changed in (other, link.replace(".png", ".jpg"), link.replace("X-Amz-Date=2", "X-Amz-Date=3")):
        heard = await client.get(changed)
        assert heard.status == 403 and "<Code>SignatureDoesNotMatch</Code>" in heard.text


async def test_a_link_runs_out() -> None:
    async with (
        Emulator(link_lives=0) as emulator,
        aiohttp.ClientSession(emulator.url, headers={"API-KEY": "a key"}) as session,
    ):
        client = Client(emulator, session)
        heard = await client.get((await made(client))[1])
    assert (heard.status, heard.type) == (403, "application/xml")
    assert "<Message>Request has expired</Message><X-Amz-Expires>0</X-Amz-Expires>" in heard.text


async def test_a_file_that_is_gone_is_missing_for_whoever_may_know(client: Client) -> None:
    key, link = await made(client)
    client.emulator.faults.add("forget_asset")
    await client.ask()
    heard = await client.get(link)
    assert (
        heard.status == 404
        and f"<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>{key}" in (heard.text)
    )


async def test_a_link_to_our_own_bucket_is_as_good_as_the_key(client: Client) -> None:
    key, link = await made(client)
    for place in (key, link, f"{client.emulator.url}/{key}"):
        assert "256 × 256 pixels" in (await client.ask("?", place)).answer
    assert (await client.ask("?", "https://example.com/cat.png")).json["errorCode"] == "ASSET_NOT_FOUND"
