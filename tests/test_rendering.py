"""What models write, as Telegram, Discord and the page show it, at every moment and over every page break.

SCREENSHOTS=docs/images python -m pytest tests/test_rendering.py -k gallery renews the picture in the docs.
"""

import html
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from adapters.platforms.discord import formatting as discord
from adapters.platforms.telegram import formatting as telegram
from adapters.platforms.web.page import STATIC
from adapters.platforms.web.post_elements import post_elements
from bot.replies.pages import Measure, pages, units
from bot.replies.reply import CURSOR
from tests.doubles import telegram_view
from tests.doubles.browser import chromium, pictures
from tests.doubles.discord import markdown as discord_view
from tests.doubles.pieces import PIECES


def telegram_words(markdown: str) -> str:
    return telegram.render(markdown).text


def discord_words(markdown: str) -> str:
    return discord_view.visible(discord.render(markdown))


def page_words(markdown: str) -> str:
    return "\n".join(map(text_of, post_elements(markdown)))


def text_of(element: Any) -> str:
    if isinstance(element, str):
        return element
    return "".join(text_of(part) for part in element[1:] if not isinstance(part, dict)) + (
        "\n" if element[0] in {"p", "li", "td", "th", "br", "h3", "h4", "h5", "h6", "pre", "summary"} else ""
    )


SURFACES: dict[str, tuple[Callable[[str], str], int, Measure]] = {
    "Telegram": (telegram_words, telegram.MAX_LENGTH, telegram.rendered_length),
    "Discord": (discord_words, discord.MAX_LENGTH, discord.rendered_length),
    "the page": (page_words, 100_000, units),
}

EVERYTHING = "\n\n".join(f"{text}\n\nEnd of {name}." for name, text in PIECES.items() if name != "unfinished")
SYNTAX = re.compile(  # what stands for something else than itself
    r"</?(?:br|sub|sup|kbd|u|mark|details|summary)/?>|\[\^\w+\]:?|&\w+;|^\[\w+\]: \S+$|\]\([^)\s]*\)\)?|\]\[\w+\]"
    r"|^ {0,3}(?:`{3,}|~{3,})\w*$|\$\$?[^$]*\\[^$]*\$\$?|\$E = mc\^2\$|\$x\^2\$|\\\[[\s\S]*?\\\]|\\\([\s\S]*?\\\)"
    r"|^>? ?\|[-:| ]+\|$|[*_]|^\s*\d+\. |- \[.\]",
    re.MULTILINE,
)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{2,}", text))


def written_words(markdown: str) -> set[str]:
    """The words that a person should see, whoever shows them."""
    return words_of(SYNTAX.sub(" ", markdown))


# examples


@pytest.mark.parametrize(
    ("markdown", "bold"),
    [
        ("结论：**社区显示：**这只猫很老。", "社区显示："),
        ("他说**“你好”**然后走了", "“你好”"),
        ("これは**「猫」**です", "「猫」"),
        ("**주의:**조심하세요", "주의:"),
        ("__important__", "important"),
        ("**1**st of all", "1"),
        ("(**bold**)", "bold"),
    ],
)
def test_bold_is_bold_next_to_any_sign(markdown: str, bold: str) -> None:
    assert f"<b>{bold}</b>" in telegram_view.to_html(telegram.render(markdown))
    assert f"<strong>{bold}</strong>" in discord_view.to_html(discord.render(markdown))
    assert ["strong", bold] in post_elements(markdown)[0]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    "text",
    [
        "call __init__ of the class",
        "if __name__ == '__main__':",
        "obj.__custom__ and __other__(x)",
        "2*3*4 = 24",
        "x**2 + y**2",
        "a*b*c",
        "$HOME/$USER",
        "if a || b || c then",
        "x||y||z",
        "*args and **kwargs",
        "snake_case_name and _private",
        "https://example.org/_next/static/_app_/x.js",
        "https://en.wikipedia.org/wiki/Cat_(animal)",
        "(see https://a.example/b_(c)_d)",
        "C:/_build_/x and /usr/_lib_/y",
        "3 < 4 > 2, Vec<T>, a<b>c</b>",
        "5 * 3 * 2 and 2 ** 3",
        "~5 minutes ~ 6",
        "@user_name_ wrote",
        ">>> print(1)",
        "#1 and # 2",
    ],
)
def test_signs_of_ordinary_text_stay(surface: str, text: str) -> None:
    assert SURFACES[surface][0](text).strip() == text


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a<br>b", "a\nb"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("- [ ] buy milk\n- [x] feed cat", "☐ buy milk|☑ feed cat"),
        ("$E = mc^2$", "E = mc²"),
        ("$$\n\\frac{a}{b} = 1\n$$", "a/b = 1"),
        ("\\(x \\leq y\\)", "x ≤ y"),
    ],
)
def test_what_is_written_is_shown_as_what_it_means(surface: str, markdown: str, shown: str) -> None:
    for part in shown.split("|"):
        assert part in SURFACES[surface][0](markdown)


