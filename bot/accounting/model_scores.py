"""Conclusions from votes on compared answers: intervals, and the best buy."""

from collections.abc import Sequence
from math import sqrt

from bot.messages import ModelScore

Z = 1.959964  # of 95%: standard deviations
FEWEST_VOTES = 10  # on a model, before anything is concluded from them


def wilson_interval(won: int, votes: int) -> tuple[float, float]:
    """Return the bounds between which the true share of wins lies with 95%, 0 to 1 (Wilson's score interval)."""
    if not votes:
        return 0.0, 1.0
    share, spread = won / votes, Z * Z / votes
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / votes + spread / votes / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def by_rank(scores: Sequence[ModelScore]) -> list[ModelScore]:
    """Return the models, the surest winner first."""
    return sorted(scores, key=lambda score: (-wilson_interval(score.won, score.votes)[0], score.model))


def best_value(scores: Sequence[ModelScore]) -> str | None:
    """Return the cheapest model of those that win as often as the best: their intervals overlap.

    None where fewer than two models have enough votes, or the price of the best is unknown. Prices in different units
    are not compared.
    """
    rated = by_rank([score for score in scores if score.votes >= FEWEST_VOTES])
    if len(rated) < 2:
        return None
    best = rated[0]
    bar, _ = wilson_interval(best.won, best.votes)
    unit = "dollars" if best.dollars is not None else "credits"
    as_good = [score for score in rated if wilson_interval(score.won, score.votes)[1] >= bar]
    priced = {score.model: price for score in as_good if (price := getattr(score, unit)) is not None}
    return min(priced, key=lambda model: priced[model], default=None)
