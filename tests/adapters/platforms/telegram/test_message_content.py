"""What a message of Telegram's points at is understood: replies, parts, other chats, rich messages, and links."""

from typing import Any

import pytest
from telegram.error import BadRequest, NetworkError, TelegramError, TimedOut

from adapters.platforms.telegram.linked_chats import follow_links
from adapters.platforms.telegram.message_content import address_of, parse_address, topic_fields
from adapters.platforms.telegram.rich_message import read_rich_message
from adapters.platforms.telegram.translate import BotIdentity, ButtonPress, read_update, translate
from bot.messages import Attachment, Channel, Message, MessageReference
from tests.adapters.platforms.telegram.conftest import PHOTO
from tests.conftest import said
from tests.doubles.telegram import ANN, DIRECT, GROUP, USERNAME, Post, TelegramBed, external_reply

ME = BotIdentity(7, USERNAME, {"help"})
ELSEWHERE = -1005


@pytest.fixture
def chat() -> TelegramBed:
    return TelegramBed()


def heard(message: dict[str, Any]) -> Message:
    news = translate({"update_id": 1, "message": message}, ME)
    assert isinstance(news, Message)
    return news


def about(message: dict[str, Any]) -> MessageReference:
    reference = heard(message).about
    assert reference is not None
    return reference


def refs(attachments: tuple[Attachment, ...]) -> list[str]:
    return [each.ref for each in attachments]


# other chats


@pytest.mark.parametrize("place", [ELSEWHERE, 77])
def test_a_photo_of_another_chat_comes_along_with_a_reply_to_it(chat: TelegramBed, place: int) -> None:
    there = chat.message({"photo": chat.sizes(PHOTO), "caption": "our flatmate"}, place)
    reply = about(chat.message({"text": "what is this?", "external_reply": external_reply(there)}))
    assert (reply.kind, reply.unseen, reply.text) == ("external", None, "")
    assert refs(reply.attachments) == [there["photo"][-1]["file_id"]]
    assert reply.channel == (Channel("telegram", str(place)) if place < 0 else None)


def test_the_part_of_it_that_is_quoted_comes_along(chat: TelegramBed) -> None:
    there = chat.message({"photo": chat.sizes(PHOTO)}, ELSEWHERE)
    content = {"text": "who?", "external_reply": external_reply(there), "quote": {"text": "Tom", "position": 3}}
    reply = about(chat.message(content))
    assert (reply.text, reply.is_part, len(reply.attachments)) == ("Tom", True, 1)


def test_a_live_photo_of_another_chat_is_seen_by_its_photo(chat: TelegramBed) -> None:
    there = chat.message({"text": ""}, ELSEWHERE)
    live = {**chat.file(b"film"), "width": 1, "height": 1, "duration": 1, "photo": chat.sizes(PHOTO)}
    reply = about(chat.message({"text": "what?", "external_reply": external_reply(there, live_photo=live)}))
    assert refs(reply.attachments) == [live["photo"][-1]["file_id"]]


def test_words_of_another_chat_cannot_be_seen(chat: TelegramBed) -> None:
    there = chat.message({"text": "hello"}, ELSEWHERE)
    assert about(chat.message({"text": "true?", "external_reply": external_reply(there)})).unseen == "elsewhere"


STORY = {"story": {"chat": {"id": 5, "type": "private", "first_name": "Bob"}, "id": 3}}
PREVIEW = {"paid_media": {"star_count": 5, "paid_media": [{"type": "preview", "width": 10, "height": 10}]}}


@pytest.mark.parametrize(("content", "unseen"), [(STORY, "story"), (PREVIEW, "paid")])
def test_stories_and_what_is_for_sale_are_named(chat: TelegramBed, content: dict[str, Any], unseen: str) -> None:
    there = chat.message(content, GROUP)
    here = chat.message({"text": f"@{USERNAME} what is this?"}, GROUP, reply_to=there["message_id"])
    assert about(here).unseen == unseen
    there = chat.message(content, ELSEWHERE)
    assert about(chat.message({"text": "and this?", "external_reply": external_reply(there)})).unseen == unseen
    assert (about(chat.message(content)).kind, about(chat.message(content)).unseen) == ("itself", unseen)


def test_a_photo_that_was_paid_for_is_seen(chat: TelegramBed) -> None:
    sizes = chat.sizes(PHOTO)
    paid = {"paid_media": {"star_count": 5, "paid_media": [{"type": "photo", "photo": sizes}]}}
    message = heard(chat.message(paid))
    assert (refs(message.attachments), message.about) == ([sizes[-1]["file_id"]], None)


# parts, polls


