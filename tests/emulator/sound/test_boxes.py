import struct

import pytest

from emulator.sound.ears import listen
from emulator.sound.heard import Heard


def box(name: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", len(body) + 8) + name + body


def element(name: str, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return bytes.fromhex(name) + (len(body) | 1 << 28).to_bytes(4, "big") + body


FTYP = box(b"ftyp", b"M4A ")
SHORT = box(b"mvhd", bytes(12), struct.pack(">II", 1_000, 2_500))
LONG = box(b"mvhd", b"\x01", bytes(19), struct.pack(">IQ", 44_100, 88_200))
EBML = element("1a45dfa3")


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (FTYP + box(b"moov", SHORT), 2.5),
        (FTYP + box(b"mdat", bytes(100)) + box(b"moov", box(b"trak"), LONG), 2.0),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4) + box(b"moov", SHORT), 2.5),
        (FTYP + box(b"moov"), None),
        (FTYP + box(b"moov", SHORT)[:-4], None),
        (FTYP, None),
    ],
)
def test_an_mp4_tells_its_length(data: bytes, seconds: float | None) -> None:
    assert listen(data) == Heard(seconds)


@pytest.mark.parametrize(
    ("info", "seconds"),
    [
        (element("1549a966", element("2ad7b1", b"\x0f\x42\x40"), element("4489", struct.pack(">d", 3_000))), 3.0),
        (element("1549a966", element("4489", struct.pack(">f", 1_500))), 1.5),
        (element("1549a966"), None),
        (b"", None),
        (b"\x15\x49", None),
    ],
)
def test_a_webm_tells_its_length(info: bytes, seconds: float | None) -> None:
    assert listen(EBML + element("18538067", info)) == Heard(seconds)
    streamed = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7  # of unknown size
    assert listen(EBML + streamed + info) == Heard(seconds)
