"""Two photos compared by `local/eyes`: the same, or different, and where."""

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from adapters.providers.local.marked_differences import find_differences
from adapters.providers.local.provider import LocalEyes
from bot.messages import Conversation, Drawn, Photo, Preferences, Prompt, Text
from tests.conftest import CAT, PHOTOS

CHANGED = (60, 40, 110, 80)  # left, top, right, bottom


def photo(path: Path, picture: Image.Image, quality: int = 90) -> Photo:
    picture.save(path, quality=quality)
    data = path.read_bytes()
    mime = "image/png" if path.suffix == ".png" else "image/jpeg"
    return Photo(
        name=path.name,
        mime=mime,
        file=path,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=picture.width,
        height=picture.height,
    )


def cat() -> Image.Image:
    return Image.open(io.BytesIO(CAT)).convert("RGB")


def changed() -> Image.Image:
    picture = cat()
    ImageDraw.Draw(picture).ellipse(CHANGED, fill="blue")
    return picture


async def test_the_same_photo_written_again_is_the_same(tmp_path: Path) -> None:
    found = await find_differences(photo(tmp_path / "a.jpg", cat()), photo(tmp_path / "b.jpg", cat(), quality=60))
    assert (found.share, found.places, found.picture) == (0, 0, b"")


async def test_the_same_photo_in_another_size_is_the_same(tmp_path: Path) -> None:
    smaller = cat().resize((300, 200))
    found = await find_differences(photo(tmp_path / "a.png", cat()), photo(tmp_path / "b.png", smaller))
    assert (found.share or 0) < 0.02


async def test_what_changed_is_marked_where_it_is(tmp_path: Path) -> None:
    found = await find_differences(photo(tmp_path / "a.jpg", cat()), photo(tmp_path / "b.jpg", changed()))
    assert found.places == 1
    assert 0.005 < (found.share or 0) < 0.1
    marked = Image.open(io.BytesIO(found.picture)).convert("RGB")
    pixels = zip(*(band.tobytes() for band in marked.split()), strict=True)
    red = [divmod(n, marked.width)[::-1] for n, (r, g, b) in enumerate(pixels) if r > 180 and g < 70 and b < 90]
    left, top = min(x for x, _ in red), min(y for _, y in red)
    right, bottom = max(x for x, _ in red), max(y for _, y in red)
    assert 30 <= left <= CHANGED[0] <= CHANGED[2] <= right <= 140
    assert 10 <= top <= CHANGED[1] <= CHANGED[3] <= bottom <= 110


async def test_pictures_of_other_shapes_are_not_compared(tmp_path: Path) -> None:
    found = await find_differences(
        photo(tmp_path / "a.jpg", cat()), photo(tmp_path / "b.jpg", cat().crop((0, 0, 200, 300)))
    )
    assert found.share is None


async def ask(*photos: Photo) -> tuple[str, list[bytes]]:
    """The words and the pictures of the answer."""
    conversation = Conversation(id=1, model="local/eyes", remote_id=None, preferences=Preferences())
    prompt = Prompt(conversation=conversation, text="What is different?", photos=photos)
    pieces = [piece async for piece in LocalEyes(pace=0, reads_text=False).ask(prompt)]
    text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    return text, [piece.file.data for piece in pieces if isinstance(piece, Drawn)]


async def test_the_answer_says_how_much_and_brings_the_picture(tmp_path: Path) -> None:
    text, pictures = await ask(photo(tmp_path / "a.jpg", cat()), photo(tmp_path / "b.jpg", changed()))
    assert "I marked 1 place in the picture below" in text
    assert len(pictures) == 1


@pytest.mark.parametrize("other", ["the same", "a lighter one", "another one"])
async def test_where_marks_would_not_help_there_is_no_picture(tmp_path: Path, other: str) -> None:
    second = {
        "the same": cat(),
        "a lighter one": ImageEnhance.Brightness(cat()).enhance(3),
        "another one": Image.open(PHOTOS / "rocket.jpg").convert("RGB").resize((451, 300)),
    }[other]
    text, pictures = await ask(photo(tmp_path / "a.jpg", cat()), photo(tmp_path / "b.jpg", second))
    assert not pictures
    assert ("look the same" if other == "the same" else "differ in") in text
