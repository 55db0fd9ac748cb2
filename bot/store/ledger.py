"""Reservations: what is set aside for a question when it is admitted, until what it took is booked.

Limits would not hold in parallel if they only counted what is booked, because that is known at the end of an answer. So
a question reserves an estimate: the price of the dearest of the latest answers of its model. Whoever reserves for the
same person, channel or bot comes one after the other; what is booked and what is reserved is read in one statement, so
that nothing is missed that becomes the one from the other meanwhile. A reservation is keyed by turn and lane: a turn
that is asked again after a crash finds its own. It counts while its turn is unfinished, however that ends.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from bot.messages import Admission, Balance, Budget, Channel, DaySpent, Spent, Turn, Usage
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute, Row

BOOK = """
INSERT INTO spending (turn, lane, at, day, platform, channel, author, model,
    credits, input_tokens, output_tokens, dollars)
VALUES (:turn, :lane, :at, :day, :platform, :channel, :author, :model,
    :credits, :input_tokens, :output_tokens, :dollars)
ON CONFLICT (turn, lane) DO NOTHING
"""

SPENT = """
SELECT COUNT(DISTINCT turn) AS turns, COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars
FROM spending WHERE at >= :since
"""

SPENT_BY_DAY = """
SELECT day, model, COUNT(DISTINCT turn) AS turns,
    COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars
FROM spending WHERE at >= :since
"""
LATEST = 100  # answers of a model, of which the dearest is the estimate
CLOSED = 300.0  # seconds after which nothing more is booked for a moment, whichever clock and transaction it comes from

RESERVE = """
INSERT INTO reservations (turn, lane, channel, author, credits, dollars)
VALUES (:turn, :lane, :channel, :author, :credits, :dollars) ON CONFLICT (turn, lane) DO NOTHING
"""

RELEASE = "DELETE FROM reservations WHERE turn = :turn"

ADMITTED = "SELECT 1 FROM reservations WHERE turn = :turn UNION ALL SELECT 1 FROM spending WHERE turn = :turn"

PRICE = f"""
SELECT COUNT(*) AS answers, MAX(credits) AS credits, MAX(dollars) AS dollars
FROM (SELECT credits, dollars FROM spending WHERE model = :model ORDER BY at DESC LIMIT {LATEST}) AS latest
"""  # noqa: S608 (ours)

# Of the turn itself only what it cost so far; a turn of which a part is booked and a part is reserved counts once.
BALANCE = """
SELECT booked.turns, booked.credits, booked.dollars, reserved.turns AS reserved_turns,
    reserved.credits AS reserved_credits, reserved.dollars AS reserved_dollars, unpriced
