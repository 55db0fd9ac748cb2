import json

import pytest

from emulator import audio

from .conftest import Client, photo

TEXT = "Hello wörld, 写真を見ました"


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav"])
async def test_words_become_a_sound_and_the_sound_becomes_the_words(client: Client, format: str) -> None:
    spoken = await client.order("TEXT_TO_SPEECH", "tts-1", text=TEXT, voice="nova", response_format=format)
    (key,) = spoken.results
    assert key.startswith("audios/") and key.endswith(f".{format}")
    sound = await client.get(spoken.record["temporaryUrl"])
    assert sound.type == audio.MIMES[format] and audio.probe(sound.body).words == TEXT
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="text")
    assert heard.results == [TEXT] and heard.record["temporaryUrl"] == ""


async def test_aac_has_its_type_and_says_nothing(client: Client) -> None:
    spoken = await client.order("TEXT_TO_SPEECH", "tts-1", text=TEXT, voice="nova", response_format="aac")
    sound = await client.get(spoken.record["temporaryUrl"])
    assert (sound.type, sound.body[:2]) == ("audio/aac", b"\xff\xf1")
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=spoken.answer, response_format="text")
    assert "no words in it" in heard.answer


async def test_plain_samples_have_the_right_length(client: Client) -> None:
    spoken = await client.order("TEXT_TO_SPEECH", "tts-1", text="x" * 150, voice="onyx", response_format="pcm", speed=2)
    sound = await client.get(spoken.record["temporaryUrl"])
    assert (sound.type, len(sound.body)) == ("audio/pcm", 5 * 24_000 * 2)


async def test_speech_costs_by_the_character_and_hearing_by_the_second(client: Client) -> None:
    spoken = await client.order("TEXT_TO_SPEECH", "tts-1", text="x" * 150, voice="nova", response_format="opus")
    assert spoken.record["metadata"]["credit"] == 150 * 15
    heard = await client.order("SPEECH_TO_TEXT", "qwen3-asr-flash", audioUrl=spoken.answer)
    assert heard.record["metadata"]["credit"] == 10 * 35
    assert client.emulator.seen[0].prompt == "x" * 150 and client.emulator.seen[1].files == 1


async def test_a_voice_note_is_transcribed(client: Client) -> None:
    key = await client.upload(audio.speak("What is this?", "echo", "opus", 1), "voice.ogg")
    for model, more in (("whisper-1", {"response_format": "text"}), ("latest_short", {"language": "en-US"})):
        heard = await client.order("SPEECH_TO_TEXT", model, audioUrl=key, **more)
        assert heard.answer == "What is this?" and heard.record["modelDetail"]["name"] == model


async def test_a_transcript_can_be_json(client: Client) -> None:
    key = await client.upload(audio.speak(TEXT, "echo", "opus", 1), "voice.ogg")
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="json")
    assert json.loads(heard.answer) == {"text": TEXT}


async def test_a_sound_without_words_tells_its_length(client: Client) -> None:
    key = await client.upload(audio.speak("", "echo", "wav", 1), "voice.wav")
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="text")
    assert (
        heard.answer.startswith("I am the emulator: I hear nothing") and "This sound of 1.0 seconds has" in heard.answer
    )


async def test_a_sound_of_unknown_length_counts_as_a_second(client: Client) -> None:
    key = await client.upload(b"OggS", "voice.ogg")
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="text")
    assert "This sound has 4 bytes and no words in it" in heard.answer and heard.record["metadata"]["credit"] == 100


async def test_a_photo_cannot_be_heard(client: Client) -> None:
    key = await client.upload(photo())
    heard = await client.order("SPEECH_TO_TEXT", "whisper-1", audioUrl=key, response_format="text")
    assert (heard.status, heard.json["errorCode"]) == (400, "FILE_PROCESSING_FAILED")
