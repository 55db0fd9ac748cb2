"""What a model adds to a partial answer is shown once, whether it goes on, repeats its end or begins again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking.growing_answer import Continuation

WHOLE = " ".join(f"Sentence {n} tells of a red fox in the snow." for n in range(30))
SAID = WHOLE[:900]


def joined(said: str, *pieces: str, broken: bool = False) -> str:
    """What stands in the chat in the end."""
    rest, text = Continuation(said), said
    for growth in [*map(rest.feed, pieces), rest.break_off() if broken else rest.end()]:
        text = growth.text if growth.replaces else text + growth.text
    return text


def cut(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("back", [0, 4, 40, 200])
def test_it_goes_on_wherever_it_takes_up_the_thread(back: int) -> None:
    assert joined(SAID, *cut(WHOLE[900 - back :])) == WHOLE


def test_it_may_begin_again() -> None:
    assert joined(SAID, *cut(WHOLE)) == WHOLE
    other = WHOLE.replace("snow", "wood")
    assert joined(SAID, *cut(other)) == other
    assert joined(SAID, *cut(WHOLE[:400])) == WHOLE[:400]


def test_text_that_repeats_itself_loses_nothing() -> None:
    again = "The fox looks at us. " * 60
    assert joined(again[:900], *cut(again)) == again
    assert joined(again[:900], *cut(again[900:])).startswith(again[:900])


def test_a_beginning_that_breaks_off_again_loses_nothing() -> None:
    assert joined(SAID, *cut(WHOLE[:500]), broken=True) == SAID
    assert joined(SAID, *cut(WHOLE[:950]), broken=True).startswith(SAID)


@pytest.mark.parametrize(
    ("said", "rest", "whole"),
    [
        ("It is a cat that", "It is a cat that sleeps.", "It is a cat that sleeps."),
        ("The picture shows a re", "The picture shows a red fox.", "The picture shows a red fox."),
        ("The ", "cat sleeps.", "The cat sleeps."),
        ("A cat", " and a dog.", "A cat and a dog."),
    ],
)
def test_short_ones_too(said: str, rest: str, whole: str) -> None:
    assert joined(said, *cut(rest, 3)) == whole


def test_a_new_answer_is_passed_on_at_once() -> None:
    assert Continuation("").feed("It").text == "It"


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=8))
def test_what_is_said_is_never_lost_where_the_rest_is_another_text(said: str, pieces: list[str]) -> None:
    text = joined(said, *pieces)
    assert text.startswith(said) or text == "".join(pieces)
