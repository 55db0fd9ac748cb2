"""Error rules for OpenAI-compatible services.

Their errors are OpenAI's own, those of relays (one-api, new-api, LiteLLM, OpenRouter) which pass on what the model's
maker said, and those of https://docs.aimlapi.com/errors-and-messages. So the message counts more than the status.
"""

import re
from dataclasses import replace

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
    refused,
    slow_down,
    too_many_photos,
    unknown_model,
)
from adapters.providers.openai.model_quirks import FEATURES, Unsupported
from bot.errors import BotError, FailureCode, Refused
from bot.words import say

_NO = at(400, 403, 404, 413, 422, "record", "stream")  # where a service says no to a question
_NOT = r"(?:not|n't|no longer|cannot|unable|unsupported|fail|invalid|corrupt|damaged|broken)"


def _unsupported(failure: ServiceFailure, model: str) -> BotError:
    said = f"{failure.code} {failure.message}"
    features = [name for name, words in FEATURES.items() if re.search(words, said, re.IGNORECASE)]
    return Unsupported(features, failure.where)


def _minute_limit(failure: ServiceFailure, model: str) -> BotError:
    return Refused(FailureCode.PROVIDER_MINUTE_LIMIT, model=model)


def _no_deployment(failure: ServiceFailure, model: str) -> BotError:
    return Refused(FailureCode.PROVIDER_NO_DEPLOYMENT, model=model)


def _not_allowed(failure: ServiceFailure, model: str) -> BotError:
    return Refused(FailureCode.PROVIDER_NOT_ALLOWED, model=model)


def _model_is_blind(failure: ServiceFailure, model: str) -> BotError:
    return Refused(FailureCode.MODEL_BLIND, model=model, seeing=say("model_blind_nobody"))


