import struct

from emulator.sound import riff
from emulator.sound.ears import listen
from emulator.sound.heard import Heard


def test_a_wav_tells_its_length_and_its_comment() -> None:
    assert riff.read(riff.write(riff.beeps(2.5), "naïve 写真")) == Heard(2.5, "naïve 写真")


def test_beeps_can_be_heard_and_end_in_a_pause() -> None:
    samples = struct.unpack("<9600h", riff.beeps(0.4))
    assert max(samples[:4800]) > 5_000 and set(samples[4800:]) == {0}


def test_a_recording_that_was_cut_counts_what_is_there() -> None:
    assert riff.read(riff.write(riff.beeps(2), "")[:-48_000]).seconds == 1.0


def test_a_wav_without_a_format_has_no_length() -> None:
    assert listen(b"RIFF\x04\x00\x00\x00WAVE") == Heard(None, "")
