"""The faults of orders in the background and of their records, of interfaces that are retired, and of web searches."""

from emulator.fault import Fault, page, refusal, reshaped
from emulator.media_faults import MEDIA_PLACES
from emulator.payloads import Body, flat


def crawl(text: str) -> str:
    """Add the lines about crawled sites and the footer of links that a search leaves in an answer."""
    site = "🌐 Crawling site https://example.com\n"
    footer = "\n\nHere is some information from the links you provided:\n- https://example.com\n"
    return f"{site}{site}\n{text}{footer}"


def _searched(body: Body) -> Body:
    """Let the record say what a search read. Nobody has seen the lists filled: their entries are guesses."""
    detail = body["aiRecord"]["aiRecordDetail"]
    found = [{"url": "https://example.org/cats", "title": "All about cats"}, "https://example.net/dogs"]
    detail["promptObject"] |= {"searchContentList": found, "linkContentList": []}
    return body


def _order_failed(body: Body) -> Body:
    record = body["aiRecord"]
    record |= {"status": "FAILURE", "temporaryUrl": ""}
    record["aiRecordDetail"] |= {"resultObject": [], "errorMessage": "The AI provider could not answer"}
    return body


ORDER_FAULTS: dict[str, Fault] = {
    "still_processing": Fault(
        meaning="200, PROCESSING, although nobody ordered in the background",
        pending=True,
        place="pictures",
        also=MEDIA_PLACES,
    ),
    "async_ignored": Fault(
        meaning="the whole answer, although it was ordered in the background", in_time=True, place="pictures"
    ),
    "async_refused": refusal(
        "400: no orders in the background (a guess)",
        400,
        flat("REQUEST_BODY_VALIDATION_FAILED", "property async should not exist"),
        place="pictures",
    ),
    "order_failed": reshaped(
        "FAILED in the end: for who ordered in the background, not at once", _order_failed, late=True, place="pictures"
    ),
    "gateway_timeout": page("524: Cloudflare gave up waiting", 524, "error code: 524", "text/plain", place="records"),
    "answer_processing": Fault(
        meaning="JSON with a record that is PROCESSING; /api/results has it when it is done",
        whole=True,
        pending=True,
    ),
    "results_unknown": refusal(
        "404: there is no /api/results",
        404,
        {"message": "Cannot GET /api/results", "error": "Not Found", "statusCode": 404},
        place="records",
        lasts=True,
    ),
    "old_conversations_retired": refusal(
        "400: no conversation but for /api/chat-with-ai",
        400,
        flat("REQUEST_BODY_VALIDATION_FAILED", "type must be UNIFY_CHAT_WITH_AI"),
        place="conversations",
        wants=frozenset({"begin"}),
    ),
    "features_gone": refusal(
        "400: no chat at /api/features any more, as a client saw it in August 2026",
        400,
        flat("UNKNOWN_ERROR", "Unsupported feature type: CHAT_WITH_IMAGE"),
        wants=frozenset({"features"}),
        lasts=True,
    ),
    "searched": Fault(meaning="the same, and the record lists what was read (a guess)", text=crawl, shape=_searched),
}
