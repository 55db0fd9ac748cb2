import pytest

from emulator.wire import CUT, content, pieces, raw


@pytest.mark.parametrize(
    "text", ["", "short", "naïve café 写真 🧩", "写真を見ました" * 50, "word " * 2_000, "a\nb\n\nc"]
)
def test_pieces_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text and len(pieces(text)) < 100


def test_raw_text_is_cut_inside_characters_and_stays_whole() -> None:
    blocks = raw([content("é"), content("è"), content("")])
    assert blocks == ["é".encode()[:1], "é".encode()[1:] + "è".encode()[:1], "è".encode()[1:]]


def test_a_cut_ends_the_raw_text() -> None:
    assert raw([content("ab"), CUT, content("c")]) == [b"a", None]
