"""Words that can still be read in what is sent: `python -m bench legibility` compares them with the original's.

Pages of made-up words are taken in like any photo. Tesseract reads the original and the pictures that a model would
get; it has to be installed (the program `tesseract`).
"""

import asyncio
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFont

from bench.measure import table
from bot.files.photos import PhotoIntake

NAME = "legibility"
GOAL = 0.95  # share of the original's words
WORD = re.compile(r"[a-z]{5,}")
SYLLABLES = [first + second for first in "bdfgklmnprst" for second in "aeiou"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of words, in pixels."""

    width: int
    height: int
    letters: int  # their height, as fonts count it
    kind: str = "PNG"


PAGES = (
    Page(1080, 12_000, 36),
    Page(1080, 6000, 26),
    Page(6000, 700, 20),
    Page(1080, 12_000, 36, "JPEG"),
    Page(3840, 1080, 24),
    Page(1080, 2400, 36),
)


def main(arguments: list[str]) -> int:
    """Print the table; 1 if a page misses the goal, 2 if nothing can read here."""
    if shutil.which("tesseract") is None:
        print("Install tesseract (tesseract-ocr) to have something that reads.", file=sys.stderr)
        return 2
    rows = [asyncio.run(_measure(page)) for page in PAGES]
    print(table("Words that can be read in what is sent", rows))
    return int(any(float(str(row["share %"])) < 100 * GOAL for row in rows))


async def _measure(page: Page) -> dict[str, object]:
    data = draw(page)
    with TemporaryDirectory() as folder:
        original = Path(folder, "original.png")
        Image.open(BytesIO(data)).save(original)
        before = read_words(original)
        async with PhotoIntake() as photos:
            photo = await photos.read("page", data)
            after = set().union(*(read_words(each.file) for each in photo.pictures))
            sent = sum(each.size for each in photo.pictures)
    return {
        "page": f"{page.width}x{page.height}, {page.letters} px, {page.kind}",
        "words in the original": len(before),
        "pictures": len(photo.pictures),
        "sent kB": round(sent / 1000),
        "share %": round(100 * len(before & after) / max(1, len(before)), 1),
    }


def draw(page: Page) -> bytes:
    """Draw a page of words, each of them once."""
    chance, used = random.Random(1), set[str]()
    image = Image.new("RGB", (page.width, page.height), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(page.letters)
    for top in range(page.letters, page.height - 2 * page.letters, int(page.letters * 1.7)):
        left = page.letters
        while left < page.width - page.letters * 7:
            word = "".join(chance.choice(SYLLABLES) for _ in range(3))
            if word in used:
                continue
            used.add(word)
            pen.text((left, top), word, chance.choice(["black", "#202060", "#903030"]), font)
            left += int(pen.textlength(word, font) + page.letters * 0.8)
    file = BytesIO()
    image.save(file, page.kind, **({"quality": 90} if page.kind == "JPEG" else {}))
    return file.getvalue()


def read_words(picture: Path) -> set[str]:
    """Return the words that Tesseract reads."""
    command = ["tesseract", str(picture), "-", "--psm", "6", "-l", "eng"]
    read = subprocess.run(command, capture_output=True, text=True, check=True)  # our own files
    return set(WORD.findall(read.stdout.lower()))
