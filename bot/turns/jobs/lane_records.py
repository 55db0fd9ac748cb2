"""Records of compared models that have answered while others still speak: JSON, with the pictures that they drew."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.messages import AnswerVersion, File, LaneResult, Usage


def write_lane(lane: LaneResult, pictures: Sequence[File]) -> str:
    """Return the record of an answer."""
    files = [
        {"name": file.name, "mime": file.mime, "about": file.about, "data": base64.b64encode(file.data).decode()}
        for file in pictures
    ]
    return json.dumps({"lane": asdict(lane), "pictures": files})


def read_lane(record: str) -> tuple[LaneResult, list[File]]:
    """Return the answer of a record, and its pictures."""
    values = json.loads(record)
    lane = values["lane"]
    answer = lane["answer"]
    answer |= {"notes": tuple(answer["notes"]), "recalled": tuple(answer.get("recalled", ()))}
    pictures = [File(**file | {"data": base64.b64decode(file["data"])}) for file in values["pictures"]]
    return LaneResult(answer=AnswerVersion(**answer), usage=Usage(**lane["usage"]), took=lane["took"]), pictures
