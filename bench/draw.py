"""Plots become pictures: on white, in colours that everybody tells apart, so that they read on light and dark pages."""

from pathlib import Path
from typing import TYPE_CHECKING

from bench.result import Line, Panel, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# By Okabe and Ito, told apart as well by those who see no red, no green or no blue.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
GREY = "#595959"
MARKS = ("o", "s", "^", "D", "v", "P")


def draw(plot: Plot, to: Path) -> None:
    """Write the picture to a PNG file."""
    from matplotlib.figure import Figure

    many = len(plot.panels)
    figure = Figure(figsize=(10, 6) if plot.stacked else (10, 4), dpi=120, layout="constrained", facecolor="white")
    rows, columns = (many, 1) if plot.stacked else (1, many)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=plot.stacked).flat
    for axes, panel in zip(grid, plot.panels, strict=True):
        _panel(axes, panel)
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to)


def _panel(axes: "Axes", panel: Panel) -> None:
    for n, line in enumerate(panel.lines):
        _line(axes, line, n % len(COLOURS))
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y)
    if "x" in panel.log:
        axes.set_xscale("log")
        _name_ticks(axes, panel)
    if "y" in panel.log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, panel.high)
    axes.grid(color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    bars = [line for line in panel.lines if line.style == "bar"]
    if bars:
        axes.set_xticks([line.points[0][0] for line in bars], labels=[line.name for line in bars])
    elif len(panel.lines) > 1:
        axes.legend(frameon=False)


def _line(axes: "Axes", line: Line, n: int) -> None:
    xs, ys = zip(*line.points, strict=True) if line.points else ((), ())
    if line.style == "bar":
        [bar] = axes.bar(xs, ys, width=0.6, color=COLOURS[n])
        axes.annotate(f"{ys[0]:.3g}", (xs[0], bar.get_height()), ha="center", va="bottom", fontsize=9)
    elif line.style == "dashed":
        axes.plot(xs, ys, "--", color=GREY, label=line.name)
    elif line.style == "ticks":
        axes.plot(xs, ys, "|", ms=14, mew=1.5, color=COLOURS[n], label=line.name, clip_on=False)
    elif line.style == "dots":
        axes.plot(xs, ys, "o", ms=3.5, color=COLOURS[n], label=line.name)
    else:
        axes.plot(xs, ys, f"-{MARKS[n]}", ms=5, color=COLOURS[n], label=line.name)


def _name_ticks(axes: "Axes", panel: Panel) -> None:
    """Name what was measured, instead of powers of ten."""
    measured = sorted({x for line in panel.lines for x, _ in line.points})
    axes.set_xticks(measured, labels=[_short(x) for x in measured])
    axes.minorticks_off()


def _short(x: float) -> str:
    """1,000 as 1k, 1,000,000 as 1M."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if x >= size:
            return f"{x / size:g}{sign}"
    return f"{x:g}"
