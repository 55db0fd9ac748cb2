"""Error rules for 1min.ai.

The shapes and codes are those of https://docs.1min.ai/docs/api/chat-with-ai-api and those that its clients have met.
"""

import re
from collections.abc import Sequence

from adapters.providers import error_rules
from adapters.providers.error_rules import (
    ANYTHING,
    GATEKEEPER,
    REST,
    TOO_MANY,
    TOO_MANY_PHOTOS,
    ErrorRule,
    ServiceFailure,
    at,
    down,
    refused,
    too_many_photos,
    unknown_model,
    unreadable,
)
from bot.errors import BotError, FailureCode, Forgotten, Refused


class AssetsLost(Refused):
    """The failure that an uploaded file is gone: upload it again, ask again once."""


class AsyncRefused(Refused):
    """The failure that an order may not be placed with `async`."""


class EndpointMissing(Refused):
    """The failure that this endpoint does not exist, or no longer does."""


_GONE = r"(?:\bnot found|NOT_FOUND|does not exist|doesn't exist|\binvalid|\bunknown|\bexpired|\bdeleted)"
_WRONG = at(400, 404, 410, 422, "record", "stream")

# The first rule that matches decides.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(None, r"INSUFFICIENT_CREDITS|requires\s+[\d,]+\s+credits", refused(FailureCode.PROVIDER_NO_CREDITS)),
    ErrorRule(at(402, 406), ANYTHING, refused(FailureCode.PROVIDER_NO_CREDITS)),
    *TOO_MANY,
    ErrorRule(at(401), ANYTHING, refused(FailureCode.PROVIDER_WRONG_KEY)),
    *GATEKEEPER,
    ErrorRule(
        None,
        r"UNSUPPORTED_MODEL|MODEL_NOT_FOUND|MODEL_NOT_AVAILABLE|invalid model"
        r"|\bmodel\b.*\b(?:not|no longer) (?:supported|available)|\bmodel\b.*\b(?:retired|discontinued|decommissioned)",
        unknown_model,
    ),
    ErrorRule(
        at(400, 422),
        r"\btype must be\b|conversation type|UNSUPPORTED_FEATURE|unsupported feature type|not supported (?:by|on) this"
        r"|no longer supported",
        lambda _, __: EndpointMissing(FailureCode.PROVIDER_UNSUPPORTED),
    ),
    ErrorRule(
        _WRONG, rf"conversation.*{_GONE}|{_GONE}.*conversation", lambda _, __: Forgotten(FailureCode.PROVIDER_FORGOT)
    ),
    ErrorRule(_WRONG, TOO_MANY_PHOTOS, too_many_photos),
    ErrorRule(
        _WRONG,
        rf"\b(?:asset|image|file)s?(?:\b|_).*{_GONE}|NoSuchKey",
        lambda failure, _: AssetsLost(FailureCode.PROVIDER_BAD_REQUEST, status=failure.where),
    ),
    ErrorRule(at(413), ANYTHING, refused(FailureCode.PROVIDER_TOO_LARGE)),
    ErrorRule(None, r"OPEN_AI_UNEXPECTED_ERROR(?!.*supported values are)", down),
    ErrorRule(at(404, 405, 410), ANYTHING, lambda _, __: EndpointMissing(FailureCode.PROVIDER_UNSUPPORTED)),
    *REST,
)

# Failures of a photo, in front of the others.
UPLOAD_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(413), ANYTHING, unreadable(FailureCode.PHOTO_TOO_LARGE)),
    ErrorRule(at(415), ANYTHING, unreadable(FailureCode.PHOTO_REFUSED)),
    ErrorRule(
        at(400, 422),
        r"file type|FILE_TYPE|mime|unsupported (?:file|image)|invalid (?:file|image)",
        unreadable(FailureCode.PHOTO_REFUSED),
    ),
    *RULES,
)

# Failures of a document, in front of the others.
DOCUMENT_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(415), ANYTHING, unreadable(FailureCode.DOCUMENT_REFUSED)),
    ErrorRule(
        at(400, 422),
        r"file type|FILE_TYPE|mime|(?:unsupported|invalid) (?:file|document)",
        unreadable(FailureCode.DOCUMENT_REFUSED),
    ),
    *UPLOAD_RULES,
)

# Refusals by moderation, in front of the others. Nobody has seen how 1min.ai words them: the patterns
# are those of the makers of models.
_MODERATED = (
    r"content.?policy|\bmoderat(?:ed\b|ion[_ ](?:block|system|filter|fail|polic))|content.?moderation|safety.?system"
    r"|safety.?filter|\bsafety_violations|\bflagged\b|\bnsfw\b|sensitive content"
    r"|violat\w*\s+(?:\w+\s+){0,3}(?:polic|guideline|terms)|banned prompt|inappropriate"
)
STUDIO_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(400, 422), r"\basync\b", lambda _, __: AsyncRefused(FailureCode.PROVIDER_BAD_REQUEST, status=400)),
    # Cloudflare gave up waiting, but the work goes on and is paid for: whoever asks again decides that themselves.
    ErrorRule(at(524), ANYTHING, refused(FailureCode.PROVIDER_SLOW)),
    ErrorRule(at(400, 403, 422, "record"), _MODERATED, refused(FailureCode.STUDIO_MODERATED)),
    *RULES,
)

# Failures of a recording, when it is uploaded or transcribed.
_TOO_LARGE = r"too (?:large|big|long)|maximum (?:content|file|audio) (?:size|length|duration)|size limit"
SOUND_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(413), ANYTHING, refused(FailureCode.VOICE_TOO_LARGE)),
    ErrorRule(at(400, 422, "record"), _TOO_LARGE, refused(FailureCode.VOICE_TOO_LARGE)),
    ErrorRule(at(415), ANYTHING, refused(FailureCode.VOICE_REFUSED)),
    ErrorRule(
        at(400, 422, "record"),
        r"file type|FILE_PROCESSING|mime|(?:unsupported|invalid|unrecognized) (?:file|audio)|could not be decoded",
        refused(FailureCode.VOICE_REFUSED),
    ),
    *STUDIO_RULES,
)

# Failures of a video, in front of the others.
VIDEO_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(400, 422), r"youtube ?url|youtube link|transcript|caption", refused(FailureCode.VIDEO_REFUSED)),
    *RULES,
)


def to_bot_error(failure: ServiceFailure, model: str, rules: Sequence[ErrorRule] = RULES) -> BotError:
    """Map a failure to an error; `model` is the one that was asked, as people name it. The details go to the log."""
    return error_rules.to_bot_error(failure, model, rules, service="1min.ai", mask=mask_private)


def mask_private(message: str) -> str:
    """Remove the name of the team, which stands beside the credits, and addresses from the message."""
    return error_rules.mask_private(
        re.sub(
            r"requires\s+([\d,.]+)\s+credits,?\s+but\b.{,500}?\bonly\s+has\s+([\d,.]+)\s+credits",
            r"requires \1 credits, and \2 are left",
            message,
            flags=re.IGNORECASE | re.DOTALL,
        )
    )
