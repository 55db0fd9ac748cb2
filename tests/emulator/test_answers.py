from emulator.answers import AnswerContext, answer
from emulator.state import NumberedPhoto
from emulator.vision import PhotoMeasures

CAT = NumberedPhoto(1, "images/cat.jpg", PhotoMeasures(31_794, "JPEG", 451, 300, ("brown", "grey"), "bright", "sharp"))
TOLD = NumberedPhoto(
    2, "images/dog.png", PhotoMeasures(500, "PNG", 30, 30, ("red",), "dark", "blurred", ("GPS", "camera", "comment"))
)
BROKEN = NumberedPhoto(3, "images/broken.jpg", PhotoMeasures(9_000))


def scene(**changes: object) -> AnswerContext:
    return AnswerContext(**{"question": "What?", "model": "gpt-4o", "turn": 1, "remembered": 0} | changes)  # type: ignore[arg-type]


def test_an_answer_about_a_photo_has_60_to_150_words() -> None:
    for one in (scene(new=(CAT,)), scene(earlier=(CAT,), turn=2), scene()):
        assert 60 <= len(answer(one).split()) <= 150


def test_the_same_question_gets_the_same_answer() -> None:
    assert answer(scene(new=(CAT, TOLD))) == answer(scene(new=(CAT, TOLD)))


def test_metadata_is_named_or_said_to_be_gone() -> None:
    assert "No metadata was left in it." in answer(scene(new=(CAT,)))
    assert "Metadata left: GPS, camera, comment." in answer(scene(new=(TOLD,)))


def test_a_broken_photo_is_named() -> None:
    assert "**Photo 3** has 9,000 bytes, but I cannot read it" in answer(scene(new=(CAT, BROKEN)))
    assert "photo 3 (unreadable, 9,000 bytes)" in answer(scene(earlier=(BROKEN,)))


def test_photos_from_before_are_mentioned_beside_a_new_one() -> None:
    text = answer(scene(new=(TOLD,), earlier=(CAT, TOLD), turn=2, remembered=1))
    assert "Earlier came photo 1 (a landscape JPEG, 451 × 300 pixels, mostly brown and grey)." in text


def test_a_long_question_is_quoted_briefly() -> None:
    text = answer(scene(question="why\n" * 100))
    assert "“why why" in text and "…”" in text and len(text) < 700


def test_the_sandbox_owns_up_to_having_no_web() -> None:
    assert "there is no web in an emulator" in answer(scene(web=True))
