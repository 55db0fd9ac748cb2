"""Models that hear want to know the language in their own way; what is read aloud ends with a sentence."""

from typing import Any

import pytest

from adapters.providers.onemin.speech_params import read_transcript, transcription_params, truncate_for_speech


@pytest.mark.parametrize(
    ("model", "language", "wanted"),
    [
        ("whisper-1", "de", {"response_format": "text", "language": "de"}),
        ("whisper-1", "zh-CN", {"response_format": "text", "language": "zh"}),
        ("whisper-1", "", {"response_format": "text"}),
        ("whisper-1", "english", {"response_format": "text"}),
        ("qwen3-asr-flash", "en-US", {"enable_itn": False, "language": "en"}),
        ("latest_long", "de", {"language": "de-DE"}),
        ("latest_short", "pt-PT", {"language": "pt-PT"}),
        ("telephony", "zh_tw", {"language": "zh-TW"}),
        ("phone_call", "", {"language": "en-US"}),
        ("medical_conversation", "eo", {"language": "en-US"}),
        ("somebody-new", "de", {}),
    ],
)
def test_the_language_is_told_as_the_model_wants_it(model: str, language: str, wanted: dict[str, Any]) -> None:
    assert transcription_params(model).fields(language) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" Hello there.\n", "Hello there."),
        ('{"text": " Hello there. "}', "Hello there."),
        ('{"transcript": "Hello there."}', "Hello there."),
        ('{"text": ""}', ""),
        ('{"text": 7}', '{"text": 7}'),
        ("{laughs} Hello there.", "{laughs} Hello there."),
        ("", ""),
    ],
)
def test_a_transcript_is_its_text(text: str, said: str) -> None:
    assert read_transcript(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Short.", "Short."),
        ("One sentence. And 3.5 more of them", "One sentence."),
        ('He said "stop!" and then went home.', 'He said "stop!"'),
        ("没有空格的句子。还有一个很长很长很长的句子没有说完", "没有空格的句子。"),
        ("A line\nand the next line of it", "A line"),
        ("words without any end to them", "words without"),
        ("A. very-long-word-that-goes-on-for-ever", "A. very-long-word"),
        ("🐈" * 30, "🐈" * 8),
    ],
)
def test_a_text_is_cut_where_one_may_pause(text: str, said: str) -> None:
    assert truncate_for_speech(text, 17) == said
