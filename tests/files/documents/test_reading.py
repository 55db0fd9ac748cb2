"""How much of a document goes along, and how that is said."""

from bot.files.documents.document_text import DocumentText
from bot.words import speaking

PAGES = DocumentText(pages=("one", "two", "three"), of=3)


def test_all_of_it_needs_no_words_about_that() -> None:
    assert PAGES.first(1000) == ("[page 1]\none\n\n[page 2]\ntwo\n\n[page 3]\nthree", "")
    assert DocumentText(pages=("words",)).first(1000) == ("words", "")
    assert DocumentText(pages=("words",), of=1).first(1000) == ("words", "")


def test_pages_are_whole_where_they_can_be() -> None:
    assert PAGES.first(30) == ("[page 1]\none\n\n[page 2]\ntwo", "the first 2 of 3 pages")
    assert PAGES.first(10) == ("[page 1]\no", "the first 1 of 3 pages")


def test_what_was_not_read_counts_too() -> None:
    assert DocumentText(pages=("one", "two"), of=312).first(1000)[1] == "the first 2 of 312 pages"
    assert DocumentText(pages=("x" * 50,), share=0.5).first(25) == ("x" * 25, "about the first 25%")
    assert DocumentText(pages=("x" * 50,), share=0.001).first(50)[1] == "about the first 1%"


def test_it_is_said_in_the_language_of_whoever_asks() -> None:
    with speaking("de"):
        assert PAGES.first(30)[1]


def test_blanks_say_nothing() -> None:
    assert DocumentText(pages=("", " \n"), of=2).is_empty
    assert not PAGES.is_empty
    assert DocumentText(pages=("",)).first(10) == ("", "")