def test_a_quoted_part_is_told_apart_from_the_whole(chat: TelegramBed) -> None:
    chat._screen[ANN][5] = Post(5, ANN, None, "Alpha is red. Beta is blue.", None)
    whole = about(chat.message({"text": "explain"}, reply_to=5))
    part = about(chat.message({"text": "explain", "quote": {"text": "Beta is blue.", "position": 14}}, reply_to=5))
    assert (whole.text, whole.is_part) == ("Alpha is red. Beta is blue.", False)
    assert (part.text, part.is_part) == ("Beta is blue.", True)


def test_the_words_of_a_poll_come_along_with_a_reply_to_it(chat: TelegramBed) -> None:
    options: list[dict[str, Any]]
    options = [{"persistent_id": str(n), "text": text, "voter_count": 0} for n, text in enumerate(("cat", "dog"))]
    flags = dict.fromkeys(
        ("is_closed", "is_anonymous", "allows_multiple_answers", "allows_revoting", "members_only"), False
    )
    poll = {"id": "1", "question": "Which?", "options": options, "total_voter_count": 0, "type": "regular", **flags}
    there = chat.message({"poll": poll}, GROUP)
    assert about(chat.message({"text": "you?"}, GROUP, reply_to=there["message_id"])).text == "Which?\n- cat\n- dog"
    photos = [chat.sizes(PHOTO) for _ in range(3)]
    live = {**chat.file(b"film"), "width": 1, "height": 1, "duration": 1, "photo": photos[2]}
    options[0]["media"], options[1]["media"] = {"photo": photos[1]}, {"live_photo": live}
    there = chat.message({"poll": {**poll, "description": "of two", "media": {"photo": photos[0]}}}, GROUP)
    shown = about(chat.message({"text": "you?"}, GROUP, reply_to=there["message_id"]))
    assert shown.text == "Which?\nof two\n- cat\n- dog"
    assert refs(shown.attachments) == [each[-1]["file_id"] for each in photos]


# buttons


def test_a_button_below_a_message_that_telegram_no_longer_shows_says_so(chat: TelegramBed) -> None:
    post = {"message_id": 5, "date": 0, "chat": {"id": GROUP, "type": "supergroup", "title": "G"}}
    person = {"id": ANN, "is_bot": False, "first_name": "Ann"}
    query = {"id": "q1", "from": person, "chat_instance": "1", "data": "/describe", "message": post}
    press = translate({"update_id": 1, "callback_query": query}, ME)
    assert isinstance(press, ButtonPress)
    assert press.message.about == MessageReference(id="5", ours=True, text="", kind="button", unseen="too_old")


# what cannot be read


@pytest.mark.parametrize(
    ("broken", "kind"), [({"reply_to_message": {"photo": 5}}, "reply"), ({"external_reply": {"photo": 5}}, "external")]
)
def test_what_cannot_be_read_of_a_reply_leaves_it_a_reply(
    chat: TelegramBed, broken: dict[str, dict[str, Any]], kind: str
) -> None:
    there = chat.message({"text": "my rocket"}, GROUP)
    [(name, part)] = broken.items()
    message = {**chat.message({"text": f"@{USERNAME} what is this?"}, GROUP), name: {**there, **part}}
    news = read_update(lambda raw: translate(raw, ME), {"update_id": 1, "message": message})
    assert isinstance(news, Message)
    assert news.text == "what is this?"
    assert [(each.kind, each.attachments) for each in news.references] == [(kind, ())]


# links


@pytest.mark.parametrize(
    ("link", "id"),
    [
        ("https://t.me/c/5551/12", "12"),
        ("https://t.me/c/5551/3/12?single", "12"),
        ("https://t.me/c/666/12", "elsewhere/https://t.me/c/666/12"),
        ("https://t.me/durov/12", "elsewhere/https://t.me/durov/12"),
        ("t.me/c/5551/12", "12"),
        ("T.me/s/durov/12", "elsewhere/T.me/s/durov/12"),
        ("https://t.me/c/5551/12?comment=77", "elsewhere/https://t.me/c/5551/12?comment=77"),
    ],
)
def test_a_link_to_a_message_points_at_it(chat: TelegramBed, link: str, id: str) -> None:
    reference = about(chat.message({"text": f"@{USERNAME} what is {link}"}, -1005551))
    assert (reference.id, reference.kind, reference.unseen) == (id, "link", "elsewhere")


@pytest.mark.parametrize(("link", "topic"), [("5551/12", ""), ("5551/1/12", ""), ("5551/3/12", "/3")])
def test_a_link_within_a_forum_leads_into_its_topic(chat: TelegramBed, link: str, topic: str) -> None:
    message = chat.message({"text": f"@{USERNAME} what is https://t.me/c/{link}"}, -1005551, thread=5)
    message["chat"]["is_forum"] = True
    assert str(about(message).channel) == f"telegram:-1005551{topic}"


