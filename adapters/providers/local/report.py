"""The answer of `local/eyes`: its measurements, in the language of whoever asks, and what it can't do."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.providers.local.marked_differences import MarkedDifferences
from adapters.providers.local.measurements import Measurements, difference
from adapters.providers.local.readings import Reading
from adapters.providers.local.word_table import write_table
from bot.messages import Photo, Prompt
from bot.words import say

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP"}
CLIPPED = 0.05  # share of black or white pixels that is worth a word
MOSTLY = 0.6  # share of the picture; of more than that, nobody looks for the marks
SAME = 0.005  # share of the picture; fewer cells than that are noise


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPhoto:
    """A photo with its number in the conversation, its measurements and its words."""

    number: int
    photo: Photo
    measurements: Measurements
    reading: Reading | None = None  # None: nothing can read here


def is_marked(differences: MarkedDifferences) -> bool:
    """Tell whether marks help: two pictures that differ nearly everywhere are two pictures."""
    return differences.share is not None and 0 < differences.share <= MOSTLY and differences.places > 0


def write_report(photos: Sequence[MeasuredPhoto], prompt: Prompt, differences: MarkedDifferences | None = None) -> str:
    """Describe each photo, compare several, and say what is beyond that; or write down the words, or a table of them.

    `differences` are those of two photos, where they were looked for.
    """
    readings = [(each.number, each.reading.rows) for each in photos if each.reading is not None]
    if readings and prompt.text.startswith(say("table_ask")):
        return write_table(readings)
    if photos and _is_asked_to_read(photos, prompt.text):
        return "\n\n".join(_transcribe(measured_photo) for measured_photo in photos)
    parts = [
        say("local_about"),
        *(_describe(measured_photo) for measured_photo in photos),
        *([] if photos else [say("local_no_photo")]),
        *([_compare(photos, differences)] if len(photos) > 1 else []),
        " ".join(_limits(prompt)),
    ]
    return "\n\n".join(parts)


def _is_asked_to_read(photos: Sequence[MeasuredPhoto], text: str) -> bool:
    """Tell whether nothing but the words is asked for: by the action, or by the page's starter where words are read."""
    return text == say("ask_read") or (text == say("page_example_read") and all(photo.reading for photo in photos))


def _describe(measured_photo: MeasuredPhoto) -> str:
    photo = measured_photo.photo
    size = say(
        "local_size",
        shape=say(f"local_shape_{_shape(photo)}"),
        width=photo.width,
        height=photo.height,
        format=FORMATS.get(photo.mime, photo.mime),
        kilobytes=max(1, round(photo.size / 1000)),
    )
    lines = [
        size,
        _colours(measured_photo.measurements),
        _light(measured_photo.measurements),
        _sharpness(measured_photo.measurements),
    ]
    words = _words(measured_photo.reading) if measured_photo.reading else []
    return "\n".join([_heading(measured_photo), *words, *(f"- {line}" for line in lines)])


def _heading(measured_photo: MeasuredPhoto) -> str:
    return say("local_photo", n=measured_photo.number, name=measured_photo.photo.name)


def _transcribe(measured_photo: MeasuredPhoto) -> str:
    """Write down the words of a photo and nothing else."""
    reading = measured_photo.reading
    if reading is None:
        return "\n".join([_heading(measured_photo), say("local_cannot_read")])
    words = _words(reading) or [say("local_no_text")]
    return "\n".join([_heading(measured_photo), *words])


def _words(reading: Reading) -> list[str]:
    """Return the words as they stand there, in a block that keeps its lines, and the contents of the codes."""
    rows = "\n".join(reading.rows).replace("```", "` ` `")
    codes = [
        say("local_code", format=format.removesuffix("Code"), text=f"`{text.replace('`', ' ')}`")
        for format, text in reading.codes
    ]
    return [*([f"```\n{rows}\n```"] if rows else []), *(f"- {code}" for code in codes)]


def _shape(photo: Photo) -> str:
    if photo.width == photo.height:
        return "square"
    return "landscape" if photo.width > photo.height else "portrait"


def _colours(measurements: Measurements) -> str:
    names = [say(f"local_colour_{name}") for name in measurements.colours]
    return say("local_colours", colours=", ".join(names) or say("local_colour_many"))


def _light(measurements: Measurements) -> str:
    level = "dark" if measurements.brightness < 70 else "bright" if measurements.brightness > 175 else "medium"
    clipped = [
        say(f"local_clipped_{end}", percent=round(share * 100))
        for end, share in (("black", measurements.black), ("white", measurements.white))
        if share > CLIPPED
    ]
    return say("local_light", light=", ".join([say(f"local_light_{level}"), *clipped]))


def _sharpness(measurements: Measurements) -> str:
    if measurements.detail < 1:
        level = "unknown"
    else:
        level = "blurred" if measurements.detail < 20 else "sharp" if measurements.detail > 120 else "soft"
    return say("local_sharpness", sharpness=say(f"local_sharpness_{level}"))


def _compare(photos: Sequence[MeasuredPhoto], differences: MarkedDifferences | None) -> str:
    ranking = say(
        "local_ranking",
        sharpest=max(photos, key=lambda measured_photo: measured_photo.measurements.detail).number,
        brightest=max(photos, key=lambda measured_photo: measured_photo.measurements.brightness).number,
        largest=max(photos, key=lambda measured_photo: measured_photo.photo.width * measured_photo.photo.height).number,
    )
    if len(photos) > 2:
        return ranking
    one, other = photos
    share = difference(one.measurements, other.measurements)
    if differences and is_marked(differences):
        percent = max(1, round((differences.share or 0) * 100))
        marked = say("local_marked", a=one.number, b=other.number, percent=percent, places=differences.places)
        return f"{marked} {ranking}"
    if share < SAME:
        return say("local_alike", a=one.number, b=other.number)
    differ = say("local_differ", a=one.number, b=other.number, percent=max(1, round(share * 100)))
    return f"{differ} {ranking}"


def _limits(prompt: Prompt) -> list[str]:
    sentences = [say("local_limits")]
    if prompt.excerpts:
        sentences.append(say("local_no_documents"))
    if prompt.history:
        sentences.append(say("local_no_memory"))
    return sentences
