"""Which photo is "the one just above", by the recent messages of a place."""

from dataclasses import replace

import pytest

from bot.intake.photo_above import find_photo_above, may_mean_photo_above
from bot.messages import POINTER_SECONDS, Attachment, Author, Channel, Message, MessageReference, PhotoPointer
from tests.conftest import said

HERE, THERE = Channel.parse("telegram:-1"), Channel.parse("discord:2")
ANN, BOB, CARL = Author("1", "Ann"), Author("2", "Bob"), Author("3", "Carl")
NOW = 10_000.0


def posted(
    name: str, by: Author = ANN, ago: float = 60, *, channel: Channel = HERE, heard: bool = False, album: str = ""
) -> PhotoPointer:
    """A photo that was posted so many seconds ago."""
    attachments = (Attachment(ref=name, name=f"{name}.jpg"),) if name else ()
    at = NOW - ago
    return PhotoPointer(
        channel=channel,
        message=f"{at:08.1f}{name}",
        author=by,
        sent=at,
        kept=at,
        attachments=attachments,
        album=album or None,
        heard=heard,
    )


def question(text: str = "what is this?", by: Author = ANN) -> Message:
    return replace(said(text, str(HERE)), author=by, sent=NOW)


def above(*recent: PhotoPointer, by: Author = ANN) -> str:
    """The photos that a question by this person is about, and a mark where another one may be meant."""
    found = find_photo_above(question(by=by), recent)
    if found is None:
        return ""
    return "+".join(each.ref for each in found.attachments) + "?" * found.is_ambiguous


def test_it_is_the_last_one_of_whoever_asks() -> None:
    assert above(posted("cat", ago=90), posted("rocket", ago=30)) == "rocket"


def test_one_of_somebody_else_counts_where_the_author_has_posted_none() -> None:
    assert above(posted("rocket", BOB)) == "rocket"


def test_of_two_people_s_photos_that_of_whoever_asks_comes_first_and_the_answer_says_so() -> None:
    assert above(posted("rocket", ANN, 90), posted("cat", BOB, 30)) == "rocket?"
    assert above(posted("cat", BOB, 90), posted("rocket", CARL, 30)) == "rocket?"


def test_after_ten_minutes_it_is_no_longer_the_one_above() -> None:
    assert above(posted("rocket", ago=POINTER_SECONDS)) == "rocket"
    assert above(posted("rocket", ago=POINTER_SECONDS + 1)) == ""


def test_what_the_author_has_asked_since_is_nearer() -> None:
    assert above(posted("rocket", ago=90), posted("", ago=30, heard=True)) == ""
    assert above(posted("rocket", ago=90), posted("", BOB, ago=30, heard=True)) == "rocket"


def test_a_photo_that_the_conversation_talked_about_is_nearer_than_an_older_one_of_somebody_else() -> None:
    assert above(posted("rocket", BOB, 90), posted("cat", CARL, 30, heard=True)) == ""
    assert above(posted("rocket", ANN, 90), posted("cat", CARL, 30, heard=True)).startswith("rocket")


def test_photos_that_were_posted_together_are_meant_together() -> None:
    assert above(posted("a", ago=61, album="x"), posted("b", ago=60, album="x")) == "a+b"
    assert above(posted("a", ago=61), posted("b", ago=60)) == "a+b"
    assert above(posted("a", ago=64), posted("b", ago=60)) == "b"
    assert above(posted("a", BOB, 61), posted("b", CARL, 60)) == "b?"


def test_photos_of_linked_channels_come_last() -> None:
    assert above(posted("rocket", BOB, channel=THERE)) == "rocket"
    assert above(posted("cat", BOB, 90), posted("rocket", BOB, 30, channel=THERE)) == "cat"


@pytest.mark.parametrize("text", ["what is this?", "/describe", "/edit darker", "/ask who is it?", ""])
def test_a_question_that_points_at_nothing_may_mean_it(text: str) -> None:
    assert may_mean_photo_above(question(text))


@pytest.mark.parametrize("text", ["/model", "/imagine a cat", "what is in photo 2?", "/new"])
def test_commands_and_questions_about_a_number_do_not(text: str) -> None:
    assert not may_mean_photo_above(question(text))


def test_neither_does_what_brings_a_photo_or_points_at_a_message() -> None:
    assert not may_mean_photo_above(said(photos=1))
    about = MessageReference(id="1", ours=False, text="hello")
    assert not may_mean_photo_above(replace(question(), about=about))
