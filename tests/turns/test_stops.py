"""What is in work can be stopped, by conversation."""

from bot.turns.stops import Stops


def test_all_that_is_asked_in_a_conversation_is_stopped_and_nothing_else() -> None:
    stops, ended = Stops(), list[str]()
    with (
        stops.stoppable(1, lambda: ended.append("one")),
        stops.stoppable(1, lambda: ended.append("another")),
        stops.stoppable(2, lambda: ended.append("elsewhere")),
    ):
        assert stops.stop(1)
        assert sorted(ended) == ["another", "one"]
    assert not stops.stop(1)
    assert not stops.stop(2)
