"""Sounds: what is told of them, and what is written."""

import io
import struct

import numpy as np
import pytest
import soundfile

from emulator import audio
from emulator.audio import AudioInfo, probe, record, speak

TEXT = "naïve 写真"


def box(name: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", len(body) + 8) + name + body


@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav"])
@pytest.mark.parametrize(("text", "speed", "seconds"), [(TEXT, 1, 1), ("x" * 450, 1, 30), ("x" * 450, 2, 15)])
def test_speech_is_as_long_as_somebody_would_speak_and_carries_the_words(
    format: str, text: str, speed: float, seconds: float
) -> None:
    told = probe(speak(text, "nova", format, speed))
    assert told.seconds == pytest.approx(seconds, abs=0.15)
    assert told.words == text


@pytest.mark.parametrize("format", sorted(audio.MIMES))
def test_no_speech_is_longer_than_five_minutes(format: str) -> None:
    data = speak("x" * 4_096, "nova", format, 0.25)
    assert len(data) < 300 * 24_000 * 2 + 10_000
    assert (probe(data).seconds or 300) == pytest.approx(300, abs=0.15)


def test_voices_beep_at_different_pitches() -> None:
    assert len({speak("hi", name, "wav", 1) for name in audio.VOICES}) == len(audio.VOICES)


def test_a_beep_ends_in_a_pause() -> None:
    samples, rate = soundfile.read(io.BytesIO(speak("hi", "nova", "wav", 1)), dtype="int16")
    assert rate == 24_000
    assert np.abs(samples[:4800]).max() > 5_000
    assert not samples[4800:9600].any()


def test_a_recording_may_be_long_and_say_much() -> None:
    assert probe(record("写真" * 2_048, 61)) == AudioInfo(61.0, "写真" * 2_048)


def test_vorbis_is_read_too() -> None:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 44_100, 1, "VORBIS", format="OGG") as sound:
        sound.comment = TEXT
        sound.write(np.zeros(88_200, np.int16))
    assert probe(file.getvalue()) == AudioInfo(2.0, TEXT)


@pytest.mark.parametrize("text", ["caf\xe9", "Hello"])
def test_a_comment_in_latin_1_stays_what_it_is(text: str) -> None:
    assert audio._as_utf8(text) == text


def test_an_m4a_tells_its_length() -> None:
    header = box(b"mvhd", bytes(12), struct.pack(">II", 1_000, 2_500), bytes(80))
    assert probe(box(b"ftyp", b"M4A ", bytes(4)) + box(b"moov", header)).seconds == 2.5


@pytest.mark.parametrize("size", [0, 4, 27, 40, 100])
@pytest.mark.parametrize("format", ["mp3", "opus", "flac", "wav"])
def test_of_a_damaged_file_nothing_is_told_that_is_not_there(format: str, size: int) -> None:
    assert "Hello".startswith(probe(speak("Hello", "nova", format, 1)[:size]).words)


@pytest.mark.parametrize(
    "data", [b"", b"OggS", b"RIFF", b"fLaC", b"\x1a\x45\xdf\xa3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"]
)
def test_the_beginning_of_a_sound_alone_tells_nothing(data: bytes) -> None:
    assert probe(data) == AudioInfo()
