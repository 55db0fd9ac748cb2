"""Reports for the operator: counts, times and costs of a period, without anybody's words or names.

Times are counted in classes, twelve to each power of ten, and not kept one by one: classes can be added up over models
and over stretches, so that one pass serves whatever somebody wants to see, and a million answers become some dozens of
rows before they leave the database. Each class knows the sum of its times, hence a percentile is off by a few per cent
at most. Window functions would be exact, but only for the one question that was asked.

A stretch is found by the index of finished turns. There is no index that also holds what is counted here, because each
answer would have to write to it; whoever asks keeps what a stretch that is over amounts to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.messages import Backlog, Channel, PutAside, StandIn, Tally, Usage
from bot.store.database import Database, Row

# In seconds, each a fifth more than the one before; below the first one is class 0.
PARTS = (1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)
BOUNDS = tuple(round(part * power, 2) for power in (0.1, 1, 10, 100) for part in PARTS)


def _class_of(column: str) -> str:
    bounds = " ".join(f"WHEN {column} < {bound} THEN {n}" for n, bound in enumerate(BOUNDS))
    return f"CASE {bounds} ELSE {len(BOUNDS)} END"


# The name of a platform is all small letters before the colon; what follows it never leaves the database.
PLATFORM = "SUBSTR(channel, 1, LENGTH(channel) - LENGTH(LTRIM(channel, 'abcdefghijklmnopqrstuvwxyz')))"

TALLY = f"""
WITH done AS MATERIALIZED (
    SELECT {PLATFORM} AS platform, model, error, finished, first_words, took,
        {_class_of("first_words")} AS first_class, {_class_of("took")} AS took_class
    FROM turns WHERE finished >= :start AND finished < :end
)
SELECT platform, model, error, 'turns' AS figure, 0 AS class, COUNT(*) AS n, MAX(finished) AS amount
FROM done GROUP BY platform, model, error
UNION ALL SELECT platform, model, error, 'first_words', first_class, COUNT(*), SUM(first_words)
FROM done WHERE error IS NULL AND model IS NOT NULL AND first_words IS NOT NULL
GROUP BY platform, model, error, first_class
UNION ALL SELECT platform, model, error, 'took', took_class, COUNT(*), SUM(took)
FROM done WHERE error IS NULL AND model IS NOT NULL AND took IS NOT NULL
GROUP BY platform, model, error, took_class
"""  # noqa: S608 (ours)

SPENT_ON = """
SELECT model, SUM(credits) AS credits, SUM(input_tokens) AS input_tokens, SUM(output_tokens) AS output_tokens,
    SUM(dollars) AS dollars
FROM spending WHERE at >= :start AND at < :end GROUP BY model ORDER BY model
"""

STAND_INS = """
SELECT turns.model AS asked, spending.model AS who, COUNT(*) AS answers, COUNT(DISTINCT spending.author) AS people,
    MIN(spending.at) AS since
FROM spending JOIN turns ON turns.id = spending.turn
WHERE spending.at >= :start AND spending.lane = 0 AND turns.model <> spending.model
GROUP BY turns.model, spending.model ORDER BY COUNT(*) DESC, turns.model, spending.model
"""

PUT_ASIDE_TURNS = """
SELECT id, channel, finished, stalls, crashes FROM turns WHERE error = 'put_aside' ORDER BY finished DESC LIMIT :most
"""

BACKLOG = """
SELECT COUNT(*) AS n, COUNT(holder) AS held, MIN(CASE WHEN holder IS NULL THEN added END) AS oldest
FROM turns WHERE finished IS NULL
"""


@dataclass(frozen=True, slots=True)
class SqlReporting:
    """Counts for the whole fleet, since all of it stands in the store."""

    db: Database

    async def get_backlog(self) -> Backlog:
        """Return the number of turns that wait, of those in work, and the age of the oldest, in all processes."""
        [row] = await self.db.read_apart(BACKLOG)
        return Backlog(row["n"] - row["held"], row["held"], row["oldest"])

    async def list_tallies(self, start: float, end: float) -> Sequence[Tally]:
        """Return the outcomes of turns finished from `start` on and before `end`."""
        kinds: defaultdict[tuple[str, str | None, str | None], list[Row]] = defaultdict(list)
        for row in await self.db.read_apart(TALLY, start=start, end=end):
            kinds[row["platform"], row["model"], row["error"]].append(row)
        return [_tally(*kind, found) for kind, found in kinds.items()]

    async def list_spent_by_model(self, start: float, end: float) -> Mapping[str, Usage]:
        """Return what each model cost from `start` on and before `end`, for everybody together."""
        found = await self.db.read_apart(SPENT_ON, start=start, end=end)
        return {row["model"]: _usage(row) for row in found}

    async def list_stand_ins(self, start: float) -> Sequence[StandIn]:
        """Return the models that answered in place of others from `start` on, the busiest first."""
        return [
            StandIn(asked=row["asked"], by=row["who"], answers=row["answers"], people=row["people"], since=row["since"])
            for row in await self.db.read_apart(STAND_INS, start=start)
        ]

    async def list_put_aside(self, most: int) -> Sequence[PutAside]:
        """Return the turns that were put aside, latest first, `most` at most."""
        return [_put_aside(row) for row in await self.db.read(PUT_ASIDE_TURNS, most=most)]

    async def count_put_aside(self) -> int:
        """Count the turns that were put aside."""
        return int((await self.db.read("SELECT COUNT(*) AS n FROM turns WHERE error = 'put_aside'"))[0]["n"])


def _tally(platform: str, model: str | None, error: str | None, found: Iterable[Row]) -> Tally:
    figures: dict[str, dict[int, tuple[int, float]]] = {"turns": {}, "first_words": {}, "took": {}}
    for row in found:
        figures[row["figure"]][row["class"]] = (row["n"], row["amount"])
    turns, last = figures["turns"][0]
    return Tally(
        platform=platform,
        model=model,
        error=error,
        turns=turns,
        last=last,
        first_words=figures["first_words"],
        took=figures["took"],
    )


def _usage(row: Row) -> Usage:
    def whole(name: str) -> int | None:
        return None if row[name] is None else int(row[name])  # PostgreSQL adds up to a decimal

    return Usage(whole("credits"), whole("input_tokens"), whole("output_tokens"), row["dollars"])


def _put_aside(row: Row) -> PutAside:
    return PutAside(
        turn=row["id"],
        platform=Channel.parse(row["channel"]).platform,
        at=row["finished"],
        stalls=row["stalls"],
        crashes=row["crashes"],
    )
