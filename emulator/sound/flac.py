"""FLAC: the length and the comment of one, and one that keeps silent."""

from emulator.sound.heard import Heard, comment, comment_block, comments

RATE = 24_000
_BLOCK = 4096  # samples of a frame
_STREAMINFO, _COMMENT = 0, 4


def read(data: bytes) -> Heard:
    """Walk the metadata blocks."""
    at, last = 4, False
    seconds, words = None, ""
    while not last and at + 4 <= len(data):
        kind, size = data[at] & 0x7F, int.from_bytes(data[at + 1 : at + 4], "big")
        last, block = bool(data[at] & 0x80), data[at + 4 : at + 4 + size]
        if kind == _STREAMINFO:
            packed = int.from_bytes(block[10:18], "big")
            rate, samples = packed >> 44, packed & (1 << 36) - 1
            seconds = samples / rate if rate and samples else None
        elif kind == _COMMENT:
            words = comment(comments(block))
        at += 4 + size
    return Heard(seconds, words)


def silence(seconds: float, words: str) -> bytes:
    """Write a FLAC file of about that length, which carries the words as a comment."""
    frames = max(1, round(seconds * RATE / _BLOCK))
    packed = RATE << 44 | 0 << 41 | 15 << 36 | frames * _BLOCK  # one channel, 16 bits
    info = _BLOCK.to_bytes(2, "big") * 2 + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    blocks = _block(_STREAMINFO, info) + _block(_COMMENT | 0x80, comment_block(words))
    return b"fLaC" + blocks + b"".join(_frame(number) for number in range(frames))


def _block(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _frame(number: int) -> bytes:
    """Write a frame whose one subframe says that all its samples are zero."""
    # 4096 samples at 24 kHz, one channel, 16 bits; the number is coded like a character of UTF-8
    head = b"\xff\xf8\xc7\x08" + chr(number).encode("utf-8", "surrogatepass")
    frame = head + bytes([_crc(head, 8, 0x07)]) + b"\x00\x00\x00"
    return frame + _crc(frame, 16, 0x8005).to_bytes(2, "big")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top = 0, 1 << bits
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value <<= 1
            if value & top:
                value ^= top | polynomial
    return value
