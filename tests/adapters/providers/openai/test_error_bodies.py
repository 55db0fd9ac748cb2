"""Error bodies as services send them, and as they are understood: a table of what was documented or reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.error_rules import parse_failure
from adapters.providers.openai.errors import to_bot_error
from adapters.providers.openai.model_quirks import Unsupported

BODIES = [json.loads(line) for line in Path(__file__).with_name("error_bodies.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("meaning", "status", "body"), BODIES)
def test_an_error_is_understood(meaning: str, status: int, body: Any) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)
    error = to_bot_error(parse_failure(status, raw.encode(), {}), "openai/x", "The endpoint")
    kind, _, what = meaning.rpartition(" ")
    if kind == "unsupported":
        assert isinstance(error, Unsupported)
        assert what in error.features
    elif kind == "at most":
        assert (error.code, error.values["most"]) == ("provider_too_many_photos", int(what))
    else:
        assert error.code == meaning