# The first rule that matches decides.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(at(429), r"RESOURCE_EXHAUSTED", slow_down),  # Google says "quota" for so many in a minute
    ErrorRule(
        None,
        r"insufficient_(?:user_)?quota|exceeded your current quota|credit balance is too low|run out of credits"
        r"|api_credit\]? resource limit|(?:not|n't) have any credits"
        r"|purchase (?:more )?credits|credits? (?:has|have) (?:run|been used)|insufficient (?:credits?|balance"
        r"|funds)|billing_hard_limit_reached|used all (?:available |your )?credits|spending limit|arrearage"
        r"|budget (?:has been )?exceeded|exceeded ?budget"
        r"|(?:balance|credits?|quota|funds) (?:is|are|has been|have been) (?:insufficient|exhausted|used up|too low)"
        r"|(?:额度|余额|配额)\S{0,6}(?:不足|用尽|失败)",
        refused(FailureCode.PROVIDER_NO_CREDITS),
    ),
    ErrorRule(at(402), ANYTHING, refused(FailureCode.PROVIDER_NO_CREDITS)),
    ErrorRule(at(400, 413, 429), r"request too large|tokens per min.{0,80}requested", _minute_limit),
    *TOO_MANY,
    ErrorRule(at("stream", "record"), r"rate_limit|too many requests", slow_down),
    ErrorRule(at(401), ANYTHING, refused(FailureCode.PROVIDER_WRONG_KEY)),
    ErrorRule(
        at(400, 403),
        r"api[ _-]?key.{0,20}(?:not valid|invalid|expired|revoked|disabled)|(?:invalid|incorrect).{0,20}api[ _-]?key"
        r"|key_(?:disabled|expired|revoked)|unregistered callers|authentication error|invalid (?:access )?token\b"
        r"|(?:missing|invalid|no).{0,20}(?:authorization|authentication|api[ _-]?key|credentials)"
        r"|(?:authorization|authentication|api[ _-]?key|credentials).{0,30}(?:missing|required|not provided|failed)"
        r"|(?:无效|未提供)\S{0,4}令牌|令牌\S{0,4}(?:无效|过期|禁用|不可用)"  # one-api and new-api
        r"|no_db_connection",  # LiteLLM without a database, of a key that it does not know
        refused(FailureCode.PROVIDER_WRONG_KEY),
    ),
    ErrorRule(
        at(400, 403, 451),
        r"unsupported_country|country, region|(?:location|region|country|territory) (?:is|are) not (?:supported|avail)"
        r"|not (?:available|supported|allowed|permitted) (?:in|from|for) (?:your|this) (?:location|region|country)",
        refused(FailureCode.PROVIDER_REGION),
    ),
    *GATEKEEPER,
    ErrorRule(at(400), r"no route for that uri|could not route to", refused(FailureCode.PROVIDER_UNSUPPORTED)),
    ErrorRule(at("record", "stream"), r"unexpected endpoint or method", refused(FailureCode.PROVIDER_UNSUPPORTED)),
    ErrorRule(at(404), r"DeploymentNotFound|deployment.{0,60}(?:not exist|not found)", _no_deployment),
    ErrorRule(at(400, 404, 422, "stream", "record"), "|".join(FEATURES.values()), _unsupported),
    ErrorRule(
        _NO,
        r"context_length_exceeded|context[ _](?:length|window|size|limit)|string_above_max_length"
        r"|reduce the (?:length|size) of (?:the |your )?(?:messages|prompt|input)|prompt is too long"
        r"|maximum prompt length"
        r"|too many (?:input |prompt )?tokens|input.{0,20}too long|token count.{0,40}exceeds"
        r"|max_new_tokens.{0,20}must be"
        r"|longer than the maximum model length|max(?:imum)?[ _]model[ _]len|exceeds? the model'?s? max",
        refused(FailureCode.PROVIDER_CONTEXT_TOO_LONG),
    ),
    ErrorRule(
        _NO,
        r"content[ _]filter|content[ _]policy|content exists risk|敏感|不安全"
        r"|content management policy|responsible ?ai|safety (?:system|polic)"
        r"|usage polic|\bflagged\b|moderation_blocked|prohibited_content|sensitive_words|DataInspectionFailed"
        r"|inappropriate content",
        refused(FailureCode.PROVIDER_FILTERED),
    ),
    ErrorRule(_NO, TOO_MANY_PHOTOS, too_many_photos),
    ErrorRule(at(400), r"(?:payload|body)(?: size)? (?:exceeds|is too large)", refused(FailureCode.PROVIDER_TOO_LARGE)),
    ErrorRule(at(413), ANYTHING, refused(FailureCode.PROVIDER_TOO_LARGE)),
    ErrorRule(
        None,
        r"image_url is only supported by|unknown variant .?image_url|not a (?:multimodal|vision|vlm)\b|at most 0 image"
        r"|missing data required for image|content.{0,20}(?:must|should) be a (?:valid )?string|text-only model"
        r"|(?:only|does) (?:supports?|accepts?|takes?) (?:plain )?text(?:-only)?(?: (?:inputs?|messages?|content))?\W*$"
        r"|model\b.{0,40}(?:cannot|can't|unable to) (?:process|see|view|read|handle) (?:images|pictures|photos)\b"
        r"|multimodal (?:inputs?|content|messages?) (?:is|are) not (?:supported|enabled|available|allowed)"
        r"|image inputs? (?:is|are) (?:disabled|not (?:supported|enabled|available|allowed))"
        r"|(?:not|n't) have (?:any )?vision|vision (?:is|are) not (?:supported|enabled|available)"
        r"|only supported (?:by|for|with) (?:vision|multimodal)|text-only\b.{0,40}\bimages?\b"
        r"|unsupported content type.{0,4}image(?:_url)?\b"
        r"|(?:not|n't|no endpoints found that) (?:currently )?(?:support|accept)\b.{0,20}\b(?:image|vision|multimodal)"
        r"(?:s\b|[ _](?:input|url|content)|$)",
        _model_is_blind,
    ),
    ErrorRule(
        _NO,
        r"must be verified|(?:not|n't) (?:allowed|permitted|authori[sz]ed|entitled) (?:to (?:use|access|call)"
        r"|for) .{0,40}"
        r"model|model.{0,40}(?:is )?not (?:allowed|enabled|permitted) for|model_not_allowed"
        r"|permissiondenied.{0,60}model"
        r"|(?:plan|tier|subscription) (?:does not|doesn't) include\b|令牌无权"
        r"|(?:access|permission) to (?:the |this )?model.{0,40}(?:denied|required)|upgrade your (?:plan"
        r"|tier).{0,60}model",
        _not_allowed,
    ),
    ErrorRule(
        None,
        r"model_not_found|no such model|unknown model|(?:invalid|not a valid) model|unable to access model"
        r"|no available channel|无可用渠道|no endpoints found"
        r"|\bmodels?\b(?:(?! images?\b).){0,80}(?:not found|not exist|n't exist|not (?:\w+ )?(?:supported|available)"
        r"|decommissioned|retired)"
        r"|invalid enum value\. expected (?:'[^']*' \| ){8}",  # of models: there are fewer roles
        unknown_model,
    ),
    ErrorRule(
        _NO,
        r"image_too_(?:large|big)|\b(?:image|photo|picture)\b.{0,60}(?:too (?:large|big|many pixels)|exceed|maximum"
        r"|larger than|smaller than|\bat most\b.{0,20}(?:[km]i?b\b|bytes|pixels))"
        r"|(?:too (?:large|big)|exceed\w*|larger than)\b.{0,40}\b(?:image|photo|picture)",
        refused(FailureCode.PROVIDER_PHOTO_TOO_LARGE),
    ),
    ErrorRule(
        _NO,
        rf"invalid_image|image_parse_error|image_too_|sanitizer_server_error|{_NOT}\w*\b.{{0,40}}\bimage"
        rf"|\bimage\b.{{0,60}}(?:{_NOT}|too small)",
        refused(FailureCode.PROVIDER_PHOTO_REFUSED),
    ),
    ErrorRule(at(500), r"failed to (?:load|decode|process) image", refused(FailureCode.PROVIDER_PHOTO_REFUSED)),
    ErrorRule(at(404), r"\bmodel\b", unknown_model),
    *REST,
)


def to_bot_error(failure: ServiceFailure, model: str, service: str) -> BotError:
    """Map a failure to an error; `model` is the one that was asked, as people name it. The details go to the log."""
    return error_rules.to_bot_error(_unwrap(failure), model, RULES, service)


def _unwrap(failure: ServiceFailure) -> ServiceFailure:
    """Unwrap a 500 that relays somebody else's 400: AI/ML API says "400 Unable to access model"."""
    inner = re.match(r"(4\d\d)\b", failure.message)
    if inner and isinstance(failure.where, int) and failure.where >= 500:
        return replace(failure, where=int(inner[1]))
    return failure
