"""The faults of pictures, sounds and the links to them.

The faults of the chat can happen there too, wherever they make sense.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from emulator import s3
from emulator.bucket import LIVES
from emulator.fault import Fault, refusal, reshaped
from emulator.payloads import Body, flat
from emulator.recording import RecordedRequest

MEDIA_PLACES = frozenset({"pictures", "sound"})
_MODERATED = "Your request was rejected because it may violate the content policy"
_HEARS = frozenset({"SPEECH_TO_TEXT"})


def _transcript(change: Callable[[str], object]) -> Callable[[Body], Body]:
    """Change the text of a transcript."""

    def shape(body: Body) -> Body:
        detail = body["aiRecord"]["aiRecordDetail"]
        detail["resultObject"] = change(detail["resultObject"][0])
        return body

    return shape


def _moderated(body: Body) -> Body:
    record = body["aiRecord"]
    record |= {"status": "FAILED", "temporaryUrl": ""}
    record["aiRecordDetail"] |= {"resultObject": [], "errorMessage": _MODERATED}
    return body


def _expired(seen: RecordedRequest) -> web.Response:
    return s3.expired(datetime.now(UTC) - timedelta(days=1), LIVES)


def _half(seen: RecordedRequest) -> web.Response:
    return web.Response(body=b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", content_type="image/png")


def _page(seen: RecordedRequest) -> web.Response:
    return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")


MEDIA_FAULTS: dict[str, Fault] = {
    # Pictures. How the real one refuses what a picture may not show is not known: both are guesses.
    "moderated": refusal(
        "400: the picture may not be made (a guess)",
        400,
        flat("CONTENT_POLICY_VIOLATION", _MODERATED),
        place="pictures",
    ),
    "moderated_record": reshaped("200, FAILED: the picture may not be made (a guess)", _moderated, place="pictures"),
    # Both.
    "no_credits_at_once": Fault(
        meaning="406 with the price that was asked: only 46 credits are left",
        purse=46,
        place="pictures",
        also=MEDIA_PLACES,
    ),
    "result_key_only": Fault(
        meaning="keys and no link; the bucket is private", links="none", place="pictures", also=MEDIA_PLACES
    ),
    "result_full_url": Fault(
        meaning="as older replies: addresses in place of keys, and no link",
        links="public",
        place="pictures",
        also=MEDIA_PLACES,
    ),
    "results_private": Fault(
        meaning="of several pictures only the first can be had", links="private", place="pictures"
    ),
    # Sounds.
    "transcript_json": reshaped(
        "the transcript is JSON text",
        _transcript(lambda text: [json.dumps({"text": text}, ensure_ascii=False)]),
        place="sound",
        wants=_HEARS,
    ),
    "transcript_empty": reshaped(
        "nothing was heard: the transcript is empty", _transcript(lambda _: [""]), place="sound", wants=_HEARS
    ),
    # Links to results.
    "result_expired": Fault(meaning="403 in XML: the link has run out", instead=_expired, place="results"),
    "result_gone": Fault(
        meaning="404 in XML: there is no such file", instead=lambda seen: s3.missing(seen.name), place="results"
    ),
    "result_broken": Fault(meaning="a PNG that ends after its first bytes", instead=_half, place="results"),
    "result_page": Fault(meaning="200 with a page in place of the file", instead=_page, place="results"),
}
