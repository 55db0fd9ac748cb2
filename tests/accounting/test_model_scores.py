"""Votes are judged with care: few of them say little, and a cheaper model that may be as good is the best buy."""

import pytest

from bot.accounting.model_scores import FEWEST_VOTES, best_value, by_rank, wilson_interval
from bot.messages import ModelScore


@pytest.mark.parametrize(
    ("won", "votes", "low", "high"),
    [  # as published tables have them
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_is_wilsons(won: int, votes: int, low: float, high: float) -> None:
    assert wilson_interval(won, votes) == pytest.approx((low, high), abs=0.0001)


def test_without_votes_anything_is_possible() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def score(model: str, won: int, votes: int, credits: float | None = None, dollars: float | None = None) -> ModelScore:
    return ModelScore(model=model, won=won, votes=votes, credits=credits, dollars=dollars)


DEAR, CHEAP, BAD = score("dear", 18, 20, 900), score("cheap", 15, 20, 90), score("bad", 2, 20, 1)


def test_the_best_buy_is_the_cheapest_that_may_be_as_good_as_the_best() -> None:
    assert best_value([DEAR, CHEAP, BAD]) == "cheap"
    assert best_value([DEAR, BAD]) == "dear"


def test_few_votes_conclude_nothing() -> None:
    few = score("few", FEWEST_VOTES - 1, FEWEST_VOTES - 1, 1)
    assert best_value([DEAR, few]) is None
    assert best_value([DEAR, CHEAP, few]) == "cheap"


def test_prices_in_different_units_and_unknown_prices_are_not_compared() -> None:
    assert best_value([DEAR, score("other", 15, 20, dollars=0.001), score("unknown", 15, 20)]) == "dear"
    assert best_value([score("one", 15, 20), score("two", 15, 20)]) is None


def test_a_single_lucky_vote_ranks_no_model_first() -> None:
    assert [each.model for each in by_rank([score("lucky", 1, 1), DEAR, BAD])] == ["dear", "lucky", "bad"]
