"""Everything that can carry a photo is understood, and only who is meant feels addressed."""

import time
from typing import Any

import pytest

from adapters.platforms.telegram.message_content import parse_address
from adapters.platforms.telegram.translate import BotIdentity, ButtonPress, GroupMigration, translate
from bot.commands import UNHEARD
from bot.messages import Attachment, Channel, Message, MessageReference
from tests.adapters.platforms.telegram.conftest import PHOTO
from tests.doubles.telegram import ANN, GROUP, USERNAME, Post, Sent, TelegramBed

ME = BotIdentity(7, USERNAME, {"help", "new"})


@pytest.fixture
def chat() -> TelegramBed:
    """Where people write; nobody has to serve it."""
    return TelegramBed()


def heard(message: dict[str, Any], kind: str = "message") -> Message:
    news = translate({"update_id": 1, kind: message}, ME)
    assert isinstance(news, Message)
    return news


def in_group(chat: TelegramBed, text: str, **more: Any) -> Message:
    return heard(chat.message({"text": text}, GROUP, **more))


# photos


def test_a_photo_with_a_caption_comes_in_its_largest_size(chat: TelegramBed) -> None:
    sizes = chat.sizes(PHOTO)
    message = heard(chat.message({"photo": sizes, "caption": "what is this?"}, sent=1_700_000_000))
    [photo] = message.attachments
    assert (photo.ref, photo.mime, photo.size) == (sizes[-1]["file_id"], "image/jpeg", len(PHOTO))
    assert (message.text, message.author.name, message.sent) == ("what is this?", "Ann", 1_700_000_000)
    assert message.channel == Channel("telegram", str(ANN))


def test_a_photo_needs_no_caption(chat: TelegramBed) -> None:
    message = heard(chat.message({"photo": chat.sizes(PHOTO)}))
    assert (message.text, len(message.attachments), message.addressed) == ("", 1, True)


def test_a_picture_sent_as_a_file_is_judged_by_its_bytes(chat: TelegramBed) -> None:
    file = {**chat.file(PHOTO), "file_name": "IMG_1.HEIC", "mime_type": "application/octet-stream"}
    [attachment] = heard(chat.message({"document": file})).attachments
    assert (attachment.name, attachment.mime) == ("IMG_1.HEIC", "application/octet-stream")


def test_a_sticker_is_a_picture(chat: TelegramBed) -> None:
    assert heard(chat.message({"sticker": sticker(chat)})).attachments[0].name == "sticker.webp"


def test_a_sticker_of_vectors_is_seen_by_its_thumbnail(chat: TelegramBed) -> None:
    thumbnail = {**chat.file(PHOTO), "width": 128, "height": 128}
    moving = {**sticker(chat), "is_animated": True, "thumbnail": thumbnail}
    [attachment] = heard(chat.message({"sticker": moving})).attachments
    assert attachment.ref == thumbnail["file_id"] and not attachment.is_video


def test_a_video_sticker_is_seen_by_its_own_frames(chat: TelegramBed) -> None:
    thumbnail = {**chat.file(PHOTO), "width": 128, "height": 128}
    moving = {**sticker(chat), "is_video": True, "thumbnail": thumbnail}
    [attachment] = heard(chat.message({"sticker": moving})).attachments
    assert (attachment.ref, attachment.name) == (moving["file_id"], "sticker.webm")
    assert attachment.is_video and attachment.as_still.ref == thumbnail["file_id"]


@pytest.mark.parametrize(("mime", "name"), [("video/mp4", "animation.mp4"), ("image/gif", "animation.gif")])
@pytest.mark.parametrize("has_thumbnail", [True, False])
def test_an_animation_is_seen_by_its_own_frames(chat: TelegramBed, mime: str, name: str, has_thumbnail: bool) -> None:
    thumbnail = {**chat.file(PHOTO), "width": 320, "height": 200}
    film = {**chat.file(b"mp4"), "width": 320, "height": 200, "duration": 1, "mime_type": mime}
    shown = {**film, "thumbnail": thumbnail} if has_thumbnail else film
    [attachment] = heard(chat.message({"animation": shown, "document": film})).attachments
    assert (attachment.ref, attachment.name, attachment.mime) == (film["file_id"], name, mime)
    assert attachment.still == (thumbnail["file_id"] if has_thumbnail else "")


