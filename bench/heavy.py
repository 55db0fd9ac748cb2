"""`python -m bench heavy [KIND ...]`: what the heaviest inputs of each kind take, and whether others are answered.

While a file is taken in, another person sends one small photo after the other. The bot's memory counts from just before
the file was there; that of the worker processes is their own, without what they share with each other.
"""

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil  # type: ignore[import-untyped]
from PIL import Image

from bench import corpus, photo
from bench.measure import grid, log_errors_only, own_peak_mb
from bot.asking.file_loader import FileLoader
from bot.asking.subject import PlacedFile
from bot.errors import BotError
from bot.files.isolation import client
from bot.messages import Attachment, Channel, Document

NAME = "heavy"
MOST_GROWTH = 150  # MB that the bot may grow by
MOST_WAIT = 2.0  # seconds for another one's photo
PAUSE = 0.02  # seconds between two photos of the other one
HEAVY = 20_000_000  # bytes, just below what is taken


def _noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((512, 512), 50).resize((width, height)).convert("RGB")


def _written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _long(width: int, height: int, kind: str, **options: Any) -> bytes:
    page = Image.new("RGB", (width, height), "white")
    for row in range(0, height, 600):
        page.paste(_noise(width - 80, 300), (40, row))
    return _written(page, kind, **options)


