"""The intake run over a folder of files: `python -m bench corpus DIR` prints what was taken, what was refused, and why.

Each file is taken as the bot takes it, in worker processes. What comes out is checked by others: Pillow and, where it
is installed, exiftool find no metadata in it, and Pillow sees the same picture as in the original.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import tempfile
import threading
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pi_heif
import psutil  # type: ignore[import-untyped]
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from bench.measure import grid, log_errors_only, percentile
from bot.asking.file_loader import FileLoader
from bot.chat_platform import Platform, PostLimits
from bot.errors import BotError
from bot.files.documents import DocumentIntake
from bot.files.isolation import client
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Channel, Document, Photo
from bot.words import ENGLISH, speaking

MEGABYTE = 1024 * 1024
NAME = "corpus"
SMALL = (32, 32)  # pixels at which two pictures are compared
SAME = 12.0  # mean difference of a colour, of 255, up to which they are the same
MOST_PIXELS = 100_000_000  # of an original that is decoded to compare it
PICTURE_TRACES = ("exif", "xmp", "comment", "photoshop", "icc_profile", "XML:com.adobe.xmp")
# Groups of exiftool that tell about the pixels and the file, and nothing about who made it.
HARMLESS = frozenset(  # Adobe: how the colours of a JPEG are packed, without which they would be read wrong
    {"SourceFile", "ExifTool", "System", "File", "Composite", "JFIF", "Adobe", "PNG", "RIFF"}
)
TEXTS_IN_PNG = ("Comment", "Author", "Description", "Copyright", "Creation", "Software", "Title", "Source", "Raw")

Image.MAX_IMAGE_PIXELS = None
pi_heif.register_heif_opener()


@dataclass(slots=True)
class Finding:
    """The outcome of a file."""

    path: Path
    kind: str  # of the original, as far as its name or its bytes tell
    refused: str = ""  # the code of the sentence; empty: it was taken
    seconds: float = 0.0
    megabytes: float = 0.0  # the most that a worker process held meanwhile
    output: Path | None = None  # of a photo
    is_partial: bool = False  # it was damaged, and people are told
    words: int = 0  # characters of a document
    traces: list[str] = field(default_factory=list)  # of metadata in the output
    difference: float | None = None  # from the original; None: nobody could compare them


class _Folder:
    """A chat adapter whose attachments are files: all that the loader asks of one."""

    async def download(self, attachment: Attachment, most_bytes: int) -> bytes:
        """Return the bytes of a file."""
        return await asyncio.to_thread(Path(attachment.ref).read_bytes)


def main(arguments: Sequence[str]) -> int:
    """Run over a folder and print the table; 1 if metadata was left, a picture differs, or a worker crashed."""
    parser = argparse.ArgumentParser("python -m bench corpus", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="any folder of files")
    parser.add_argument("--each", action="store_true", help="a line for each file, too")
    parser.add_argument("--language", default=ENGLISH, help="of the asker, for texts in old encodings (en)")
    options = parser.parse_args(arguments)
    log_errors_only()
    with speaking(options.language):
        findings = asyncio.run(run(sorted(each for each in options.folder.rglob("*") if each.is_file())))
    print(report(findings, each=options.each))
    return int(any(_is_bad(each) for each in findings))


async def run(paths: Iterable[Path]) -> list[Finding]:
    """Take in all files, one after the other, and check what comes out."""
    findings = list[Finding]()
    async with open_loader() as loader:
        for path in paths:
            finding = await _taken(loader, path)
            await asyncio.to_thread(_compare, finding)
            findings.append(finding)
        await asyncio.to_thread(_ask_exiftool, [each for each in findings if each.output])
    await client.close()
    return findings


@asynccontextmanager
async def open_loader() -> AsyncIterator[FileLoader]:
    """Open a loader as the bot has it, for which the ref of an attachment is a path."""
    with tempfile.TemporaryDirectory() as folder:
        async with PhotoIntake(folder=Path(folder), kept_bytes=1 << 40) as photos:
            platform = Platform(name=NAME, adapter=cast(Any, _Folder()), limits=lambda _: PostLimits(max_length=1))
            nothing = cast(Any, None)
            documents = DocumentIntake(photos.keep)
            yield FileLoader(
                files=nothing,
                posts=nothing,
                turns=nothing,
                platforms={NAME: platform},
                photos=photos,
                documents=documents,
                most_bytes=20 * MEGABYTE,
            )


async def _taken(loader: FileLoader, path: Path) -> Finding:
    finding = Finding(path, path.suffix.lower().lstrip(".") or "(none)")
    begun = time.perf_counter()
    with _watched_memory() as peak:
        try:
            file = await loader.read(
                Channel(NAME, ""), Attachment(ref=str(path), name=path.name, size=path.stat().st_size)
            )
            finding.kind = await _note(loader, finding, file)
        except BotError as error:
            finding.refused = str(error.code)
    finding.seconds, finding.megabytes = time.perf_counter() - begun, peak[0] / MEGABYTE
    return finding


async def _note(loader: FileLoader, finding: Finding, file: Photo | Document) -> str:
    """Note what came out, and return a better name of its kind."""
    if isinstance(file, Photo):
        finding.output, finding.is_partial = file.overview.file, bool(file.remarks)
        return finding.kind
    text = await loader.words(file)
    finding.words = text.length
    if text.is_empty and not text.is_seen:
        finding.refused = "document_no_text"
    elif text.is_empty:
        return f"{file.file.suffix[1:]} (pictures)"
    return file.file.suffix[1:]


# checks


def _compare(finding: Finding) -> None:
    """Check a photo with Pillow: the same picture, and no metadata."""
    if finding.output is None:
        return
    with suppress(Exception), warnings.catch_warnings(action="ignore"), Image.open(finding.output) as output:
        traces = [name for name in PICTURE_TRACES if output.info.get(name)]
        finding.traces = traces + ["exif"] * bool(output.getexif() and "exif" not in traces)
        with suppress(Exception), Image.open(finding.path) as original:
            if getattr(original, "is_animated", False):  # its first frames may be blank, and are skipped then
                return
            if original.width * original.height <= MOST_PIXELS and not finding.is_partial:
                finding.difference = _difference(_small(original), _small(output))


def _small(picture: Image.Image) -> Image.Image:
    upright = _in_srgb(ImageOps.exif_transpose(picture) or picture)
    return upright.convert("RGBA").resize(SMALL)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return the picture in the colours that its profile means, where it has one that can be read."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA"):
        return picture
    with suppress(ImageCms.PyCMSError):
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        seen = ImageCms.profileToProfile(picture.convert("RGB"), source, ImageCms.createProfile("sRGB"))
        assert seen is not None
        seen.putalpha(picture.convert("RGBA").getchannel("A"))
        return seen
    return picture


def _difference(original: Image.Image, output: Image.Image) -> float | None:
    """Return how much two pictures differ where the original is opaque; None if it is nowhere."""
    opaque = original.getchannel("A").point(lambda alpha: 255 if alpha > 250 else 0)
    if opaque.getbbox() is None:
        return None
    differences = ImageChops.difference(original.convert("RGB"), output.convert("RGB"))
    return max(ImageStat.Stat(differences, opaque).mean)


def _ask_exiftool(findings: Sequence[Finding]) -> None:
    program = shutil.which("exiftool")
    if program is None or not findings:
        return
    by_name = {str(each.output): each for each in findings}
    for start in range(0, len(by_name), 200):
        names = list(by_name)[start : start + 200]
        answer = subprocess.run([program, "-json", "-G1", "-a", "-q", *names], capture_output=True, check=False)
        for file in json.loads(answer.stdout or b"[]"):
            by_name[file["SourceFile"]].traces += [tag for tag in file if _is_trace(tag)]


def _is_trace(tag: str) -> bool:
    group, _, name = tag.rpartition(":")
    return (group or name) not in HARMLESS or (group == "PNG" and name.startswith(TEXTS_IN_PNG))


@contextmanager
def _watched_memory() -> Any:
    """Watch the largest worker process; the list's only item is its peak in bytes."""
    peak, is_over = [0], threading.Event()
    process = psutil.Process()

    def watch() -> None:
        while True:
            with suppress(psutil.Error):
                peak[0] = max([peak[0], *(_resident(each) for each in process.children(recursive=True))])
            if is_over.wait(0.005):
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield peak
    finally:
        is_over.set()
        watching.join()


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