def test_a_live_photo_is_seen_by_its_photo(chat: TelegramBed) -> None:
    sizes = chat.sizes(PHOTO)
    film = {**chat.file(b"mp4"), "width": 320, "height": 200, "duration": 1}
    [attachment] = heard(chat.message({"photo": sizes, "live_photo": film})).attachments
    assert attachment.ref == sizes[-1]["file_id"]


@pytest.mark.parametrize("kind", ["video", "video_note"])
def test_what_cannot_be_seen_is_named_instead_of_overlooked(chat: TelegramBed, kind: str) -> None:
    thing = {**chat.file(b"..."), "duration": 1, "width": 1, "height": 1, "length": 1}
    [attachment] = heard(chat.message({kind: thing})).attachments
    assert attachment == Attachment(ref=thing["file_id"], name=kind.replace("_", " "), mime="video/mp4", size=3)
    assert not attachment.sound


def test_a_forwarded_photo_is_a_photo(chat: TelegramBed) -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    assert heard(chat.message({"photo": chat.sizes(PHOTO), "forward_origin": origin})).attachments


def test_the_parts_of_an_album_say_that_they_belong_together(chat: TelegramBed) -> None:
    parts = [heard(part) for part in chat.album([PHOTO] * 3, "compare them")]
    assert len({part.album for part in parts}) == 1
    assert parts[0].album is not None
    assert [part.text for part in parts] == ["compare them", "", ""]


def test_a_changed_caption_is_told_from_a_new_message(chat: TelegramBed) -> None:
    message = chat.message({"photo": chat.sizes(PHOTO), "caption": "what?"})
    changed = heard({**message, "caption": "what is it?"}, "edited_message")
    assert (changed.edited, changed.text) == (True, "what is it?")
    assert changed.id == heard(message).id


# recordings and documents


def test_a_voice_message_is_a_recording(chat: TelegramBed) -> None:
    note = voice(chat)
    message = heard(chat.message({"voice": note}))
    assert (
        message.attachments
        == message.sounds
        == (Attachment(ref=note["file_id"], name="voice.oga", mime="audio/ogg", size=5),)
    )
    assert (message.addressed, message.album, message.photos) == (True, None, ())
    assert message.sounds[0].sound == "ogg"


def test_a_voice_message_whose_kind_is_not_told_is_what_telegram_records(chat: TelegramBed) -> None:
    [sound] = heard(chat.message({"voice": {**chat.file(b"sound"), "duration": 1}})).sounds
    assert sound.mime == "audio/ogg"


@pytest.mark.parametrize(
    ("told", "name", "sound"),
    [
        ({"file_name": "memo.m4a", "mime_type": "audio/x-m4a"}, "memo.m4a", "m4a"),
        ({"file_name": "memo.wav"}, "memo.wav", "wav"),
        ({}, "audio.mp3", "mp3"),
    ],
)
def test_an_audio_file_is_a_recording(chat: TelegramBed, told: dict[str, str], name: str, sound: str) -> None:
    [found] = heard(chat.message({"audio": {**chat.file(b"sound"), "duration": 1, **told}})).sounds
    assert (found.name, found.sound) == (name, sound)


def test_a_recording_sent_as_a_file_is_a_recording(chat: TelegramBed) -> None:
    file = {**chat.file(b"sound"), "file_name": "memo.flac", "mime_type": "audio/flac"}
    assert [each.sound for each in heard(chat.message({"document": file})).sounds] == ["flac"]


def test_a_document_comes_with_its_name_and_its_weight(chat: TelegramBed) -> None:
    file = {**chat.file(b"%PDF-", size=40 << 20), "file_name": "bill.pdf", "mime_type": "application/pdf"}
    message = heard(chat.message({"document": file, "caption": "how much?"}))
    assert message.attachments == (
        Attachment(ref=file["file_id"], name="bill.pdf", mime="application/pdf", size=40 << 20),
    )
    assert (message.text, message.sounds) == ("how much?", ())


def test_a_voice_message_in_reply_to_a_photo_is_about_that_photo(chat: TelegramBed) -> None:
    photo = chat.message({"photo": chat.sizes(PHOTO)})
    message = heard(chat.message({"voice": voice(chat)}, reply_to=photo["message_id"]))
    assert message.photos == heard(photo).attachments
    assert len(message.sounds) == 1


