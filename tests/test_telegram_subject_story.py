"""On Telegram, with the bot as a real process: whatever a message points at is what the provider gets, or nothing.

In each chat a cat was talked about before, and the rocket is meant.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.messages import POINTER_SECONDS
from emulator import Emulator
from emulator.recording import RecordedRequest
from tests.conftest import CAT, PHOTOS
from tests.doubles.browser import pictures
from tests.doubles.process import BotProcess
from tests.doubles.telegram import DIRECT, USERNAME, Post, TelegramBed, external_reply
from tests.doubles.telegram_page import Bubble, draw
from tests.doubles.waiting import until
from tests.test_telegram_story import answered, chats

ROCKET, COFFEE = ((PHOTOS / name).read_bytes() for name in ("rocket.jpg", "coffee.png"))
ANN, BOB = 42, 77
NOTHING = ("I didn't ask the model", "Which picture?")
BARE = "Briefly, in two or three sentences"  # what is asked about a photo where nothing is said


@dataclass(frozen=True)
class Place:
    """A chat in which a cat was talked about, and what the provider was asked there."""

    name: str  # which stands in the question
    chat: int
    bed: TelegramBed
    emulator: Emulator
    hashes: dict[str, str]
    more: dict[str, Any]

    @property
    def question(self) -> str:
        mention = f"@{USERNAME} " if self.chat < 0 and self.chat != DIRECT else ""
        return f"{mention}and this, {self.name}?"

    async def says(self, text: str = "", **more: Any) -> int:
        return await self.bed.says(text or self.question, self.chat, **{**self.more, **more})

    async def shows(self, photo: bytes, caption: str = "", by: int = ANN, **more: Any) -> int:
        person = {"by": self.chat if self.chat > 0 else by}
        return await self.bed.sends_photo(photo, caption, self.chat, **{**self.more, **person, **more})

    async def asks_about(self, photo: bytes) -> Post:
        """Somebody shows a photo and is answered; returns the answer."""
        before = len(self.posts())
        mention = f"@{USERNAME} " if self.chat < 0 else ""
        await self.shows(photo, f"{mention}look, {self.name}")
        await until(lambda: len(self.posts()) > before and not self.posts()[-1].text.endswith("▌"))
        return self.posts()[-1]

    def posts(self) -> list[Post]:
        posts = self.bed.posts(self.chat)
        return [post for post in posts if post.direct == self.more.get("direct") or self.chat != DIRECT]

    def asked(self) -> list[list[str]]:
        """The photos that came with each question of this chat, by name."""
        return [
            [next((name for name, hash in self.hashes.items() if hash in key), "?") for key in seen.images]
            for seen in self.emulator.seen
            if seen.stream and self._is_asked_by(seen)
        ]

    def _is_asked_by(self, seen: RecordedRequest) -> bool:
        """Tell whether a request is the question of this chat: it has its name, or says nothing in its conversation."""
        mine = {each.conversation for each in self.emulator.seen if f"look, {self.name}" in each.prompt}
        return f"{self.name}?" in seen.prompt or (BARE in seen.prompt and seen.conversation in mine)

    def prompt(self) -> str:
        """The words of the question, as the provider got them."""
        return "".join(seen.prompt for seen in self.emulator.seen if seen.stream and f"{self.name}?" in seen.prompt)

    async def got(self) -> Sequence[str]:
        """The photos that the provider got with the question; none where it was not asked, and the chat says why."""
        await until(lambda: self.asked() or any(self._is_nothing(post) for post in self.posts()))
        await asyncio.sleep(0.3)
        assert len(self.asked()) <= 1, "asked and paid once"
        return self.asked()[0] if self.asked() else ["nothing"]

    def _is_nothing(self, post: Post) -> bool:
        return any(sentence in post.text for sentence in NOTHING)


Step = Callable[[Place], Awaitable[object]]


async def reply_to_a_photo(place: Place) -> None:
    await place.says(reply_to=await place.shows(ROCKET, by=BOB))


async def reply_to_a_part_of_an_album(place: Place) -> None:
    first, _ = await place.bed.sends_album([ROCKET, COFFEE], chat=place.chat)
    await asyncio.sleep(2)
    await place.says(reply_to=first)


async def reply_to_an_older_answer(place: Place) -> None:
    answer = await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    await place.says(reply_to=answer.id)


async def quoted_part_of_an_older_answer(place: Place) -> None:
    answer = await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    content = {"text": place.question, "quote": {"text": "640 × 427", "position": 0}}
    await place.bed.sends(content, place.chat, reply_to=answer.id)


async def reply_to_an_answer_that_was_forgotten(place: Place) -> str:
    answer = await place.asks_about(ROCKET)
    place.bed.admins[ANN] = "administrator"
    await place.says(f"/forget@{USERNAME} yes")
    await until(lambda: len(place.posts()) == 3)
    await place.asks_about(CAT)
    await place.says(reply_to=answer.id)
    await until(lambda: any("I no longer know what my message was about" in post.text for post in place.posts()))
    return "640 × 427"  # the words of that answer


async def reply_to_what_shows_nothing(place: Place) -> None:
    await place.says(reply_to=await place.bed.sends({"dice": {"emoji": "🎲", "value": 3}}, place.chat, by=BOB))


async def reply_to_words(place: Place) -> None:
    await place.says(reply_to=await place.says("just words"))


async def reply_into_another_chat(place: Place) -> None:
    there = place.bed.message({"photo": place.bed.sizes(ROCKET)}, -7777)
    await place.bed.sends({"text": place.question, "external_reply": external_reply(there)}, place.chat)


async def reply_to_words_of_another_chat(place: Place) -> None:
    there = place.bed.message({"text": "hi"}, -7777)
    await place.bed.sends({"text": place.question, "external_reply": external_reply(there)}, place.chat)


async def reply_to_a_rich_message(place: Place) -> None:
    rich = {"blocks": [{"type": "photo", "photo": place.bed.sizes(ROCKET)}]}
    await place.says(reply_to=await place.bed.sends({"rich_message": rich}, place.chat, by=BOB))


async def rich_message_of_its_own(place: Place) -> None:
    paragraph = {"type": "paragraph", "text": place.question}
    rich = {"blocks": [paragraph, {"type": "photo", "photo": place.bed.sizes(ROCKET)}]}
    await place.bed.sends({"rich_message": rich}, place.chat)


async def reply_to_what_is_for_sale(place: Place) -> None:
    paid = {"star_count": 5, "paid_media": [{"type": "preview", "width": 9, "height": 9}]}
    await place.says(reply_to=await place.bed.sends({"paid_media": paid}, place.chat, by=BOB))


async def reply_to_a_story(place: Place) -> None:
    story = {"chat": {"id": BOB, "type": "private", "first_name": "Bob"}, "id": 3}
    await place.says(reply_to=await place.bed.sends({"story": story}, place.chat, by=BOB))


async def link_to_a_message(place: Place) -> None:
    await place.asks_about(ROCKET)
    photo = place.posts()[-1].reply_to
    await place.asks_about(CAT)
    await place.says(f"{place.question} https://t.me/c/{str(place.chat).removeprefix('-100')}/{photo}")


async def link_to_another_chat(place: Place) -> None:
    await place.says(f"{place.question} https://t.me/c/123456/7")


async def link_to_an_answer(place: Place) -> None:
    answer = await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    await place.says(f"{place.question} https://t.me/c/{str(place.chat).removeprefix('-100')}/{answer.id}")


async def link_to_a_photo_in_another_chat(place: Place) -> None:
    there = replace(place, chat=place.chat - 500)
    photo = await there.shows(ROCKET, by=BOB)
    topic = f"{place.more['thread']}/" if place.more else ""
    place.bed.forums |= {there.chat} if topic else set()
    await asyncio.sleep(1)
    await place.says(f"{place.question} https://t.me/c/{str(there.chat).removeprefix('-100')}/{topic}{photo}")


async def link_to_an_answered_photo_in_a_public_chat(place: Place) -> None:
    there = replace(place, chat=place.chat - 500)
    place.bed.usernames[place.name] = there.chat
    await there.asks_about(ROCKET)
    await there.asks_about(CAT)
    await place.says(f"{place.question} https://t.me/{place.name}/{there.posts()[0].reply_to}")


async def link_to_a_chat_that_the_asker_is_not_in(place: Place) -> None:
    there = replace(place, chat=place.chat - 500)
    place.bed.outsiders.add((there.chat, ANN))
    photo = await there.shows(ROCKET, by=BOB)
    await place.says(f"{place.question} https://t.me/c/{str(there.chat).removeprefix('-100')}/{photo}")


async def reply_to_a_poll(place: Place) -> str:
    await place.says(reply_to=await place.bed.sends({"poll": poll()}, place.chat, by=BOB))
    return "What is it?\n- a lynx\n- a wildcat"


async def reply_to_a_poll_with_a_picture(place: Place) -> str:
    shown = poll(media={"photo": place.bed.sizes(ROCKET)})
    await place.says(reply_to=await place.bed.sends({"poll": shown}, place.chat, by=BOB))
    return "What is it?"


def poll(**more: Any) -> dict[str, Any]:
    options = [{"text": text, "voter_count": 0, "persistent_id": text} for text in ("a lynx", "a wildcat")]
    poll = {"id": "1", "question": "What is it?", "options": options, "total_voter_count": 0, "is_closed": False}
    poll |= {"is_anonymous": True, "type": "regular", "allows_multiple_answers": False}
    return poll | {"allows_revoting": False, "members_only": False, **more}


async def reply_to_a_checklist(place: Place) -> str:
    checklist = {"title": "Launch", "tasks": [{"id": 1, "text": "fuel the rocket"}]}
    await place.says(reply_to=await place.bed.sends({"checklist": checklist}, place.chat, by=BOB))
    return "fuel the rocket"


async def quoted_words_of_another_chat(place: Place) -> str:
    there = place.bed.message({"text": "our new flatmate Tom"}, -7777)
    quote = {"text": "our new flatmate Tom", "position": 0}
    content = {"text": place.question, "external_reply": external_reply(there), "quote": quote}
    await place.bed.sends(content, place.chat)
    return "our new flatmate Tom"


async def reply_to_photos_that_were_paid_for(place: Place) -> None:
    paid = {"star_count": 5, "paid_media": [{"type": "photo", "photo": place.bed.sizes(ROCKET)}]}
    await place.says(reply_to=await place.bed.sends({"paid_media": paid}, place.chat, by=BOB))


async def reply_to_a_sticker(place: Place) -> None:
    sticker = {**place.bed.sizes(ROCKET)[-1], "type": "regular", "is_animated": False, "is_video": False}
    await place.says(reply_to=await place.bed.sends({"sticker": sticker}, place.chat, by=BOB))


async def command_about_words(place: Place) -> None:
    await place.says(f"/describe@{USERNAME}", reply_to=await place.says("just words", by=BOB))


async def number_that_no_photo_has(place: Place) -> None:
    await place.says(f"{place.question} I mean photo 7")


async def button_below_an_older_answer(place: Place) -> None:
    answer = await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    await place.bed.presses(answer, f"/ask {place.question}")


async def old_button(place: Place) -> None:
    answer = await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    await place.bed.presses(answer, f"/ask {place.question}", is_old=True)


async def old_button_below_an_unknown_post(place: Place) -> None:
    await place.bed.presses(replace(place.posts()[0], id=999_999), f"/ask {place.question}", is_old=True)


async def photo_above(place: Place) -> None:
    await place.shows(ROCKET, by=BOB)
    await place.says()


async def bare_mention_below_a_photo(place: Place) -> None:
    await place.shows(ROCKET, by=BOB)
    await place.says(f"@{USERNAME}")


async def photo_above_in_another_topic(place: Place) -> None:
    await place.shows(COFFEE, by=BOB, thread=6)
    await place.shows(ROCKET, by=BOB)
    await place.says()


async def edit_that_mentions_the_bot(place: Place) -> None:
    photo = await place.shows(ROCKET, "and this?")
    await place.bed.edits(photo, place.chat, caption=place.question)


async def photo_replaced_after_its_answer(place: Place) -> None:
    post = place.posts()[-1]
    assert post.reply_to is not None
    await place.bed.edits(post.reply_to, place.chat, photo=place.bed.sizes(ROCKET))
    await until(lambda: "You changed this message" in place.posts()[-1].text)
    await place.says()


async def comment_and_forward(place: Place) -> None:
    await place.says()
    await asyncio.sleep(0.06)
    await forward(place)


async def forward_and_comment(place: Place) -> None:
    await forward(place)
    await asyncio.sleep(0.06)
    await place.says()


async def forward(place: Place) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Tom", "date": 1}
    await place.bed.sends({"photo": place.bed.sizes(ROCKET), "forward_origin": origin}, place.chat, **place.more)


async def photo_and_its_question(place: Place) -> None:
    await place.shows(ROCKET)
    await asyncio.sleep(0.8)
    await place.says()


async def number(place: Place) -> None:
    await place.asks_about(ROCKET)
    await place.asks_about(CAT)
    await place.says(f"{place.question} I mean photo 2")


async def direct_message_to_a_channel(place: Place) -> None:
    other = replace(place, more={"by": BOB, "direct": BOB})
    await other.shows(COFFEE, "look", by=BOB)
    await place.says(reply_to=await place.shows(ROCKET, by=ANN))


PRIVATE, TOPIC, DIRECTLY = "in private", "in a topic", "in direct messages"
CELLS: Sequence[tuple[Step, str, list[str]]] = [
    (reply_to_a_photo, "", ["rocket"]),
    (reply_to_a_part_of_an_album, "", ["rocket", "coffee"]),
    (reply_to_an_older_answer, "", ["rocket"]),
    (quoted_part_of_an_older_answer, "", ["rocket"]),
    (reply_to_an_answer_that_was_forgotten, "", []),
    (reply_to_words, "", []),
    (reply_to_what_shows_nothing, "", ["nothing"]),
    (reply_into_another_chat, "", ["rocket"]),
    (reply_into_another_chat, PRIVATE, ["rocket"]),
    (reply_to_words_of_another_chat, "", ["nothing"]),
    (reply_to_a_rich_message, "", ["rocket"]),
    (rich_message_of_its_own, "", ["rocket"]),
    (rich_message_of_its_own, PRIVATE, ["rocket"]),
    (reply_to_what_is_for_sale, "", ["nothing"]),
    (reply_to_a_story, "", ["nothing"]),
    (link_to_a_message, "", ["rocket"]),
    (link_to_another_chat, "", ["nothing"]),
    (link_to_an_answer, "", ["rocket"]),
    (link_to_a_photo_in_another_chat, "", ["rocket"]),
    (link_to_a_photo_in_another_chat, TOPIC, ["rocket"]),
    (link_to_an_answered_photo_in_a_public_chat, "", ["rocket"]),
    (link_to_a_chat_that_the_asker_is_not_in, "", ["nothing"]),
    (reply_to_a_poll, "", []),
    (reply_to_a_poll_with_a_picture, "", ["rocket"]),
    (reply_to_a_checklist, "", []),
    (quoted_words_of_another_chat, "", []),
    (reply_to_photos_that_were_paid_for, "", ["rocket"]),
    (reply_to_a_sticker, "", ["rocket"]),
    (command_about_words, "", ["nothing"]),
    (number_that_no_photo_has, "", ["nothing"]),
    (button_below_an_older_answer, "", ["rocket"]),
    (old_button, "", ["rocket"]),
    (old_button, TOPIC, ["rocket"]),
    (old_button_below_an_unknown_post, TOPIC, ["nothing"]),
    (photo_above, "", ["rocket"]),
    (bare_mention_below_a_photo, "", ["rocket"]),
    (photo_above_in_another_topic, TOPIC, ["rocket"]),
    (edit_that_mentions_the_bot, "", ["rocket"]),
    (photo_replaced_after_its_answer, "", ["rocket"]),
    (photo_replaced_after_its_answer, PRIVATE, ["rocket"]),
    (comment_and_forward, "", ["rocket"]),
    (comment_and_forward, PRIVATE, ["rocket"]),
    (forward_and_comment, "", ["rocket"]),
    (forward_and_comment, PRIVATE, ["rocket"]),
    (photo_and_its_question, PRIVATE, ["rocket"]),
    (number, "", ["rocket"]),
    (direct_message_to_a_channel, DIRECTLY, ["rocket"]),
]


BURSTS = (comment_and_forward, forward_and_comment, photo_and_its_question)


async def learnt_hashes(bed: TelegramBed, emulator: Emulator) -> dict[str, str]:
    """The name under which each photo is uploaded: it begins with the hash of the cleaned photo."""
    hashes = {}
    for name, photo in (("cat", CAT), ("rocket", ROCKET), ("coffee", COFFEE)):
        await bed.sends_photo(photo, f"learn {name}", 5000)
        async with asyncio.timeout(20):
            while not (learnt := [seen.images for seen in emulator.seen if f"learn {name}" in seen.prompt]):
                await asyncio.sleep(0.02)
        hashes[name] = learnt[0][0].rpartition("_")[2].partition(".")[0]
    return hashes


def place_of(n: int, kind: str, bed: TelegramBed, emulator: Emulator, hashes: dict[str, str]) -> Place:
    name = f"cell{n:02}"
    more: dict[str, Any] = {}
    chat = 6000 + n if kind == PRIVATE else -1_000_000_006_000 - n
    if kind == TOPIC:
        more = {"thread": 5}
    if kind == DIRECTLY:
        chat, more = DIRECT, {"by": ANN, "direct": ANN}
    return Place(name, chat, bed, emulator, hashes, more)


async def play(cell: tuple[Step, str, list[str]], place: Place) -> str:
    """Return what is wrong about a cell; empty if all is well."""
    step, kind, expected = cell
    try:
        await place.asks_about(CAT)
        words = await step(place)
        got = list(await place.got())
        if isinstance(words, str) and words not in place.prompt():
            return f"{step.__name__}: its words are not in {place.prompt()}"
    except TimeoutError:
        got = ["no answer", *(post.text for post in place.posts())]
    if kind == DIRECTLY and any(post.direct is None for post in place.bed.posts(DIRECT)):
        got = ["an answer outside of the topic"]
    return "" if got == expected else f"{step.__name__} {kind}: {got}, not {expected}"


async def test_what_is_meant_is_what_the_provider_gets_or_nothing(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        hashes = await learnt_hashes(bed, emulator)
        places = [place_of(n, kind, bed, emulator, hashes) for n, (_, kind, _) in enumerate(CELLS)]
        played = list(zip(CELLS, places, strict=True))
        wrong: list[str] = []
        for is_burst in (True, False):  # bursts by themselves: they are a matter of milliseconds
            wave = [(cell, place) for cell, place in played if (cell[0] in BURSTS) == is_burst]
            wrong += await asyncio.gather(*[play(cell, place) for cell, place in wave])
        assert not [each for each in wrong if each], "\n" + "\n".join(filter(None, wrong))


async def restart(bot: BotProcess) -> None:
    await bot.kill()
    await bot.start()
    await bot.ready()


async def test_the_photo_above_outlives_a_crash_but_not_ten_minutes_nor_what_was_forgotten(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, bot, emulator):
        hashes = await learnt_hashes(bed, emulator)
        kept, forgotten, old = (place_of(n, "", bed, emulator, hashes) for n in range(3))
        for place in (kept, forgotten, old):
            await place.asks_about(CAT)
            await place.shows(ROCKET, by=BOB)
        await until(lambda: bed.pending() == 0)
        await restart(bot)
        bed.admins[ANN] = "administrator"
        await forgotten.says(f"/forget@{USERNAME} yes")
        await until(lambda: len(forgotten.posts()) > 1)
        for place in (kept, forgotten):
            await place.says()
        assert await kept.got() == ["rocket"]
        assert await forgotten.got() == []
        bot.module, bot.environment["LATER"] = "tests.doubles.later", str(POINTER_SECONDS + 1)
        await restart(bot)
        await old.says()
        assert await old.got() == []
        with closing(sqlite3.connect(tmp_path / "bot.db")) as store:
            assert store.execute("SELECT COUNT(*) FROM pointers").fetchone() == (0,)


async def test_a_long_text_that_the_client_cut_is_asked_whole_and_once(tmp_path: Path) -> None:
    words = " ".join(f"word{n}" for n in range(700))
    async with chats(tmp_path) as (bed, _, emulator):
        for chat, text in ((8000, words), (-8000, f"@{USERNAME} {words}")):
            before = len(emulator.seen)
            await bed.says(text[:4096], chat, by=ANN)
            await asyncio.sleep(0.05)
            await bed.says(text[4096:], chat, by=ANN)
            await answered(bed, 1, chat)
            asked = [seen.prompt for seen in emulator.seen[before:] if seen.stream]
            assert [words in prompt for prompt in asked] == [True]


async def test_photos_that_are_meant_in_three_ways_look_like_this(tmp_path: Path) -> None:
    async with chats(tmp_path) as (bed, _, emulator):
        above, album, link = (Place("", -1_000_000_007_000 - n, bed, emulator, {}, {}) for n in range(3))
        first = await album.bed.sends_album([ROCKET, COFFEE], chat=album.chat)
        await above.shows(ROCKET, by=BOB)
        launch = await link.shows(ROCKET, by=BOB)
        await asyncio.sleep(2)  # the album is complete
        address = f"https://t.me/c/{str(link.chat).removeprefix('-100')}/{launch}"
        questions = [f"@{USERNAME} what is this?", f"@{USERNAME} compare them", f"@{USERNAME} what is on {address} ?"]
        await above.says(questions[0])
        await album.says(questions[1], reply_to=first[0], by=BOB)
        await link.shows(CAT, by=BOB)
        await link.says(questions[2])
        shown = {
            "photo-above.png": [Bubble("Bob", photo=ROCKET)],
            "album-reply.png": [Bubble("Ann", photo=ROCKET), Bubble("Ann", photo=COFFEE)],
            "photo-link.png": [Bubble("Bob", photo=ROCKET), Bubble("Bob", photo=CAT)],
        }
        replied_to = ("", "Photo", "")
        for place, (name, chat), question, reply in zip(
            (above, album, link), shown.items(), questions, replied_to, strict=True
        ):
            answer = await whole_answer(place)
            assert "640 × 427" in answer
            asked = [
                Bubble("Bob" if reply else "Ann", question, reply_to=reply),
                Bubble("Snapthread", answer, reply_to=question, is_bot=True),
            ]
            await draw([*chat, *asked], pictures(tmp_path) / name)


async def whole_answer(place: Place) -> str:
    await until(lambda: place.posts() and place.posts()[-1].commands and not place.posts()[-1].text.endswith("▌"))
    return place.posts()[-1].text
