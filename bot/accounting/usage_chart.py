"""A chart of usage: a bar for each day, and the share of each model.

Most people see it on a phone, where 1200 pixels become some 400 points: hence the large letters, and no legend but the
shares themselves.
"""

import datetime
import io
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from bot.messages import DaySpent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ft2font import FT2Font

WIDTH, HEIGHT = 1200, 700  # pixels
# Of the biggest models, by Okabe and Ito: distinguishable as well without red, green or blue vision. A lighter
# grey looks to some people like the pink and the green.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
OTHER = "#595959"
INK, FAINT, LINE, PAPER = "#222222", "#5F5F5F", "#DDDDDD", "#FFFFFF"
MOST_LETTERS = 200  # characters of a line: measuring takes time
MANY_DAYS = 62  # number of days from which on bars stand side by side without a gap
# The first comes with matplotlib and has Latin, Greek, Cyrillic and Arabic letters. The others have Chinese and Hindi
# letters, on machines where one of them is installed.
FAMILIES = (
    *("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Droid Sans Fallback", "Microsoft YaHei", "PingFang SC", "Noto Serif CJK SC"),
    *("Noto Sans Devanagari", "Lohit Devanagari", "Nirmala UI", "Kohinoor Devanagari", "FreeSans"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLabels:
    """The texts on the chart, except its title."""

    credits: str = "credits a day (UTC)"
    turns: str = "answers a day (UTC)"
    share: str = "share by model"
    other: str = "other"
    nothing: str = "nothing yet"


ENGLISH = ChartLabels()
# matplotlib is not thread-safe, and two drawings at the same time would take more memory and no less time.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Stack:
    """A series of bars in one colour."""

    name: str
    colour: str
    amounts: tuple[int, ...]  # one per day

    @property
    def total(self) -> int:
        return sum(self.amounts)


def usage_chart(
    days: Sequence[DaySpent],
    *,
    since: datetime.date,
    until: datetime.date,
    title: str,
    labels: ChartLabels = ENGLISH,
) -> bytes:
    """Draw a PNG of 1200x700 pixels: the usage from `since` to `until`, both included, in UTC.

    It counts credits, or answers where no credits are known at all. Where no font of this machine has the letters of
    the title or a label, all words are the English ones. To be called in a thread: it takes a second the first time and
    a quarter afterwards; several calls are drawn one after another. ValueError: `until` is before `since`.
    """
    if until < since:
        raise ValueError(f"{until} is before {since}")
    with _ONE_AT_A_TIME:
        return _draw(days, since, until=until, title=title, labels=labels)


def _draw(
    days: Sequence[DaySpent], since: datetime.date, until: datetime.date, title: str, labels: ChartLabels
) -> bytes:
    calendar = [since + datetime.timedelta(n) for n in range((until - since).days + 1)]
    days = [day for day in days if since <= datetime.date.fromisoformat(day.day) <= until]
    credits_known = any(day.spent.credits for day in days)
    sheet = _Canvas("".join((title, *astuple(labels))))
    if sheet.lacks_letters:
        title, labels = f"Usage from {since} to {until}", ENGLISH
    sheet.write(48, 642, text=title, size=40, width=1104, colour=INK, weight="bold")
    stacks = _stacks(days, calendar, credits_known, labels.other)
    if stacks:
        sheet.write(48, 572, text=labels.credits if credits_known else labels.turns, size=26, width=690)
        _draw_days(sheet, calendar, stacks)
        sheet.write(780, 572, text=labels.share, size=26, width=384)
        _draw_shares(sheet, stacks)
    else:
        sheet.write(48, 352, text=labels.nothing, size=40, width=1104)
        sheet.write(48, 300, text=f"{since} – {until} (UTC)", size=26, width=1104)
    return sheet.png()


def _stacks(
    days: Sequence[DaySpent], calendar: Sequence[datetime.date], credits_known: bool, other: str
) -> list[_Stack]:
    """Return a series for each of the biggest models, biggest first, and one for all others."""
    amounts: Mapping[str, Counter[str]] = defaultdict(Counter)
    for day in days:
        amounts[day.model][day.day] += day.spent.credits if credits_known else day.spent.turns
    models = sorted((model for model in amounts if amounts[model].total()), key=lambda m: (-amounts[m].total(), m))
    shown = zip(_names(models), COLOURS, models, strict=False)
    rows = [(name, colour, amounts[model]) for name, colour, model in shown]
    if others := models[len(COLOURS) :]:
        rows.append((other, OTHER, sum((amounts[model] for model in others), Counter[str]())))
    return [_Stack(name, colour, tuple(counts[str(day)] for day in calendar)) for name, colour, counts in rows]


def _names(models: Sequence[str]) -> list[str]:
    """Return the short names of models: without the provider if there is only one."""
    if len({model.partition("/")[0] for model in models}) > 1:
        return list(models)
    return [model.partition("/")[2] or model for model in models]


def _draw_days(sheet: "_Canvas", calendar: Sequence[datetime.date], stacks: Sequence[_Stack]) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator

    axes = sheet.area(118, 104, 622, 440)
    positions, many = range(len(calendar)), len(calendar) > MANY_DAYS
    width, below = 1.0 if many else 0.8, [0] * len(calendar)
    for stack in stacks:
        axes.bar(positions, stack.amounts, width, below, color=stack.colour, edgecolor=PAPER, linewidth=not many)
        below = [low + amount for low, amount in zip(below, stack.amounts, strict=True)]
    middle, half = (len(calendar) - 1) / 2, max(len(calendar), 7) / 2  # the bars of a few days stay narrow
    axes.set(xlim=(middle - half, middle + half), ylim=(0, max(below) * 1.04), axisbelow=True)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    axes.yaxis.grid(True, color=LINE, linewidth=1.5)
    axes.spines.bottom.set(visible=True, color=FAINT, linewidth=1.5)
    axes.tick_params(length=0, pad=8, labelsize=24, labelcolor=FAINT)
    _date(axes, calendar, most=5 if many else 7)


def _date(axes: "Axes", calendar: Sequence[datetime.date], most: int) -> None:
    """Write the day below some of the bars, and the month below its first day: the same in every language."""
    dated = range(0, len(calendar), -(-len(calendar) // most))
    months = {(calendar[n].year, calendar[n].month): n for n in reversed(dated)}.values()
    axes.set_xticks(dated, [str(calendar[n].day) for n in dated])
    axes.set_xticks(list(months), [f"{calendar[n]:%Y-%m}" for n in months], minor=True)
    axes.xaxis.remove_overlapping_locs = False  # the day stays visible at the start of a month
    axes.tick_params("x", which="minor", length=0, pad=40, labelsize=20, labelcolor=FAINT)


def _draw_shares(sheet: "_Canvas", stacks: Sequence[_Stack]) -> None:
    whole, most = sum(stack.total for stack in stacks), max(stack.total for stack in stacks)
    axes = sheet.area(780, 40, 384, 504)
    axes.set(xlim=(0, 384), ylim=(0, 504), xticks=(), yticks=())
    for top, stack in zip(range(504, 0, -84), stacks, strict=False):
        share, length = stack.total / whole, max(4, 290 * stack.total / most)
        sheet.write(780, 40 + top - 26, text=stack.name, size=24, width=384, colour=INK)
        axes.barh(top - 54, length, 24, color=stack.colour)
        sheet.write(
            780 + length + 10, 40 + top - 63, text=f"{share:.0%}" if share >= 0.005 else "<1%", size=24, width=84
        )


class _Canvas:
    """A matplotlib figure and its fonts; all lengths in pixels, from the lower left corner.

    Only matplotlib's objects are used and never its pyplot, which keeps every figure for the whole process.
    """

    def __init__(self, words: str) -> None:
        """Load the fonts for these texts; `lacks_letters` is set if some letters are in none."""
        # Imported here because it takes half a second and 70 MB, which a bot without charts need not spend.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.font_manager import FontProperties, fontManager, get_font

        self._figure = Figure((WIDTH / 72, HEIGHT / 72), dpi=72, facecolor=PAPER)  # a point is a pixel
        FigureCanvasAgg(self._figure)
        self._fonts: dict[str, FT2Font] = {}
        missing = set(filter(str.isalnum, words))
        installed = {font.name for font in fontManager.ttflist}
        for family in filter(installed.__contains__, FAMILIES):
            if self._fonts and not missing:
                break
            font = get_font(fontManager.findfont(FontProperties(family=family)))
            found = {letter for letter in missing if font.get_char_index(ord(letter))}
            if found or not self._fonts:  # each font takes some 10 MB
                self._fonts[family] = font
            missing -= found
        self.lacks_letters = bool(missing)

    def write(
        self, left: float, bottom: float, text: str, size: int, width: float, colour: str = FAINT, weight: str = ""
    ) -> None:
        """Write one line without characters that no font has, truncated to `width`."""
        text = "".join(filter(self._has, " ".join(text[:MOST_LETTERS].split())))
        line = self._figure.text(
            left / WIDTH,
            bottom / HEIGHT,
            text,
            fontsize=size,
            color=colour,
            fontweight=weight or "normal",
            fontfamily=list(self._fonts),
            parse_math=False,  # a dollar sign does not start a formula
        )
        while len(text) > 1 and line.get_window_extent().width > width:
            text = text[:-1]
            line.set_text(f"{text.rstrip()}…")

    def area(self, left: float, bottom: float, width: float, height: float) -> "Axes":
        """Add axes for bars, without a frame."""
        axes = self._figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))
        axes.spines[:].set_visible(False)
        return axes

    def png(self) -> bytes:
        """Return the picture as PNG; the same bytes every time."""
        file = io.BytesIO()
        self._figure.savefig(file, format="png", metadata={"Software": None})
        return file.getvalue()

    def _has(self, character: str) -> bool:
        return any(font.get_char_index(ord(character)) for font in self._fonts.values())
