"""Texts that are hard on whatever reads them: signs that mean something somewhere, again and again."""

import os
import random
import time
from collections.abc import Iterator

SIGNS = (*"*_`~#>|[](){}<>!&\\$^-+=.:;,@/?%0a \t\n\r\"'", "🐈", "\u2028", "日")
PIECES = (
    *["**", "__", "```", "~~", "||", "> ", "- ", "1. ", "![", "](", "[^", "]:", "$$", "\\(", "\\[", "\\frac{", "&#"],
    *["# ", "|-", "http://", "https://youtu.be/", "<@1", "@a", "photo 1", " and 2", "data:", '{"', "<!--", "<title>"],
    *["🌐 Crawling site http://", "/model ", "size=", "key=", "requires 1 credits but ", "try again in 1", "_a_\n\n"],
    *["a.", "\\begin{cases}", "[a](", "www.", "> - "],
)
FREEZING = "/model zzqq ||b\n" + "> " * 40 + " > br>|||"  # it stopped the bot for good
EXAMPLES = (
    FREEZING,
    "# a" + " " * 6_000 + "b",
    "```" + " " * 20_000 + "`",
    "[" * 20_000,
    "words" + " " * 20_000 + "▌ words",
    "**a" * 3_000 + "a**" * 3_000,
)
LONGEST = 20_000  # characters
SEED = 15
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))  # for each reader; 0: a few texts, the same ones each time


def hostile_texts(count: int) -> Iterator[str]:
    """Yield the examples and some other texts; with FUZZ_SECONDS, others each time, for as long as that."""
    dice = random.Random(time.time_ns() if SECONDS else SEED)
    yield from EXAMPLES
    begun = time.monotonic()
    made = 0
    while time.monotonic() - begun < SECONDS if SECONDS else made < count:
        yield _made(dice)
        made += 1


def _made(dice: random.Random) -> str:
    """Make a text of 10 to 20,000 characters: a sign, a pair or a short sequence of them again and again."""
    unit = "".join(dice.choices((*SIGNS, *PIECES), k=dice.choice((1, 1, 2, 2, 2, 3, 4))))
    length = LONGEST if dice.random() < 0.5 else int(10 ** dice.uniform(1, 4.3))
    first, last = dice.choices(("", "", "a", "\n", *PIECES), k=2)
    return first + unit * max(1, length // len(unit)) + last
