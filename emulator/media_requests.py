"""Check requests for media: nothing passes that the documentation of a tool does not know.

What the real one does with a parameter that nobody documented is not known, so a client should not send any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.fields import Field
from emulator.parameters import RULES
from emulator.payloads import ApiError, Body, bad_prompt, bad_request, flat
from emulator.tools import TOOLS, Tool


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A request that passed."""

    type: str
    tool: Tool
    sent: Body  # the promptObject as it came
    prompt: Body  # with defaults
    in_background: bool = False  # answered at once, see /api/results


def check(body: Body) -> MediaRequest:
    """Check a request to `/api/features` that is no chat."""
    type, name, prompt = body.get("type"), body.get("model"), body.get("promptObject")
    if not isinstance(type, str) or not isinstance(name, str) or not name or not isinstance(prompt, dict):
        raise bad_request("type, model and promptObject should not be empty")
    tool = TOOLS.get(name)
    if tool is None:
        raise ApiError(400, flat("UNSUPPORTED_MODEL", f"Model {name} is not supported"))
    if type not in tool.features:
        raise ApiError(400, {"message": f"Invalid model {name} for AI feature {type}!"})
    in_background = body.get("async", False)
    if not isinstance(in_background, bool):
        raise bad_request("async must be a boolean value")
    fields = RULES[type, tool.family]
    _obey(prompt, fields)
    given = {name: value for name, value in prompt.items() if value is not None}
    return MediaRequest(type, tool, prompt, {field.name: field.default for field in fields} | given, in_background)


def _obey(prompt: Body, fields: Sequence[Field]) -> None:
    details = [(field.name, field.must) for field in fields if not _good(field, prompt.get(field.name))]
    known = {field.name for field in fields}
    details += [(name, "should not exist") for name in prompt if name not in known]
    if details:
        raise bad_prompt([{"field": name, "message": f"{name} {must}"} for name, must in details])
    for field in fields:
        value = prompt.get(field.name)
        if field.choices and value is not None and value not in field.choices:
            named = ", ".join(f"'{choice}'" for choice in field.choices)
            # The code and both phrases are known, the sentence between them is not.
            message = f"Invalid value: '{value}'. Supported values are: {named}."
            raise ApiError(400, flat("OPEN_AI_UNEXPECTED_ERROR", message))


def _good(field: Field, value: Any) -> bool:
    return not field.needed if value is None else field.good(value)
