"""Sound files: how long one is, the words in its metadata, and files that beep or keep silent and carry such words."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import soundfile
from tinytag import TinyTag, TinyTagException

VOICES = {"alloy": 440, "echo": 330, "fable": 392, "onyx": 220, "nova": 523, "shimmer": 659}  # and their pitch, in Hz
MIMES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
RATE = 24_000  # samples a second, one channel of 16 bits
LONGEST = 300.0  # seconds of speech
_CHARACTERS = 15  # a second
_ENCODINGS: Mapping[str, tuple[str, str]] = {  # container and codec, as libsndfile names them
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}
# libsndfile writes no AAC: 1,024 silent samples of low complexity behind an ADTS header.
_AAC_FRAME, _AAC_SAMPLES = b"\xff\xf1\x58\x40\x01\xbf\xfc\x00\xc8\x00\x80\x23\x80", 1024

Samples = np.ndarray[Any, np.dtype[np.int16]]


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The length of a sound, and the words that its comment holds."""

    seconds: float | None = None  # None: nothing tells, as in WebM and AAC
    words: str = ""


def probe(data: bytes) -> AudioInfo:
    """Read a sound's length and comment; one that is damaged tells nothing. It takes a while: call it in a thread."""
    try:
        tag = TinyTag.get(file_obj=BytesIO(data))
    # What a parser raises for a damaged file is no part of its interface.
    except (TinyTagException, ValueError, LookupError, ArithmeticError, TypeError, OSError, EOFError):
        return AudioInfo()
    return AudioInfo(tag.duration or None, _as_utf8(tag.comment or ""))


def speak(text: str, voice: str, format: str, speed: float) -> bytes:
    """Return a file as long as somebody would take to say it; it carries the words, unless it is AAC or PCM."""
    seconds = min(LONGEST, max(1.0, len(text) / _CHARACTERS / speed))
    if format == "pcm":
        return _beeps(seconds, VOICES[voice]).tobytes()
    if format == "aac":
        return _AAC_FRAME * round(seconds * RATE / _AAC_SAMPLES)
    # What is packed keeps silent, because a sound that changes takes four times as long to encode.
    samples = _beeps(seconds, VOICES[voice]) if format == "wav" else _silence(seconds)
    return _encode(samples, text, format)


def record(words: str, seconds: float = 1.0, format: str = "opus") -> bytes:
    """Return a recording of that length in which somebody says the words: silence that carries them."""
    return _encode(_silence(seconds), words, format)


def _encode(samples: Samples, comment: str, format: str) -> bytes:
    container, codec = _ENCODINGS[format]
    file = BytesIO()
    with soundfile.SoundFile(file, "w", samplerate=RATE, channels=1, format=container, subtype=codec) as sound:
        if comment:
            sound.comment = comment
        sound.write(samples)
    return file.getvalue()


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def _beeps(seconds: float, pitch: int) -> Samples:
    """Return a beep of a fifth of a second, a pause as long, and so on."""
    at = np.arange(round(seconds * RATE))
    beeping = at // (RATE // 5) % 2 == 0
    return np.asarray(6_000 * np.sin(2 * np.pi * pitch * at / RATE) * beeping, np.int16)


def _as_utf8(comment: str) -> str:
    """Undo what libsndfile does to an MP3: it writes UTF-8 into a comment and calls it Latin-1."""
    try:
        return comment.encode("latin-1").decode()
    except UnicodeError:
        return comment
