"""What moves becomes stills at even times, and a file with pages becomes pages; each is one photo."""

from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import pytest
from PIL import Image

from bot.errors import Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Photo
from tests.files.photos import difference, file, opened, scene, shown, written

SIZE = (160, 120)


@pytest.fixture
async def photos() -> AsyncIterator[PhotoIntake]:
    async with PhotoIntake() as photos:
        yield photos


def level(n: int, count: int) -> int:
    return 40 + n * 200 // max(count, 1)


def picture(n: int, count: int) -> Image.Image:
    """Two halves, of which the left one tells the number."""
    image = Image.new("RGB", SIZE, (0, 0, 120))
    image.paste((level(n, count),) * 3, (0, 0, 80, 120))
    return image


def clip(
    seconds: float,
    *,
    kind: str = "mp4",
    blank: int = 0,
    sound: bool = False,
    rate: int = 5,
    codec: str = "",
    pictures: Sequence[Image.Image] = (),
) -> bytes:
    """A video of these pictures, or of some that count, of which the first `blank` ones show nothing."""
    buffer, count = BytesIO(), int(seconds * rate)
    with av.open(buffer, "w", format=kind) as target:
        stream: Any = target.add_stream(codec or {"mp4": "libx264", "webm": "libvpx"}[kind], rate=rate)
        stream.width, stream.height, stream.pix_fmt = *(pictures[0].size if pictures else SIZE), "yuv420p"
        voice: Any = target.add_stream({"mp4": "aac", "webm": "libopus"}[kind], rate=48_000) if sound else None
        for n in range(count):
            drawn = Image.new("RGB", SIZE, "white") if n < blank else picture(n, count)
            image = pictures[n] if pictures else drawn
            frame: Any = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = n, Fraction(1, rate)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        if voice:
            for n in range(int(seconds * 48_000 / 960)):
                tone = av.AudioFrame(format="fltp", layout="stereo", samples=960)
                for plane in tone.planes:
                    plane.update(bytes(plane.buffer_size))
                tone.sample_rate, tone.pts, tone.time_base = 48_000, n * 960, Fraction(1, 48_000)
                target.mux(voice.encode(tone))
            target.mux(voice.encode(None))
    return buffer.getvalue()


def stills(photo: Photo) -> list[Image.Image]:
    assert photo.series and photo.series.kind == "frames"
    return [shown(each) for each in photo.series.pictures]


def grey(image: Image.Image) -> int:
    value = image.convert("L").getpixel((20, 60))
    assert isinstance(value, int)
    return value


def times(photo: Photo) -> tuple[float, ...]:
    assert photo.series
    return photo.series.times


def animation(kind: str, count: int, *, blank: int = 0, duration: int = 200) -> bytes:
    frames = [Image.new("RGB", SIZE, "white") if n < blank else picture(n, count) for n in range(count)]
    for n, frame in enumerate(frames):
        frame.putpixel((150, 110), (255, 255, 255 - n))  # or equal ones become one
    options = {"lossless": True} if kind == "WEBP" else {}
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=duration, **options)


