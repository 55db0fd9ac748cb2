import pytest

from emulator.sound import flac
from emulator.sound.ears import listen
from emulator.sound.heard import Heard


def test_a_flac_tells_its_length_and_its_comment() -> None:
    heard = flac.read(flac.silence(10, "naïve 写真"))
    assert heard.seconds == pytest.approx(10, abs=0.1) and heard.words == "naïve 写真"


def test_the_checksums_are_those_of_the_format() -> None:
    assert flac._crc(b"123456789", 8, 0x07) == 0xF4
    assert flac._crc(b"123456789", 16, 0x8005) == 0xFEE8


@pytest.mark.parametrize("size", [4, 6, 20])
def test_a_damaged_file_tells_nothing(size: int) -> None:
    assert listen(flac.silence(1, "Hello")[:size]) == Heard()