def test_in_a_group_a_voice_message_is_meant_for_the_bot_only_in_reply_to_it(chat: TelegramBed) -> None:
    chat._screen[GROUP][5] = Post(5, GROUP, None, "a cat", None)
    stray = chat.message({"voice": voice(chat)}, GROUP)
    to_ann = chat.message({"voice": voice(chat)}, GROUP, reply_to=stray["message_id"])
    to_us = chat.message({"voice": voice(chat)}, GROUP, reply_to=5)
    named = chat.message({"voice": voice(chat), "caption": f"@{USERNAME} listen"}, GROUP)
    assert [heard(said).addressed for said in (stray, to_ann, to_us, named)] == [False, False, True, True]


# what a message is about


def test_a_question_in_reply_to_a_photo_brings_the_photo_along(chat: TelegramBed) -> None:
    photo = chat.message({"photo": chat.sizes(PHOTO), "caption": "my cat"})
    about = heard(chat.message({"text": "how old is it?"}, reply_to=photo["message_id"])).about
    assert about is not None
    assert (about.id, about.text, about.ours) == (str(photo["message_id"]), "my cat", False)
    assert about.attachments == heard(photo).attachments


def test_a_reply_to_the_bot_says_so(chat: TelegramBed) -> None:
    chat._screen[GROUP][5] = Post(5, GROUP, None, "a cat", None)
    reply = in_group(chat, "how old is it?", reply_to=5)
    assert reply.about == MessageReference(id="5", ours=True, text="a cat", attachments=())
    assert reply.addressed


@pytest.mark.parametrize(("kind", "name"), [("photo", "photo.jpg"), ("document", "cutout.png")])
def test_a_reply_to_a_picture_of_the_bot_s_brings_the_picture_along(chat: TelegramBed, kind: str, name: str) -> None:
    picture = Sent(kind, "cutout.png", PHOTO, ref="made-by-us")
    chat._screen[GROUP][5] = Post(5, GROUP, None, "Here it is.", None, file=picture)
    for said in ("what is on it?", "/vary"):
        about = in_group(chat, said, reply_to=5).about
        assert about is not None
        assert (about.ours, about.text) == (True, "Here it is.")
        assert [(each.ref, each.name) for each in about.attachments] == [("made-by-us", name)]


def test_a_reply_to_a_voice_message_of_the_bot_s_is_about_no_picture(chat: TelegramBed) -> None:
    chat._screen[ANN][5] = Post(5, ANN, None, "🔊", None, file=Sent("voice", "answer.ogg", b"sound", ref="read"))
    assert heard(chat.message({"text": "and then?"}, reply_to=5)).photos == ()


def test_a_quoted_piece_is_what_the_message_is_about(chat: TelegramBed) -> None:
    chat._screen[ANN][5] = Post(5, ANN, None, "a cat and a dog", None)
    quote = {"text": "a dog", "position": 10}
    about = heard(chat.message({"text": "what kind?", "quote": quote}, reply_to=5)).about
    assert about is not None
    assert about.text == "a dog"


def test_what_is_said_in_a_topic_is_no_reply_to_its_beginning(chat: TelegramBed) -> None:
    beginning = {"message_id": 77, "forum_topic_created": {"name": "cats", "icon_color": 1}}
    ours = {**chat._as_message(Post(77, GROUP, 77, "", None)), **beginning}
    message = chat.message({"text": "hello", "reply_to_message": ours}, GROUP, thread=77)
    assert heard(message).about is None
    assert not heard(message).addressed


# places


def test_a_topic_is_a_channel_of_its_own(chat: TelegramBed) -> None:
    channel = in_group(chat, "hi", thread=77).channel
    assert channel == Channel("telegram", f"{GROUP}/77")
    assert parse_address(channel) == (GROUP, 77)
    assert heard(chat.message({"text": "hi"}, thread=9)).channel == Channel("telegram", f"{ANN}/9")


def test_a_thread_of_replies_is_no_topic(chat: TelegramBed) -> None:
    message = chat.message({"text": "hi", "message_thread_id": 12}, GROUP)
    assert heard(message).channel == Channel("telegram", str(GROUP))


def test_a_group_that_becomes_a_supergroup_moves(chat: TelegramBed) -> None:
    news = translate({"update_id": 1, "message": chat.message({"migrate_to_chat_id": GROUP}, -5)}, ME)
    assert news == GroupMigration(Channel("telegram", "-5"), Channel("telegram", str(GROUP)))


