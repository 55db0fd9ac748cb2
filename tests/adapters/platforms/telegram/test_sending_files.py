"""Files along with a post: pictures are seen, other files can be fetched."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from adapters.platforms.telegram import posting as speech
from adapters.platforms.telegram.adapter import Telegram
from adapters.platforms.telegram.translate import BotIdentity, translate
from bot.errors import Busy, Refused
from bot.messages import Button, Channel, File, Message, OutgoingPost
from bot.util.retry import TELEGRAM_ATTACHMENTS
from tests.adapters.platforms.telegram.conftest import PHOTO
from tests.doubles.telegram import ANN, BAD_GATEWAY, GROUP, Fault, Post, Sent, TelegramBed, flood

HOME = Channel("telegram", str(ANN))
TOPIC = Channel("telegram", f"{GROUP}/77")
CHART = File(name="usage.jpg", mime="image/jpeg", data=PHOTO)
ZIP = File(name="export.zip", mime="application/zip", data=b"PK\5\6" + bytes(18))
VOICE = File(name="answer.ogg", mime="audio/ogg", data=b"OggS" + bytes(24) + b"OpusHead" + bytes(11))
MUSIC = File(name="answer.mp3", mime="audio/mpeg", data=b"ID3" + bytes(200))
FORBIDDEN = Fault(400, description="Bad Request: not enough rights to send photos to the chat")


def picture(width: int, height: int) -> File:
    data = io.BytesIO()
    Image.new("RGB", (width, height)).save(data, "PNG")
    return File(name="picture.png", mime="image/png", data=data.getvalue())


def see_through(mode: str, name: str, alpha: int, **kept: Any) -> File:
    """A picture of which one pixel has this alpha, and all others can be seen."""
    image = Image.new("RGBA", (9, 9), "red")
    image.putpixel((4, 4), (0, 0, 0, alpha))
    data, kind = io.BytesIO(), name.rpartition(".")[2]
    image.convert(mode).save(data, kind, **kept)
    return File(name=name, mime=f"image/{kind}", data=data.getvalue())


def files(posts: list[Post]) -> list[tuple[str, str]]:
    return [(post.file.kind, post.file.name) for post in posts if post.file]


async def test_a_picture_alone_has_its_text_below_it(telegram: Telegram, bed: TelegramBed) -> None:
    question = await bed.says("/usage")
    buttons = (Button("Today", "/usage day"),)
    post = await telegram.send(
        HOME, OutgoingPost(text="**12** turns", reply_to=str(question), buttons=buttons, files=(CHART,))
    )
    [shown] = bed.posts()
    assert (str(shown.id), shown.text, shown.reply_to) == (post, "12 turns", question)
    assert shown.file == Sent("photo", "usage.jpg", PHOTO)
    assert (shown.formatted("bold"), shown.commands) == (["12"], ["/usage day"])


async def test_another_file_alone_has_its_text_below_it(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(TOPIC, OutgoingPost(text="All of it.", files=(ZIP,)))
    [shown] = bed.posts(GROUP, thread=77)
    assert (shown.text, shown.file) == ("All of it.", Sent("document", ZIP.name, ZIP.data))


async def test_what_stands_below_a_picture_can_be_edited(telegram: Telegram, bed: TelegramBed) -> None:
    post = await telegram.send(HOME, OutgoingPost(text="today", files=(CHART,)))
    assert (
        await telegram.edit(HOME, post, OutgoingPost(text="**yesterday**", buttons=(Button("Today", "/usage day"),)))
        == post
    )
    assert (
        await telegram.edit(HOME, post, OutgoingPost(text="**yesterday**", buttons=(Button("Today", "/usage day"),)))
        == post
    )
    [shown] = bed.posts()
    assert (shown.text, shown.formatted("bold"), shown.commands) == ("yesterday", ["yesterday"], ["/usage day"])
    assert shown.file


async def test_a_text_too_long_to_stand_below_a_picture_comes_first(telegram: Telegram, bed: TelegramBed) -> None:
    post = await telegram.send(
        TOPIC, OutgoingPost(text="x" * 1025, buttons=(Button("Again", "/again"),), files=(CHART,))
    )
    text, chart = bed.posts(GROUP, thread=77)
    assert (str(text.id), text.commands) == (post, ["/again"])
    assert (chart.text, chart.reply_to, files([chart])) == ("", text.id, [("photo", "usage.jpg")])


async def test_a_text_that_grows_too_long_to_stand_below_a_picture_is_posted_anew(
    telegram: Telegram, bed: TelegramBed
) -> None:
    post = await telegram.send(HOME, OutgoingPost(text="short", files=(CHART,)))
    moved = await telegram.edit(HOME, post, OutgoingPost(text="y" * 1025))
    assert moved != post
    old, new = bed.posts()
    assert (old.text, new.text, str(new.id), str(new.reply_to)) == ("short", "y" * 1025, moved, post)


async def test_several_pictures_are_an_album_below_the_text_and_other_files_another(
    telegram: Telegram, bed: TelegramBed
) -> None:
    post = await telegram.send(HOME, OutgoingPost(text="Ann sent these:", files=(CHART, ZIP, picture(9, 9), ZIP)))
    text, *rest = bed.posts()
    assert (str(text.id), text.text) == (post, "Ann sent these:")
    assert files(rest[:2]) == [("photo", "usage.jpg"), ("photo", "picture.png")]
    assert files(rest[2:]) == [("document", "export.zip")] * 2
    assert {each.reply_to for each in rest} == {text.id}
    assert rest[0].album == rest[1].album != rest[2].album == rest[3].album


async def test_a_picture_of_a_shape_that_telegram_cannot_show_goes_as_a_file(
    telegram: Telegram, bed: TelegramBed
) -> None:
    await telegram.send(HOME, OutgoingPost(text="a stripe", files=(picture(500, 10),)))
    await telegram.send(HOME, OutgoingPost(text="stripes", files=(picture(500, 10), CHART)))
    assert [kind for kind, _ in files(bed.posts())] == ["document"] * 3


@pytest.mark.parametrize(
    "cutout",
    [
        see_through("RGBA", "cutout.png", 0),
        see_through("RGBA", "shadow.png", 200),
        see_through("LA", "grey.png", 0),
        see_through("P", "palette.png", 255, transparency=0),
        see_through("RGBA", "cutout.webp", 0, lossless=True),
    ],
    ids=lambda file: file.name,
)
async def test_a_picture_that_can_be_seen_through_goes_as_a_file_and_stays_so(
    telegram: Telegram, bed: TelegramBed, cutout: File
) -> None:
    await telegram.send(HOME, OutgoingPost(text="Cut out.", buttons=(Button("Again", "/redo 7"),), files=(cutout,)))
    [shown] = bed.posts()
    assert (shown.text, shown.commands, shown.file) == (
        "Cut out.",
        ["/redo 7"],
        Sent("document", cutout.name, cutout.data),
    )


async def test_a_picture_with_an_alpha_channel_that_hides_nothing_is_shown(
    telegram: Telegram, bed: TelegramBed
) -> None:
    await telegram.send(HOME, OutgoingPost(text="made", files=(see_through("RGBA", "made.png", 255),)))
    assert files(bed.posts()) == [("photo", "made.png")]


async def test_a_picture_with_more_pixels_than_telegram_shows_goes_as_a_file(
    telegram: Telegram, bed: TelegramBed
) -> None:
    await telegram.send(HOME, OutgoingPost(text="huge", files=(picture(6000, 4001),)))
    assert files(bed.posts()) == [("document", "picture.png")]
    assert not bed.called("sendPhoto"), "it is known beforehand"


async def test_what_is_no_picture_after_all_goes_as_a_file(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(
        HOME, OutgoingPost(text="made", files=(File(name="made.png", mime="image/png", data=b"nothing of the kind"),))
    )
    assert files(bed.posts()) == [("document", "made.png")]


async def test_a_picture_that_was_made_can_be_fetched_again(telegram: Telegram, bed: TelegramBed) -> None:
    for file, kind in ((CHART, "photo"), (see_through("RGBA", "cutout.png", 0), "document")):
        post = await telegram.send(HOME, OutgoingPost(text="made", files=(file,)))
        reply = translate(
            {"update_id": 1, "message": bed.message({"text": "what?"}, reply_to=int(post))}, BotIdentity(7, "bot")
        )
        assert isinstance(reply, Message), kind
        assert await telegram.download(reply.photos[0], 1 << 20) == file.data


async def test_a_picture_too_heavy_to_be_shown_goes_as_a_file(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(
        HOME, OutgoingPost(text="heavy", files=(File(name="big.jpg", mime="image/jpeg", data=PHOTO + bytes(10 << 20)),))
    )
    assert files(bed.posts()) == [("document", "big.jpg")]


# sounds


async def test_a_recording_is_a_voice_message_with_its_text_below_it(telegram: Telegram, bed: TelegramBed) -> None:
    question = await bed.says("/speak")
    buttons = (Button("Again", "/redo 7"),)
    post = await telegram.send(
        TOPIC, OutgoingPost(text="🔊 **read**", reply_to=str(question), buttons=buttons, files=(VOICE,))
    )
    [shown] = bed.posts(GROUP, thread=77)
    assert (str(shown.id), shown.text, shown.reply_to, shown.commands) == (post, "🔊 read", question, ["/redo 7"])
    assert shown.file == Sent("voice", "answer.ogg", VOICE.data)
    await telegram.edit(TOPIC, post, OutgoingPost(text="🔊 once more"))
    assert bed.posts(GROUP)[0].text == "🔊 once more"


@pytest.mark.parametrize("mime", ["audio/mpeg", "audio/mp4"])
async def test_music_can_be_played(telegram: Telegram, bed: TelegramBed, mime: str) -> None:
    await telegram.send(HOME, OutgoingPost(text="🔊", files=(replace(MUSIC, mime=mime),)))
    [shown] = bed.posts()
    assert (shown.text, shown.file) == ("🔊", Sent("audio", MUSIC.name, MUSIC.data))


async def test_a_sound_that_telegram_cannot_play_goes_as_a_file(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(
        HOME, OutgoingPost(text="🔊", files=(File(name="answer.wav", mime="audio/wav", data=b"RIFF" + bytes(40)),))
    )
    assert files(bed.posts()) == [("document", "answer.wav")]


async def test_who_wants_no_voice_messages_gets_a_file(telegram: Telegram, bed: TelegramBed) -> None:
    bed.no_voices.add(ANN)
    await telegram.send(HOME, OutgoingPost(text="🔊", buttons=(Button("Again", "/redo 7"),), files=(VOICE,)))
    [shown] = bed.posts()
    assert (shown.text, shown.commands, files([shown])) == ("🔊", ["/redo 7"], [("document", "answer.ogg")])


@pytest.mark.parametrize(
    ("method", "file", "said"), [("sendVoice", VOICE, "voice notes"), ("sendAudio", MUSIC, "music")]
)
async def test_where_a_group_takes_files_and_no_sounds_it_gets_a_file(
    telegram: Telegram, bed: TelegramBed, method: str, file: File, said: str
) -> None:
    bed.fails(method, Fault(400, description=f"Bad Request: not enough rights to send {said} to the chat"))
    await telegram.send(TOPIC, OutgoingPost(text="🔊", files=(file,)))
    assert files(bed.posts(GROUP)) == [("document", file.name)]


async def test_a_flood_is_no_reason_to_send_a_voice_message_as_a_file(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendVoice", flood(3))
    with pytest.raises(Busy):
        await telegram.send(HOME, OutgoingPost(text="🔊", files=(VOICE,)))
    assert not bed.posts()


async def test_sounds_among_other_files_come_one_by_one(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(HOME, OutgoingPost(text="all of it:", files=(VOICE, CHART, MUSIC, ZIP, CHART, ZIP)))
    text, *rest = bed.posts()
    assert [kind for kind, _ in files(rest)] == ["photo", "photo", "voice", "audio", "document", "document"]
    assert {each.reply_to for each in rest} == {text.id}


async def test_a_text_too_long_to_stand_below_a_voice_message_comes_first(telegram: Telegram, bed: TelegramBed) -> None:
    await telegram.send(HOME, OutgoingPost(text="x" * 1025, files=(VOICE,)))
    text, sound = bed.posts()
    assert (text.text, sound.reply_to, files([sound])) == ("x" * 1025, text.id, [("voice", "answer.ogg")])


# trouble


async def test_a_file_that_is_too_large_is_refused_before_anything_is_said(
    telegram: Telegram, bed: TelegramBed
) -> None:
    with pytest.raises(Refused) as caught:
        await telegram.send(
            HOME,
            OutgoingPost(
                text="here", files=(File(name="film.zip", mime="application/zip", data=bytes((50 << 20) + 1)),)
            ),
        )
    assert str(caught.value) == "The file film.zip is larger than 50 MB, the most that can be sent here."
    assert not bed.posts()


async def test_where_no_files_are_allowed_the_words_come_anyway(telegram: Telegram, bed: TelegramBed) -> None:
    bed.fails("sendPhoto", FORBIDDEN, times=2)
    post = await telegram.send(HOME, OutgoingPost(text="12 turns", files=(CHART,)))
    text, notice = bed.posts()
    assert (str(text.id), text.text) == (post, "12 turns")
    assert notice.text == "⚠️ A file belongs to this, but Telegram didn't let me send it here."
    assert notice.reply_to == text.id


async def test_a_hiccup_before_anything_was_said_is_for_the_worker_to_mend(
    telegram: Telegram, bed: TelegramBed
) -> None:
    bed.fails("sendPhoto", flood(3))
    with pytest.raises(Busy):
        await telegram.send(HOME, OutgoingPost(text="12 turns", files=(CHART,)))
    assert not bed.posts()


async def test_a_hiccup_after_the_text_does_not_say_the_text_again(
    telegram: Telegram, bed: TelegramBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "TELEGRAM_ATTACHMENTS", replace(TELEGRAM_ATTACHMENTS, first=0.01))
    bed.fails("sendMediaGroup", BAD_GATEWAY, times=2)
    await telegram.send(HOME, OutgoingPost(text="Ann sent these:", files=(CHART, CHART)))
    assert bed.reads() == ["Ann sent these:", "", ""]
    bed.fails("sendMediaGroup", BAD_GATEWAY, times=3)
    await telegram.send(HOME, OutgoingPost(text="and these:", files=(CHART, CHART)))
    assert bed.reads()[3:] == ["and these:", "⚠️ A file belongs to this, but Telegram didn't let me send it here."]


async def test_files_leave_a_topic_that_was_closed(telegram: Telegram, bed: TelegramBed) -> None:
    bed.closed_topics.add((GROUP, 77))
    await telegram.send(TOPIC, OutgoingPost(text="here then", files=(CHART, CHART)))
    assert [post.thread for post in bed.posts(GROUP)] == [None] * 3


async def test_a_reply_to_a_picture_of_ours_is_about_that_post(telegram: Telegram, bed: TelegramBed) -> None:
    post = await telegram.send(HOME, OutgoingPost(text="today", files=(CHART,)))
    reply = bed.message({"text": "why so many?"}, reply_to=int(post))
    assert reply["reply_to_message"]["message_id"] == int(post)
    assert reply["reply_to_message"]["caption"] == "today"
