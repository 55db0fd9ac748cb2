"""Checks of a table's sums: items against subtotals and totals, with tax and discounts, and quantities times prices."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations

from bot.tables.photo_table import PhotoTable, TableRow, currencies
from bot.tables.sum_words import SumKind, is_running_column, kind_of
from bot.words import say

CENT = Decimal("0.01")
MOST_PRODUCT_COLUMNS = 6  # columns of numbers that are compared with each other
FEWEST_PRODUCTS = 2  # rows that show that one column is the product of two others
ENOUGH_PRODUCTS = Decimal("0.6")  # their share


def check_sums(table: PhotoTable) -> PhotoTable:
    """Return the table with a doubt about each figure that does not add up."""
    rows = list(table.rows)
    kinds = [_kind_of_row(row) for row in rows]
    columns = [n for n, name in enumerate(table.columns) if not is_running_column(name)]
    for photo in dict.fromkeys(row.photo for row in rows):
        places = [n for n, row in enumerate(rows) if row.photo == photo]
        _check_products(rows, [n for n in places if kinds[n] is None])
        for column in columns:
            _check_column(rows, places, kinds, column)
    return replace(table, rows=tuple(rows))


def _kind_of_row(row: TableRow) -> SumKind | None:
    """Return the kind of a row by its first words: a row of figures alone is an item."""
    label = next((cell.text for cell in row.cells if cell.text and cell.value is None), "")
    return kind_of(label)


@dataclass(frozen=True, slots=True)
class _Products:
    """A column that is the product of two others: the rows that show it, and what the others should be."""

    column: int
    right: int = 0
    wrong: tuple[tuple[int, Decimal], ...] = ()


def _check_products(rows: list[TableRow], places: Sequence[int]) -> None:
    """Doubt the products that are wrong where one column is the product of two others in most rows."""
    columns = [n for n in range(_width(rows, places)) if any(_has(rows[place], n) for place in places)]
    candidates = permutations(columns[:MOST_PRODUCT_COLUMNS], 3)
    found = (_products(rows, places, (a, b, product)) for a, b, product in candidates if a < b)
    best = max((each for each in found if each), key=lambda each: each.right, default=_Products(0))
    for n, value in best.wrong:
        rows[n] = rows[n].with_doubt(best.column, say("table_doubt_product", value=_written(value)))


def _products(rows: Sequence[TableRow], places: Sequence[int], columns: tuple[int, int, int]) -> _Products | None:
    first, second, product = columns
    triples = [
        (n, _number(rows[n], first), _number(rows[n], second), _number(rows[n], product))
        for n in places
        if _has(rows[n], *columns)
    ]
    telling = [_is_close(a * b, c) for _, a, b, c in triples if a not in (0, 1) and b not in (0, 1)]
    right = sum(telling)
    if right < FEWEST_PRODUCTS or right < ENOUGH_PRODUCTS * len(telling):
        return None
    wrong = tuple((n, a * b) for n, a, b, c in triples if not _is_close(a * b, c))
    return _Products(product, right, wrong)


def _width(rows: Sequence[TableRow], places: Sequence[int]) -> int:
    return max((len(rows[n].cells) for n in places), default=0)


def _has(row: TableRow, *columns: int) -> bool:
    return all(row.cells[column].number is not None for column in columns)


def _number(row: TableRow, column: int) -> Decimal:
    return row.cells[column].number or Decimal()


def _is_close(exact: Decimal, written: Decimal) -> bool:
    """Tell whether a product was rounded to what is written."""
    return abs(exact - written) < Decimal(1).scaleb(-_decimals(written))


@dataclass(slots=True)
class _Sums:
    """The sums of one column of one photo, from its first row down to the one that is checked next."""

    items: list[Decimal] = field(default_factory=list)  # since the last subtotal
    all_items: Decimal = Decimal()
    count: int = 0  # of all items
    subtotals: Decimal | None = None
    additions: list[Decimal] = field(default_factory=list)
    deductions: Decimal = Decimal()
    total: Decimal | None = None  # after which nothing is an item any more

    def add(self, number: Decimal) -> None:
        """Add an item."""
        self.items.append(number)
        self.all_items += number
        self.count += 1

    def possible_subtotals(self) -> Iterator[Decimal]:
        """Yield what a subtotal may be: of its part or of all, with a discount or without, with tax or without."""
        for base in [sum(self.items, Decimal()), self.all_items] if self.items else [self.all_items]:
            yield from (base, base - self.deductions, base + sum(self.additions, Decimal()) - self.deductions)

    def possible_totals(self) -> Iterator[Decimal]:
        """Yield what the total may be: of taxes and tips, each may be added, or included."""
        bases = [self.all_items] if self.count else []
        bases += [] if self.subtotals is None else [self.subtotals + sum(self.items, Decimal())]
        for base in bases if self.total is None else [self.total]:
            for deductions in {self.deductions, Decimal()}:
                yield base + sum(self.additions, Decimal()) - deductions
                yield from (base + each - deductions for each in (Decimal(), *self.additions))


def _check_column(rows: list[TableRow], places: Sequence[int], kinds: Sequence[SumKind | None], column: int) -> None:
    """Doubt the subtotals and totals in one column that are not the sum of what stands above them."""
    if len(currencies(rows[n].cells[column] for n in places)) > 1:
        return
    sums = _Sums()
    for n in places:
        number = rows[n].cells[column].number
        if number is None:
            continue
        match kinds[n]:
            case None if sums.total is None:
                sums.add(number)
            case "subtotal" if sums.total is None:
                if sums.count:
                    rows[n] = _checked(rows[n], column, number, list(sums.possible_subtotals()))
                is_first = sums.subtotals is None or number == sums.all_items
                sums.subtotals, sums.items = number if is_first else (sums.subtotals or 0) + number, []
            case "addition":
                sums.additions.append(number)
            case "deduction":
                sums.deductions += abs(number)
            case "total":
                rows[n] = _checked(rows[n], column, number, list(sums.possible_totals()))
                sums.total, sums.additions, sums.deductions = number, [], Decimal()


def _checked(row: TableRow, column: int, number: Decimal, possible: Collection[Decimal]) -> TableRow:
    if not possible or number in possible:
        return row
    return row.with_doubt(column, say("table_doubt_sum", value=_written(next(iter(possible)))))


def _written(value: Decimal) -> str:
    return f"{value:f}" if _decimals(value) <= 2 else f"{value.quantize(CENT, ROUND_HALF_UP):f}"


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
