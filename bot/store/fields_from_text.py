"""Converts what older versions stored as marks inside texts (migration 014)."""

import json
import re
from typing import Any

from bot.store.database import Execute, Row

MICROPHONE = "🎤 "  # stood before a transcript in the words of a message
TRANSCRIPTION_LANE = 200  # from here on, transcriptions were booked
SEPARATOR = "\n\x1e\n"  # stood between the answers of compared models, and between a result and its caption
SPOKEN = "🔊"  # stood at the end of what was said of generated sound

NOTES = re.compile(r"\A(?:_[^\n]+_\n\n)+")  # ours, before an answer
COMPARISON = re.compile(r"\s*/compare(?:@\w+)?\s", re.IGNORECASE)
TOOK = re.compile(r" · (\d{1,6}\.\d) s")  # below a compared model's answer

# A recording was transcribed if that was booked: whoever typed a microphone has not said anything.
TRANSCRIBED = """
SELECT id, message FROM turns
WHERE EXISTS (SELECT 1 FROM spending WHERE spending.turn = turns.id AND lane >= :lane)
"""

ANSWERED = """
SELECT id, message, answer, model FROM turns WHERE answer IS NOT NULL AND id > :after ORDER BY id LIMIT 500
"""

BOOKED = """
SELECT lane, model, credits, input_tokens, output_tokens, dollars FROM spending WHERE turn = :turn ORDER BY lane
"""

SAVE_RESULT = "UPDATE turns SET answer = :text, result = :result WHERE id = :id"
SAVE_VERSION = "UPDATE versions SET text = :text, result = :result WHERE turn = :turn AND n = :n"


async def move_marks_to_fields(execute: Execute) -> None:
    """Give transcripts, notes, compared answers and captions fields of their own."""
    for row in await execute(TRANSCRIBED, lane=TRANSCRIPTION_LANE):
        await _split_transcript(execute, row)
    after = -1
    while rows := await execute(ANSWERED, after=after):
        for row in rows:
            await _split_answer(execute, row)
        after = rows[-1]["id"]
    for row in await execute("SELECT turn, n, text FROM versions"):
        text, notes = _split_notes(row["text"])
        if notes:
            result = json.dumps({"notes": notes})
            await execute(SAVE_VERSION, turn=row["turn"], n=row["n"], text=text, result=result)


async def _split_transcript(execute: Execute, row: Row) -> None:
    message = json.loads(row["message"])
    caption, mark, transcript = message["text"].partition(MICROPHONE)
    if mark:
        words = json.dumps(message | {"text": caption.rstrip()})
        sql = "UPDATE turns SET message = :words, transcript = :transcript WHERE id = :id"
        await execute(sql, id=row["id"], words=words, transcript=transcript)


async def _split_answer(execute: Execute, row: Row) -> None:
    text, model = row["answer"], row["model"]
    if model is None and SEPARATOR in text and COMPARISON.match(json.loads(row["message"])["text"]):
        booked = {each["lane"]: each for each in await execute(BOOKED, turn=row["id"])}
        lanes = [_lane(each, booked.get(n, {})) for n, each in enumerate(text.split(SEPARATOR))]
        result: dict[str, Any] = {"outcome": "command", "lanes": lanes}
        text = ""
    elif model is None and SEPARATOR in text:
        told, _, caption = text.partition(SEPARATOR)
        text, notes = _split_notes(told)
        result = {"outcome": "command", "notes": notes, "caption": caption}
    elif model is None and text.endswith(SPOKEN):
        text, notes = _split_notes(text)
        result = {"outcome": "command", "notes": notes, "caption": SPOKEN}
        text = ""
    else:
        text, notes = _split_notes(text) if model else (text, [])
        result = {"notes": notes} if notes else {}
    if result:
        result |= {"model": model, "answered_by": model or ""}
        await execute(SAVE_RESULT, id=row["id"], text=text, result=json.dumps(result))


def _lane(text: str, booked: Row) -> dict[str, Any]:
    """Return one of the answers that were compared; what it took stands below it, and was booked."""
    words, _, footer = text.rpartition("\n\n_")
    words, notes = _split_notes(words)
    model = booked.get("model") or footer.partition(" · ")[0]
    usage = {name: booked.get(name) for name in ("credits", "input_tokens", "output_tokens", "dollars")}
    took = TOOK.search(footer)
    return {
        "answer": {"text": words, "model": model, "notes": notes, "ending": ""},
        "usage": usage,
        "took": float(took[1]) if took else None,
    }


def _split_notes(text: str) -> tuple[str, list[str]]:
    """Return the words, and our notes before them: older versions took every line in italics there for one."""
    notes = NOTES.match(text)
    if notes is None:
        return text, []
    return text[notes.end() :], [line[1:-1] for line in notes[0].split("\n\n") if line]