# the table


def report(findings: Sequence[Finding], *, each: bool = False) -> str:
    """Return the table of kinds, and lists of files with something wrong."""
    if not findings:
        return "There are no files."
    by_kind = defaultdict[str, list[Finding]](list)
    for finding in findings:
        by_kind[finding.kind].append(finding)
    parts = [f"# {len(findings):,} files", grid([_row(kind, by_kind[kind]) for kind in sorted(by_kind)])]
    parts += _listed("Metadata was left", [f"{_name(one)}: {', '.join(one.traces)}" for one in findings if one.traces])
    parts += _listed("Another picture than Pillow's", [_name(one) for one in findings if _differs(one)])
    parts += _listed("Every file", [_line(one) for one in findings] if each else [])
    if shutil.which("exiftool") is None:
        parts.append("(exiftool is not installed: only Pillow looked for metadata.)")
    return "\n\n".join(parts)


def _row(kind: str, findings: Sequence[Finding]) -> dict[str, object]:
    refusals = Counter(each.refused for each in findings if each.refused)
    seconds = [each.seconds for each in findings]
    compared = [each for each in findings if each.difference is not None]
    return {
        "kind": kind,
        "files": len(findings),
        "taken": sum(not each.refused for each in findings),
        "refused": ", ".join(f"{code} {count}" for code, count in refusals.most_common()) or "-",
        "p50 s": percentile(seconds, 0.5),
        "max s": max(seconds),
        "max MB": max(each.megabytes for each in findings),
        "same picture": f"{sum(not _differs(each) for each in compared)} of {len(compared)}" if compared else "-",
        "with metadata": sum(bool(each.traces) for each in findings),
    }


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}\n" + "\n".join(f"- {line}" for line in lines)] if lines else []


def _line(finding: Finding) -> str:
    outcome = finding.refused or (f"{finding.words:,} characters" if finding.words else "taken")
    return f"{_name(finding)}: {outcome}, {finding.seconds:.2f} s, {finding.megabytes:,.0f} MB"


def _name(finding: Finding) -> str:
    return "/".join(finding.path.parts[-2:])


def _differs(finding: Finding) -> bool:
    return finding.difference is not None and finding.difference > SAME


def _is_bad(finding: Finding) -> bool:
    return bool(finding.traces) or _differs(finding)
