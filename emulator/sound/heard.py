"""What can be heard in a sound without understanding any."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """How long a sound is, and the words that its metadata carry."""

    seconds: float | None = None  # None: the container does not tell
    words: str = ""


def comment(pairs: list[str]) -> str:
    """Return the TRANSCRIPT among `KEY=value` comments, as Ogg and FLAC have them."""
    values = (value for key, _, value in (pair.partition("=") for pair in pairs) if key.upper() == "TRANSCRIPT")
    return next(values, "")


def comments(block: bytes) -> list[str]:
    """Read a Vorbis comment block: the vendor, then `KEY=value` pairs, each behind its length."""
    at = 4 + int.from_bytes(block[:4], "little")
    many = int.from_bytes(block[at : at + 4], "little")
    at += 4
    pairs: list[str] = []
    while len(pairs) < many and at + 4 <= len(block):
        size = int.from_bytes(block[at : at + 4], "little")
        pairs.append(block[at + 4 : at + 4 + size].decode("utf-8", "replace"))
        at += 4 + size
    return pairs


def comment_block(words: str) -> bytes:
    """Write a Vorbis comment block that holds the words as TRANSCRIPT."""
    vendor, pair = b"emulator", f"TRANSCRIPT={words}".encode()
    sizes = [len(part).to_bytes(4, "little") for part in (vendor, pair)]
    return sizes[0] + vendor + (1).to_bytes(4, "little") + sizes[1] + pair