FROM (
    SELECT COUNT(DISTINCT CASE WHEN turn <> :turn THEN turn END) AS turns,
        COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars
    FROM spending WHERE at >= :since {scope}
) AS booked CROSS JOIN (
    SELECT COUNT(DISTINCT CASE WHEN NOT is_booked THEN turn END) AS turns,
        COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars,
        COUNT(CASE WHEN credits IS NULL THEN 1 END) AS unpriced
    FROM (
        SELECT turn, credits, dollars,
            EXISTS (SELECT 1 FROM spending WHERE spending.turn = reservations.turn AND at >= :since) AS is_booked
        FROM reservations WHERE turn <> :turn {scope}
            AND EXISTS (SELECT 1 FROM turns WHERE turns.id = reservations.turn AND finished IS NULL)
    ) AS outstanding
) AS reserved
"""


async def book(execute: Execute, turn: Turn, lane: int, model: str, usage: Usage) -> None:
    """Book what an answer took, in place of what was reserved for it; once, however often told."""
    now = time.time()
    await execute(
        BOOK,
        turn=turn.id,
        lane=lane,
        at=now,
        day=datetime.fromtimestamp(now, UTC).date().isoformat(),
        platform=turn.message.channel.platform,
        **subjects(turn),
        model=model,
        credits=usage.credits,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        dollars=usage.dollars,
    )
    await execute("DELETE FROM reservations WHERE turn = :turn AND lane = :lane", turn=turn.id, lane=lane)


def subjects(turn: Turn) -> dict[str, str]:
    """Return the subjects that an answer is booked for."""
    return {"channel": str(turn.message.channel), "author": rows.author(turn.message)}


def scope(author: str | None, channel: Channel | None) -> tuple[str, dict[str, str]]:
    """The condition, to be added to a query, that names an author or a channel, and its values."""
    named = {"author": author, "channel": str(channel) if channel else None}
    values = {name: value for name, value in named.items() if value is not None}
    return "".join(f" AND {name} = :{name}" for name in values), values


def read_spent(row: Row) -> Spent:
    """Read a row of `SPENT`."""
    return Spent(int(row["turns"]), int(row["credits"]), float(row["dollars"]))


@dataclass(frozen=True, slots=True)
class SqlLedger:
    """One row for every answer of a model. It outlives the turn, whose words it does not hold."""

    db: Database
    _closed: dict[float, tuple[float, Spent]] = field(default_factory=dict)  # by beginning: what is over, and its sum

    async def reserve(self, turn: Turn, models: Mapping[int, str], budgets: Sequence[Budget] = ()) -> Admission:
        """Set aside what the turn will take of these models, by lane, if there is room in each budget.

        A turn that was admitted once stays so. Where a budget is in money, questions of which no price is known are
        admitted one at a time, because the first one tells it.
        """
        await self._close({budget.since for budget in budgets if budget.is_of_everybody})

        async def unit(execute: Execute) -> Admission:
            prices = {lane: await self._price(execute, model) for lane, model in models.items()}
            await self.db.lock_subjects(execute, {budget.subject for budget in budgets})
            balances = await self._balances(execute, turn, budgets)
            is_granted = _have_room(balances, prices.values()) or bool(await execute(ADMITTED, turn=turn.id))
            if is_granted:
                for lane, price in prices.items():
                    await execute(RESERVE, turn=turn.id, lane=lane, **subjects(turn), **price)
            return Admission(is_granted, balances)

        return await self.db.write(unit)

    async def release(self, turn: Turn) -> None:
        """Give back what is still reserved for the turn."""
        await self.db.run(RELEASE, turn=turn.id)

    async def settle(self, turn: Turn, lane: int, model: str, usage: Usage) -> None:
        """Book what one of several answers side by side took, in place of what was reserved for it.

        It is booked once, however often it is said.
        """
        await self.db.write(lambda execute: book(execute, turn, lane=lane, model=model, usage=usage))

    async def get_spent(self, since: float, *, author: str | None = None, channel: Channel | None = None) -> Spent:
        """Return the cost of answers since then: of all, or of those to one author (platform:id) or in one channel."""
        only, values = scope(author, channel)
        return read_spent((await self.db.read(SPENT + only, since=since, **values))[0])

    async def list_spent_by_day(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> Sequence[DaySpent]:
        """Return what `get_spent` adds up, by day (UTC) and model, oldest first."""
        only, values = scope(author, channel)
        days = await self.db.read(
            f"{SPENT_BY_DAY}{only} GROUP BY day, model ORDER BY day, model", since=since, **values
        )
        return [DaySpent(row["day"], row["model"], read_spent(row)) for row in days]

    async def _price(self, execute: Execute, model: str) -> Row:
        """Return the expected cost of an answer: None if nothing is known yet, 0 if the provider tells no prices."""
        [price] = await execute(PRICE, model=model)
        if not price["answers"]:
            return {"credits": None, "dollars": None}
        return {"credits": price["credits"] or 0, "dollars": price["dollars"] or 0.0}

    async def _balances(self, execute: Execute, turn: Turn, budgets: Sequence[Budget]) -> tuple[Balance, ...]:
        sums: dict[tuple[str, float], Row] = {}
        for budget in budgets:
            key = budget.subject, budget.since
            if key not in sums:
                sums[key] = await self._sums(execute, turn, budget)
        return tuple(_balance(budget, sums[budget.subject, budget.since]) for budget in budgets)

    async def _sums(self, execute: Execute, turn: Turn, budget: Budget) -> Row:
        """Return what is booked for and reserved by the budget's subject, without the turn's own reservation."""
        condition, values = scope(budget.author, budget.channel)
        since, before = budget.since, Spent()
        if budget.is_of_everybody:
            since, before = self._closed.get(since, (since, before))
        [row] = await execute(BALANCE.format(scope=condition), since=since, turn=turn.id, **values)
        return row | {name: float(row[name]) + amount for name, amount in asdict(before).items()}

    async def _close(self, beginnings: Collection[float]) -> None:
        """Add up what the whole bot took before now: a month of that is too much to be read for each question."""
        closed = {since: await self._closed_since(since) for since in beginnings}
        if closed:
            self._closed.clear()
            self._closed.update(closed)

    async def _closed_since(self, since: float) -> tuple[float, Spent]:
        closed, before = self._closed.get(since, (since, Spent()))
        until = time.time() - CLOSED
        if until < closed + CLOSED:
            return closed, before
        [row] = await self.db.read(f"{SPENT} AND at < :until", since=closed, until=until)
        after = read_spent(row)
        return until, Spent(before.turns + after.turns, before.credits + after.credits, before.dollars + after.dollars)


def _have_room(balances: Sequence[Balance], prices: Iterable[Row]) -> bool:
    """Tell whether a question at these prices may begin."""
    is_unpriced = any(price["credits"] is None for price in prices)
    return not any(balance.is_exhausted or (is_unpriced and balance.is_uncertain) for balance in balances)


def _balance(budget: Budget, sums: Row) -> Balance:
    is_uncertain = budget.measure != "turns" and sums["unpriced"] > 0
    return Balance(budget, float(sums[budget.measure]), float(sums[f"reserved_{budget.measure}"]), is_uncertain)
