"""A fleet on one PostgreSQL, processes of it killed again and again, the database without power for a moment."""

import pytest

from bench import chaos

PLAN = chaos.Plan(processes=3, listeners=2, turns=150, conversations=30, seconds=12.0, kill_every=1.5, patience=180.0)


@pytest.mark.timeout(300)
async def test_a_fleet_loses_no_turn_and_keeps_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = await chaos.run(PLAN)
    with capsys.disabled():
        print(f"\n{len(found.kills)} kills: {found.asked_twice} asked twice, {found.posted_twice} posted twice")
    assert len(found.kills) == 8
    assert found.lost == [], "\n".join(found.logs)
    assert found.disorder == [], "\n".join(found.logs)
