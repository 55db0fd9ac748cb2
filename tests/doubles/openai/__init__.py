"""An endpoint that speaks OpenAI's chat completions, as V-API, as AI/ML API, or as itself.

What no page tells, above all how V-API words its errors, is that of the relays that it looks like.
"""

from tests.doubles.openai.faults import FAULTS
from tests.doubles.openai.seen import Seen
from tests.doubles.openai.server import FakeOpenAI

__all__ = ["FAULTS", "FakeOpenAI", "Seen"]
