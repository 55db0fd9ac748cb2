"""What people see of what they spent, read from the pixels."""

import datetime
import io
import itertools
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from bot.accounting.usage_chart import COLOURS, OTHER, ChartLabels, usage_chart
from bot.messages import DaySpent, Spent

TODAY = datetime.date(2026, 11, 21)
BLUE, ORANGE = COLOURS[:2]
DAYS, SHARES = (100, 130, 750, 599), (770, 130, 1200, 700)  # where the bars are: left, top, right, bottom
NOBODY_WRITES = "𒀀𒀁𒀂"  # cuneiform


def spent(ago: int, model: str, credits: int, turns: int = 1) -> DaySpent:
    return DaySpent(str(TODAY - datetime.timedelta(ago)), model, Spent(turns, credits))


def drawn(days: Sequence[DaySpent], span: int = 31, title: str = "Usage", labels: ChartLabels = ChartLabels()) -> bytes:  # noqa: B008
    return usage_chart(days, since=TODAY - datetime.timedelta(span - 1), until=TODAY, title=title, labels=labels)


def picture(png: bytes, box: tuple[int, int, int, int] = (0, 0, 1200, 700)) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 700))
        return image.convert("RGB").crop(box)


def colours(image: Image.Image) -> set[str]:
    """Those of bars that cover more than the edge of a letter."""
    counts = image.getcolors(maxcolors=1 << 24) or []
    found = {"#{:02X}{:02X}{:02X}".format(*colour) for count, colour in counts if count > 40}  # type: ignore[misc]
    return found & {*COLOURS, OTHER}


def is_of(image: Image.Image, x: int, y: int, colour: str) -> bool:
    return "#{:02X}{:02X}{:02X}".format(*image.getpixel((x, y))) == colour  # type: ignore[misc]


def height(image: Image.Image, colour: str) -> int:
    """Of all bars of that colour together, on a chart of one day."""
    return max(sum(is_of(image, x, y, colour) for y in range(image.height)) for x in range(0, image.width, 10))


def width(image: Image.Image, colour: str) -> int:
    return max(sum(is_of(image, x, y, colour) for x in range(image.width)) for y in range(0, image.height, 5))


def bars(png: bytes) -> int:
    """How many stand on the ground."""
    ground = picture(png, (DAYS[0], 592, DAYS[2], 593))
    coloured = [any(is_of(ground, x, 0, colour) for colour in (*COLOURS, OTHER)) for x in range(ground.width)]
    return sum(is_bar for is_bar, _ in itertools.groupby(coloured))


@pytest.mark.parametrize("span", [1, 2, 7, 31, 62])
def test_there_is_a_bar_for_each_day_on_which_something_was_spent(span: int) -> None:
    assert bars(drawn([spent(ago, "sandbox/a", 9) for ago in range(span)], span)) == span
    assert bars(drawn([spent(ago, "sandbox/a", 9) for ago in range(0, span, 3)], span)) == len(range(0, span, 3))


def test_a_year_fits_too() -> None:
    png = drawn([spent(ago, model, 9) for ago in range(365) for model in ("sandbox/a", "sandbox/b")], 365)
    assert colours(picture(png, DAYS)) == {BLUE, ORANGE}


def test_the_bar_of_a_day_is_stacked_by_model_and_true_to_scale() -> None:
    bar = picture(drawn([spent(0, "sandbox/a", 300), spent(0, "sandbox/b", 100)], 1), DAYS)
    assert height(bar, BLUE) == pytest.approx(3 * height(bar, ORANGE), abs=4)
    middle = bar.width // 2 + 4
    assert is_of(bar, middle, bar.height - 10, BLUE)


def test_shares_are_true_to_scale_as_well() -> None:
    shares = picture(
        drawn([spent(0, "sandbox/a", 300), spent(9, "sandbox/a", 100), spent(9, "sandbox/b", 100)]), SHARES
    )
    assert width(shares, BLUE) == pytest.approx(4 * width(shares, ORANGE), abs=4)


def test_twenty_models_take_five_colours_and_one_for_all_others() -> None:
    png = drawn([spent(0, f"sandbox/{n}", 100 + n) for n in range(20)])
    assert colours(picture(png, DAYS)) == colours(picture(png, SHARES)) == {*COLOURS, OTHER}
    shares = picture(png, SHARES)
    assert width(shares, OTHER) > 10 * width(shares, BLUE)


