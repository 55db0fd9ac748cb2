"""Text is text in whatever way it was written down, and becomes UTF-8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.documents.encodings import PIECE, in_utf8


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_it_is_read_as_it_was_written(encoding: str) -> None:
    assert in_utf8("naïve Größe,\tzwei\r\nZeilen".encode(encoding)) == "naïve Größe,\tzwei\r\nZeilen".encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("text", ["猫と写真", "नमस्ते", "Привет", "👩‍🚀"])
def test_any_script_is_read(text: str, encoding: str) -> None:
    assert in_utf8(text.encode(encoding)) == text.encode()


@pytest.mark.parametrize(
    "data", [b"a\0b", b"\x1b[1m", b"a\x7fb", "a\x01b".encode("utf-16"), b"\xff\xfea", b"a\x81\xff", bytes(range(256))]
)
def test_control_characters_and_half_signs_make_it_no_text(data: bytes) -> None:
    assert in_utf8(data) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_signs_may_be_cut_by_pieces(encoding: str) -> None:
    text = "é" * (PIECE + 1)
    assert in_utf8(b"x" + text.encode(encoding) if encoding != "utf-16" else text.encode(encoding)) is not None


@given(st.binary(max_size=300))
def test_whatever_comes_it_is_utf8_or_nothing(data: bytes) -> None:
    text = in_utf8(data)
    assert text is None or "\0" not in text.decode()
