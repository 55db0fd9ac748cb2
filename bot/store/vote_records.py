"""Votes on compared answers, and how often each model wins."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.messages import ModelScore, QuestionKind, Turn
from bot.store.database import Database, Execute, Row

# A turn that was deleted meanwhile keeps nothing.
ADD = """
INSERT INTO votes (turn, person, lane, model, won, kind, took, credits, dollars)
SELECT id, :person, :lane, :model, :won, :kind, :took, :credits, :dollars FROM turns WHERE id = :turn {keep}
"""

WITHDRAW = "DELETE FROM votes WHERE turn = :turn AND person = :person"

FIGURES = """
COUNT(*) AS votes, SUM(won) AS won, AVG(took) AS took, AVG(credits) AS credits, AVG(dollars) AS dollars
"""

SCORES = f"SELECT model, {FIGURES} FROM votes GROUP BY model ORDER BY model"  # noqa: S608 (ours)
SCORES_BY_KIND = f"SELECT kind, model, {FIGURES} FROM votes GROUP BY kind, model ORDER BY kind, model"  # noqa: S608


@dataclass(frozen=True, slots=True)
class SqlVotes:
    """One vote of each person for each comparison."""

    db: Database

    async def save_vote(self, compared: Turn, person: str, kind: QuestionKind, won: Collection[int]) -> None:
        """Keep which of the compared answers a person finds best, by lane, in place of an earlier vote."""
        lanes = compared.result.lanes if compared.result else ()

        async def unit(execute: Execute) -> None:
            await execute(WITHDRAW, turn=compared.id, person=person)
            for n, lane in enumerate(lanes):
                if lane.answer.text:
                    await execute(
                        ADD.format(keep=self.db.keep),
                        turn=compared.id,
                        person=person,
                        lane=n,
                        model=lane.answer.model,
                        won=int(n in won),
                        kind=kind,
                        took=lane.took,
                        credits=lane.usage.credits,
                        dollars=lane.usage.dollars,
                    )

        await self.db.write(unit)

    async def list_votes(self, turn: int) -> Sequence[frozenset[int]]:
        """Return the lanes that each person who voted finds best; none where they find none good."""
        by_person = defaultdict[str, set[int]](set)
        for row in await self.db.read("SELECT person, lane, won FROM votes WHERE turn = :turn", turn=turn):
            by_person[row["person"]] |= {row["lane"]} if row["won"] else set()
        return [frozenset(won) for won in by_person.values()]

    async def list_scores(self) -> Sequence[ModelScore]:
        """Return how often the answers of each model won, by model."""
        return [_score(row) for row in await self.db.read(SCORES)]

    async def list_scores_by_kind(self) -> Mapping[QuestionKind, Sequence[ModelScore]]:
        """Return the same for each kind of question that was voted on."""
        by_kind = defaultdict[QuestionKind, list[ModelScore]](list)
        for row in await self.db.read(SCORES_BY_KIND):
            by_kind[row["kind"]].append(_score(row))
        return by_kind


def _score(row: Row) -> ModelScore:
    def average(name: str) -> float | None:
        return None if row[name] is None else float(row[name])  # PostgreSQL makes decimals of whole numbers

    return ModelScore(
        model=row["model"],
        votes=int(row["votes"]),
        won=int(row["won"]),
        took=average("took"),
        credits=average("credits"),
        dollars=average("dollars"),
    )
