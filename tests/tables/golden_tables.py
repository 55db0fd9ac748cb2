"""Thirty receipts and tables with known values, drawn as photos, and a double that answers about them as models do."""

import io
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from PIL import Image, ImageDraw, ImageFont

from bot.messages import Piece, Prompt, Text, Usage
from tests.doubles.provider import FakeProvider

Value = str | Decimal
Notation = Callable[[Decimal], str]


def grouped(value: Decimal, group: str, mark: str, decimals: int = 2) -> str:
    """Write a number with these signs between thousands and before the decimals."""
    text = f"{abs(value):,.{decimals}f}".replace(",", "G").replace(".", mark).replace("G", group)
    return f"-{text}" if value < 0 else text


def indian(value: Decimal) -> str:
    whole, _, rest = f"{value:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    while len(head) > 2:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return f"₹{','.join(filter(None, (head, tail)))}.{rest}"


NOTATIONS: Mapping[str, Notation] = {
    "german": lambda value: grouped(value, ".", ","),
    "german euro": lambda value: f"{grouped(value, '.', ',')} €",
    "german minus behind": lambda value: f"{grouped(abs(value), '.', ',')}{'-' if value < 0 else ''}",
    "english": lambda value: grouped(value, ",", "."),
    "dollars": lambda value: f"${grouped(value, ',', '.')}" if value >= 0 else f"-${grouped(-value, ',', '.')}",
    "brackets": lambda value: f"({grouped(-value, ',', '.')})" if value < 0 else grouped(value, ",", "."),
    "french": lambda value: grouped(value, "\u202f", ",") + " €",
    "swiss": lambda value: f"CHF {grouped(value, '’', '.')}",
    "yen": lambda value: f"¥{grouped(value, ',', '.', 0)}",
    "wide yen": lambda value: (
        grouped(value, ",", ".", 0).translate(str.maketrans("0123456789,", "０１２３４５６７８９，")) + "円"
    ),
    "rupees": indian,
    "roubles": lambda value: grouped(value, "\u00a0", ",") + " ₽",
    "arabic": lambda value: grouped(value, "٬", "٫").translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "brazilian": lambda value: f"R$ {grouped(value, '.', ',')}",
    "plain": lambda value: f"{value}",
}


