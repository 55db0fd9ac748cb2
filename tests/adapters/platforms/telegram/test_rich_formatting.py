"""Markdown as the blocks of a rich message, within what Telegram takes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.budgets import TelegramBudgets
from adapters.platforms.telegram.rich_formatting import render_rich
from tests.doubles import telegram_rich as double
from tests.doubles.telegram_rich import blocks_of, read_rich_request

TABLE = "| shop | total |\n|---|--:|\n| A | **1** |\n| B |\n"


def taken(markdown: str, *pictures: str) -> Any:
    """The blocks of a text, which the double takes."""
    blocks = render_rich(markdown, pictures)
    assert blocks is not None
    uploads = {name: {"data": b"x"} for name in pictures}
    request = read_rich_request({"blocks": blocks, "skip_entity_detection": True}, uploads)
    assert request.fetched == []
    return request


def test_the_bots_budgets_keep_within_what_the_double_enforces() -> None:
    assert TelegramBudgets.RICH_LENGTH <= double.MOST_CHARACTERS
    assert TelegramBudgets.RICH_BLOCKS <= double.MOST_BLOCKS
    assert TelegramBudgets.RICH_DEPTH <= double.DEEPEST
    assert TelegramBudgets.RICH_COLUMNS <= double.MOST_COLUMNS
    assert TelegramBudgets.RICH_MEDIA <= double.MOST_MEDIA


@pytest.mark.parametrize("plain", ["a **word**", "# A title\n\n- item", "> a quote", "`code`", "", "[a](https://b.c)"])
def test_what_a_text_shows_as_well_is_a_text(plain: str) -> None:
    assert render_rich(plain) is None
    assert render_rich(plain, ["picture1"]) is None


def test_a_table_has_its_cells_with_their_sides_and_no_gaps() -> None:
    [table] = blocks_of("table", taken(f"Sums:\n\n{TABLE}").blocks)
    assert [[cell["text"] for cell in row] for row in table["cells"]] == [
        ["shop", "total"],
        ["A", {"type": "bold", "text": "1"}],
        ["B", ""],
    ]
    assert [cell["align"] for cell in table["cells"][1]] == ["left", "right"]
    assert [cell.get("is_header") for row in table["cells"] for cell in row] == [True, True, None, None, None, None]


def test_formulas_go_as_they_were_written_and_money_is_none() -> None:
    request = taken("It costs $5 and $6, so $x^2$:\n\n$$ E = mc^2 $$\n")
    assert request.words == "It costs $5 and $6, so x^2:\nE = mc^2"
    [block] = blocks_of("mathematical_expression", request.blocks)
    assert block["expression"] == "E = mc^2"


def test_a_section_opens_and_a_task_has_its_box() -> None:
    request = taken("<details><summary>**More**</summary>\n\n- [x] done\n- [ ] open\n\n</details>\n")
    [details] = blocks_of("details", request.blocks)
    assert details["summary"] == {"type": "bold", "text": "More"}
    [tasks] = blocks_of("list", request.blocks)
    assert [item["is_checked"] for item in tasks["items"]] == [True, False]


def test_pictures_are_uploaded_and_those_behind_an_address_are_only_linked_to() -> None:
    request = taken("Here ![a cat](https://evil.example/cat.png?words=secret)", "picture1", "picture2")
    assert request.pictures == [b"x", b"x"]
    [collage] = blocks_of("collage", request.blocks)
    assert len(collage["blocks"]) == 2
    assert "https://evil.example" in str(request.blocks[0]), "people may follow it"


def test_a_link_that_hides_its_host_names_it() -> None:
    assert "(evil.example)" in taken(f"[bank.example](https://evil.example)\n\n{TABLE}").words


@pytest.mark.parametrize(
    "large",
    [
        "| a |\n|---|\n" + "| b |\n" * 600,
        TABLE + "\n" + "> " * 30 + "deep",
        "|" + "a|" * 30 + "\n|" + "-|" * 30 + "\n|" + "b|" * 30,
        TABLE + "\n" + "word " * 8000,
    ],
    ids=["rows", "depth", "columns", "length"],
)
def test_what_telegram_would_refuse_is_a_text(large: str) -> None:
    blocks = render_rich(large)
    if blocks is not None:  # where the tree itself is less deep than what was written
        read_rich_request({"blocks": blocks, "skip_entity_detection": True}, {})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["- ", "> ", "**", "$x$", "\n", "\n\n", "| a |\n|--|\n| b |\n", "<details>", "</details>"])
        | st.text(max_size=8),
        max_size=25,
    )
)
def test_whatever_is_written_telegram_takes_it_or_it_is_a_text(pieces: list[str]) -> None:
    blocks = render_rich("".join(pieces))
    if blocks is not None:
        read_rich_request({"blocks": blocks, "skip_entity_detection": True}, {})
