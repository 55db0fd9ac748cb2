"""The page as a platform: what the bot hears, says and fetches."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.web.adapter import WebPage
from adapters.platforms.web.entries import SubmittedMessage
from bot.chat_platform import PostLimits
from bot.errors import Unreadable
from bot.messages import Attachment, Author, Button, Channel, File, Message, MessageReference, OutgoingPost
from bot.util.retry import RetryPolicy
from bot.web.server import WebServer
from tests.adapters.platforms.web.conftest import STOP, House
from tests.conftest import CAT, PHOTOS


def test_it_is_an_adapter_like_any_other(tmp_path: Path) -> None:
    page = WebPage(WebServer("127.0.0.1", 0), tmp_path, max_bytes=1)
    web = page.as_platform()
    assert (web.name, web.limits(Channel("web", "lobby"))) == ("web", PostLimits(100_000, 0.1))
    assert (web.adapter, web.edits, web.typing, web.forgets, web.expires) == (page,) * 5
    assert (web.token, web.connection) == (None, None)


async def test_everybody_on_the_page_manages_it(house: House, lobby: Channel) -> None:
    assert await house.web.can_manage(lobby, Author("you", "you"))


async def test_a_message_arrives_with_its_photos_and_is_answered(house: House) -> None:
    cat = (PHOTOS / "cat.jpg").read_bytes()
    async with house.visitor.looking() as look:
        photo = await house.visitor.upload(cat)
        said = await house.visitor.say("what is this?", [photo["id"]])
        answer = await look.final()
    assert said["status"] == 202
    assert answer["text"] == "You said 'what is this?' and showed cat.jpg."
    assert answer["reply_to"] == said["id"]
    [heard] = house.bot.heard
    assert heard == Message(
        channel=Channel("web", "lobby"),
        id=said["id"],
        author=Author("you", "you"),
        text="what is this?",
        sent=heard.sent,
        attachments=(Attachment(ref=photo["id"], name="cat.jpg", mime="image/jpeg", size=len(cat)),),
        private=True,
    )
    assert house.bot.photos == [cat]


async def test_messages_keep_their_order_while_an_answer_grows(house: House) -> None:
    house.bot.halfway.clear()
    async with house.visitor.looking() as look:
        for n in range(5):
            await house.visitor.say(f"question {n}", key=f"k{n}")
        house.bot.halfway.set()
        answers = [(await look.final())["text"] for _ in range(5)]
    assert house.bot.texts == [f"question {n}" for n in range(5)]
    assert [answer.split("'")[1] for answer in answers] == house.bot.texts
    ids = [int(message.id) for message in house.bot.heard]
    assert ids == sorted(set(ids))


async def test_what_was_said_before_a_crash_is_handed_over_after_it(tmp_path: Path) -> None:
    async with House.open(tmp_path, listens=False) as house:  # it accepts, and dies before the bot has heard of it
        photo = await house.visitor.upload(b"picture", "a.jpg")
        await house.visitor.say("one", [photo["id"]], key="a")
        await house.visitor.say("two", key="b")
    async with House.open(tmp_path) as house, house.visitor.looking() as look:
        seen = await look.next("snapshot")
        if len(seen["entries"]) < 4:
            await look.final()
        assert house.bot.texts == ["one", "two"]
        assert house.bot.photos == [b"picture"]
    async with House.open(tmp_path) as house:
        await house.visitor.say("three", key="c")
        await asyncio.sleep(0.05)
        assert house.bot.texts == ["three"]


async def test_a_message_the_bot_cannot_take_is_offered_again_before_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.web.adapter.WEB_INTAKE", RetryPolicy(first=0.01, longest=0.01))
    heard: list[str] = []
    all_heard = asyncio.Event()

    async def receive(message: Message) -> None:
        heard.append(message.text)
        if len(heard) <= 2:
            raise ConnectionError
        if message.text == "second":
            all_heard.set()

    async with House.open(tmp_path, listens=False) as house:
        await house.visitor.say("first", key="a")
        await house.visitor.say("second", key="b")
        listening = asyncio.create_task(house.web.listen(receive))
        await asyncio.wait_for(all_heard.wait(), 30)
        listening.cancel()
    assert heard == ["first", "first", "first", "second"]


async def test_the_same_nonce_is_the_same_post(house: House, lobby: Channel) -> None:
    first = await house.web.send(lobby, OutgoingPost(text="grow", reply_to="7", key="1-0"))
    again = await house.web.send(lobby, OutgoingPost(text="grown", reply_to="7", key="1-0"))
    other = await house.web.send(lobby, OutgoingPost(text="another store counts from one too", reply_to="8", key="1-0"))
    plain = [await house.web.send(lobby, OutgoingPost(text="same")) for _ in range(2)]
    assert first == again
    assert len({first, other, *plain}) == 4
    shown = (await house.visitor.snapshot())["entries"]
    assert [entry["text"] for entry in shown] == ["grown", "another store counts from one too", "same", "same"]


async def test_buttons_are_seen_kept_and_replaced(house: House, lobby: Channel) -> None:
    post = await house.web.send(lobby, OutgoingPost(text="a ▌", buttons=STOP, is_partial=True))
    async with house.visitor.looking() as look:
        [shown] = (await look.next("snapshot"))["entries"]
        assert shown["buttons"] == [{"label": "Stop", "command": "/stop"}]
        await house.web.edit(lobby, post, OutgoingPost(text="a b", buttons=(Button("Noch mal „so“", "/retry 7"),)))
        assert (await look.next("post"))["buttons"] == [{"label": "Noch mal „so“", "command": "/retry 7"}]
    await house.web.edit(lobby, post, OutgoingPost(text="a b"))
    assert (await house.visitor.snapshot())["entries"][0]["buttons"] == []


async def test_a_press_says_the_command_and_is_about_the_post(house: House, lobby: Channel) -> None:
    post = await house.web.send(lobby, OutgoingPost(text="a photo", buttons=(Button("Read text", "/read"),)))
    async with house.visitor.looking() as look:
        said = await house.visitor.say("/read", about=post)
        shown = await look.next("message")
        await look.final()
    assert (said["status"], shown["about"], shown["label"]) == (202, post, "Read text")
    [heard] = house.bot.heard
    assert (heard.text, heard.about) == ("/read", MessageReference(id=post, ours=True, text="", kind="button"))


async def test_what_is_about_a_spoiler_is_behind_one_until_somebody_looks(house: House, lobby: Channel) -> None:
    picture = File(name="a.png", mime="image/png", data=b"\x89PNG\r\n\x1a\n", is_spoiler=True)
    async with house.visitor.looking() as look:
        id = await house.web.send(lobby, OutgoingPost(text="a **cat**", files=(picture,), is_spoiler=True))
        shown = await look.next("post")
        [[name, attributes, paragraph]] = shown["tree"]
        assert (name, attributes) == ("div", {"class": "spoiler", "tabindex": "0"})
        assert paragraph[:3] == ["p", "a ", ["strong", "cat"]]
        assert [photo["spoiler"] for photo in shown["photos"]] == [True]
        await house.web.edit(lobby, id, OutgoingPost(text="a cat"))
        assert (await look.next("post"))["tree"] == [["p", "a cat"]]


async def test_a_press_of_a_button_that_has_gone_meanwhile_still_says_its_command(house: House, lobby: Channel) -> None:
    post = await house.web.send(lobby, OutgoingPost(text="whole by now"))
    async with house.visitor.looking() as look:
        await house.visitor.say("/stop", about=post)
        assert (await look.next("message"))["label"] == ""
        await look.final()
    assert house.bot.texts == ["/stop"]


async def test_files_stay_with_their_post(house: House, lobby: Channel) -> None:
    cat = (PHOTOS / "cat.jpg").read_bytes()
    files = (
        File(name="chart.jpg", mime="image/jpeg", data=cat),
        File(name="export.zip", mime="application/zip", data=b"PK"),
    )
    post = await house.web.send(lobby, OutgoingPost(text="here", reply_to="7", key="1-0", files=files))
    again = await house.web.send(lobby, OutgoingPost(text="here again", reply_to="7", key="1-0", files=files))
    await house.web.edit(lobby, post, OutgoingPost(text="there"))
    [entry] = (await house.visitor.snapshot())["entries"]
    assert (again, entry["text"]) == (post, "there")
    assert [(file["name"], file["size"]) for file in entry["photos"]] == [("chart.jpg", len(cat)), ("export.zip", 2)]
    assert [bool(file["url"]) for file in entry["photos"]] == [True, False]
    assert await house.web.download(Attachment(ref=entry["photos"][0]["id"], name="chart.jpg"), len(cat)) == cat


async def test_a_journal_from_before_there_were_buttons_is_read_on(tmp_path: Path) -> None:
    async with House.open(tmp_path, listens=False) as house:
        await house.visitor.say("an old message")
    with closing(sqlite3.connect(tmp_path / "web.db")) as database, database:
        for column in ("buttons", "about", "label", "language"):
            database.execute(f"ALTER TABLE entries DROP COLUMN {column}")
    async with House.open(tmp_path) as house, house.visitor.looking() as look:
        await look.final()
        assert house.bot.texts == ["an old message"]


async def test_a_journal_from_before_files_said_what_they_show_is_read_on(tmp_path: Path) -> None:
    async with House.open(tmp_path, listens=False) as house:
        await house.visitor.say("old", [(await house.visitor.upload(CAT))["id"]])
    with closing(sqlite3.connect(tmp_path / "web.db")) as database, database:
        database.execute("ALTER TABLE uploads DROP COLUMN about")
    async with House.open(tmp_path, listens=False) as house:
        await house.web.send(
            Channel("web", "lobby"),
            OutgoingPost(text="new", files=(File(name="1.jpg", mime="image/jpeg", data=CAT, about="a cat"),)),
        )
        old, new = (await house.visitor.snapshot())["entries"]
    assert [file["about"] for file in (*old["photos"], *new["photos"])] == ["", "a cat"]


async def test_recordings_and_documents_come_along_with_a_message(house: House) -> None:
    files = [("talk.m4a", "audio/mp4"), ("memo.oga", ""), ("bill.pdf", "application/pdf")]
    ids = [(await house.visitor.upload(name.encode(), name, mime))["id"] for name, mime in files]
    async with house.visitor.looking() as look:
        await house.visitor.say("what is this?", ids)
        await look.final()
    [heard] = house.bot.heard
    assert [each.name for each in heard.sounds] == ["talk.m4a", "memo.oga"]
    assert [(each.name, each.mime) for each in heard.photos] == [("bill.pdf", "application/pdf")]
    assert house.bot.photos == [name.encode() for name, _ in files]


async def test_an_edit_is_seen_and_kept(house: House, lobby: Channel) -> None:
    post = await house.web.send(lobby, OutgoingPost(text="a"))
    async with house.visitor.looking() as look:
        await look.next("snapshot")
        await house.web.edit(lobby, post, OutgoingPost(text="a b"))
        assert (await look.next("post"))["text"] == "a b"
    assert (await house.visitor.snapshot())["entries"][0]["text"] == "a b"


async def test_a_post_whose_journal_was_lost_comes_back(house: House, lobby: Channel) -> None:
    await house.web.edit(lobby, "12345", OutgoingPost(text="still here"))
    assert [(e["id"], e["text"]) for e in (await house.visitor.snapshot())["entries"]] == [("12345", "still here")]


async def test_an_edit_never_overwrites_what_somebody_said(house: House, lobby: Channel) -> None:
    said = await house.visitor.say("mine")
    await house.web.edit(lobby, said["id"], OutgoingPost(text="not yours"))
    assert (await house.visitor.snapshot())["entries"][0]["text"] == "mine"


async def test_ids_rise_even_when_the_journal_was_lost(tmp_path: Path) -> None:
    async with House.open(tmp_path / "a", listens=False) as house:
        before = [(await house.visitor.say("x", key=f"k{n}"))["id"] for n in range(3)]
    await asyncio.sleep(0.005)
    async with House.open(tmp_path / "b", listens=False) as house:
        after = (await house.visitor.say("x"))["id"]
    assert [int(id) for id in (*before, after)] == sorted({int(id) for id in (*before, after)})


@pytest.mark.parametrize(
    ("ref", "limit", "reason"), [("lost", 100, "photo_gone"), ("there", 3, "photo_too_heavy"), ("there", 4, None)]
)
async def test_a_photo_that_cannot_be_had_says_why(house: House, ref: str, limit: int, reason: str | None) -> None:
    there = (await house.visitor.upload(b"data"))["id"]
    attachment = Attachment(ref=there if ref == "there" else ref, name="cat.jpg")
    if reason is None:
        assert await house.web.download(attachment, limit) == b"data"
        return
    with pytest.raises(Unreadable) as refused:
        await house.web.download(attachment, limit)
    assert refused.value.code == reason


async def test_typing_is_shown_until_the_last_answer_is_out(house: House, lobby: Channel) -> None:
    async with house.visitor.looking() as look:
        assert (await look.next("snapshot"))["typing"] is False
        async with house.web.typing(lobby):
            assert (await look.next("typing"))["on"] is True
            async with house.web.typing(lobby):
                pass
            assert (await house.visitor.snapshot())["typing"] is True
        while (await look.next("typing"))["on"]:
            pass
    assert (await house.visitor.snapshot())["typing"] is False


async def test_uploads_that_were_never_sent_are_forgotten_after_a_day(tmp_path: Path) -> None:
    async with House.open(tmp_path, listens=False) as house:
        sent, unsent = [(await house.visitor.upload(b"x"))["id"] for _ in range(2)]
        await house.visitor.say("", [sent])
    with closing(sqlite3.connect(tmp_path / "web.db")) as database, database:
        database.execute("UPDATE uploads SET time = time - 90000")
    async with House.open(tmp_path, listens=False) as house:
        assert await house.web.journal.get_upload(unsent) is None
        assert await house.web.journal.get_upload(sent) is not None


async def test_photos_are_kept_for_the_owner_of_the_machine_only(house: House) -> None:
    assert {oct(path.stat().st_mode & 0o777) for path in house.folder.glob("web.db*")} == {"0o600"}


async def test_what_was_promised_waits_for_the_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    journal: Any = house.web.journal
    asked: list[str] = []
    transaction = journal._transaction

    def spied(*, durable: bool) -> sqlite3.Connection:
        asked.append("disk" if durable else "cache")
        found: sqlite3.Connection = transaction(durable=durable)
        level = found.execute("PRAGMA synchronous").fetchone()[0]
        assert level == (2 if durable else 1)
        return found

    monkeypatch.setattr(journal, "_transaction", spied)
    house.bot.halfway.clear()
    photo = await house.visitor.upload(b"x")
    await house.visitor.say("hello", [photo["id"]])
    assert asked[:2] == ["disk", "disk"]


async def test_a_cancelled_write_is_whole_or_not_there(house: House) -> None:
    journal = house.web.journal
    photos = tuple([(await house.visitor.upload(b"x"))["id"] for _ in range(3)])
    for n in range(20):
        writing = asyncio.create_task(
            journal.add_message("lobby", SubmittedMessage(text=f"message {n}", uploads=photos, key=f"key{n}"))
        )
        await asyncio.sleep(0.0004 * (n % 5))
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await journal.add_message("lobby", SubmittedMessage(text="after", uploads=(), key="after"))
    entries = await journal.list_last_entries("lobby", 100)
    assert entries[-1].text == "after"
    assert {len(entry.photos) for entry in entries[:-1]} <= {3}
