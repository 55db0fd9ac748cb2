import pytest

from emulator.sound import mpeg
from emulator.sound.ears import listen
from emulator.sound.heard import Heard

FRAME = b"\xff\xfb\x90\x00".ljust(417, b"\x00")  # MPEG-1, 128 kbit/s, 44.1 kHz


def tag(version: int, name: bytes, body: bytes, flags: int = 0) -> bytes:
    size = len(body).to_bytes(4, "big") if version == 3 else mpeg._safe(len(body))
    frame = name + size + b"\x00\x00" + body
    return b"ID3" + bytes([version, 0, flags]) + mpeg._safe(len(frame)) + frame


def test_frames_are_added_up() -> None:
    assert listen(FRAME * 100).seconds == pytest.approx(100 * 1152 / 44_100)


@pytest.mark.parametrize(
    ("version", "name", "body"),
    [
        (3, b"COMM", b"\x00eng\x00Hello"),
        (3, b"COMM", b"\x00engTranscript\x00Hello"),
        (4, b"COMM", b"\x03eng\x00Hello"),
        (4, b"TXXX", b"\x03TRANSCRIPT\x00Hello"),
        (3, b"COMM", b"\x01eng" + "\ufeff\x00".encode("utf-16-le") + "Hello".encode("utf-16")),
        (3, b"TXXX", b"\x01" + "TRANSCRIPT".encode("utf-16") + b"\x00\x00" + "Hello".encode("utf-16")),
        (4, b"TXXX", b"\x02" + "TRANSCRIPT\x00Hello".encode("utf-16-be")),
    ],
)
def test_comments_are_read_in_every_coding(version: int, name: bytes, body: bytes) -> None:
    assert listen(tag(version, name, body) + FRAME).words == "Hello"


@pytest.mark.parametrize(("name", "body"), [(b"COMM", b"\x00engiTunNORM\x00 0001"), (b"TIT2", b"\x00A song")])
def test_other_texts_are_no_transcript(name: bytes, body: bytes) -> None:
    assert listen(tag(3, name, body) + FRAME) == Heard(1152 / 44_100, "")


def test_a_tag_in_which_sync_bytes_were_hidden_is_read() -> None:
    assert listen(tag(3, b"COMM", b"\x00eng\x00caf\xff\x00\xe9", flags=0x80)).words == "caf\xff\xe9"


@pytest.mark.parametrize("data", [b"", b"\xff", b"ID3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", b"\xff\xfb\xf0\x00" * 9])
def test_a_damaged_file_tells_nothing(data: bytes) -> None:
    assert listen(data) == Heard()


def test_aac_keeps_its_comment() -> None:
    assert listen(mpeg.silent_aac(1, "Hello")).words == "Hello"
