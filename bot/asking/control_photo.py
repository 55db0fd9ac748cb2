"""The control: a small picture of ours that every model takes that sees, to find out what is at fault."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from bot.messages import Photo


@cache
def control_photo() -> Photo:
    """Return a drawing of a house under the sun."""
    file = Path(str(files("bot.asking").joinpath("control.jpg")))
    data = file.read_bytes()
    return Photo(
        name="control.jpg",
        mime="image/jpeg",
        file=file,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=256,
        height=256,
    )
