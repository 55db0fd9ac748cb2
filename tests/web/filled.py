"""A store in which much has happened: what the dashboard is looked at with."""

import itertools
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bot.messages import OBEYED, AnswerVersion, JobResult, LaneResult, QuestionKind, Usage, WorkerProcess
from bot.ports import Store
from bot.store.database import Execute
from bot.store.sql import SqlStore
from tests.conftest import said

HOUR, DAY = 3600.0, 86_400.0

numbers = itertools.count(1_000_000)  # of messages, and of turns that are booked

# As in `turns`, with nothing of what was said.
TURN = """
INSERT INTO turns (conversation, channel, message_id, message, added, leads, due, answer, error, finished, model,
    first_words, took)
VALUES (:conversation, :channel, :id, :message, 0, FALSE, 0, :answer, :error, :finished, :model, :first_words, :took)
"""
SPENT = """
INSERT INTO spending (turn, lane, at, day, platform, channel, author, model, credits, dollars)
VALUES (:turn, 0, :at, :day, 'web', :channel, :author, :model, :credits, :dollars)
"""
TOLD = "INSERT INTO processes (id, seen, report) VALUES (:id, :seen, :report)"
WHOSE = {"channel": "web:secret-lobby", "author": "web:secret-id"}
SECRETS = {"text": "secret-question", "author": {"id": "secret-id", "name": "secret-name"}}

MODELS = {  # how often, seconds to the first words and to the whole answer, credits, dollars
    "onemin/gpt-4o": (30, 0.8, 4.0, 1600, None),
    "onemin/gpt-4o-mini": (18, 0.5, 2.5, 300, None),
    "onemin/claude-sonnet-4": (16, 1.1, 6.0, 2400, None),
    "openai/gpt-5": (12, 1.6, 9.0, None, 0.012),
    "vapi/gemini-2.5-pro": (10, 1.2, 5.0, None, 0.008),
    "aiml/qwen-vl-max": (7, 0.9, 4.5, None, 0.003),
    "onemin/mistral-large": (4, 0.7, 3.5, 700, None),
    "vapi/llama-4-scout": (2, 0.6, 3.0, None, 0.001),
    "onemin/grok-4": (1, 2.0, 11.0, 2000, None),
}
FLEET = [
    WorkerProcess(
        name="bot-1/4211",
        started=0.0,
        listens=("telegram", "web"),
        workers=64,
        in_flight=3,
        troubles={},
        breakers={"onemin/gpt": "closed", "openai/gpt": "half open"},
    ),
    WorkerProcess(
        name="bot-2/390",
        started=0.0,
        listens=("discord",),
        workers=64,
        in_flight=2,
        troubles={},
        breakers={"onemin/gpt": "closed", "vapi/gemini": "open"},
    ),
    WorkerProcess(
        name="bot-3/17",
        started=0.0,
        listens=(),
        workers=256,
        in_flight=0,
        troubles={"store": "TimeoutError"},
        breakers={},
    ),
]


class Filler:
    """Writes turns as they are once they are finished; `conversation` must be there."""

    def __init__(self, store: Store) -> None:
        assert isinstance(store, SqlStore)
        self.store, self.rows, self.spent = store, list[dict[str, object]](), list[dict[str, object]]()

    def turn(
        self,
        finished: float,
        model: str | None = "onemin/gpt-4o",
        *,
        platform: str = "web",
        error: str | None = None,
        first_words: float | None = None,
        took: float | None = None,
        credits: int | None = None,
        dollars: float | None = None,
    ) -> None:
        """One more, to be written."""
        self.rows.append(
            {
                "channel": f"{platform}:secret-lobby",
                "id": f"secret-message-{next(numbers)}",
                "message": json.dumps(SECRETS),
                "answer": "secret-answer",
                "error": error,
                "finished": finished,
                "model": model,
                "first_words": first_words,
                "took": took,
            }
        )
        if model is not None and (credits is not None or dollars is not None):
            day = datetime.fromtimestamp(finished, UTC).date().isoformat()
            values = {"turn": next(numbers), "at": finished, "day": day, **WHOSE}
            self.spent.append({**values, "model": model, "credits": credits, "dollars": dollars})

    async def write(self) -> None:
        """Write what there is."""
        rows, self.rows, spent, self.spent = self.rows, [], self.spent, []
        new = "INSERT INTO conversations (model, active) VALUES ('onemin/gpt-4o', 0) RETURNING id"

        async def unit(execute: Execute) -> None:
            [conversation] = await execute(new)
            for row in rows:
                await execute(TURN, conversation=conversation["id"], **row)
            for row in spent:
                await execute(SPENT, **row)

        await self.store.db.write(unit)


