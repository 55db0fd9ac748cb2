"""Pictures as data URLs between words become files, wherever the text is cut; everything else stays as it is."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.inline_pictures import InlinePictureFilter
from bot.files.photos import PhotoIntake
from bot.ports import Store
from tests.conftest import PHOTOS
from tests.doubles.quirky import talking, whole, words

TINY = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
URL = f"data:image/png;base64,{base64.b64encode(TINY).decode()}"


def read(pieces: list[str]) -> tuple[str, list[bytes]]:
    sorter, text, pictures = InlinePictureFilter(), "", []
    for part in [*(each for piece in pieces for each in sorter.feed(piece)), *sorter.end()]:
        if isinstance(part, str):
            text += part
        else:
            pictures.append(part.file.data)
    return text, pictures


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"![image]({URL})", ""),
        (f"Here: ![a cat]({URL}) and more", "Here:  and more"),
        (f"[download]({URL})", ""),
        (URL, ""),
        (f'see "{URL}" there', 'see "" there'),
    ],
)
@given(data=st.data())
def test_a_picture_is_taken_out_wherever_it_is_cut(text: str, left: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert read(pieces) == (left, [TINY])
    assert read(list(text)) == (left, [TINY])


@given(st.lists(st.text(alphabet="![]()dat:image/;,b64 \nx", max_size=12), max_size=12))
def test_other_text_stays_as_it_is(pieces: list[str]) -> None:
    text = "".join(pieces)
    if "base64," not in text:
        assert read(pieces) == (text, [])


def test_what_is_no_picture_is_no_base64_either() -> None:
    assert read([f"![x](data:image/png;base64,{'QUJD' * 50}) end"]) == (" end", [])


async def test_a_large_one_between_words_is_delivered(sqlite: Store, photos: PhotoIntake) -> None:
    data = (PHOTOS / "coffee.png").read_bytes()
    link = f"![image](data:image/png;base64,{base64.b64encode(data * 3).decode()})"
    for how in (words, whole):
        async with talking(sqlite, photos, lambda asked, how=how: how(f"Here it is. {link}")) as talk:  # type: ignore[misc]
            assert "Here it is." in await talk.say("draw a cup")
            assert "base64" not in "".join(text for _, text in talk.platform.calls)
            assert [len(file.data) for files in talk.platform.sent_files.values() for file in files] == [len(data) * 3]
