"""Other wordings of the same things: tags of thoughts, reasons why an answer ends, and errors within a 200."""

import json

import pytest

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import profile_of
from bot.errors import BotError
from bot.messages import Conversation, Prompt, Text, Thought, Unfinished
from tests.doubles.quirky import Answer, served, words


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
    ],
)
async def test_errors_within_a_reply_of_200_are_understood(body: object, code: str) -> None:
    answer = Answer(json.dumps(body, ensure_ascii=False).encode(), type="application/json")
    assert await told(answer) == ("", "", code)
