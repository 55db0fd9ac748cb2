"""Odd bodies are refused in a sentence."""

import pytest

from bot.web.bodies import parse_json

ODD = [
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'"\xff"',
    b"NaN",
    b"[Infinity]",
    b"1" * 5000,
    b"",
    b"\x00",
    b"{",
]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_what_is_no_json_is_a_value_error_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_json(body)


def test_whole_pairs_of_surrogates_are_one_sign() -> None:
    assert parse_json(b'["\\ud83d\\ude42"]') == ["🙂"]
