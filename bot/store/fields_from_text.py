"""Converts what older versions stored as marks inside texts (migration 014)."""

import json

from bot.store.database import Execute, Row

MICROPHONE = "🎤 "  # stood before a transcript in the words of a message
TRANSCRIPTION_LANE = 200  # from here on, transcriptions were booked

# A recording was transcribed if that was booked: whoever typed a microphone has not said anything.
TRANSCRIBED = """
SELECT id, message FROM turns
WHERE EXISTS (SELECT 1 FROM spending WHERE spending.turn = turns.id AND lane >= :lane)
"""


async def move_marks_to_fields(execute: Execute) -> None:
    """Give transcripts a field of their own."""
    for row in await execute(TRANSCRIBED, lane=TRANSCRIPTION_LANE):
        await _split_transcript(execute, row)


async def _split_transcript(execute: Execute, row: Row) -> None:
    message = json.loads(row["message"])
    caption, mark, transcript = message["text"].partition(MICROPHONE)
    if mark:
        words = json.dumps(message | {"text": caption.rstrip()})
        sql = "UPDATE turns SET message = :words, transcript = :transcript WHERE id = :id"
        await execute(sql, id=row["id"], words=words, transcript=transcript)