KINDS = ["GIF", "WEBP", "PNG", "AVIF"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_animation_becomes_eight_stills_at_even_times(photos: PhotoIntake, kind: str) -> None:
    photo = await photos.read("film", animation(kind, 40))
    assert len(stills(photo)) == 8
    assert times(photo) == pytest.approx([n * 7.8 / 7 for n in range(8)], abs=0.21)
    levels = [grey(image) for image in stills(photo)]
    assert levels == sorted(levels) and len(set(levels)) == 8
    assert shown(photo).size == SIZE


@pytest.mark.parametrize("kind", KINDS)
async def test_few_frames_are_all_taken(photos: PhotoIntake, kind: str) -> None:
    assert len(stills(await photos.read("film", animation(kind, 3)))) == 3


@pytest.mark.parametrize("kind", KINDS)
async def test_blank_frames_at_the_beginning_are_left_out(photos: PhotoIntake, kind: str) -> None:
    photo = await photos.read("film", animation(kind, 12, blank=5))
    assert times(photo)[0] == pytest.approx(1.0, abs=0.01)
    assert difference(shown(photo), picture(5, 12)) < 6


async def test_one_frame_that_shows_something_is_a_photo(photos: PhotoIntake) -> None:
    frames = [Image.new("RGB", SIZE, "white"), picture(1, 2)]
    photo = await photos.read("film.gif", written(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert difference(shown(photo), picture(1, 2)) < 6


async def test_a_small_first_frame_does_not_make_a_small_photo(photos: PhotoIntake) -> None:
    gif = bytearray(animation("GIF", 4, blank=1))
    photo = await photos.read("film.gif", bytes(gif))
    assert (photo.width, photo.height) == SIZE


async def test_comments_between_frames_cost_nothing(photos: PhotoIntake) -> None:
    gif = animation("GIF", 4)
    comment = b"\x21\xfe" + b"\x06gossip" + b"\0"
    at = gif.rindex(b"\x21\xf9")
    photo = await photos.read("film.gif", gif[:at] + comment * 3000 + gif[at:])
    assert len(stills(photo)) == 4
    assert all(b"gossip" not in each.file.read_bytes() for each in photo.pictures)


# videos


@pytest.mark.parametrize("kind", ["mp4", "webm"])
async def test_a_clip_becomes_eight_stills_at_even_times(photos: PhotoIntake, kind: str) -> None:
    photo = await photos.read("clip", clip(12, kind=kind))
    assert len(stills(photo)) == 8
    gaps = [after - before for before, after in zip(times(photo), times(photo)[1:], strict=False)]
    assert times(photo)[0] == 0 and times(photo)[-1] > 10.5 and max(gaps) - min(gaps) < 0.5
    levels = [grey(image) for image in stills(photo)]
    assert levels == sorted(levels) and len(set(levels)) == 8


async def test_a_clip_that_fades_in_begins_where_it_shows_something(photos: PhotoIntake) -> None:
    photo = await photos.read("clip.mp4", clip(4, blank=5))
    assert 0.9 < times(photo)[0] < 1.3
    assert difference(shown(photo), picture(5, 20)) < 12


async def test_the_same_clip_is_the_same_photo_and_is_recalled(photos: PhotoIntake) -> None:
    data = clip(2)
    photo = await photos.read("clip.mp4", data)
    assert (await photos.read("clip.mp4", data)).sha256 == photo.sha256
    again = await photos.recall(photo.sha256, "clip.mp4")
    assert again and again.pictures == photo.pictures and again.series and again.series.times == times(photo)


async def test_two_clips_with_the_same_beginning_are_two_photos(photos: PhotoIntake) -> None:
    one, other = [await photos.read("clip.mp4", clip(seconds, rate=2)) for seconds in (4, 5)]
    assert one.sha256 != other.sha256


async def test_a_long_video_is_refused_by_its_length(photos: PhotoIntake) -> None:
    with pytest.raises(Unreadable) as refused:
        await photos.read("film.mp4", clip(70, rate=1))
    assert refused.value.code == "photo_video_long"
    assert len(stills(await photos.read("film.mp4", clip(60, rate=1)))) == 8


@pytest.mark.parametrize("kind", ["mp4", "webm"])
async def test_a_damaged_video_is_named_as_one(photos: PhotoIntake, kind: str) -> None:
    data = clip(2, kind=kind)
    for damaged in (data[:60], data[:40] + bytes(len(data) - 40)):
        with pytest.raises(Unreadable) as refused:
            await photos.read("clip", damaged)
        assert refused.value.code == "photo_video"


async def test_of_a_cut_clip_the_stills_that_are_there_are_looked_at_and_that_is_said(photos: PhotoIntake) -> None:
    data = clip(4, kind="webm")
    photo = await photos.read("cut.webm", data[: int(len(data) * 0.7)])
    assert [remark.key for remark in photo.remarks] == ["photo_frames"]
    assert len(stills(photo)) > 1
    assert (await photos.read("whole.webm", data)).remarks == ()


async def test_a_video_without_pictures_is_named_as_one(photos: PhotoIntake) -> None:
    found = await photos.read_sound(clip(1, sound=True))
    assert found
    with pytest.raises(Unreadable) as refused:
        await photos.read("clip.mp4", found[1][:8] + b"isom" + found[1][12:])
    assert refused.value.code == "photo_video"


@pytest.mark.parametrize(("kind", "ending"), [("mp4", "m4a"), ("webm", "ogg")])
async def test_the_sound_of_a_clip_is_taken_as_it_is(photos: PhotoIntake, kind: str, ending: str) -> None:
    found = await photos.read_sound(clip(2, kind=kind, sound=True))
    assert found and found[0] == ending
    with av.open(BytesIO(found[1]), "r") as sound:
        assert not sound.streams.video and float(sound.duration or 0) / av.time_base == pytest.approx(2, abs=0.2)


async def test_a_silent_clip_has_no_sound(photos: PhotoIntake) -> None:
    assert await photos.read_sound(clip(1)) is None
    assert await photos.read_sound(clip(1, sound=True)[:80]) is None


# pages


def pages(count: int) -> bytes:
    images = [picture(n, count) for n in range(count)]
    return written(images[0], "TIFF", save_all=True, append_images=images[1:])


@pytest.mark.parametrize("count", [2, 3, 10])
async def test_the_pages_of_a_tiff_are_pages(photos: PhotoIntake, count: int) -> None:
    photo = await photos.read("fax.tif", pages(count))
    assert photo.series and photo.series.kind == "pages" and photo.remarks == ()
    assert len(photo.pictures) == count
    for n, each in enumerate(photo.pictures):
        assert difference(shown(each), picture(n, count)) < 4


async def test_the_first_ten_of_many_pages_are_taken_and_that_is_said(photos: PhotoIntake) -> None:
    photo = await photos.read("fax.tif", pages(13))
    assert len(photo.pictures) == 10
    assert [(each.key, dict(each.values)) for each in photo.remarks] == [("photo_pages", {"read": 10, "total": 13})]


async def test_a_thumbnail_is_no_page(photos: PhotoIntake) -> None:
    from PIL import TiffImagePlugin

    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    buffer = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as target:
        scene().save(target, "TIFF")
        target.newFrame()
        scene(24, 16).save(target, "TIFF", tiffinfo=info)
    photo = await photos.read("photo.tif", buffer.getvalue())
    assert photo.series is None and difference(shown(photo), scene()) < 5


async def test_the_cat_moves(photos: PhotoIntake) -> None:
    photo = await photos.read("cat.gif", file("cat-animated.gif"))
    assert len(stills(photo)) == 2 and opened(photo.file.read_bytes()).size == (225, 150)