async def fill(store: Store, many: int = 1500, seed: int = 5) -> None:
    """A busy month: more by day than by night, some errors, nine models on three platforms."""
    chance, now, filler = random.Random(seed), time.time(), Filler(store)
    names = list(MODELS)
    weights = [MODELS[name][0] for name in names]
    for _ in range(many):
        finished = _moment(chance, now)
        name = chance.choices(names, weights)[0]
        _, first, whole, credits, dollars = MODELS[name]
        slow = chance.lognormvariate(0, 0.35)
        platform = chance.choices(["discord", "telegram", "web"], [5, 4, 1])[0]
        error = _error(chance)
        filler.turn(
            finished,
            name if error != "limit_reached" else None,
            platform=platform,
            error=error,
            first_words=None if error else first * slow,
            took=None if error else whole * slow,
            credits=None if error else credits,
            dollars=None if error else dollars,
        )
    await filler.write()


async def voted(store: Store, wins: Mapping[str, int], votes: int, kind: QuestionKind = "text") -> None:
    """So many people voted on one comparison; so many of them for each model. The later, the cheaper and slower."""
    await store.intake.add(said("/compare"))
    turn = (await store.queue.claim(10))[-1]
    lanes = [
        LaneResult(answer=AnswerVersion(text="yes", model=model), usage=Usage(credits=900 // 10**n), took=2.0 + n)
        for n, model in enumerate(wins)
    ]
    await store.queue.save_result(turn, JobResult(outcome=OBEYED, lanes=tuple(lanes), question_kind=kind))
    compared = await store.turns.get_turn(turn.id)
    assert compared is not None
    for n in range(votes):
        won = [lane for lane, many in enumerate(wins.values()) if n < many]
        await store.votes.save_vote(compared, f"web:{n}", kind, won)
    await store.queue.finish(turn)


async def settle(store: Store, fleet: Sequence[WorkerProcess] = FLEET, silent: float = 43.0) -> None:
    """Processes that tell of themselves; the last one fell silent so many seconds ago."""
    assert isinstance(store, SqlStore)
    now = time.time()

    async def unit(execute: Execute) -> None:
        for n, process in enumerate(fleet):
            report = json.dumps({**asdict(process), "started": now - (n + 1) * 7 * HOUR})
            await execute(TOLD, id=str(n), seen=now - (silent if n == len(fleet) - 1 else 1), report=report)

    await store.db.write(unit)


def _moment(chance: random.Random, now: float) -> float:
    """A moment of the last month, one in three of the last day; nights are quiet."""
    span = chance.choice([DAY, 7 * DAY, 30 * DAY])
    while True:
        moment = now - chance.random() * span
        hour = (moment / HOUR + 1) % 24
        if chance.random() < (1.0 if 8 <= hour < 22 else 0.25):
            return moment


def _error(chance: random.Random) -> str | None:
    kinds = ["provider_slow", "limit_reached", "provider_rate_limited", "photos_none_read", "bug"]
    return chance.choices(kinds, [5, 4, 3, 2, 1])[0] if chance.random() < 0.05 else None
