"""Which shards a process takes, as the operator writes it."""

import pytest

from adapters.platforms.discord.shards import Shards


@pytest.mark.parametrize(
    ("text", "ids", "count"),
    [("0-1/4", [0, 1], 4), ("2-3/4", [2, 3], 4), ("3/8", [3], 8), ("0/1", [0], 1), ("0-0/1", [0], 1)],
)
def test_shards_are_read(text: str, ids: list[int], count: int) -> None:
    shards = Shards.parse(text)
    assert (list(shards.ids), shards.count) == (ids, count)


def test_processes_share_all_shards_between_them() -> None:
    taken = [id for text in ("0-3/10", "4-8/10", "9/10") for id in Shards.parse(text).ids]
    assert taken == list(range(10))


@pytest.mark.parametrize("text", ["", "3", "0-1", "/4", "a/4", "0-/4", "-1/4", "0-1/4/5", "0-1/4 ", "0 - 1/4"])
def test_anything_else_is_no_shards(text: str) -> None:
    with pytest.raises(ValueError, match="FIRST-LAST/COUNT"):
        Shards.parse(text)


def test_the_same_shards_have_one_name_however_they_are_written() -> None:
    assert str(Shards.parse("3/8")) == str(Shards.parse("3-3/8")) == "3-3/8"
    assert str(Shards.parse("0-3/8")) != str(Shards.parse("0-3/9"))
