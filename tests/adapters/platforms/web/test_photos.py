"""Photos on the page: previews of every kind, and parts at full resolution."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from PIL import Image

from bot.messages import Channel
from tests.adapters.platforms.web.conftest import MOST_BYTES, House
from tests.conftest import PHOTOS


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def fetched(house: House, path: str) -> tuple[int, bytes]:
    async with house.visitor.http.get(path) as response:
        return response.status, await response.read()


async def cut(house: House, id: str, box: Sequence[float]) -> tuple[int, Any]:
    async with house.visitor.http.post(house.visitor.path("parts"), json={"upload": id, "box": box}) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("name", ["cat.heic", "cat.avif", "cat-rotated.jpg", "cat-animated.gif", "coffee-cmyk.jpg"])
async def test_every_photo_has_a_preview_that_browsers_show_without_metadata(house: House, name: str) -> None:
    upload = await house.visitor.upload((PHOTOS / name).read_bytes(), name)
    status, data = await fetched(house, upload["thumb"])
    assert status == 200
    with opened(data) as picture:
        assert picture.format in ("JPEG", "PNG", "WEBP")
        assert max(picture.size) <= 512
        assert not picture.getexif()


async def test_what_cannot_be_drawn_has_no_preview(house: House) -> None:
    bomb = await house.visitor.upload((PHOTOS / "bomb-20000x20000.png").read_bytes(), "bomb.png")
    text = await house.visitor.upload(b"just words", "words.txt")
    assert text["thumb"] is text["preview"] is None
    for path in (bomb["thumb"], f"/api/uploads/{text['id']}/preview/512"):
        assert await fetched(house, path) == (204, b"")
    for path in (f"/api/uploads/{bomb['id']}/preview/9", "/api/uploads/nothing/preview/512"):
        assert (await fetched(house, path))[0] == 404


async def test_a_part_is_cut_at_full_resolution_from_the_upright_photo(house: House) -> None:
    whole = Image.new("RGB", (1600, 800), "white")
    whole.paste("red", (1200, 600, 1600, 800))
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    buffer = io.BytesIO()
    whole.transpose(Image.Transpose.ROTATE_180).save(buffer, "JPEG", quality=95, exif=exif)
    upload = await house.visitor.upload(buffer.getvalue(), "wall.jpg")
    status, part = await cut(house, upload["id"], [1.0, 1.0, 0.75, 0.75])
    assert (status, part["name"]) == (201, "wall-part.jpeg")
    with opened((await fetched(house, part["url"]))[1]) as picture:
        assert picture.size[0] == 2 * picture.size[1] >= 400
        red, green, blue = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        assert red > 200 > 50 > max(green, blue)
    said = await house.visitor.say("what is this?", uploads=[part["id"]])
    assert said["status"] == 202


@pytest.mark.parametrize("box", [[0, 0, 1], ["a", 0, 1, 1], [0, 0, 1, None], {}])
async def test_a_part_that_makes_no_sense_is_refused(house: House, box: Any) -> None:
    upload = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes())
    assert (await cut(house, upload["id"], box))[0] == 400


async def test_parts_of_what_is_no_photo_or_is_gone_are_refused_in_a_sentence(house: House) -> None:
    text = await house.visitor.upload(b"just words", "words.txt")
    assert await cut(house, text["id"], [0, 0, 1, 1]) == (422, {"error": "I can't cut a part out of this file."})
    assert (await cut(house, "nothing", [0, 0, 1, 1]))[0] == 409


async def test_a_part_without_size_becomes_the_smallest_there_is(house: House) -> None:
    upload = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes())
    for box in ([0.5, 0.5, 0.5, 0.5], [-5, 7, -5, 7], [1, 1, 1, 1]):
        assert (await cut(house, upload["id"], box))[0] == 201


async def test_what_is_forgotten_has_no_preview_any_more(house: House, lobby: Channel) -> None:
    upload = await house.visitor.upload((PHOTOS / "cat.jpg").read_bytes())
    assert (await fetched(house, upload["thumb"]))[0] == 200
    await house.web.forget(lobby)
    assert house.web._previews._held == {}
    assert (await fetched(house, upload["thumb"]))[0] == 404


async def test_the_numbers_of_photos_are_told(tmp_path: Any) -> None:
    async def numbers_of(channel: str) -> dict[str, int]:
        return {"an-upload": 2} if channel == "lobby" else {}

    async with House.open(tmp_path, numbers_of=numbers_of) as house, house.visitor.looking() as look:
        assert await look.next("numbers") == {"an-upload": 2}


async def test_an_upload_that_broke_off_goes_on_where_it_ended(house: House) -> None:
    data = (PHOTOS / "cat.jpg").read_bytes()
    half = len(data) // 2

    async def breaks_off() -> AsyncIterator[bytes]:
        yield data[:half]
        await asyncio.sleep(30)

    place, http = house.visitor.path("uploads"), house.visitor.http
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), http.post(place, params={"name": "cat.jpg", "key": "u1"}, data=breaks_off()):
            pass
    async with http.get(f"{place}/u1") as response:
        assert await response.json() == {"received": half}
    async with http.post(place, params={"name": "cat.jpg", "key": "u1", "offset": 0}, data=data) as response:
        assert response.status == 409
    async with http.post(place, params={"name": "cat.jpg", "key": "u1", "offset": half}, data=data[half:]) as response:
        assert response.status == 201
        upload = await response.json()
    assert await fetched(house, upload["url"]) == (200, data)
    async with http.get(f"{place}/u1") as response:
        assert await response.json() == {"received": 0}
    too_much = {"name": "cat.jpg", "key": "u2"}
    async with http.post(place, params=too_much, data=io.BytesIO(bytes(MOST_BYTES + 1))) as response:
        assert response.status == 413
    async with http.get(f"{place}/u2") as response:
        assert await response.json() == {"received": 0}
