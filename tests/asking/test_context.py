"""What goes along with a question: the photos that matter, and no more than fits."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking.context import (
    LONGEST_DESCRIPTION,
    MOST_BYTES,
    MOST_FILES,
    MOST_TEXT,
    MOST_TOKENS,
    TOLD,
    affordable,
    background,
    excerpts,
    exchanges_missed_by,
    fit_history,
    number_files,
    select_relevant,
    tokens,
)
from bot.asking.mentions import named
from bot.files.documents.document_text import DocumentText
from bot.messages import Attachment, Channel, Exchange, Photo, RememberedFile

HERE = Channel("web", "lobby")


def known(number: int, turn: int | None = None, **more: object) -> RememberedFile:
    attachment = Attachment(ref=f"ref-{number}", name=f"{number}.jpg")
    hash = f"hash-{number}"
    file = RememberedFile(number=number, turn=turn or number, channel=HERE, attachment=attachment, sha256=hash)
    return replace(file, **more)  # type: ignore[arg-type]


def photo(sha256: str, size: int = 1000) -> Photo:
    return Photo(name="a.jpg", mime="image/jpeg", file=Path("a.jpg"), size=size, sha256=sha256, width=640, height=480)


def numbers(chosen: list[RememberedFile]) -> list[int]:
    return [each.number for each in chosen]


# naming


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("what is in photo 2?", {2}),
        ("Compare photos 1 and 3", {1, 3}),
        ("pictures 1, 2 and 4 please", {1, 2, 4}),
        ("photos 2-4", {2, 3, 4}),
        ("photo 2 and photo 5", {2, 5}),
        ("image #7", {7}),
        ("look at #3 again", {3}),
        ("Was ist auf Bild 2?", {2}),
        ("Bilder 2 bis 4", {2, 3, 4}),
        ("¿Qué hay en la foto 3?", {3}),
        ("imágenes 1 y 2", {1, 2}),
        ("что на фото 2?", {2}),
        ("图2是什么", {2}),
        ("第3张照片", {3}),
        ("फोटो 2 में क्या है", {2}),
        ("the total of file 2", {2}),
        ("compare documents 1 and 3", {1, 3}),
        ("was steht in Datei 2?", {2}),
        ("el documento 2", {2}),
        ("в файле 2", {2}),
        ("文件2说什么", {2}),
        ("फ़ाइल 2 में", {2}),
        ("what is in this photo?", set()),
        ("a photo of 2 cats", set()),
        ("two cats in 1999", set()),
        ("", set()),
    ],
)
def test_photos_are_named_by_number_in_every_language_the_bot_speaks(text: str, meant: set[int]) -> None:
    assert named(text) == meant


@given(st.text())
def test_no_words_of_people_break_it(text: str) -> None:
    assert all(isinstance(number, int) for number in named(text))


# choosing


def test_a_question_without_photos_is_about_those_that_were_shown_last() -> None:
    assert numbers(select_relevant("and now?", [], [known(1, turn=1), known(2, turn=5), known(3, turn=5)])) == [2, 3]


def test_a_question_with_photos_of_its_own_needs_no_others() -> None:
    assert select_relevant("and this?", ["hash-3"], [known(1), known(2), known(3)]) == []


def test_named_ones_come_along_with_its_own() -> None:
    assert numbers(select_relevant("is it the cat of photo 1?", ["hash-3"], [known(1), known(2), known(3)])) == [1]


def test_its_own_are_not_sent_twice() -> None:
    assert select_relevant("is it photo 3?", ["hash-3"], [known(3)]) == []


def test_a_number_that_nobody_knows_is_no_photo_and_the_last_one_is_meant() -> None:
    assert numbers(select_relevant("photo 9?", [], [known(1), known(2)])) == [2]


def test_what_a_provider_choked_on_does_not_come_along_by_itself() -> None:
    assert numbers(select_relevant("and?", [], [known(1), known(2, unusable=True)])) == [1]


def test_where_it_is_named_it_is_tried_again_and_no_other_one_stands_in_for_it() -> None:
    shown = [known(1), known(2, unusable=True), known(3)]
    assert numbers(select_relevant("what is in photo 2?", [], shown)) == [2]


def test_never_more_than_the_budget_allows() -> None:
    many = [known(n, turn=1) for n in range(1, 40)]
    assert numbers(select_relevant("and?", [], many)) == list(range(40 - MOST_FILES, 40))


def test_of_large_ones_the_last_that_fit() -> None:
    photos = [photo("a", MOST_BYTES // 2), photo("b", MOST_BYTES // 2), photo("c", MOST_BYTES // 2)]
    assert [each.sha256 for each in affordable(photos)] == ["b", "c"]


def test_short_documents_leave_their_room_to_long_ones() -> None:
    readings = [
        DocumentText(pages=("x" * 1_000_000,)),
        DocumentText(pages=("y" * 10,)),
        DocumentText(pages=("z" * 1_000_000,)),
    ]
    said = excerpts(readings)
    assert sum(len(text) for text, _ in said) == MOST_TEXT
    assert said[1] == ("y" * 10, "")
    assert abs(len(said[0][0]) - len(said[2][0])) <= 1
    assert excerpts([]) == []


# telling


def test_documents_are_told_of_as_files() -> None:
    report = known(2, description="a bill")
    report = replace(report, attachment=replace(report.attachment, mime="application/pdf", name="a.pdf"))
    told = background([known(1), report], [], {})
    assert "File 2 (a.pdf): a bill" in told
    assert "Photo 1 (1.jpg)" in told
    [kept] = fit_history([Exchange(author="Ann", question="what?", answer="a bill", turn=2)], [known(1), report])
    assert kept.question == "[file 2] what?"


def test_new_photos_are_numbered_after_those_that_are_known() -> None:
    assert number_files([known(1), known(2)], [photo("new"), photo("hash-1"), photo("newer")]) == {
        "hash-1": 1,
        "hash-2": 2,
        "new": 3,
        "newer": 4,
    }


def test_others_are_told_of_in_words_and_those_that_are_sent_are_not() -> None:
    told = background([known(1, description="a cat"), known(2)], ["hash-2"], {})
    assert "Photo 1 (1.jpg): a cat" in told
    assert "2.jpg" not in told


def test_where_nobody_described_one_its_answer_tells() -> None:
    assert "Photo 1 (1.jpg): It is a tabby." in background([known(1, answer_beginning="It is\n a tabby.")], [], {})


def test_one_that_is_lost_is_named_with_the_reason() -> None:
    assert "Photo 1 (1.jpg): it could not be downloaded" in background(
        [known(1)], [], {"hash-1": "it could not be downloaded"}
    )


def test_a_thousand_photos_are_told_of_in_as_many_words_as_a_dozen() -> None:
    told = background([known(n, answer_beginning="x" * 1000) for n in range(1, 1001)], [], {})
    assert len(told.splitlines()) <= TOLD + 3
    assert len(told) < (LONGEST_DESCRIPTION + 40) * (TOLD + 2)


def test_history_is_as_long_as_its_tokens_allow_and_the_newest_counts() -> None:
    history = [
        Exchange(author="Ann", question=f"question {n}", answer="word " * 400, turn=n, model="vapi/gpt-4o")
        for n in range(100)
    ]
    kept = fit_history(history, [])
    assert kept[-1].question == "question 99"
    assert sum(tokens(each.question) + tokens(each.answer) for each in kept) <= MOST_TOKENS
    assert len(kept) == 7


def test_one_answer_that_is_too_long_is_told_by_its_beginning() -> None:
    [kept] = fit_history([Exchange(author="Ann", question="why?", answer="x" * 100_000)], [])
    assert 0 < tokens(kept.answer) <= MOST_TOKENS


def test_questions_say_which_photos_they_showed() -> None:
    [kept] = fit_history(
        [Exchange(author="Ann", question="what?", answer="a cat", turn=3)], [known(1, turn=3), known(2, turn=3)]
    )
    assert kept.question == "[photo 1, 2] what?"


def test_a_first_line_in_italics_is_the_model_s_own() -> None:
    [kept] = fit_history([Exchange(author="Ann", question="what?", answer="_A haiku:_\n\nA _fine_ cat.")], [])
    assert kept.answer == "_A haiku:_\n\nA _fine_ cat."


def test_chinese_counts_for_more_than_its_letters() -> None:
    assert tokens("猫" * 100) > tokens("c" * 100)


# missing


def exchange(n: int, model: str) -> Exchange:
    return Exchange(author="Ann", question=f"question {n}", answer="answer", turn=n, model=model)


def test_a_provider_missed_what_others_answered_since_it_was_asked_last() -> None:
    history = [exchange(1, "onemin/gpt-4o"), exchange(2, "vapi/gpt-4o"), exchange(3, "openai/llava")]
    assert [each.turn for each in exchanges_missed_by(history, "onemin")] == [2, 3]


def test_it_missed_nothing_that_it_answered_itself() -> None:
    assert exchanges_missed_by([exchange(1, "vapi/gpt-4o"), exchange(2, "onemin/gpt-4o")], "onemin") == []


def test_it_missed_all_where_it_never_answered() -> None:
    assert len(exchanges_missed_by([exchange(1, "vapi/gpt-4o"), exchange(2, "vapi/gpt-4o")], "onemin")) == 2