CHATS = {-100666: {"id": -100666, "is_forum": True}, "@durov": {"id": -100777}, "-100777": {"id": -100777}}


@pytest.mark.parametrize(
    ("link", "member", "followed"),
    [
        ("https://t.me/c/666/12", {"status": "member"}, ("telegram:-100666", "12")),
        ("https://t.me/c/666/3/12", {"status": "creator"}, ("telegram:-100666/3", "12")),
        ("https://t.me/c/666/1/12", {"status": "administrator"}, ("telegram:-100666", "12")),
        ("https://t.me/durov/3/12", {"status": "restricted", "is_member": True}, ("telegram:-100777", "12")),
        ("https://t.me/c/666/12", {"status": "left"}, None),
        ("https://t.me/c/666/12", {"status": "restricted", "is_member": False}, None),
        ("https://t.me/durov/12?comment=5", {"status": "member"}, None),  # it stands in a group that nobody names
        ("https://t.me/c/888/12", {"status": "member"}, None),  # the bot is not there
    ],
)
async def test_a_link_into_another_chat_is_followed_for_those_who_are_in_it(
    chat: TelegramBed, link: str, member: dict[str, Any], followed: tuple[str, str] | None
) -> None:
    async def call(method: str, *, chat_id: Any, **_: Any) -> Any:
        if method == "getChatMember":
            return member
        if str(chat_id) not in map(str, CHATS):
            raise BadRequest("Chat not found")
        return next(known for id, known in CHATS.items() if str(id) == str(chat_id))

    message = heard(chat.message({"text": f"@{USERNAME} what is {link}"}, -1005551))
    about = (await follow_links(message, call)).about
    assert about is not None
    assert about.unseen == "elsewhere", "what is there is for the bot's own memory to tell"
    assert (str(about.channel), about.id) == (followed or ("None", f"elsewhere/{link}"))


@pytest.mark.parametrize("trouble", [NetworkError("Bad Gateway"), TimedOut()])
async def test_a_link_that_telegram_cannot_follow_for_now_is_named_as_that(
    chat: TelegramBed, trouble: TelegramError
) -> None:
    async def call(method: str, **_: Any) -> Any:
        raise trouble

    message = heard(chat.message({"text": f"@{USERNAME} what is https://t.me/c/666/12"}, -1005551))
    about = (await follow_links(message, call)).about
    assert about is not None
    assert (about.unseen, about.channel) == ("unreachable", None)


def test_a_link_behind_words_counts_as_one_that_is_seen(chat: TelegramBed) -> None:
    url = "https://youtu.be/dQw4w9WgXcQ"
    entity = {"type": "text_link", "offset": 13, "length": 10, "url": url}
    message = heard(chat.message({"text": "🎉 summarise this video please", "entities": [entity]}))
    assert message.text == f"🎉 summarise this video ({url}) please"


# rich messages


def rich(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"rich_message": {"blocks": list(blocks)}}


def paragraph(text: Any) -> dict[str, Any]:
    return {"type": "paragraph", "text": text}


def test_the_words_of_a_rich_message_are_the_question(chat: TelegramBed) -> None:
    items = [{"blocks": [paragraph("Tea, 3 euros")]}, {"blocks": [paragraph("Coffee, 4 euros")]}]
    content = rich(
        paragraph(["Which of these is ", {"type": "bold", "text": "cheaper"}, "?"]), {"type": "list", "items": items}
    )
    message = heard(chat.message(content))
    assert (message.addressed, message.text) == (True, "Which of these is cheaper?\n- Tea, 3 euros\n- Coffee, 4 euros")


@pytest.mark.parametrize(
    "mention",
    [
        {"type": "mention", "text": f"@{USERNAME}", "username": USERNAME},
        {"type": "text_mention", "text": "Snapthread", "user": {"id": 7, "is_bot": True, "first_name": "S"}},
        {"type": "bold", "text": [{"type": "mention", "text": f"@{USERNAME}", "username": f"@{USERNAME}"}]},
        {"type": "bot_command", "text": f"/help@{USERNAME}", "bot_command": "help"},
    ],
)
def test_a_mention_in_a_rich_message_of_a_group_is_heard(chat: TelegramBed, mention: dict[str, Any]) -> None:
    assert heard(chat.message(rich(paragraph([mention, " what is this?"])), GROUP)).addressed
    assert not heard(chat.message(rich(paragraph("what is this?")), GROUP)).addressed