# who speaks, and where


def test_in_private_there_is_no_server_and_the_person_has_a_language(chat: TelegramBed) -> None:
    message = heard(chat.message({"text": "hi"}))
    assert (message.private, message.server, message.language) == (True, None, "en")


def test_a_group_is_a_server_however_many_topics_it_has(chat: TelegramBed) -> None:
    for thread in (None, 77):
        message = heard(chat.message({"text": "hi"}, GROUP, thread=thread, by=99))
        assert (message.private, message.server, message.language) == (False, f"telegram:{GROUP}", "")


def test_who_presses_a_button_is_told_apart_from_who_asked(chat: TelegramBed) -> None:
    post = chat._as_message(Post(5, GROUP, None, "again?", None))
    person = {"id": 99, "is_bot": False, "first_name": "Bob", "language_code": "zh-hans"}
    query = {"id": "q1", "from": person, "chat_instance": "1", "data": "/retry 7", "message": post}
    news = translate({"update_id": 1, "callback_query": query}, ME)
    assert isinstance(news, ButtonPress)
    assert (news.message.private, news.message.server) == (False, f"telegram:{GROUP}")
    assert news.message.language == "zh-hans"


# who is meant

MEANT = {
    f"@{USERNAME} what is this?": "what is this?",
    f"what is this, @{USERNAME}?": "what is this,?",
    f"hey @{USERNAME.upper()}: look": "hey look",
    f"/help@{USERNAME}": "/help",
    f"/NEW@{USERNAME.upper()} please": "/NEW please",
    "/help": "/help",
    f"/ask@{USERNAME} why": "/ask why",
}
NOT_MEANT = [
    "what is this?",
    f"@{USERNAME}2 what is this?",
    f"me@{USERNAME}.com is my mail",
    "/help@another_bot",
    "/ban",
    f"see t.me/@{USERNAME}",
    "/helpful",
]


@pytest.mark.parametrize(("said", "text"), MEANT.items())
def test_who_names_the_bot_in_a_group_is_heard_without_the_name(chat: TelegramBed, said: str, text: str) -> None:
    message = in_group(chat, said)
    assert (message.addressed, message.text) == (True, text)


@pytest.mark.parametrize("said", NOT_MEANT)
def test_who_talks_to_others_is_not_answered(chat: TelegramBed, said: str) -> None:
    assert not in_group(chat, said).addressed


def test_a_caption_can_name_the_bot(chat: TelegramBed) -> None:
    message = chat.message({"photo": chat.sizes(PHOTO), "caption": f"@{USERNAME} what?"}, GROUP)
    assert (heard(message).addressed, heard(message).text) == (True, "what?")


@pytest.mark.parametrize("place", [ANN, GROUP])
def test_a_command_below_a_photo_comes_with_the_photo(chat: TelegramBed, place: int) -> None:
    message = heard(chat.message({"photo": chat.sizes(PHOTO), "caption": "/help make it night"}, place))
    assert (message.addressed, message.text) == (True, "/help make it night")
    assert [each.name for each in message.attachments] == ["photo.jpg"]
    assert message.album is None, "it does not wait for others"


def test_a_mention_without_a_username_is_a_mention(chat: TelegramBed) -> None:
    me = {"id": 7, "is_bot": True, "first_name": "Snapthread"}
    entity = {"type": "text_mention", "offset": 0, "length": 10, "user": me}
    assert heard(chat.message({"text": "Snapthread, what?", "entities": [entity]}, GROUP)).addressed


def test_everything_said_in_private_is_meant(chat: TelegramBed) -> None:
    assert heard(chat.message({"text": "hello"})).addressed


def test_another_bot_is_never_answered(chat: TelegramBed) -> None:
    other = {"id": 8, "is_bot": True, "first_name": "Parrot"}
    said = {**chat.message({"text": f"@{USERNAME} hi"}, GROUP), "from": other}
    assert translate({"update_id": 1, "message": said}, ME) is None


def test_an_anonymous_admin_speaks_as_the_group(chat: TelegramBed) -> None:
    nobody = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    group = {"id": GROUP, "type": "supergroup", "title": "Cats"}
    message = chat.message({"text": f"@{USERNAME} hi"}, GROUP)
    said = heard({**message, "from": nobody, "sender_chat": group})
    assert (said.addressed, said.author.name, said.author.id) == (True, "Cats", str(GROUP))


CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}  # passes a channel's posts on to its group


@pytest.mark.parametrize("sender", [CHANNEL_BOT, TELEGRAM], ids=["by itself", "passed on"])
@pytest.mark.parametrize("text", ["news of the day", f"@{USERNAME} hi"])
def test_a_channel_speaks_as_itself(chat: TelegramBed, sender: dict[str, Any], text: str) -> None:
    channel = {"id": -1007, "type": "channel", "title": "Cat news"}
    message = {**chat.message({"text": text}, GROUP), "from": sender, "sender_chat": channel}
    said = heard({**message, "is_automatic_forward": True} if sender == TELEGRAM else message)
    is_addressed = "@" in text and sender == CHANNEL_BOT  # what is passed on was written for the channel's readers
    assert (said.addressed, said.author.name, said.author.id) == (is_addressed, "Cat news", "-1007")


# the rest


PLACE = {"latitude": 48.1, "longitude": 11.6}
POLL = {
    "id": "1",
    "question": "Tea?",
    "options": [],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
WORDLESS: list[dict[str, Any]] = [
    {"location": PLACE},
    {"location": PLACE, "venue": {"location": PLACE, "title": "Zoo", "address": "1 Road"}},
    {"contact": {"phone_number": "1", "first_name": "Tom"}},
    {"dice": {"emoji": "🎲", "value": 3}},
    {"poll": POLL},
    {"checklist": {"title": "Launch", "tasks": [{"id": 1, "text": "fuel the rocket"}]}},
    {"game": {"title": "Chess", "description": "for two", "photo": []}},
]


@pytest.mark.parametrize("content", WORDLESS, ids=lambda content: next(iter(content)))
def test_what_holds_nothing_to_talk_about_is_heard_in_private_only(chat: TelegramBed, content: dict[str, Any]) -> None:
    assert heard(chat.message(content)).text == f"/{UNHEARD}"
    assert translate({"update_id": 1, "message": chat.message(content, GROUP)}, ME) is None


@pytest.mark.parametrize(
    "content",
    [{"new_chat_title": "Cats"}, {"left_chat_member": {"id": 1, "is_bot": False, "first_name": "x"}}, {}],
)
def test_what_nobody_said_is_nothing(chat: TelegramBed, content: dict[str, Any]) -> None:
    assert translate({"update_id": 1, "message": chat.message(content)}, ME) is None


def test_kinds_of_updates_from_the_future_are_nothing() -> None:
    assert translate({"update_id": 1, "telepathy": {"thought": "cat"}}, ME) is None


def test_a_press_is_its_command_said_by_whoever_pressed(chat: TelegramBed) -> None:
    post = chat._as_message(Post(5, GROUP, 77, "again?", None))
    person = {"id": 99, "is_bot": False, "first_name": "Bob", "last_name": "B"}
    query = {"id": "q1", "from": person, "chat_instance": "1", "data": "/retry 7", "message": post}
    news = translate({"update_id": 1, "callback_query": query}, ME)
    assert isinstance(news, ButtonPress)
    assert (news.query, news.message.id, news.message.text) == ("q1", "5/q1", "/retry 7")
    assert (news.message.author.name, str(news.message.channel)) == ("Bob B", f"telegram:{GROUP}/77")


def test_a_press_on_a_post_that_telegram_no_longer_shows_is_still_its_command() -> None:
    person = {"id": ANN, "is_bot": False, "first_name": "Ann"}
    gone = {"message_id": 5, "date": 0, "chat": {"id": ANN, "type": "private"}}
    query = {"id": "q1", "from": person, "chat_instance": "1", "data": "/retry 7", "message": gone}
    news = translate({"update_id": 1, "callback_query": query}, ME)
    assert isinstance(news, ButtonPress)
    assert news.message.channel == Channel("telegram", str(ANN))
    assert news.message.sent == pytest.approx(time.time(), abs=5)


def test_no_zero_byte_reaches_the_store(chat: TelegramBed) -> None:
    assert "\0" not in heard(chat.message({"text": "a\0b"})).text


def voice(chat: TelegramBed) -> dict[str, Any]:
    return {**chat.file(b"sound"), "duration": 1, "mime_type": "audio/ogg"}


def sticker(chat: TelegramBed) -> dict[str, Any]:
    kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {**chat.file(PHOTO), **kind}