def _flood(before: bytes, part: bytes, after: bytes) -> bytes:
    return before + part * ((HEAVY - len(before) - len(after)) // len(part)) + after


def _comments() -> bytes:
    whole = photo.base()
    return _flood(whole[:2], b"\xff\xfe\0\2", whole[2:])


def _gammas() -> bytes:
    whole = _written(_noise(300, 200), "PNG")
    return _flood(whole[:33], bytes.fromhex("0000000467414d410000b18f0bfc6105"), whole[33:])


def _chunks() -> bytes:
    whole = _written(_noise(300, 200), "WEBP")
    body = _flood(whole[8:], b"abcd\0\0\0\0", b"")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _frames(kind: str, count: int) -> bytes:
    frames = [_noise(800, 600).rotate(n * 3) for n in range(count)]
    return _written(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def _clip() -> bytes:
    import av  # only here: FFmpeg takes 40 MB

    file = BytesIO()
    with av.open(file, "w", format="mp4") as target:
        stream: Any = target.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", 2_400_000
        picture = _noise(1920, 1080)
        for n in range(590):
            frame: Any = av.VideoFrame.from_image(picture.rotate(n) if n % 10 == 0 else picture)  # type: ignore[no-untyped-call]
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return file.getvalue()


def _scan(pages: int) -> bytes:
    drawn = [_noise(1654, 2339).convert("L") for _ in range(pages)]
    return _written(drawn[0], "PDF", save_all=True, append_images=drawn[1:])


def _packed(name: str, xml: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, xml)
    return file.getvalue()


def _workbook() -> bytes:
    from openpyxl import Workbook

    book, file = Workbook(write_only=True), BytesIO()
    sheet = book.create_sheet("wide")
    for n in range(3000):
        sheet.append([n * column for column in range(200)])
    book.save(file)
    return file.getvalue()


FILES: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG, 8064x6048": ("a.jpg", lambda: _written(_noise(8064, 6048), "JPEG", quality=80)),
    "JPEG, 9248x6936, progressive": (
        "a.jpg",
        lambda: _written(_noise(9248, 6936), "JPEG", quality=60, progressive=True),
    ),
    "HEIC, 8064x6048": (
        "a.heic",
        lambda: (Path(__file__).parents[1] / "tests" / "files" / "photos" / "phone-48mp.heic").read_bytes(),
    ),
    "PNG, 7000x5700": ("a.png", lambda: _written(Image.new("RGB", (7000, 5700), "navy"), "PNG")),
    "JPEG, 1080x30000": ("a.jpg", lambda: _long(1080, 30_000, "JPEG", quality=80)),
    "PNG, 1440x20000": ("a.png", lambda: _long(1440, 20_000, "PNG", compress_level=1)),
    "JPEG of comments, 20 MB": ("a.jpg", _comments),
    "PNG of gamma chunks, 20 MB": ("a.png", _gammas),
    "WebP of unknown chunks, 20 MB": ("a.webp", _chunks),
    "GIF, 38 frames of 800x600": ("a.gif", lambda: _frames("GIF", 38)),
    "WebP, 40 frames of 800x600": ("a.webp", lambda: _frames("WEBP", 40)),
    "TIFF, 12 pages of 2480x3508": (
        "a.tif",
        lambda: _written(
            _noise(2480, 3508).convert("L"),
            "TIFF",
            save_all=True,
            append_images=[_noise(2480, 3508).convert("L") for _ in range(11)],
            compression="jpeg",
        ),
    ),
    "MP4, 1920x1080, 59 s": ("a.mp4", _clip),
    "PDF, 12 scanned pages": ("a.pdf", lambda: _scan(12)),
    "DOCX that unpacks to 300 MB": ("a.docx", lambda: _packed("word/document.xml", bytes(300 * corpus.MEGABYTE))),
    "XLSX, 600,000 cells": ("a.xlsx", _workbook),
    "text in cp1251, 19 MB": ("a.txt", lambda: "Итого: 4711 рублей за июнь.\r\n".encode("cp1251") * 680_000),
}


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 if the bot grew too much, or somebody else waited too long."""
    parser = argparse.ArgumentParser(f"python -m bench {NAME}", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="beginnings of names of kinds, all by default")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="take in one file, and print the result as JSON")
    options = parser.parse_args(arguments)
    log_errors_only()
    if options.measure:
        print(json.dumps(asyncio.run(_measure(options.measure))))
        return 0
    chosen = options.kinds or [""]
    rows = [_row(name) for name in FILES if name.startswith(tuple(chosen))]
    print(grid(rows))
    return int(any(_is_bad(row) for row in rows))


def _is_bad(row: Mapping[str, object]) -> bool:
    return float(str(row["bot: MB more"])) > MOST_GROWTH or float(str(row["others, s at most"])) > MOST_WAIT


def _row(name: str) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        file_name, make = FILES[name]
        path = Path(folder, file_name)
        path.write_bytes(make())
        command = [sys.executable, "-m", "bench", NAME, "--measure", str(path)]  # whose memory is that of nothing else
        measured = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        return {"file": name, "MB": path.stat().st_size / corpus.MEGABYTE, **json.loads(measured.stdout)}


async def _measure(path: Path) -> dict[str, object]:
    small = photo.base(400, 300)
    async with corpus.open_loader() as loader:
        await loader.photos.read("small.jpg", small)
        before = _forget_peak()
        reading = asyncio.create_task(_read(loader, path))
        waits, workers, n = list[float](), 0.0, 0
        while not reading.done() or not waits:
            begun, n = time.perf_counter(), n + 1
            await loader.photos.read("small.jpg", photo.variant(small, n), "another")
            waits.append(time.perf_counter() - begun)
            workers = max(workers, _memory_of_workers())
            await asyncio.sleep(PAUSE)
        outcome, seconds = await reading
    peak = own_peak_mb()
    await client.close()
    return {
        "outcome": outcome,
        "s": seconds,
        "bot: MB more": max(0.0, peak - before),
        "workers, MB": workers,
        "photos of another": len(waits),
        "others, s at most": max(waits),
    }


async def _read(loader: FileLoader, path: Path) -> tuple[str, float]:
    place, attachment = Channel(corpus.NAME, ""), Attachment(ref=str(path), name=path.name)
    begun = time.perf_counter()
    try:
        file = await loader.read(place, attachment, "one")
        if isinstance(file, Document):
            await loader.pictures(PlacedFile(place, attachment), file, "one")
        outcome = "taken"
    except BotError as error:
        outcome = str(error.code)
    return outcome, time.perf_counter() - begun


def _forget_peak() -> float:
    """Let the kernel count this process's peak from now on; return what it holds now, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return own_peak_mb()


def _memory_of_workers() -> float:
    """Return what the processes below this one hold by themselves, in MB."""
    held = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            held += process.memory_full_info().uss
    return held / corpus.MEGABYTE
