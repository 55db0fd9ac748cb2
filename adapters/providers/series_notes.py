"""Words that tell a model how the pictures of a series belong together."""

from collections.abc import Mapping, Sequence

from bot.messages import Photo, Prompt
from bot.words import say

_PARTS = {"tall": "part", "wide": "part", "pages": "page", "frames": "still"}


def with_series_notes(prompt: Prompt) -> str:
    """Return the text of a question, with the photos' numbers and a note for each that is several pictures."""
    notes = (_note(photo, prompt.numbers) for photo in prompt.photos if photo.series)
    return "\n\n".join(filter(None, (prompt.text, _attached(prompt), *notes)))


def _attached(prompt: Prompt) -> str:
    """Return which photos of the conversation are attached; empty where they are the first ones, in their order."""
    numbers = [prompt.numbers.get(photo.sha256) for photo in prompt.photos]
    if None in numbers or numbers == list(range(1, len(numbers) + 1)):
        return ""
    return say("photos_attached", photos=", ".join(_name(photo, prompt.numbers) for photo in prompt.photos))


def picture_captions(photo: Photo, numbers: Mapping[str, int]) -> Sequence[str]:
    """Return what stands before each picture of a photo; empty for a single one without a number."""
    number = numbers.get(photo.sha256)
    name = f"Photo {number} ({photo.name})" if number else photo.name
    if not photo.series:
        return [f"{name}:" if number else ""]
    part, count = _PARTS[photo.series.kind], len(photo.pictures)
    times = [f", at {_seconds(time)} s" for time in photo.series.times] or [""] * count
    return [f"{name}, {part} {n} of {count}{time}:" for n, time in enumerate(times, 1)]


def _note(photo: Photo, numbers: Mapping[str, int]) -> str:
    series = photo.series
    if series is None:
        return ""
    times = ", ".join(map(_seconds, series.times))
    return say(f"series_{series.kind}", name=_name(photo, numbers), n=len(series.pictures), times=times)


def _name(photo: Photo, numbers: Mapping[str, int]) -> str:
    if number := numbers.get(photo.sha256):
        words = say("photo_named", n=number, name=photo.name)
        return words[0].upper() + words[1:]
    return photo.name


def _seconds(time: float) -> str:
    return f"{time:.1f}"