@pytest.mark.parametrize("models", range(1, 6))
def test_up_to_five_models_have_no_others(models: int) -> None:
    png = drawn([spent(0, f"sandbox/{n}", 100 + n) for n in range(models)])
    assert colours(picture(png, SHARES)) == set(COLOURS[:models])


def test_answers_count_where_no_credits_are_known() -> None:
    shares = picture(drawn([spent(0, "sandbox/a", 0, turns=3), spent(0, "sandbox/b", 0, turns=1)]), SHARES)
    assert width(shares, BLUE) == pytest.approx(3 * width(shares, ORANGE), abs=4)


def test_credits_count_where_there_are_any() -> None:
    mixed = [spent(0, "sandbox/a", 10, turns=1), spent(0, "sandbox/b", 0, turns=90)]
    assert colours(picture(drawn(mixed))) == {BLUE}


def test_nothing_spent_is_said_in_words() -> None:
    empty = drawn([])
    assert not colours(picture(empty))
    assert drawn([spent(0, "sandbox/a", 0, turns=0)]) == empty
    assert drawn([], labels=ChartLabels(nothing="")) != empty


def test_other_days_are_left_out() -> None:
    within = [spent(0, "sandbox/a", 9), spent(6, "sandbox/b", 9)]
    assert drawn([spent(-1, "sandbox/c", 99), *within, spent(7, "sandbox/c", 99)], 7) == drawn(within, 7)


def test_the_order_of_the_rows_does_not_matter() -> None:
    days = [spent(ago, f"sandbox/{n}", 5) for ago in range(4) for n in range(9)]
    assert drawn(days) == drawn(days[::-1])


def test_the_provider_is_named_only_where_there_are_several() -> None:
    assert drawn([spent(0, "sandbox/a", 9)]) == drawn([spent(0, "onemin/a", 9)]) == drawn([spent(0, "a", 9)])
    several = [drawn([spent(0, "sandbox/a", 9), spent(0, f"{name}/b", 5)]) for name in ("onemin", "other")]
    assert several[0] != several[1]


def test_no_line_is_longer_than_its_place() -> None:
    png = drawn([spent(0, "sandbox/" + "model-" * 50, 9)], title="Usage " * 999)
    assert picture(png, (1180, 0, 1200, 700)).getcolors() == [(20 * 700, (255, 255, 255))]


def test_cyrillic_letters_are_written_as_they_are() -> None:
    russian = ChartLabels(
        credits="кредиты в день", turns="ответы в день", share="доли", other="прочие", nothing="пока ничего"
    )
    assert drawn([], labels=russian) != drawn([])


@pytest.mark.parametrize("title", ["最近三十天", "आपके पिछले 30 दिन", "آخر ثلاثين يومًا"])
def test_other_scripts_never_become_boxes(title: str) -> None:
    drawn([spent(0, "sandbox/a", 9)], title=title)  # a letter that no font has is a warning, hence an error


def test_letters_that_no_font_has_make_all_words_english() -> None:
    days = [spent(0, "sandbox/a", 9)]
    english = drawn(days, title="Usage from 2026-10-22 to 2026-11-21")
    assert drawn(days, title=NOBODY_WRITES) == english
    assert (
        drawn(days, title="Mein Verbrauch", labels=ChartLabels(credits="Credits am Tag", other=NOBODY_WRITES))
        == english
    )


def test_emoji_are_left_out() -> None:
    assert drawn([], title="Usage 🦜🫠") == drawn([], title="Usage ")
    assert drawn([spent(0, f"sandbox/a{NOBODY_WRITES}", 9)]) == drawn([spent(0, "sandbox/a", 9)])


def test_a_dollar_is_no_formula() -> None:
    drawn([spent(0, r"sandbox/$\frac$", 9)], title=r"From $\frac to $5")


def test_the_end_must_not_be_before_the_beginning() -> None:
    with pytest.raises(ValueError, match="is before"):
        usage_chart([], since=TODAY, until=TODAY - datetime.timedelta(1), title="Usage")


def test_threads_may_draw_at_once() -> None:
    days = [spent(ago, f"sandbox/{ago % 4}", 5 + ago) for ago in range(31)]
    alone = drawn(days)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(drawn, [days] * 4)) == {alone}


def test_the_library_is_loaded_by_the_first_chart_and_not_before() -> None:
    asked = "import sys, bot.accounting.usage_chart; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", asked], check=True)
