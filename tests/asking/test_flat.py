"""A question late in a long conversation takes no more along than one in the middle of it."""

from bench import photo
from bench.memory import talk

TURNS = 60
DIGITS = 1.001  # the number of a photo gets longer


async def test_requests_stop_growing_and_bring_the_photos_that_matter() -> None:
    """The endpoint knows by hash which photos came with each question: `talk` fails where others did."""
    requests = await talk(TURNS, photo.base(320, 240), each=2)
    middle, last = requests[TURNS // 3 : 2 * TURNS // 3], requests[2 * TURNS // 3 :]
    for measure in ("bytes", "tokens", "photos"):
        largest = max(getattr(each, measure) for each in last)
        assert largest <= DIGITS * max(getattr(each, measure) for each in middle)
    assert last[-1].with_all > 5 * last[-1].bytes  # there was something to leave out