@pytest.mark.parametrize("surface", SURFACES)
def test_tags_and_labels_that_mean_something_are_not_shown(surface: str) -> None:
    markdown = (
        "H<sub>2</sub>O[^1], [a list][1]\n\n<details>\n<summary>More</summary>\n\nhidden\n\n</details>\n\n"
        "[^1]: A note\n\n[1]: https://a.example/list"
    )
    shown = SURFACES[surface][0](markdown)
    for gone in ("<", "[^", "][", "]: "):
        assert gone not in shown
    for kept in ("More", "hidden", "A note", "a list"):
        assert kept in shown


@pytest.mark.parametrize("markdown", ["H<sub>2</sub>O", "10<sup>-3</sup>"])
def test_subscript_and_superscript_are_signs_of_their_own_in_chats(markdown: str) -> None:
    assert telegram_words(markdown) in {"H₂O", "10⁻³"}
    assert discord_words(markdown) in {"H₂O", "10⁻³"}


# every word, at every moment


@pytest.mark.parametrize("surface", SURFACES)
def test_every_word_of_a_piece_is_shown(surface: str) -> None:
    for name, piece in PIECES.items():
        shown = SURFACES[surface][0](piece)
        assert [word for word in written_words(piece) if word not in shown] == [], name


@pytest.mark.parametrize("surface", SURFACES)
def test_every_whole_word_is_shown_while_a_piece_grows(surface: str) -> None:
    for piece in PIECES.values():
        all_is_shown_while_it_grows(piece, surface)


def all_is_shown_while_it_grows(text: str, surface: str) -> None:
    read, size, measure = SURFACES[surface]
    whole = written_words(text)
    for end in range(1, len(text)):
        so_far = text[:end]
        [page] = pages(so_far, size, measure=measure, ending=CURSOR)
        shown = read(page)
        missing = {word for word in whole if f"{word} " in so_far and word not in shown}
        assert not {word for word in missing if f"{word} " in SYNTAX.sub(" ", so_far)}, so_far


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
@pytest.mark.parametrize("size", [200, 500, 1000])
def test_every_word_is_shown_over_page_breaks(surface: str, size: int) -> None:
    read, _, measure = SURFACES[surface]
    shown = " ".join(read(page) for page in pages(EVERYTHING, size, measure=measure))
    split = "".join(shown.split())  # a word may stand at the end of one page and the beginning of the next
    missing = {word for word in written_words(EVERYTHING) if word not in split}
    assert missing == set()


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
def test_no_page_becomes_too_long(surface: str) -> None:
    _, size, measure = SURFACES[surface]
    rows = "".join(f"| {n} | a cat with {'x' * (n % 30)} | {n * 7} |\n" for n in range(300))
    for text in (EVERYTHING, f"| n | what | m |\n|--:|:-:|---|\n{rows}", "a_b @here 2*3*4 " * 800, "---\n" * 3000):
        assert all(measure(page) <= size for page in pages(text, size, measure=measure))


words = st.sampled_from(["cat", "Katze", "猫が好き。", "Мир", "two words", "x1"])
spans = st.builds(
    lambda sign, inner: f"{sign}{inner}{sign}",
    st.sampled_from(["**", "*", "~~", "||", "`", "***"]),
    st.lists(words, min_size=1, max_size=12).map(" ".join),
)
lines = st.lists(st.one_of(words, spans), min_size=1, max_size=6).map(" ".join)
tables = st.builds(
    lambda cells: "| hNUMBER | b |\n|---|---|\n" + "".join(f"| {cell} | {cell} |\n" for cell in cells),
    st.lists(words, min_size=1, max_size=20),
)
blocks = st.one_of(lines, lines.map("- {}".format), lines.map("> {}".format), lines.map("### {}".format), tables)
documents = st.lists(blocks, min_size=1, max_size=6).map(
    lambda found: "\n\n".join(block.replace("NUMBER", str(100 + n)) for n, block in enumerate(found))
)


def sequence(text: str) -> str:
    return "".join(re.findall(r"[^\W_]", text))


