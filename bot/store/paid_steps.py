"""Paid steps of turns: which were begun, and what came of them."""

import time
from dataclasses import dataclass

from bot.store.database import Database

BEGIN = """
INSERT INTO steps (turn, step, begun) VALUES (:turn, :step, :now) ON CONFLICT (turn, step) DO NOTHING RETURNING step
"""

SAVE = """
INSERT INTO steps (turn, step, begun, outcome) VALUES (:turn, :step, :now, :outcome)
ON CONFLICT (turn, step) DO UPDATE SET outcome = excluded.outcome
"""

FIND = "SELECT outcome FROM steps WHERE turn = :turn AND step = :step"


@dataclass(frozen=True, slots=True)
class SqlSteps:
    """Steps by turn and lane; they go with their turn."""

    db: Database

    async def begin_step(self, turn: int, step: int) -> bool:
        """Remember that a step is begun; False if it was before, and nobody knows what came of it."""
        return bool(await self.db.run(BEGIN, turn=turn, step=step, now=time.time()))

    async def save_step(self, turn: int, step: int, outcome: str) -> None:
        """Save what came of a step."""
        await self.db.run(SAVE, turn=turn, step=step, outcome=outcome, now=time.time())

    async def find_step(self, turn: int, step: int) -> str | None:
        """Return what came of a step; None where nothing is known."""
        found = await self.db.read(FIND, turn=turn, step=step)
        return found[0]["outcome"] if found else None

    async def forget_step(self, turn: int, step: int) -> None:
        """Forget a step that came to nothing: it may be begun again."""
        await self.db.run("DELETE FROM steps WHERE turn = :turn AND step = :step", turn=turn, step=step)
