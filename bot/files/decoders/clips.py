"""Videos: stills at even times, and the sound. FFmpeg opens files of two formats only, which the caller names."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.decoders import cicp
from bot.files.decoders.boxes import declared_end
from bot.files.decoders.series import as_series
from bot.files.decoders.still_times import MOST_FRAMES, Still, even_times, is_blank
from bot.files.isolation.worker_process import one_large

MOST_SECONDS = 60
_SLACK = 1.0  # seconds that a clip of the longest kind may be longer
_FORMATS = {"MP4": "mov", "WEBM": "matroska"}
_SEGMENT = b"\x18\x53\x80\x67"  # the element with everything, of Matroska
_LONGEST_SIZE = 8  # bytes
_AS_MP4, _AS_OGG = {"aac", "mp3", "alac"}, {"opus", "vorbis", "flac"}
_CONTAINERS = {"m4a": "ipod", "ogg": "ogg"}
_BROKEN = (av.error.FFmpegError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


def read_clip(
    file: BinaryIO, *, kind: str, longest_side: int, most_pixels: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Turn a video of the format `kind` into stills; return them as `clean_photo` returns a series.

    Unreadable: it is damaged, too long or too large, or there is no picture in it.
    """
    try:
        with one_large(), _opened(file, kind) as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > most_pixels:
                raise Unreadable(FailureCode.PHOTO_VIDEO)
            duration = _duration(container, stream)
            if duration > MOST_SECONDS + _SLACK:
                raise Unreadable(FailureCode.PHOTO_VIDEO_LONG, limit=MOST_SECONDS)
            stills = list(_stills(container, stream, duration, longest_side))
    except _BROKEN as error:
        raise Unreadable(FailureCode.PHOTO_VIDEO) from error
    if not stills:
        raise Unreadable(FailureCode.PHOTO_VIDEO)
    return as_series(
        "frames",
        stills[0].image,
        [still.image for still in stills],
        try_png=False,
        out_bytes=out_bytes,
        remarks=[("photo_frames", {})] if _is_cut(file, kind) else [],
        times=[still.time for still in stills],
    )


def _is_cut(file: BinaryIO, kind: str) -> bool:
    """Tell whether the file declares to go on behind its end."""
    file.seek(0)
    data = file.read()
    if kind == "MP4":
        return declared_end(data) > len(data)
    header, start = _ebml_size(data, len(_SEGMENT))
    segment, begun = _ebml_size(data, start + header + len(_SEGMENT))
    return data[start + header :].startswith(_SEGMENT) and segment > len(data) - begun


def _ebml_size(data: bytes, at: int) -> tuple[int, int]:
    """Return the size of an element of Matroska, 0 where it is not known, and where its content begins."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    bits = 7 * length
    size = int.from_bytes(data[at : at + length]) & ((1 << bits) - 1)
    return (0 if length > _LONGEST_SIZE or size == (1 << bits) - 1 else size), at + length


def read_clip_sound(file: BinaryIO, *, kind: str) -> tuple[str, bytes]:
    """Return the sound of a video, as it is, and its file extension; nothing where there is none."""
    buffer = BytesIO()
    try:
        with _opened(file, kind) as source:
            stream = next(iter(source.streams.audio), None)
            codec = stream.codec_context.name if stream else ""
            ending = "m4a" if codec in _AS_MP4 else "ogg" if codec in _AS_OGG else ""
            if stream is None or not ending:
                return "", b""
            with av.open(buffer, "w", format=_CONTAINERS[ending]) as target:
                copy = target.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.dts is not None:
                        packet.stream = copy
                        target.mux(packet)
    except _BROKEN as error:
        raise Unreadable(FailureCode.PHOTO_VIDEO) from error
    return ending, buffer.getvalue()


def draw_avif(data: bytes, most_pixels: int) -> Image.Image:
    """Draw the picture of an AVIF without its alpha. Unreadable: it is damaged or too large."""
    try:
        with _opened(BytesIO(data), "MP4") as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > most_pixels:
                raise Unreadable(FailureCode.PHOTO_BROKEN)
            frame = next(container.decode(stream))
            image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
            return image
    except (*_BROKEN, StopIteration) as error:
        raise Unreadable(FailureCode.PHOTO_BROKEN) from error


def _opened(file: BinaryIO, kind: str) -> InputContainer:
    return av.open(file, "r", format=_FORMATS[kind], metadata_errors="ignore")


def _duration(container: InputContainer, stream: VideoStream) -> float:
    """Return the length in seconds; where the header does not tell it, of the packets."""
    if container.duration:
        return container.duration / av.time_base
    last = 0.0
    for packet in container.demux(stream):
        if packet.pts is not None and packet.time_base:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    container.seek(0)
    return last


def _stills(container: InputContainer, stream: VideoStream, duration: float, longest_side: int) -> Iterator[Still]:
    first = _first_still(container, stream, duration, longest_side)
    if first is None:
        return
    yield first
    last = first.time
    for time in even_times(first.time, max(first.time, duration - duration / (MOST_FRAMES * 2)))[1:]:
        found = _frame_at(container, stream, time)
        if found is None:
            continue
        at = _time_of(found)
        if at > last:
            last = at
            yield Still(at, _drawn(found, stream, longest_side))


def _first_still(container: InputContainer, stream: VideoStream, duration: float, longest_side: int) -> Still | None:
    """Return the first frame that is not blank, of the first half; else the very first one."""
    blank = None
    for frame in container.decode(stream):
        still = Still(_time_of(frame), _drawn(frame, stream, longest_side))
        if not is_blank(still.image):
            return still
        blank = blank or still
        if still.time > duration / 2:
            break
    return blank


def _frame_at(container: InputContainer, stream: VideoStream, time: float) -> VideoFrame | None:
    """Return the frame that is shown at that time."""
    if stream.time_base is None:
        return None
    container.seek(int((time + _start(stream)) / float(stream.time_base)), stream=stream, backward=True)
    shown = None
    for frame in container.decode(stream):
        if shown is not None and _time_of(frame) > time:
            break
        shown = frame
    return shown


def _start(stream: VideoStream) -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _time_of(frame: VideoFrame) -> float:
    return max(0.0, float(frame.time or 0.0))


def _drawn(frame: VideoFrame, stream: VideoStream, longest_side: int) -> Image.Image:
    """Draw a frame upright, with square pixels, in sRGB."""
    ratio = float(stream.codec_context.sample_aspect_ratio or 1) or 1.0
    width, height = frame.width * ratio, float(frame.height)
    scale = min(1.0, longest_side / max(width, height))
    size = {"width": max(2, round(width * scale)), "height": max(2, round(height * scale))}
    image: Image.Image = frame.to_image(**size)  # type: ignore[no-untyped-call]
    code_points = cicp.CodePoints(int(frame.color_primaries), int(frame.color_trc))
    if not code_points.is_srgb:
        image = cicp.to_srgb(image, code_points)
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
