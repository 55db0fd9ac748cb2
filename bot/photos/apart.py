"""Decode in a process of its own what would stop all threads of this one; also the program that runs there.

Pillow's AVIF decoder holds the GIL while it works, its WebP decoder while it copies all pixels. The program knows
nothing of the bot: bytes on stdin, format and size as arguments, a shrunken picture on stdout.
"""

import os
import subprocess
import sys
from io import BytesIO

from PIL import Image

_SECONDS = 60


def decode_apart(kind: str, data: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode the first frame and shrink it to `size`; OSError with Pillow's words when that fails."""
    command = [sys.executable, "-P", __file__, kind, *map(str, size)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603 ours
    except subprocess.CalledProcessError as error:
        raise OSError(error.stderr[-200:].decode(errors="replace")) from error
    except subprocess.TimeoutExpired as error:
        raise OSError("decoding takes too long") from error
    mode, _, pixels = done.stdout.partition(b"\n")
    return Image.frombytes(mode.decode(), size, pixels)


def _main(kind: str, width: str, height: str) -> None:
    Image.MAX_IMAGE_PIXELS = None  # checked by whoever called
    if sys.platform != "win32":
        os.nice(5)  # whoever waits for words goes first
    with Image.open(BytesIO(sys.stdin.buffer.read()), formats=[kind]) as image:
        small = image.resize((int(width), int(height)), reducing_gap=2.0)
    sys.stdout.buffer.write(small.mode.encode() + b"\n" + small.tobytes())


if __name__ == "__main__":
    _main(*sys.argv[1:])
