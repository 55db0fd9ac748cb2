"""Numbers and dates in the notations of different places, and what only looks like one."""

from datetime import date
from decimal import Decimal

import pytest

from bot.tables.amounts import find_decimal_mark, read_amount, read_dates


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56 €", "1234.56"),
        ("1'234.50", "1234.50"),
        ("12.345.678,9", "12345678.9"),
        ("1,23,456.00", "123456.00"),
        ("¥1,200", "1200"),
        ("１，２００円", "1200"),
        ("(12.00)", "-12.00"),
        ("($1,234.56)", "-1234.56"),
        ("12-", "-12"),
        ("12,50-", "-12.50"),
        ("−5.00", "-5.00"),
        ("-$12.00", "-12.00"),
        ("- 5,00 EUR", "-5.00"),
        ("12.-", "12"),
        ("12,--", "12"),
        ("2,99 A", "2.99"),
        ("R$ 1.234,56", "1234.56"),
        ("100 руб.", "100"),
        ("٣٫٥", "3.5"),
        ("0,200", "0.200"),
        (".5", "0.5"),
        ("19 %", "19"),
        ("0", "0"),
    ],
)
def test_a_number_is_exact_in_every_notation(text: str, value: str) -> None:
    amount = read_amount(text)
    assert amount is not None and not amount.is_uncertain
    assert (amount.value, amount.value.as_tuple()) == (Decimal(value), Decimal(value).as_tuple())


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "--", "€", "abc", "2 kg", "12 B", "12:30", "1.2.3", "192.168.1.1", "3.12.2026", "1,2,3", "12 34"),
        *("007", "01067", "+49 170 1234567", "+491701234567", "1234567890123456", "=1+1", "1e5", "½", "1" * 100),
    ],
)
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    ("others", "text", "value"),
    [
        (["12,50", "3,00"], "1.200", "1200"),
        (["12,50"], "1,200", "1.200"),
        (["12.50"], "1,200", "1200"),
        (["1.234.567"], "1.200", "1200"),
        ([], "1,200", "1200"),
    ],
)
def test_other_numbers_of_the_photo_tell_what_a_dot_or_comma_means(others: list[str], text: str, value: str) -> None:
    amount = read_amount(text, find_decimal_mark(others))
    assert amount is not None and amount.value == Decimal(value) and not amount.is_uncertain


def test_a_dot_that_nothing_explains_is_uncertain() -> None:
    amount = read_amount("1.200")
    assert amount is not None and amount.is_uncertain


def test_dates_are_read_by_what_leaves_no_doubt_in_their_column() -> None:
    may = date(2026, 5, 4)
    assert [day for day, _ in read_dates(["2026-05-04", "04.05.2026", "2026年5月4日", "4.5.26"])] == [may] * 4
    assert read_dates(["04/05/2026", "13/05/2026"])[0] == (may, False)
    assert read_dates(["05/04/2026", "05/13/2026"])[0] == (may, False)
    assert read_dates(["05/04/2026"]) == [(None, True)]
    assert read_dates(["31.02.2026", "12:30", "1.5"]) == [(None, False)] * 3
