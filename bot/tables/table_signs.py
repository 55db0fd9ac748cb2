"""Cheap signs that a photo holds a table or a receipt: they are looked for in the answer about it."""

import re

from bot.replies.markdown.tree import read_markdown
from bot.tables.amounts import plain_digits
from bot.tables.table_reply import find_tables

FEWEST_AMOUNTS = 3  # lines that end with an amount
LONGEST_LINE, MOST_LINES = 200, 400
_AMOUNT = re.compile(
    r"(?:^|[\s|:.·…(-])[$€£¥₹₽₴]?\s?\d{1,3}(?:[., '’]?\d{3})*[.,]\d{2}"
    r"\)?-?\s?(?:[$€£¥₹₽₴%]|zł|kr|[A-Z]{1,3}|руб\.?|грн\.?)?$"
)


def holds_table(text: str) -> bool:
    """Tell whether an answer is a table, or quotes one: in Markdown, or by lines that end with amounts of money."""
    if "|" in text and any(find_tables(read_markdown(text))):
        return True
    lines = (line.strip(" \t*_`|>.;") for line in text.splitlines()[:MOST_LINES])
    amounts = sum(1 for line in lines if len(line) <= LONGEST_LINE and _AMOUNT.search(plain_digits(line)))
    return amounts >= FEWEST_AMOUNTS
