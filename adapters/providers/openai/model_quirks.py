"""What not every endpoint takes: sent until it is refused, and then remembered not to be.

A model that wants a question in another way says so with a 400. The question is then asked again in that way, and so
is every later one.
"""

from collections.abc import Mapping

import structlog

from adapters.providers.error_rules import Where
from bot.errors import Refused

log = structlog.get_logger(__name__)

FIGURES, SYSTEM, MAX_TOKENS, TEMPERATURE = "stream_options", "system", "max_tokens", "temperature"
FILES = "file"  # parts of a question that are documents

_NO = (
    r"(?:not (?:supported|support|permitted|allowed|enabled)|unsupported|unrecognized|unknown|unexpected|deprecated"
    r"|only the default|extra_forbidden)"
)


def _refusal(name: str) -> str:
    """The pattern of a sentence that refuses the field `name`."""
    return rf"\b{name}\b.{{0,120}}{_NO}|{_NO}.{{0,80}}\b{name}\b"


FEATURES: Mapping[str, str] = {
    FIGURES: r"stream_options|include_usage",
    SYSTEM: r"\brole\b.{0,120}\bsystem\b|\bsystem\b.{0,60}\brole\b|only user and assistant roles"
    rf"|\bsystem (?:message|prompt|instruction)s?\b.{{0,40}}{_NO}|developer instruction is not enabled",
    MAX_TOKENS: _refusal("max_tokens") + r"|max_tokens.{0,80}max_completion_tokens",
    TEMPERATURE: _refusal("temperature"),
    FILES: r"unknown (?:part|content) type|invalid message (?:format|content)|unsupported content\[\]\.type"
    r"|either .?text.? or .?image_url|invalid (?:value|content type|type).{0,60}['\"`]file['\"`]|\bfile_data\b"
    rf"|['\"`]file['\"`].{{0,80}}{_NO}"
    rf"|\b(?:file|pdf|document)s?(?: (?:input|part|content|upload)s?)? (?:is|are) (?:{_NO}|only)"
    r"|(?:not|n't) (?:currently )?(?:support|accept|take) (?:file|pdf|document)",
}
"""By feature: the pattern of what is said by those who do not take it."""


class Unsupported(Refused):
    """The model does not take this feature: ask again without it."""

    def __init__(self, feature: str, where: Where) -> None:
        super().__init__("provider_bad_request", status=where)
        self.feature = feature


class ModelQuirks:
    """Remembers which model does not take what."""

    def __init__(self) -> None:
        self._refused: dict[str, frozenset[str]] = {}  # by model; what holds for all of them stands under ""

    def without(self, model: str) -> frozenset[str]:
        """The features that this model is not asked with."""
        return self._refused.get("", frozenset()) | self._refused.get(model, frozenset())

    def learn(self, model: str, without: frozenset[str]) -> None:
        """The model has answered when it was asked without these: do so from now on."""
        new = without - self.without(model)
        if not new:
            return
        log.info("from now on it is asked in another way", model=model, without=sorted(new))
        for place, features in (("", new & {FIGURES}), (model, new - {FIGURES})):
            self._refused[place] = self._refused.get(place, frozenset()) | features