@dataclass(frozen=True)
class Golden:
    """A table with its true values; `total` is the row of its total, None without one."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notation: str = "plain"
    total: int | None = None

    def written(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        return NOTATIONS["plain" if value == value.to_integral() and value.as_tuple().exponent == 0 else self.notation](
            value
        )

    @property
    def cells(self) -> list[list[str]]:
        """The cells as they stand in the photo."""
        return [[self.written(value) for value in row] for row in self.rows]


def receipt(
    name: str,
    notation: str,
    items: Sequence[tuple[str, str]],
    sums: Sequence[tuple[str, str]],
    columns: tuple[str, str] = ("item", "price"),
) -> Golden:
    rows = [(label, Decimal(value)) for label, value in (*items, *sums)]
    total = len(items) + next(n for n, (label, _) in reversed(list(enumerate(sums))) if label in TOTALS)
    return Golden(name, columns, tuple(rows), notation, total)


def invoice(name: str, notation: str, items: Sequence[tuple[str, int, str]], sums: Sequence[tuple[str, str]]) -> Golden:
    """An invoice: item, quantity, price and amount."""
    rows: list[tuple[Value, ...]] = [
        (label, Decimal(count), Decimal(price), count * Decimal(price)) for label, count, price in items
    ]
    rows += [(label, "", "", Decimal(value)) for label, value in sums]
    total = len(rows) - next(n for n, (label, _) in enumerate(reversed(sums), 1) if label in TOTALS)
    return Golden(name, ("item", "qty", "price", "amount"), tuple(rows), notation, total)


TOTALS = {
    *(
        "Total",
        "Summe",
        "TOTAL",
        "Gesamtbetrag",
        "Total TTC",
        "Итого",
        "合計",
        "合计",
        "कुल योग",
        "جمع کل",
        "Amount due",
    ),
    *("Zu zahlen", "Разом", "Total a pagar", "Grand total"),
}

TABLES = (
    receipt(
        "bakery",
        "german",
        [("Brot", "2.50"), ("Brezel", "0.90")],
        [("Summe", "3.40"), ("Bar", "5.00"), ("Rückgeld", "1.60")],
    ),
    receipt(
        "supermarket",
        "german euro",
        [("Milch", "1.19"), ("Käse", "4.29"), ("Pfand", "-0.25")],
        [("Summe", "5.23"), ("inkl. MwSt 7%", "0.34")],
    ),
    receipt(
        "returns",
        "german minus behind",
        [("Bohrer", "1249.00"), ("Gutschrift", "-100.50")],
        [("Gesamtbetrag", "1148.50")],
    ),
    receipt(
        "diner",
        "dollars",
        [("Burger", "12.50"), ("Fries", "4.00")],
        [("Subtotal", "16.50"), ("Sales tax", "1.36"), ("Tip", "3.00"), ("Total", "20.86")],
    ),
    receipt("refund", "brackets", [("Lamp", "1059.99"), ("Returned shade", "-60.00")], [("Total", "999.99")]),
    receipt(
        "café",
        "french",
        [("Café", "2.40"), ("Croissant", "1.60")],
        [("Sous-total", "4.00"), ("TVA 10%", "0.40"), ("Total TTC", "4.40")],
    ),
    receipt("kiosk", "swiss", [("Zeitung", "4.20"), ("Uhr", "1234.50")], [("TOTAL", "1238.70")]),
    receipt(
        "konbini",
        "yen",
        [("おにぎり", "150"), ("弁当", "1200")],
        [("小計", "1350"), ("消費税 8%", "108"), ("合計", "1458")],
    ),
    receipt(
        "ramen",
        "wide yen",
        [("ラーメン", "980"), ("餃子", "1450")],
        [("合計", "2430"), ("お預り", "3000"), ("お釣り", "570")],
    ),
    receipt("bazaar", "rupees", [("Silk", "123456.00"), ("Thread", "250.50")], [("कुल योग", "123706.50")]),
    receipt(
        "apteka",
        "roubles",
        [("Аспирин", "120.50"), ("Бинт", "1035.00")],
        [("Итого", "1155.50"), ("Наличные", "1200.00")],
    ),
    receipt("souk", "arabic", [("خبز", "1250.50"), ("شاي", "12.25")], [("جمع کل", "1262.75")]),
    receipt("padaria", "brazilian", [("Pão", "8.90"), ("Café", "1005.10")], [("Total a pagar", "1014.00")]),
    receipt("market", "roubles", [("Яблука", "45.00"), ("Сир", "180.25")], [("Знижка", "-20.25"), ("Разом", "205.00")]),
    receipt(
        "discount",
        "dollars",
        [("Shoes", "80.00"), ("Socks", "20.00")],
        [("Subtotal", "100.00"), ("Discount 10%", "-10.00"), ("Tax", "7.20"), ("Total", "97.20")],
    ),
    receipt(
        "two totals",
        "english",
        [("Room", "200.00"), ("Breakfast", "24.00")],
        [("Total", "224.00"), ("Tip", "20.00"), ("Grand total", "244.00")],
    ),
    receipt(
        "gasthaus",
        "german",
        [("Schnitzel", "18.90"), ("Bier", "4.80")],
        [("Zwischensumme", "23.70"), ("Trinkgeld", "2.30"), ("Zu zahlen", "26.00")],
    ),
    receipt("超市", "yen", [("牛奶", "15"), ("面包", "1008")], [("合计", "1023")], ("商品", "价格")),
    invoice(
        "consulting",
        "german",
        [("Beratung", 3, "120.00"), ("Fahrt", 2, "45.50")],
        [("Netto", "451.00"), ("MwSt. 19%", "85.69"), ("Gesamtbetrag", "536.69")],
    ),
    invoice(
        "hardware",
        "dollars",
        [("Screws", 100, "0.12"), ("Hammer", 2, "24.95"), ("Saw", 1, "39.00")],
        [("Total", "100.90")],
    ),
    invoice(
        "print shop",
        "english",
        [("Flyers", 1000, "0.08"), ("Posters", 20, "12.50")],
        [("Subtotal", "330.00"), ("VAT 20%", "66.00"), ("Amount due", "396.00")],
    ),
    invoice("wine", "french", [("Bordeaux", 6, "12.90"), ("Champagne", 12, "35.00")], [("Total", "497.40")]),
    Golden(
        "timetable",
        ("line", "from", "departs"),
        (("12", "Harbour", "07:05"), ("12", "Harbour", "07:25"), ("N1", "Station", "00:15")),
    ),
    Golden(
        "score board", ("team", "won", "lost"), (("Reds", Decimal(12), Decimal(3)), ("Blues", Decimal(9), Decimal(6)))
    ),
    Golden(
        "sales",
        ("region", "2024", "2025"),
        (
            ("North", Decimal("1200.50"), Decimal("1300.00")),
            ("South", Decimal("800.00"), Decimal("950.25")),
            ("Total", Decimal("2000.50"), Decimal("2250.25")),
        ),
        "english",
        2,
    ),
    Golden(
        "contacts",
        ("name", "phone", "postcode"),
        (("Ann", "+49 170 1234567", "01067"), ("Bob", "+1 555 0100", "04103")),
    ),
    Golden(
        "dates",
        ("date", "shop", "total"),
        (("2026-05-04", "Lidl", Decimal("3.70")), ("2026-05-06", "Aldi", Decimal("19.95"))),
        "german euro",
    ),
    Golden(
        "whiteboard", ("task", "who"), (("Fix the | pipe", "Ann"), ("Write\nthe docs", "Bob"), ('Say "hello"', "Cem"))
    ),
    Golden("formulas", ("cell", "note"), (("=1+1", "@SUM(A1)"), ("+cmd|' /C calc'!A0", "-2+3"), ("-5.00", "a minus"))),
    Golden("hebrew", ("פריט", "מחיר"), (("לחם", Decimal("7.50")), ("חלב", Decimal("6.25"))), "plain"),
)


def drawn(golden: Golden) -> bytes:
    """Draw the table as somebody photographs it; the height is another one for each, so that the double knows it."""
    n = TABLES.index(golden)
    image = Image.new("RGB", (520, 400 + n), (250, 249, 244))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for y, row in enumerate([list(golden.columns), *golden.cells]):
        for x, cell in enumerate(row):
            draw.text((20 + x * 480 // len(row), 20 + y * 28), cell.replace("\n", " "), (20, 20, 20), font)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


Style = Callable[[Sequence[str], Sequence[Sequence[str]], int], str]


def _rows(rows: Sequence[Sequence[str]], photo: int) -> list[dict[str, object]]:
    return [{"photo": photo, "cells": list(row)} for row in rows]


def as_asked(columns: Sequence[str], rows: Sequence[Sequence[str]], photo: int) -> str:
    return json.dumps({"columns": list(columns), "rows": _rows(rows, photo)}, ensure_ascii=False)


def as_records(columns: Sequence[str], rows: Sequence[Sequence[str]], photo: int) -> str:
    return json.dumps([dict(zip(columns, row, strict=True)) for row in rows], ensure_ascii=False, indent=2)


STYLES: Mapping[str, Style] = {
    "as asked": as_asked,
    "in a fence with prose": lambda *table: (
        f"Sure! Here is the table:\n\n```json\n{as_asked(*table)}\n```\nLet me know!"
    ),
    "with an example before": lambda *table: f'In the form {{"columns": ["a"], "rows": []}}:\n{as_asked(*table)}',
    "with trailing commas": lambda *table: (
        as_asked(*table).replace("]}", "],}").replace('"]', '",]').replace("}]", "},]")
    ),
    "as lists": lambda columns, rows, photo: json.dumps(
        {"columns": list(columns), "rows": [list(row) for row in rows]}
    ),
    "as records": as_records,
    "as lines": lambda columns, rows, photo: "\n".join(
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows
    ),
    "wrapped": lambda *table: f'{{"table": {as_asked(*table)}}}',
    "never closed": lambda *table: as_asked(*table).removesuffix("]}"),
    "with comments": lambda *table: as_asked(*table).replace('"rows"', '/* the lines */ "rows"'),
}
"""The ways in which models answer; each is to be understood without asking again."""


class TableVision(FakeProvider):
    """A model that sees the golden tables, and answers in one style after the other; `spoils` puts wrong totals in."""

    def __init__(self, *, spoils: bool = False) -> None:
        super().__init__()
        self.spoils = spoils

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        self.prompts.append(prompt)
        style = list(STYLES.values())[len(self.prompts) % len(STYLES)]
        golden = TABLES[prompt.photos[0].height - 400]
        for piece in (text := style(golden.columns, spoiled(golden) if self.spoils else golden.cells, 1)).split(" "):
            yield Text(piece if text.endswith(piece) else f"{piece} ")
        yield Usage(credits=3)


def spoiled(golden: Golden) -> list[list[str]]:
    """The cells with a total that is one too high."""
    cells = golden.cells
    if golden.total is not None:
        true = golden.rows[golden.total][-1]
        assert isinstance(true, Decimal)
        cells[golden.total][-1] = golden.written(true + Decimal("1.00"))
    return cells
