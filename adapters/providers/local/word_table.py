"""The words of photos as a table: what stands side by side in a row, with the amounts in the last column."""

import json
import re
from collections.abc import Sequence

from bot.words import say

MOST_CELLS = 8
_GAP = re.compile(r"\s{2,}")
_AMOUNT = re.compile(
    r"^(?P<words>.*\S)\s+"
    r"(?P<amount>[-(]?[$€£¥₹₽₴]?\s?\d[\d.,'’ ]{0,20}[.,]\d{2}\)?-?\s?(?:[$€£¥₹₽₴]|[A-Z]{3}|[A-Z*])?)$"
)


def write_table(photos: Sequence[tuple[int, Sequence[str]]]) -> str:
    """Return the JSON that `/table` asks for, from the numbers of the photos and their rows of words."""
    rows = [(number, _cells(row)) for number, words in photos for row in words]
    width = max((len(cells) for _, cells in rows), default=0)
    names = [say("table_text"), *(say("table_column", n=n) for n in range(2, width)), say("table_amount")][:width]
    written = [{"photo": number, "cells": _padded(cells, width)} for number, cells in rows]
    return json.dumps({"columns": names, "rows": written}, ensure_ascii=False)


def _cells(row: str) -> list[str]:
    cells = _GAP.split(row.strip())[:MOST_CELLS]
    if len(cells) == 1 and (match := _AMOUNT.match(cells[0])):
        return [match["words"], match["amount"]]
    return cells


def _padded(cells: list[str], width: int) -> list[str]:
    """Return the cells with the last of several in the last column."""
    if len(cells) < 2:
        return [*cells, *[""] * (width - len(cells))]
    return [*cells[:-1], *[""] * (width - len(cells)), cells[-1]]
