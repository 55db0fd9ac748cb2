"""WAV: the length and the comment of one, and beeps in place of a voice."""

import math
import struct
from array import array
from collections.abc import Iterator

from emulator.sound.heard import Heard

RATE = 24_000  # samples a second, 16 bits each, one channel


def read(data: bytes) -> Heard:
    """Walk the chunks: `fmt ` knows the bytes of a second, `data` is the sound, `LIST` may hold ICMT."""
    speed, size, words = 0, 0, ""
    for name, body, told in _chunks(data, 12):
        if name == b"fmt ":
            speed = int.from_bytes(body[8:12], "little")
        elif name == b"data":
            size = min(told, len(body))
        elif name == b"LIST" and body[:4] == b"INFO":
            words = next((_text(text) for tag, text, _ in _chunks(body, 4) if tag == b"ICMT"), words)
    return Heard(size / speed if speed else None, words)


def beeps(seconds: float, pitch: int = 440) -> bytes:
    """Return raw samples: a beep of a fifth of a second, a pause as long, and so on."""
    many = round(seconds * RATE)
    beep = array("h", (int(6_000 * math.sin(math.tau * pitch * at / RATE)) for at in range(RATE // 5)))
    bar = _little(beep) + bytes(2 * (RATE // 5))
    return (bar * (2 * many // len(bar) + 1))[: 2 * many]


def write(samples: bytes, words: str) -> bytes:
    """Wrap samples as a WAV file that carries the words as its comment."""
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    notes = b"INFO" + _chunk(b"ICMT", words.encode() + b"\x00")
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", notes) + _chunk(b"data", samples)
    return _chunk(b"RIFF", body)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def _chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes, int]]:
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name, data[at + 8 : at + 8 + size], size
        at += 8 + size + size % 2


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\x00").decode("utf-8", "replace")


def _little(samples: "array[int]") -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)
