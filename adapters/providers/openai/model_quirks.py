"""Features that not every endpoint supports: sent until they are refused, and left out from then on.

A model that wants a request in another form answers with a 400. The question is then asked again in that form, and so
is every later one.
"""

from collections.abc import Mapping, Sequence

import structlog

from adapters.providers.error_rules import Where
from bot.errors import FailureCode, Refused

log = structlog.get_logger(__name__)

INCLUDE_USAGE, SYSTEM, MAX_TOKENS, TEMPERATURE = "stream_options", "system", "max_tokens", "temperature"
FILES = "file"  # parts of a question that are documents
STREAM, DETAIL = "stream", "detail"
PARTS = "parts"  # words and pictures as parts of one message; else each picture is a message of its own
HISTORY = "history"  # earlier questions and answers as messages; else they are part of the question

_NO = (
    r"(?:not (?:supported|support|permitted|allowed|enabled)|unsupported|unrecognized|unknown|unexpected|deprecated"
    r"|only the default|extra_forbidden)"
)


def _refusal(name: str) -> str:
    """Return the pattern of a sentence that refuses the field `name`."""
    return rf"\b{name}\b.{{0,120}}{_NO}|{_NO}.{{0,80}}\b{name}\b"


FEATURES: Mapping[str, str] = {
    STREAM: r"to stream this model|\bstream\b.{0,12}does(?: not|n't) support|streaming (?:is|was)? ?(?:\w+ )?"
    rf"{_NO}|(?:not|n't) (?:currently )?support streaming|['\"`]stream['\"`].{{0,60}}{_NO}"
    r"|stream(?:ing)? (?:mode )?is (?:not|disabled|unavailable)|only non-?stream",
    DETAIL: rf"image_url\W{{0,12}}detail\b.{{0,160}}{_NO}|{_NO}.{{0,160}}image_url\W{{0,12}}detail\b"
    rf"|\bdetail['\"`]?\b.{{0,40}}{_NO}",
    PARTS: r"(?:multiple|several|more than one|two) (?:content )?(?:parts|items|blocks|elements)\b"
    r"|only (?:one|a single) (?:content )?(?:part|item|block|element)\b|mix(?:ed|ing) (?:of )?text and image"
    r"|content (?:array )?(?:must|should) (?:contain|have) (?:exactly )?(?:one|1|a single)\b",
    HISTORY: r"roles must alternate|only (?:one|a single|1) (?:user )?message\b|more than one (?:user )?message"
    rf"|(?:multiple|several) (?:user )?messages.{{0,30}}{_NO}|single[- ]turn|multi-?turn.{{0,40}}{_NO}",
    INCLUDE_USAGE: r"stream_options|include_usage",
    SYSTEM: r"\brole\b.{0,120}\bsystem\b|\bsystem\b.{0,60}\brole\b|only user and assistant roles"
    rf"|\bsystem (?:message|prompt|instruction)s?\b.{{0,40}}{_NO}|developer instruction is not enabled"
    r"|(?:incompatible|not compatible|cannot be (?:used|combined|mixed)).{0,20}\bsystem (?:message|prompt|instruction)",
    MAX_TOKENS: _refusal("max_tokens") + r"|max_tokens.{0,80}max_completion_tokens",
    TEMPERATURE: _refusal("temperature"),
    FILES: r"unknown (?:part|content) type|invalid message (?:format|content)|unsupported content\[\]\.type"
    r"|either .?text.? or .?image_url|invalid (?:value|content type|type).{0,60}['\"`]file['\"`]|\bfile_data\b"
    rf"|['\"`]file['\"`].{{0,80}}{_NO}"
    rf"|\b(?:file|pdf|document)s?(?: (?:input|part|content|upload)s?)? (?:is|are) (?:{_NO}|only)"
    r"|(?:not|n't) (?:currently )?(?:support|accept|take) (?:file|pdf|document)",
}
"""The pattern of the refusal of each feature."""


class Unsupported(Refused):
    """A refusal of one of these features: the question can be asked again without it."""

    def __init__(self, features: Sequence[str], where: Where) -> None:
        super().__init__(FailureCode.PROVIDER_BAD_REQUEST, status=where)
        self.features = features


class ModelQuirks:
    """The features that each model refuses: the one place where that is remembered."""

    def __init__(self) -> None:
        self._refused: dict[str, frozenset[str]] = {}  # by model; "" stands for all models

    def unsupported_features(self, model: str) -> frozenset[str]:
        """Return the features that requests to this model leave out."""
        return self._refused.get("", frozenset()) | self._refused.get(model, frozenset())

    def remember(self, model: str, features: frozenset[str]) -> None:
        """Leave these features out from now on: the model answered without them."""
        new_features = features - self.unsupported_features(model)
        if not new_features:
            return
        log.info("from now on it is asked in another way", model=model, without=sorted(new_features))
        for key, new_part in (("", new_features & {INCLUDE_USAGE}), (model, new_features - {INCLUDE_USAGE})):
            self._refused[key] = self._refused.get(key, frozenset()) | new_part
