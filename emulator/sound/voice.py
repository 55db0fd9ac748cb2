"""The voice of the emulator: real sound files, of silence or beeps, which carry the words they should have spoken."""

from collections.abc import Callable

from emulator.sound import flac, mpeg, ogg, riff

VOICES = {"alloy": 440, "echo": 330, "fable": 392, "onyx": 220, "nova": 523, "shimmer": 659}  # and their pitch, in Hz
MIMES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_PACE = 15  # characters a second

# Nobody encodes beeps here, so what is packed keeps silent; WAV and plain samples beep.
_WRITERS: dict[str, Callable[[float, str, int], bytes]] = {
    "mp3": lambda seconds, words, _: mpeg.silent_mp3(seconds, words),
    "opus": lambda seconds, words, _: ogg.silence(seconds, words),
    "aac": lambda seconds, words, _: mpeg.silent_aac(seconds, words),
    "flac": lambda seconds, words, _: flac.silence(seconds, words),
    "wav": lambda seconds, words, pitch: riff.write(riff.beeps(seconds, pitch), words),
    "pcm": lambda seconds, _, pitch: riff.beeps(seconds, pitch),
}


def speak(text: str, voice: str, format: str, speed: float) -> bytes:
    """Return a file of the format, as long as somebody would take to say it, but five minutes at most."""
    seconds = min(300.0, max(1.0, len(text) / _PACE / speed))
    return _WRITERS[format](seconds, text, VOICES[voice])
