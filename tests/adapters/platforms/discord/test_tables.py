"""Tables become what a phone can show, and keep their words."""

from adapters.platforms.discord.escaping import ZERO_WIDTH_SPACE
from adapters.platforms.discord.formatting import MAX_LENGTH, render
from bot.replies.markdown.grid import MAX_COLUMNS
from bot.replies.pages import units


def grid(*lines: str) -> str:
    return "\n".join(["```", *lines, "```"])


def test_a_table_is_aligned_by_what_letters_take_up() -> None:
    table = "| **name** | x | y |\n|:--|--:|:-:|\n| 日本 | 1 | a\\|b |\n| 🐈‍⬛ e\u0301 | 100 | `c` |"
    assert render(table) == grid("name |   x |  y", "-----+-----+----", "日本 |   1 | a|b", "🐈‍⬛ e\u0301 | 100 |  c")


def test_a_cell_shows_its_words_without_markup() -> None:
    table = "| what |\n|---|\n| *a* **b** ~~c~~ `d\\|e` $x^2$ \\(y_1\\) &lt;f&gt; |\n| one<br>two |"
    assert render(table) == grid("what", "-" * 19, "a b c d|e x² y₁ <f>", "one / two")


def test_what_a_row_has_too_many_is_kept() -> None:
    assert render("| a | b |\n|---|---|\n| 1 | 2 | 3 |") == grid("a | b", "--+---+--", "1 | 2 | 3")


def test_a_table_in_a_quote_or_a_list_stays_there() -> None:
    assert render("> | a | b |\n> |---|---|\n> | 1 | 2 |\n\nend") == ("> ```\n> a | b\n> --+--\n> 1 | 2\n> ```\n\nend")
    assert render("1. x\n   | a | b |\n   |---|---|\n   | 1 | 2 |") == (
        "1. x\n   ```\n   a | b\n   --+--\n   1 | 2\n   ```"
    )


def test_a_table_too_wide_for_a_phone_becomes_lines() -> None:
    wide = "w" * MAX_COLUMNS
    assert render(f"| who | what: |\n|---|---|\n| **Tom** | {wide} |\n| Ann | |") == (
        f"**who:** **Tom**\n**what:** {wide}\n\n**who:** Ann"
    )


def test_links_in_a_table_stay_links() -> None:
    assert render("| site |\n|---|\n| [x](https://a.b) |") == "**site:** [x](https://a.b)"


def test_lines_of_a_table_do_not_ping_but_its_code_stays() -> None:
    shown = render("| see | say |\n|---|---|\n| https://a.b | @here `@here` |")
    assert shown == f"**see:** https://a.b\n**say:** @{ZERO_WIDTH_SPACE}here `@here`"


def test_a_table_that_has_only_begun_is_shown_as_it_is() -> None:
    assert render("| a | b |\n|---") == "| a | b |\n|---"
    assert render("| a | b |\n|---|---|") == grid("a | b", "--+--")


def test_a_table_gives_way_before_the_rest_of_a_long_page_does() -> None:
    table = "| a longer header | a |\n|-|-|\n" + "| 1 | 2 |\n" * 8
    words = "word " * ((MAX_LENGTH - len(table) - 20) // 5)
    shown = render(f"#### Title\n\n{words}\n\n{table}")
    assert shown.startswith("**Title**\n")
    assert shown.endswith(table)
    assert units(shown) <= MAX_LENGTH
