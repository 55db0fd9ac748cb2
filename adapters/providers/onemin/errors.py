"""What 1min.ai says when it does not answer, and what that means to us.

The shapes and codes are those of https://docs.1min.ai/docs/api/chat-with-ai-api and of what its clients met.
"""

import re
from collections.abc import Sequence

from adapters.providers import error_rules as refusals
from adapters.providers.error_rules import (
    ANYTHING,
    GATEKEEPER,
    REST,
    TOO_MANY,
    ErrorRule,
    ServiceFailure,
    at,
    down,
    refused,
    unknown_model,
    unreadable,
)
from bot.errors import BotError, Forgotten, Refused


class AssetsLost(Refused):
    """A photo that was uploaded is gone: upload it again, ask again once."""


class EndpointMissing(Refused):
    """Questions are not taken at this address, or not any more."""


_GONE = r"(?:\bnot found|NOT_FOUND|does not exist|doesn't exist|\binvalid|\bunknown|\bexpired|\bdeleted)"
_WRONG = at(400, 404, 410, 422, "record", "stream")

# The first rule that fits decides.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(None, r"INSUFFICIENT_CREDITS|requires\s+[\d,]+\s+credits", refused("provider_no_credits")),
    ErrorRule(at(402, 406), ANYTHING, refused("provider_no_credits")),
    *TOO_MANY,
    ErrorRule(at(401), ANYTHING, refused("provider_wrong_key")),
    *GATEKEEPER,
    ErrorRule(
        None,
        r"UNSUPPORTED_MODEL|MODEL_NOT_FOUND|invalid model|\bmodel\b.*\b(?:not|no longer) supported",
        unknown_model,
    ),
    ErrorRule(
        at(400, 422),
        r"\btype must be\b|conversation type|UNSUPPORTED_FEATURE|not supported (?:by|on) this|no longer supported",
        lambda _, __: EndpointMissing("provider_unsupported"),
    ),
    ErrorRule(_WRONG, rf"conversation.*{_GONE}|{_GONE}.*conversation", lambda _, __: Forgotten("provider_forgot")),
    ErrorRule(
        _WRONG,
        rf"\b(?:asset|image|file)s?(?:\b|_).*{_GONE}|NoSuchKey",
        lambda failure, _: AssetsLost("provider_bad_request", status=failure.where),
    ),
    ErrorRule(at(413), ANYTHING, refused("provider_too_large")),
    ErrorRule(None, r"OPEN_AI_UNEXPECTED_ERROR(?!.*supported values are)", down),
    ErrorRule(at(404, 405, 410), ANYTHING, lambda _, __: EndpointMissing("provider_unsupported")),
    *REST,
)

# What is wrong with a photo only, in front of the others.
UPLOAD_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(413), ANYTHING, unreadable("photo_too_large")),
    ErrorRule(at(415), ANYTHING, unreadable("photo_refused")),
    ErrorRule(
        at(400, 422),
        r"file type|FILE_TYPE|mime|unsupported (?:file|image)|invalid (?:file|image)",
        unreadable("photo_refused"),
    ),
    *RULES,
)

# What is wrong with a document only.
DOCUMENT_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(415), ANYTHING, unreadable("document_refused")),
    ErrorRule(
        at(400, 422),
        r"file type|FILE_TYPE|mime|(?:unsupported|invalid) (?:file|document)",
        unreadable("document_refused"),
    ),
    *UPLOAD_RULES,
)

# What is not made because of what it would show; in front of the others. Nobody has seen how 1min.ai says so: the words
# are those of the makers of models.
_MODERATED = (
    r"content.?policy|\bmoderat(?:ed\b|ion[_ ](?:block|system|filter|fail|polic))|content.?moderation|safety.?system"
    r"|safety.?filter|\bsafety_violations|\bflagged\b|\bnsfw\b|sensitive content"
    r"|violat\w*\s+(?:\w+\s+){0,3}(?:polic|guideline|terms)|banned prompt|inappropriate"
)
STUDIO_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(400, 403, 422, "record"), _MODERATED, refused("studio_moderated")),
    *RULES,
)

# What is wrong with a recording, when it is uploaded or written down.
_TOO_LARGE = r"too (?:large|big|long)|maximum (?:content|file|audio) (?:size|length|duration)|size limit"
SOUND_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(413), ANYTHING, refused("voice_too_large")),
    ErrorRule(at(400, 422, "record"), _TOO_LARGE, refused("voice_too_large")),
    ErrorRule(at(415), ANYTHING, refused("voice_refused")),
    ErrorRule(
        at(400, 422, "record"),
        r"file type|FILE_PROCESSING|mime|(?:unsupported|invalid|unrecognized) (?:file|audio)|could not be decoded",
        refused("voice_refused"),
    ),
    *STUDIO_RULES,
)

# What is wrong with a video only.
VIDEO_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(400, 422), r"youtube ?url|youtube link|transcript|caption", refused("video_refused")),
    *RULES,
)


def error(failure: ServiceFailure, model: str, rules: Sequence[ErrorRule] = RULES) -> BotError:
    """Say what a failure means; `model` is the one that was asked, as people name it. The details go to the log."""
    return refusals.error(failure, model, rules, "1min.ai", masked)


def masked(message: str) -> str:
    """Return the message without the name of the team, which it tells with the credits, and without addresses."""
    return refusals.masked(
        re.sub(
            r"requires\s+([\d,.]+)\s+credits,?\s+but\b.{,500}?\bonly\s+has\s+([\d,.]+)\s+credits",
            r"requires \1 credits, and \2 are left",
            message,
            flags=re.IGNORECASE | re.DOTALL,
        )
    )