def test_the_photos_of_a_rich_message_come_in_reading_order(chat: TelegramBed) -> None:
    first, second = chat.sizes(PHOTO), chat.sizes(PHOTO)
    slides = {"type": "slideshow", "blocks": [{"type": "photo", "photo": second, "has_spoiler": True}]}
    content = rich({"type": "photo", "photo": first, "caption": {"text": "my cat"}}, paragraph("and"), slides)
    message = heard(chat.message(content))
    assert refs(message.attachments) == [first[-1]["file_id"], second[-1]["file_id"]]
    assert [each.is_spoiler for each in message.attachments] == [False, True]
    assert message.text == "my cat\nand"
    reply = about(chat.message({"text": "what?"}, reply_to=int(message.id)))
    assert refs(reply.attachments) == refs(message.attachments)


def test_tables_tasks_formulas_and_links_are_read() -> None:
    cells = [[{"text": "a"}, {"text": "b"}], [{}, {"text": {"type": "code", "text": "c"}}]]
    blocks = [
        {"type": "table", "cells": cells},
        {"type": "list", "items": [{"has_checkbox": True, "is_checked": True, "blocks": [paragraph("milk")]}]},
        {"type": "mathematical_expression", "expression": "x^2"},
        paragraph({"type": "url", "text": "here", "url": "https://example.org/a"}),
        {"type": "details", "summary": "more", "blocks": [paragraph("inside")]},
        {"type": "a kind of the future", "text": "still read"},
    ]
    assert read_rich_message({"blocks": blocks}).text.split("\n") == [
        *("a | b", " | c", "[x] milk", "x^2", "here (https://example.org/a)", "more", "inside", "still read")
    ]


def test_a_rich_message_that_is_nested_without_end_is_read_as_far_as_it_goes() -> None:
    block: dict[str, Any] = paragraph("deep")
    for _ in range(500):
        block = {"type": "blockquote", "blocks": [block]}
    assert read_rich_message({"blocks": [block, paragraph("after")]}).text == "after"


# the direct messages of a channel


def test_each_person_s_direct_messages_to_a_channel_are_a_channel_of_their_own(chat: TelegramBed) -> None:
    ann, bob = (heard(chat.message({"text": "hi"}, DIRECT, by=by, direct=by)) for by in (ANN, 77))
    assert (ann.addressed, ann.private, ann.channel) == (True, False, Channel("telegram", f"{DIRECT}/direct{ANN}"))
    assert bob.channel != ann.channel
    assert parse_address(ann.channel) == (DIRECT, None)
    assert topic_fields(ann.channel) == {"direct_messages_topic_id": ANN}


def test_what_the_channel_itself_says_there_is_not_said_to_the_bot(chat: TelegramBed) -> None:
    channel = {"id": -1008, "type": "channel", "title": "News"}
    message = chat.message({"text": "hello", "sender_chat": channel}, DIRECT, direct=ANN)
    assert not heard(message).addressed


# what photos carry along


def test_spoilers_and_the_author_of_a_forward_come_along(chat: TelegramBed) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Tom", "date": 1}
    content = {"photo": chat.sizes(PHOTO), "has_media_spoiler": True, "forward_origin": origin}
    message = heard(chat.message(content))
    assert (message.attachments[0].is_spoiler, message.origin) == (True, "Tom")


# what is said in one go


def test_nobody_waits_who_sends_a_photo_with_a_caption_or_a_command(chat: TelegramBed) -> None:
    photo = {"photo": chat.sizes(PHOTO), "caption": "what is this?"}
    assert heard(chat.message(photo)).awaits == 0
    assert heard(chat.message({"text": "/new"})).awaits == 0
    replied = int(heard(chat.message(photo)).id)
    assert heard(chat.message({"text": "how old?"}, reply_to=replied)).awaits == 0


def test_a_comment_waits_for_its_forward_a_forward_for_its_comment_and_a_cut_text_for_its_rest(
    chat: TelegramBed,
) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Tom", "date": 1}
    comment = heard(chat.message({"text": "what is this?"}))
    forward = heard(chat.message({"photo": chat.sizes(PHOTO), "caption": "look", "forward_origin": origin}))
    cut = heard(chat.message({"text": "a" * 4096}))
    mention = heard(chat.message({"text": f"@{USERNAME} {'a' * 4080}"[:4096]}, GROUP))
    at_a_blank = heard(chat.message({"text": "a" * 4090}))
    assert [each.is_cut for each in (cut, mention, at_a_blank, comment)] == [True, True, False, False]
    assert 0 < comment.awaits < forward.awaits < 1 < cut.awaits
    assert (forward.forwarded, forward.origin) == (True, "Tom")


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("telegram:-1001234567890", "https://t.me/c/1234567890/77"),
        ("telegram:-1001234567890/5", "https://t.me/c/1234567890/5/77"),
        ("telegram:-1001234", None),
        ("telegram:42", None),
    ],
)
def test_messages_of_supergroups_have_addresses_and_those_of_other_chats_have_none(
    channel: str, address: str | None
) -> None:
    assert address_of(said(channel=channel, id="77")) == address
