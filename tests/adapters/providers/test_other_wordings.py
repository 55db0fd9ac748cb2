"""Other wordings of the same things: tags of thoughts, reasons why an answer ends, and errors within a 200."""

import json

import pytest

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import profile_of
from bot.errors import BotError
from bot.messages import Conversation, Prompt, Text, Thought, Unfinished
from tests.doubles.quirky import Answer, chunk, served, whole, words


async def told(answer: Answer) -> tuple[str, str, str]:
    """The answer, the thoughts, and how it ended: an error, a reason, or nothing."""
    prompt = Prompt(conversation=Conversation(1, "openai/gpt-4o"), text="what is this?")
    text, thoughts, ending = "", "", ""
    async with served(lambda asked: answer) as endpoint, OpenAI(profile_of("x", endpoint.url), "k", endpoint.url) as it:
        try:
            async for piece in it.ask(prompt):
                text += piece.text if isinstance(piece, Text) else ""
                thoughts += piece.text if isinstance(piece, Thought) else ""
                ending = piece.reason if isinstance(piece, Unfinished) else ending
        except BotError as error:
            ending = error.code
    return text, thoughts, ending


@pytest.mark.parametrize(
    "pieces",
    [
        ("<antThinking>it has ears</antThinking>", "A cat."),
        ("<seed:th", "ink>it has ears</seed:", "think>A cat."),
        ("<scratchpad>it has ears</scratchpad>\nA cat.",),
        ("◁think▷it has ears◁/think▷A cat.",),
        ("◁", "think▷it has ears◁/th", "ink▷A cat."),
        ("[THINK]it has ears[/THINK]A cat.",),
        ("[TH", "INK]it has ears[/THI", "NK]A cat."),
    ],
)
async def test_thoughts_in_tags_of_other_kinds_are_no_part_of_the_answer(pieces: tuple[str, ...]) -> None:
    assert await told(words(*pieces)) == ("A cat.", "it has ears", "")


DETAILS = [
    {"type": "reasoning.text", "text": "it has ", "signature": None, "format": "unknown", "index": 0},
    {"type": "reasoning.summary", "summary": "ears", "index": 1},
    {"type": "reasoning.encrypted", "data": "c2VjcmV0", "index": 2},
]
PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "it has ears"}]}]
END = chunk("A cat.") + chunk(None, "stop") + b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(chunk(None, reasoning_content="it has ears") + END),
        Answer(chunk("", reasoning="it has ears", reasoning_details=DETAILS) + END),
        Answer(chunk("", reasoning_details=DETAILS[:1]) + chunk("", reasoning_details=DETAILS[1:]) + END),
        whole("A cat.", reasoning_details=DETAILS),
        Answer(chunk(PARTS) + END),  # type: ignore[arg-type]
    ],
    ids=["DeepSeek", "OpenRouter", "details alone", "details in one piece", "Mistral"],
)
async def test_thoughts_beside_the_words_are_no_part_of_the_answer(answer: Answer) -> None:
    assert await told(answer) == ("A cat.", "it has ears", "")


@pytest.mark.parametrize(
    "text", ["[THINK] is what Magistral writes.", "[1] A cat.", "◁ points to it.", "The tag ◁think▷ is Kimi's."]
)
async def test_an_answer_with_such_signs_stays_whole(text: str) -> None:
    assert await told(words(text)) == (text, "", "")


@pytest.mark.parametrize(
    ("finish", "ending"),
    [
        ("SAFETY", "provider_filtered"),
        ("RECITATION", "provider_filtered"),
        ("refusal", "provider_filtered"),
        ("sensitive", "provider_filtered"),
        ("network_error", "answer_cut"),
        ("abort", "answer_cut"),
        ("MAX_TOKENS", "length"),
        ("eos", ""),
    ],
)
async def test_other_names_of_reasons_to_end_are_known(finish: str, ending: str) -> None:
    assert await told(words("A cat is", finish=finish)) == ("A cat is", "", ending)


def base_resp(code: int, message: str) -> object:
    """An error as MiniMax sends it."""
    return {"id": "05a1", "choices": None, "base_resp": {"status_code": code, "status_msg": message}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            {"success": False, "errors": [{"code": 3040, "message": "Capacity exceeded"}], "result": None},
            "provider_down",
        ),
        ({"code": 1113, "msg": "账户余额不足", "success": False}, "provider_no_credits"),
        ({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "provider_unsupported"),
        ([{"error": {"code": 400, "message": "API key not valid."}}], "provider_wrong_key"),
        (base_resp(1000, "unknown error"), "provider_down"),
        (base_resp(1002, "rate limit"), "provider_rate_limited"),
        (base_resp(1004, "login fail: carry the API secret key"), "provider_wrong_key"),
        (base_resp(1008, "insufficient balance"), "provider_no_credits"),
        (base_resp(1026, "input new_sensitive"), "provider_filtered"),
        (base_resp(1039, "token limit"), "provider_context_too_long"),
        (base_resp(2013, "invalid params, unknown model 'x'"), "provider_unknown_model"),
        (base_resp(2049, "invalid api key"), "provider_wrong_key"),
    ],
)
async def test_errors_within_a_reply_of_200_are_understood(body: object, code: str) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert await told(Answer(raw, type="application/json")) == ("", "", code)
    if isinstance(body, dict):
        assert await told(Answer(b"data: " + raw + b"\n\n")) == ("", "", code)


async def test_a_base_resp_that_says_nothing_is_wrong_is_part_of_an_answer() -> None:
    well = {"base_resp": {"status_code": 0, "status_msg": ""}}
    body = END.replace(b'{"choices"', json.dumps(well).encode()[:-1] + b', "choices"')
    assert await told(Answer(body)) == ("A cat.", "", "")


NO_MONEY = json.dumps({"error": {"message": "Insufficient Balance", "code": 402}}).encode()


@pytest.mark.parametrize(
    "body",
    [
        NO_MONEY + b"\n" + NO_MONEY + b"\n",
        b'{"status": "queued"}\n' + NO_MONEY + b"\n",
        NO_MONEY + b"\n\ndata: [DONE]\n\n",
        b": ping\n\n" + NO_MONEY + b"\n",
        b": ping\r\n\r\n" + NO_MONEY + b"\r\n\r\n",
        b"error: " + NO_MONEY[10:-1] + b"\n\n",
        chunk("A cat") + NO_MONEY + b"\n\n",
        chunk("A cat") + b"error: " + NO_MONEY[10:-1] + b"\n\ndata: [DONE]\n\n",
    ],
    ids=[
        "two",
        "behind a state",
        "before the end",
        "alone",
        "CRLF",
        "llama.cpp's",
        "behind words",
        "llama.cpp's behind",
    ],
)
async def test_errors_in_lines_of_their_own_are_understood(body: bytes) -> None:
    assert (await told(Answer(body)))[2] == "provider_no_credits"


async def test_an_answer_in_lines_is_read_and_may_be_cut() -> None:
    lines = END.replace(b"data: ", b"").replace(b"\n\n", b"\n").removesuffix(b"[DONE]\n")
    assert await told(Answer(lines, type="application/x-ndjson")) == ("A cat.", "", "")
    first = lines.partition(b"\n")[0]
    assert await told(Answer(first + b"\n" + first[:20], type="application/x-ndjson")) == ("A cat.", "", "answer_cut")