def without_headers(pages: list[str]) -> str:
    """All pages, but of a table that goes on without the header that is repeated."""
    shown: list[str] = []
    for page in pages:
        header = re.match(r"\| h\d+ \| b \|\n", page)
        goes_on = header is not None and any(header.group() in earlier for earlier in shown)
        shown.append(page.removeprefix(header.group()) if header and goes_on else page)
    return "\n".join(shown)


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
@pytest.mark.timeout(180)
@given(markdown=documents, size=st.integers(100, 300))
@settings(max_examples=40, deadline=None)
def test_visible_words_in_are_visible_words_out(surface: str, markdown: str, size: int) -> None:
    read, _, measure = SURFACES[surface]
    split = pages(markdown, size, measure=measure)
    in_order = sequence(without_headers(split))
    assert in_order == sequence(markdown)
    for page in split:
        assert sequence(read(page)) == sequence(page), page


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
@pytest.mark.timeout(180)
@given(markdown=documents, data=st.data())
@settings(max_examples=40, deadline=None)
def test_half_finished_text_is_well_formed(surface: str, markdown: str, data: st.DataObject) -> None:
    read, size, measure = SURFACES[surface]
    so_far = markdown[: data.draw(st.integers(1, len(markdown)))]
    [page] = pages(so_far, size, measure=measure, ending=CURSOR)
    shown = read(page)
    assert sequence(shown) == sequence(so_far)
    assert not re.search(r"\*\*|~~|`", shown), page


# anything in anything

