import struct
import zlib

import pytest

from emulator.sound import ogg
from emulator.sound.ears import listen
from emulator.sound.heard import Heard, comment_block


@pytest.mark.parametrize("seconds", [0.02, 1, 12.34, 61])
def test_an_opus_file_has_the_length_that_was_asked_for(seconds: float) -> None:
    heard = ogg.read(ogg.silence(seconds, "Hello"))
    assert heard.seconds == pytest.approx(seconds, abs=1 / 48_000) and heard.words == "Hello"


def test_long_words_go_over_many_segments() -> None:
    words = "写真" * 2_048
    assert ogg.read(ogg.silence(1, words)).words == words


def test_pages_end_as_the_format_wants_it() -> None:
    data = ogg.silence(2.5, "")
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    assert [data[at + 5] for at in starts] == [2, 0, 0, 0, 4]
    assert [int.from_bytes(data[at + 18 : at + 22], "little") for at in starts] == [0, 1, 2, 3, 4]


def test_the_checksum_is_that_of_ogg() -> None:
    # The CRC of zlib, with every bit turned around and no inversion, is the same polynomial.
    page = ogg.silence(0.02, "")[: 27 + 1 + 19]
    blank = page[:22] + bytes(4) + page[26:]
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in blank)
    start = zlib.crc32(turned, 0xFFFFFFFF) ^ 0xFFFFFFFF
    assert int(f"{start:032b}"[::-1], 2) == int.from_bytes(page[22:26], "little")


def test_vorbis_tells_its_rate_and_comments_too() -> None:
    first = b"\x01vorbis" + struct.pack("<IBI", 0, 1, 44_100) + bytes(14)
    second = b"\x03vorbis" + comment_block("Hello")
    pages = ogg._page(0, 0, [first], first=True) + ogg._page(1, 0, [second]) + ogg._page(2, 88_200, [b"x"], last=True)
    assert ogg.read(pages) == Heard(2.0, "Hello")


@pytest.mark.parametrize("size", [0, 4, 27, 40, 100])
def test_a_damaged_file_tells_nothing_or_less(size: int) -> None:
    heard = listen(ogg.silence(2, "Hello")[:size].ljust(4, b"\x00"))
    assert heard.words == "" and not heard.seconds


def test_other_streams_tell_nothing() -> None:
    assert listen(ogg._page(0, 0, [b"Speex   ", b"x"])) == Heard()
