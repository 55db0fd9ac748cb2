"""The chat reads the true reason, with the name of the service and what helps; limits lead to another model."""

import pytest

from bot.errors import FailureCode
from bot.files.photos import PhotoIntake
from bot.messages import ChannelSettings
from bot.ports import Store
from bot.words import say
from tests.conftest import said
from tests.doubles.quirky import MODEL, Answer, Asked, raw, refusal, talking

LIMIT = "Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested 9100"
XAI = "Your newly created teams doesn't have any credits yet. You can purchase credits on https://console.x.ai"
DECODER = "The decoder prompt (length 5219) is longer than the maximum model length of 4096."
GEMINI_KEY = [{"error": {"code": 400, "message": "Missing or invalid Authorization header.", "status": "INVALID"}}]
LOCATION = "User location is not supported for the API use."
GEMINI_PLACE = [{"error": {"code": 400, "message": LOCATION, "status": "FAILED_PRECONDITION"}}]
AZURE = {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}
CLOUDFLARE = {"success": False, "errors": [{"code": 5007, "message": "AiError: No such model"}], "result": {}}
ORG = "Your organization must be verified to use the model `gpt-5`. Please go to: https://platform.openai.com/settings"

REASONS: list[tuple[Answer, FailureCode]] = [
    (refusal(413, LIMIT, type="tokens", code="rate_limit_exceeded"), FailureCode.PROVIDER_MINUTE_LIMIT),
    (refusal(429, LIMIT, type="tokens", code="rate_limit_exceeded"), FailureCode.PROVIDER_MINUTE_LIMIT),
    (raw(403, {"code": "The caller does not have permission", "error": XAI}), FailureCode.PROVIDER_NO_CREDITS),
    (raw(400, {"object": "error", "message": DECODER, "code": 400}), FailureCode.PROVIDER_CONTEXT_TOO_LONG),
    (raw(400, GEMINI_KEY), FailureCode.PROVIDER_WRONG_KEY),
    (raw(400, GEMINI_PLACE), FailureCode.PROVIDER_REGION),
    (raw(404, AZURE), FailureCode.PROVIDER_NO_DEPLOYMENT),
    (raw(400, CLOUDFLARE), FailureCode.PROVIDER_UNKNOWN_MODEL),
    (refusal(404, ORG, code="model_not_found"), FailureCode.PROVIDER_NOT_ALLOWED),
    (
        refusal(403, "Model gpt-5 is not allowed for this key"),
        FailureCode.PROVIDER_NOT_ALLOWED,
    ),
]


@pytest.mark.parametrize(("answer", "code"), REASONS)
async def test_the_chat_reads_the_true_reason(
    sqlite: Store, photos: PhotoIntake, answer: Answer, code: FailureCode
) -> None:
    async with talking(sqlite, photos, lambda asked: answer) as talk:
        assert await talk.say("what is a cat?") == f"⚠️ {say(code, model=MODEL, service='The endpoint')}"
        assert len(talk.asked) == 1


PASSED_ON = [
    FailureCode.PROVIDER_MINUTE_LIMIT,
    FailureCode.PROVIDER_NO_CREDITS,
    FailureCode.PROVIDER_REGION,
    FailureCode.PROVIDER_NO_DEPLOYMENT,
    FailureCode.PROVIDER_NOT_ALLOWED,
    FailureCode.PROVIDER_WRONG_KEY,
]


@pytest.mark.parametrize(("answer", "code"), REASONS)
async def test_limits_lead_to_another_model_and_questions_at_fault_do_not(
    sqlite: Store, photos: PhotoIntake, answer: Answer, code: FailureCode
) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return answer if asked.model == "gpt-4o" else None

    async with talking(sqlite, photos, quirk, bot_fallbacks=("openai/spare",)) as talk:
        read = await talk.say("what is a cat?")
        if code in PASSED_ON:
            assert read.endswith("I see 0 photos.")
        else:
            assert read == f"⚠️ {say(code, model=MODEL, service='The endpoint')}"


BLIND = [
    refusal(500, "Failed to create new sequence: this model is missing data required for image input", code=None),
    refusal(400, "messages[1].content must be a string"),
    raw(400, {"code": 20041, "message": "The model is not a VLM (Vision Language Model).", "data": None}),
    refusal(400, "messages[0]: content should be a valid string"),
    refusal(400, "This is a text-only model"),
]


@pytest.mark.parametrize("answer", BLIND)
async def test_a_blind_model_is_recognised_without_blame_and_without_retries(
    sqlite: Store, photos: PhotoIntake, answer: Answer
) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return answer if asked.images else None

    async with talking(sqlite, photos, quirk) as talk:
        read = await talk.say("what is it?", "cat.jpg")
        assert read.startswith(f"⚠️ {MODEL} can't see photos.")
        assert "cat.jpg" not in read
        assert len(talk.asked) == 1


async def test_what_turns_out_to_be_blind_gets_descriptions_where_the_channel_wants_them(
    sqlite: Store, photos: PhotoIntake
) -> None:
    def quirk(asked: Asked) -> Answer | None:
        return BLIND[1] if asked.images and asked.model == "gpt-4o" else None

    async with talking(sqlite, photos, quirk, bot_fallbacks=("openai/gpt-5",)) as talk:
        await sqlite.channels.save_channel_settings(said("x").channel, ChannelSettings(describe=True))
        read = await talk.say("what is it?", "cat.jpg")
        assert read == f"_{say('described_by', model=MODEL, by='openai/gpt-5')}_\n\nI see 0 photos."
        assert "Photo 1 (cat.jpg): I see 1 photos." in talk.asked[-1].text
        questions = len(talk.asked)
        await talk.say("and now?")
        assert len(talk.asked) == questions + 1
