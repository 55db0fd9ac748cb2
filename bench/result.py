"""What a suite found: tables for people, a few figures that goals look at, and plots. All of it fits into JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from bench.measure import table

Row = Mapping[str, object]
Style = Literal["line", "dashed", "dots", "bar", "ticks"]


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y) that belong together."""

    name: str
    points: Sequence[tuple[float, float]]
    style: Style = "line"


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes; `log` names those that are logarithmic, `high` is where y ends."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    log: Literal["", "x", "y", "xy"] = ""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """Panels of one picture, side by side or one above the other, and what to read to those who do not see it."""

    panels: Sequence[Panel]
    words: str
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a suite found; plots by the names of their files, without an ending."""

    text: str  # tables in Markdown
    figures: Mapping[str, float] = field(default_factory=dict)
    plots: Mapping[str, Plot] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def as_json(self) -> dict[str, Any]:
        """As plain data, numbers as exact as anybody could see."""
        data: dict[str, Any] = _rounded(asdict(self))
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `as_json` made."""
        return cls(data["text"], data["figures"], {name: _plot(plot) for name, plot in data["plots"].items()})


def _rounded(data: Any) -> Any:
    match data:
        case float():
            return float(f"{data:.5g}")
        case dict():
            return {key: _rounded(value) for key, value in data.items()}
        case list() | tuple():
            return [_rounded(value) for value in data]
        case _:
            return data


def _plot(data: Mapping[str, Any]) -> Plot:
    panels = [Panel(**{**panel, "lines": [Line(**line) for line in panel["lines"]]}) for panel in data["panels"]]
    return Plot(**{**data, "panels": panels})


def line(rows: Sequence[Row], name: str, x: str, y: str, **where: object) -> Line:
    """Column `y` against column `x` of those rows in which the columns named hold these values."""
    chosen = [row for row in rows if all(row[key] == value for key, value in where.items())]
    return Line(name, [(float(str(row[x])), float(str(row[y]))) for row in chosen])


def joined(*tables: tuple[str, Sequence[Row]]) -> str:
    """Tables in Markdown, one below the other, each under its title."""
    return "\n".join(table(title, rows) for title, rows in tables)
