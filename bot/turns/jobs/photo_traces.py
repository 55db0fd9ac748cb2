"""Telling the sender of a photo what its file carried, and what nobody else ever sees."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.messages import Photo, PhotoTraces, StoredFile, Turn
from bot.words import say, say_number


@dataclass(frozen=True, slots=True)
class TracesNote:
    """A note for the sender, and the places in it, which are stored nowhere."""

    text: str
    places: tuple[str, ...]


def describe_traces(turn: Turn, files: Sequence[StoredFile]) -> TracesNote | None:
    """Return the note where the sender is alone with the bot; None where there is nothing to tell, or others read it.

    Only photos that were taken in by this process have traces: what was removed is not kept to say it later.
    """
    photos = [file for file in files if isinstance(file, Photo) and file.traces]
    if not photos or not turn.message.private:
        return None
    places = tuple(_place(*photo.traces.place) for photo in photos if photo.traces.place)
    if len(photos) == 1:
        return TracesNote(say("traces_note", what=_list_parts(photos[0].traces)), places)
    notes = (say("traces_note_named", name=photo.name, what=_list_parts(photo.traces)) for photo in photos)
    return TracesNote("\n".join(notes), places)


def _list_parts(traces: PhotoTraces) -> str:
    return ", ".join(_parts(traces))


def _parts(traces: PhotoTraces) -> Iterator[str]:
    if traces.place:
        yield say("traces_place", place=_place(*traces.place))
    if traces.device:
        yield say(f"traces_{traces.device}")
    if traces.thumbnails:
        yield say("traces_thumbnails", count=traces.thumbnails)


def _place(north: float, east: float) -> str:
    sides = (north, "N" if north >= 0 else "S"), (east, "E" if east >= 0 else "W")
    return ", ".join(f"{say_number(abs(degrees), decimals=2)} {side}" for degrees, side in sides)