terms = st.sampled_from(
    ["kaNUMBERzu", "猫NUMBER目", "МNUMBERр", "שNUMBERב", "表NUMBER、のNUMBERは", "wNUMBERx 🙂 wNUMBERx"]
)
UNIQUE = re.compile(r"(?:ka|猫|М|ש|表|の|w)\d+(?:zu|目|р|ב|は|x)?")
WRAPPED = [
    "**{}**",
    "*{}*",
    "~~{}~~",
    "||{}||",
    "***{}***",
    "<u>{}</u>",
    "<mark>{}</mark>",
    "[{}](https://h.example/p)",
]
phrases = st.recursive(
    st.one_of(
        terms,
        terms.map("`{}`".format),
        terms.map("<sub>{}</sub>".format),
        terms.map("```{}```".format),
        terms.map("[![{}](https://h.example/i.png)](https://h.example/q)".format),
        st.builds(lambda one, two: f"{one}**「{two}：**{one}", terms, terms),
    ),
    lambda inner: st.builds(
        lambda signs, parts: signs.format(" ".join(parts)),
        st.sampled_from(WRAPPED),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def prefixed(text: str, first: str, others: str) -> str:
    return first + text.replace("\n", f"\n{others}")


nested = st.recursive(
    st.one_of(
        phrases,
        st.builds(lambda level, words: f"{'#' * level} {words}", st.integers(1, 6), phrases),
        terms.map("```python\n{}\n```".format),
        st.lists(terms, min_size=2, max_size=2).map(lambda cells: "| {} |\n|---|\n| {} |".format(*cells)),
        st.builds("{}<br>{}".format, phrases, phrases),
    ),
    lambda inner: st.builds(
        lambda parts, kind: kind("\n\n".join(parts)),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(
            [
                lambda text: prefixed(text, "> ", "> "),
                lambda text: prefixed(text, "- ", "  "),
                lambda text: prefixed(text, "1. ", "   "),
                "<details><summary>wNUMBERx</summary>\n\n{}\n\n</details>".format,
            ]
        ),
    ),
    max_leaves=8,
)


def numbered(markdown: str) -> str:
    """The same with words of which each is there once."""
    parts = markdown.split("NUMBER")
    return "".join(f"{part}{n}" for n, part in enumerate(parts[:-1])) + parts[-1]


@pytest.mark.timeout(180)
@given(markdown=st.lists(nested, min_size=1, max_size=4).map("\n\n".join).map(numbered), size=st.integers(250, 4096))
@settings(max_examples=60, deadline=None)
def test_whatever_stands_in_each_other_is_shown_word_for_word(markdown: str, size: int) -> None:
    wanted = UNIQUE.findall(markdown)
    for surface, (read, longest, measure) in SURFACES.items():
        split = pages(markdown, min(size, longest), measure=measure)
        assert list(dict.fromkeys(UNIQUE.findall("\n".join(map(read, split))))) == wanted, surface
    for page in pages(markdown, size, measure=telegram.rendered_length):
        assert telegram_view.faults(telegram.render(page)) == []
    assert all(units(discord.render(page)) <= 2000 for page in pages(markdown, 2000, measure=discord.rendered_length))


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
@pytest.mark.parametrize("signs", ["`", "``", "```", "~~", "||", "***", "~~||"])
def test_a_span_over_page_breaks_begins_no_block(surface: str, signs: str) -> None:
    read, _, measure = SURFACES[surface]
    wanted = [f"w{n}x" for n in range(199)]
    split = pages(f"Look: {signs}{' '.join(wanted)}{signs[::-1]}, plain", 300, measure=measure)
    assert re.findall(r"w\d+x", " ".join(map(read, split))) == wanted


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
@pytest.mark.parametrize("markdown", ["```SELECT name FROM cats", "~~~~one two~~ three~~", "```python"])
def test_words_behind_the_signs_of_a_block_are_shown(surface: str, markdown: str) -> None:
    read, size, measure = SURFACES[surface]
    [page] = pages(markdown, size, measure=measure, ending=CURSOR)
    assert words_of(markdown) <= words_of(read(page))


# page breaks


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
def test_bold_goes_on_over_page_breaks(surface: str) -> None:
    read, size, measure = SURFACES[surface]
    split = pages(f"**{'bold words ' * 500}end**, plain", size, measure=measure)
    assert len(split) > 1
    for page in split:
        view = discord_view.to_html(discord.render(page)) if surface == "Discord" else telegram_html(page)
        assert re.match(r"<(?:b|strong)>(?:bold|words)", view)
        assert "*" not in read(page)
    assert read(split[-1]).endswith("end, plain")


def telegram_html(markdown: str) -> str:
    return telegram_view.to_html(telegram.render(markdown))


@pytest.mark.parametrize("surface", ["Telegram", "Discord"])
def test_a_table_goes_on_below_its_header(surface: str) -> None:
    read, size, measure = SURFACES[surface]
    rows = "".join(f"| row{n:03} | {n * n} |\n" for n in range(230))
    split = pages(f"Here:\n\n| Number | Square |\n|--------|-------:|\n{rows}\nDone.", size, measure=measure)
    assert len(split) > 1
    for page in split:
        view = discord_view.to_html(discord.render(page)) if surface == "Discord" else telegram_html(page)
        assert "<pre" in view
        assert re.search(r"Number +\| Square\n-+\+-+\nrow", view)
    shown = "\n".join(map(read, split))
    assert [shown.count(f"row{n:03}") for n in range(230)] == [1] * 230


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧‍👦", "🇺🇦", "👍🏽", "1️⃣", "e\u0301\u0323", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_no_letter_and_no_emoji_is_cut(cluster: str) -> None:
    split = pages(cluster * 200, 100)
    assert len(split) > 3
    assert all(len(page) % len(cluster) == 0 for page in split)


# the gallery

COLUMNS = ("As a model writes it", "Telegram", "Discord", "The page")
STYLE = Path(__file__).parent / "doubles" / "gallery.css"


def own_style() -> str:
    """The page's own style of answers."""
    sheet = (STATIC / "style.css").read_text()
    variables = re.search(r"^:root \{.*?^\}", sheet, re.MULTILINE | re.DOTALL)
    assert variables is not None
    rules = [line for line in sheet.splitlines() if line.startswith(".body") and line.endswith("}")]
    reset = ".body * { margin: 0; }"
    return "\n".join([variables.group(), reset, *rules])


SHOWN = PIECES | {"unfinished": pages(PIECES["unfinished"], 2000, ending=CURSOR)[0]}


def gallery() -> str:
    cells = [f'<div class="column">{name}</div>' for name in COLUMNS]
    for number, (name, text) in enumerate(PIECES.items(), 1):
        cells += [
            f"<h2>{number}. {name}</h2>",
            f'<div class="source">{html.escape(text)}</div>',
            f'<div class="telegram">{telegram_html(SHOWN[name])}</div>',
            f'<div class="discord">{discord_view.to_html(discord.render(SHOWN[name]))}</div>',
            '<div class="body"></div>',
        ]
    return f"<style>{own_style()}{STYLE.read_text()}</style><main>{''.join(cells)}</main>"


@pytest.mark.timeout(120)
async def test_the_gallery_shows_every_piece_on_every_platform(tmp_path: Path) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1540, "height": 900}, color_scheme="light")
        await page.set_content(gallery())
        script = (STATIC / "markdown.js").read_text() + "\nwindow.render = render;"
        await page.add_script_tag(content=script, type="module")
        await page.wait_for_function("window.render !== undefined")
        await page.evaluate(
            "(trees) => document.querySelectorAll('.body').forEach((place, n) => window.render(trees[n], place))",
            list(map(post_elements, SHOWN.values())),
        )
        assert await page.locator(".body > *").count() >= len(PIECES)
        taken = Image.open(io.BytesIO(await page.screenshot(full_page=True)))
    file = pictures(tmp_path) / "rendering.png"
    taken.convert("RGB").quantize(256).save(file, optimize=True)
    assert file.stat().st_size > 50_000
