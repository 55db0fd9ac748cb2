import pytest

from emulator.sound import voice
from emulator.sound.ears import listen


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav"])
@pytest.mark.parametrize(("text", "speed", "seconds"), [("hi", 1, 1), ("x" * 450, 1, 30), ("x" * 450, 2, 15)])
def test_a_sound_is_as_long_as_somebody_would_speak(format: str, text: str, speed: float, seconds: float) -> None:
    heard = listen(voice.speak(text, "nova", format, speed))
    assert heard.seconds == pytest.approx(seconds, abs=0.1) and heard.words == text


@pytest.mark.parametrize("format", sorted(voice.MIMES))
def test_no_sound_is_longer_than_five_minutes(format: str) -> None:
    data = voice.speak("x" * 4_096, "nova", format, 0.25)
    assert len(data) < 300 * 24_000 * 2 + 10_000
    if format == "opus":
        assert listen(data).seconds == 300


def test_voices_beep_at_different_pitches() -> None:
    assert len({voice.speak("hi", name, "wav", 1) for name in voice.VOICES}) == len(voice.VOICES)
