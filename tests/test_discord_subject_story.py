"""The subject of a question on Discord, on a real process: a cat was talked about before, and the rocket is meant.

The stories of a test run side by side, each in a channel of its own. What counts is the photo that the provider got,
by its hash: the rocket, or nothing at all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.discord import ADMIN, ANN, BOB, GUILD, ME, TOKEN, FakeDiscord
from tests.doubles.process import BotProcess
from tests.doubles.waiting import until

CAT, ROCKET = ((PHOTOS / name).read_bytes() for name in ("cat.jpg", "rocket.jpg"))


@dataclass
class Place:
    """A channel in which a cat was talked about."""

    discord: FakeDiscord
    emulator: Emulator
    channel: int
    question: str  # another one in every story
    earlier: int = 0  # times that it was asked before
    conversation: str = ""  # at the provider; empty: the question is found by its words alone

    async def says(self, text: str = "", channel: int = 0, **more: object) -> int:
        return await self.discord.says(text, channel or self.channel, **more)  # type: ignore[arg-type]

    async def rocket(self, text: str = "my rocket", channel: int = 0, **more: object) -> int:
        """Bob shows his rocket."""
        return await self.says(text, channel, by=BOB, files=[ROCKET], **more)

    async def asks(self, channel: int = 0, **more: object) -> int:
        return await self.says(self.question, channel, mention=True, **more)

    async def got(self) -> list[str]:
        """The photos that the provider got with the question, by the beginnings of their hashes."""
        await until(lambda: self._asked())
        [images] = self._asked()
        return [image.rpartition("_")[2].partition(".")[0] for image in images]

    def _asked(self) -> list[tuple[str, ...]]:
        """The photos of each question in this place."""
        asked = [seen for seen in self.emulator.seen if self.question in seen.prompt and seen.status == 200]
        return [seen.images for seen in asked if self.conversation in ("", seen.conversation)][self.earlier :]

    def says_nothing(self) -> None:
        """From now on the question is a mention and nothing else, which is found by its conversation."""
        [self.conversation] = {
            seen.conversation for seen in self.emulator.seen if f"I think: {self.channel}" in seen.prompt
        }
        self.question = "Briefly, in two or three sentences"

    async def reads(self, words: str, channel: int = 0) -> str:
        """Wait for a post with these words, and return it."""
        place = channel or self.channel
        try:
            await until(lambda: any(words in text for text in self.discord.reads(place)))
        except TimeoutError:
            raise AssertionError((words, self.discord.reads(place))) from None
        return next(text for text in self.discord.reads(place) if words in text)


Story = Callable[[Place], Awaitable[object]]


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[tuple[FakeDiscord, BotProcess, Emulator]]:
    async with FakeDiscord(message_content=True) as discord, Emulator(pace=0.001) as emulator:
        bot = BotProcess(
            folder,
            DISCORD_TOKEN=TOKEN,
            DISCORD_API_URL=discord.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="100000",
        )
        async with bot:
            await bot.ready()
            yield discord, bot, emulator


async def warm(discord: FakeDiscord, emulator: Emulator, name: str) -> Place:
    place = Place(discord, emulator, discord.add_channel(name.replace("_", "-")), f"{name}: what is this?")
    await place.says(f"a cat, I think: {place.channel}", mention=True, files=[CAT])
    await until(lambda: any("451 × 300" in text and not text.endswith("▌") for text in discord.reads(place.channel)))
    return place


async def all_of(folder: Path, stories: list[Story], check: Callable[[Place, Story, str], Awaitable[None]]) -> None:
    async with server(folder) as (discord, _, emulator):
        control = Place(discord, emulator, discord.dm(), "control: what is this?")
        await control.says(control.question, files=[ROCKET])
        [rocket] = await control.got()

        async def tell(story: Story) -> None:
            place = await warm(discord, emulator, story.__name__)
            await check(place, story, rocket)

        results = await asyncio.gather(*map(tell, stories), return_exceptions=True)
        failures = {story.__name__: what for story, what in zip(stories, results, strict=True) if what}
        assert not failures


# the rocket is meant, and found


async def a_reply(place: Place) -> None:
    await place.asks(reply_to=await place.rocket())


async def a_reply_that_discord_did_not_resolve(place: Place) -> None:
    await place.asks(reply_to=await place.rocket(), unresolved=True)


async def a_reply_to_another_channel(place: Place) -> None:
    other = place.discord.add_channel("elsewhere")
    await place.asks(reply_to=await place.rocket(channel=other), unresolved=True, reply_channel=other)


async def a_chain_of_replies(place: Place) -> None:
    nice = await place.says("nice one!", by=BOB, reply_to=await place.rocket())
    await place.asks(reply_to=await place.says("isn't it?", by=BOB, reply_to=nice))


async def a_reply_to_thanks_for_an_answer(place: Place) -> None:
    await place.says("look at my rocket", mention=True, files=[ROCKET])
    await place.reads("640 × 427")
    answer = place.discord.posts(place.channel)[-1]
    await place.says("and a dog", mention=True, files=[CAT])
    await place.asks(reply_to=await place.says("thanks", by=BOB, reply_to=answer.id))


async def a_card_of_another_bot(place: Place) -> None:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    await place.asks(reply_to=await place.says(by=robot, **place.discord.card(ROCKET, text="Launch at nine")))


async def a_menu_on_a_card(place: Place) -> None:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    cat = await place.says(by=robot, **place.discord.card(CAT))
    await (await place.discord.uses_menu("Describe", cat)).answered()
    card = await place.says(by=robot, **place.discord.card(ROCKET, text="Launch at nine"))
    form = await place.discord.uses_menu("Ask about this photo", card)
    await form.acknowledged()
    await place.discord.submits(form, {"question": place.question})


async def a_command_with_a_link(place: Place) -> None:
    photo = await place.rocket(channel=place.discord.add_channel("linked"))
    there = place.discord.world.places[photo]
    place.question = f"what is on https://discord.com/channels/{GUILD}/{there}/{photo} ?"
    await place.discord.runs("ask", place.channel, options={"question": place.question})


async def a_command_in_a_thread(place: Place) -> None:
    thread = place.discord.opens_thread("Rockets", place.channel, of=await place.rocket())
    await place.discord.runs("ask", thread, options={"question": place.question})


async def a_forwarded_card(place: Place) -> None:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    card = await place.says(channel=place.discord.add_channel("cards"), by=robot, **place.discord.card(ROCKET))
    await place.asks(reply_to=await place.says(by=BOB, forwarded=card))


async def an_embed_with_a_picture(place: Place) -> None:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    embed = {**place.discord.embed(ROCKET, "rocket.jpg"), "type": "rich", "title": "Launch at nine"}
    await place.asks(reply_to=await place.says(by=robot, embeds=[embed]))


async def a_thread_of_a_photo(place: Place) -> None:
    thread = place.discord.opens_thread("Rockets", place.channel, of=await place.rocket())
    await place.asks(thread)


async def a_thread_of_an_answer(place: Place) -> None:
    await place.says("look at my rocket", mention=True, files=[ROCKET])
    await place.reads("640 × 427")
    thread = place.discord.opens_thread("Rockets", place.channel, of=place.discord.posts(place.channel)[-1].id)
    await place.asks(thread)


async def a_forum_s_post(place: Place) -> None:
    thread = await place.discord.posts_in_forum("My rocket", "look", [ROCKET], by=BOB)
    await place.says("hello", thread, by=BOB)
    await place.asks(thread)


async def a_link_to_a_message(place: Place) -> None:
    other = place.discord.add_channel("linked")
    photo = await place.rocket(channel=other)
    place.question = f"what is on https://discord.com/channels/{GUILD}/{other}/{photo} ?"
    await place.asks()


async def a_link_to_a_recent_photo_that_discord_does_not_find(place: Place) -> None:
    photo = await place.rocket()
    place.discord.rest.out_of_reach.add(photo)
    place.question = f"what is on https://discord.com/channels/{GUILD}/{place.channel}/{photo} ?"
    await place.asks()


async def a_link_whose_picture_comes_late(place: Place) -> None:
    place.question = f"{place.question} https://photos.example/rocket.jpg"
    link = await place.asks()
    await asyncio.sleep(3)
    await place.discord.edits(place.channel, link, embeds=[place.discord.embed(ROCKET, "rocket.jpg")])


async def the_photo_just_above(place: Place) -> None:
    await place.rocket()
    await place.asks()


async def a_photo_of_another_bot_just_above(place: Place) -> None:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    await place.says("painted for you", by=robot, files=[ROCKET])
    await place.asks()


async def a_bare_mention_below_a_photo(place: Place) -> None:
    place.says_nothing()
    await place.rocket()
    await place.says(mention=True)


async def an_edit_that_adds_the_mention(place: Place) -> None:
    photo = await place.says(place.question, files=[ROCKET])
    await place.discord.edits(place.channel, photo, f"<@{ME}> {place.question}")


async def a_photo_and_then_its_question(place: Place) -> None:
    await place.says(mention=True, files=[ROCKET])
    await place.says(place.question)


async def a_forward_and_then_a_comment(place: Place) -> None:
    await place.says(forwarded=await place.rocket(channel=place.discord.add_channel("elsewhere")))
    await place.asks()


async def a_comment_and_then_a_forward(place: Place) -> None:
    there = await place.rocket(channel=place.discord.add_channel("elsewhere"))
    await place.asks()
    await place.says(forwarded=there)


async def a_photo_under_another_name(place: Place) -> None:
    await place.discord.proxies(await place.says("A: hello", by=BOB), "hello")
    photo = await place.says(f"A: {place.question}", mention=True, by=BOB, files=[ROCKET])
    await place.discord.proxies(photo, f"<@{ME}> {place.question}")


async def a_reply_to_an_older_answer(place: Place) -> None:
    await place.says("look at my rocket", mention=True, files=[ROCKET])
    await place.reads("640 × 427")
    answer = place.discord.posts(place.channel)[-1]
    await place.says("and a cat", mention=True, files=[CAT])
    await until(lambda: len([text for text in place.discord.reads(place.channel) if "451 × 300" in text]) == 2)
    await place.asks(reply_to=answer.id)


async def a_button_below_an_older_answer(place: Place) -> None:
    await place.asks(files=[ROCKET])
    await place.reads("640 × 427")
    answer = place.discord.posts(place.channel)[-1]
    await place.says("and a cat", mention=True, files=[CAT])
    await until(lambda: len([text for text in place.discord.reads(place.channel) if "451 × 300" in text]) == 2)
    place.earlier = len(place._asked())
    await until(lambda: any(command.startswith("say:/retry") for command in answer.commands))
    await place.discord.presses(answer, next(each for each in answer.commands if each.startswith("say:/retry")))


async def a_number(place: Place) -> None:
    await place.says("look at my rocket", mention=True, files=[ROCKET])
    await place.reads("640 × 427")
    await place.says("and a cat", mention=True, files=[CAT])
    place.question = f"{place.question} I mean photo 2"
    await place.asks()


async def a_reply_to_a_sticker(place: Place) -> None:
    await place.asks(reply_to=await place.says(by=BOB, stickers=[place.discord.sticker(ROCKET)]))


async def a_file_with_a_command(place: Place) -> None:
    await place.discord.runs("ask", place.channel, options={"question": place.question}, files={"photo": ROCKET})


async def a_photo_in_a_private_chat(place: Place) -> None:
    private = place.discord.dm(ANN)
    photo = await place.says("my rocket", private, files=[ROCKET])
    await place.reads("640 × 427", private)
    await place.says(place.question, private, reply_to=photo)


BURSTS: list[Story] = [a_photo_and_then_its_question, a_forward_and_then_a_comment, a_comment_and_then_a_forward]
FOUND: list[Story] = [
    *(a_reply, a_reply_that_discord_did_not_resolve, a_reply_to_another_channel, a_chain_of_replies),
    *(
        a_reply_to_thanks_for_an_answer,
        a_card_of_another_bot,
        a_menu_on_a_card,
        a_forwarded_card,
        an_embed_with_a_picture,
    ),
    *(a_thread_of_a_photo, a_thread_of_an_answer, a_forum_s_post, a_link_to_a_message),
    a_link_to_a_recent_photo_that_discord_does_not_find,
    *(a_command_with_a_link, a_command_in_a_thread, a_file_with_a_command),
    *(a_reply_to_an_older_answer, a_button_below_an_older_answer, a_number, a_reply_to_a_sticker),
    *(a_photo_in_a_private_chat, a_bare_mention_below_a_photo, a_photo_of_another_bot_just_above),
    *(a_link_whose_picture_comes_late, the_photo_just_above, an_edit_that_adds_the_mention, a_photo_under_another_name),
    *BURSTS,
]


@pytest.mark.timeout(180)
async def test_the_photo_that_was_meant_is_the_one_that_is_asked_about(tmp_path: Path) -> None:
    async def check(place: Place, story: Story, rocket: str) -> None:
        await story(place)
        assert await place.got() == [rocket]
        assert "didn't" not in "".join(place.discord.reads(place.channel))
        if story in BURSTS:  # one answer, after that about the cat
            await until(lambda: len(place.discord.posts(place.channel)) >= 2)
            assert len(place.discord.posts(place.channel)) == 2

    await all_of(tmp_path, FOUND, check)


# words are meant, and no photo stands in


async def a_reply_to_words(place: Place) -> str:
    await place.asks(reply_to=await place.says("Launch at nine", by=BOB))
    return "Launch at nine"


async def a_reply_to_an_answer_that_was_forgotten(place: Place) -> str:
    await place.says("look at my rocket", mention=True, files=[ROCKET])
    await place.reads("640 × 427")
    answer = place.discord.posts(place.channel)[-1]
    forgetting = await place.discord.runs("forget", place.channel, ADMIN, options={"sure": "yes"})
    await forgetting.answered()
    await place.says("and a cat", mention=True, files=[CAT])
    await until(lambda: len([text for text in place.discord.reads(place.channel) if "451 × 300" in text]) == 2)
    await place.asks(reply_to=answer.id)
    await place.reads("I no longer know what my message was about")
    return "640 × 427"


async def a_reply_to_a_poll(place: Place) -> str:
    answers = [{"answer_id": n, "poll_media": {"text": text}} for n, text in enumerate(("a lynx", "a wildcat"), 1)]
    poll = {"question": {"text": "Which one?"}, "answers": answers, "expiry": None, "allow_multiselect": False}
    await place.asks(reply_to=await place.says(by=BOB, poll={**poll, "layout_type": 1}))
    return "Which one?\n- a lynx\n- a wildcat"


async def an_article_with_a_dead_thumbnail(place: Place) -> str:
    embed = {**place.discord.embed(ROCKET, "rocket.jpg"), "type": "article", "title": "Rain", "description": "tomorrow"}
    embed["thumbnail"] = {**embed["thumbnail"], "proxy_url": f"{embed['thumbnail']['proxy_url']}.gone.jpg"}
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    await place.asks(reply_to=await place.says(by=robot, embeds=[embed]))
    return "Rain\ntomorrow"


async def a_card_of_words(place: Place) -> str:
    robot = place.discord.add_user(f"robot{place.channel}", bot=True)
    await place.asks(reply_to=await place.says(by=robot, **place.discord.card(text="Launch at nine")))
    return "Launch at nine"


async def a_chain_that_is_broken(place: Place) -> str:
    photo = await place.rocket()
    nice = await place.says("nice one!", by=BOB, reply_to=photo)
    await place.discord.deletes(place.channel, photo)
    await place.asks(reply_to=nice)
    return "nice one!"


WORDS: list[Story] = [
    a_reply_to_an_answer_that_was_forgotten,
    *(a_reply_to_words, a_reply_to_a_poll, an_article_with_a_dead_thumbnail, a_card_of_words, a_chain_that_is_broken),
]


@pytest.mark.timeout(180)
async def test_words_that_were_meant_are_quoted_and_no_photo_stands_in(tmp_path: Path) -> None:
    async def check(place: Place, story: Story, rocket: str) -> None:
        words = str(await story(place))
        assert await place.got() == []
        [prompt] = [seen.prompt for seen in place.emulator.seen if place.question in seen.prompt]
        assert words in prompt

    await all_of(tmp_path, WORDS, check)


async def test_an_answer_about_a_spoiler_is_behind_one_and_one_button_is_pressed_once(tmp_path: Path) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        place = await warm(discord, emulator, "a_spoiler")
        await place.says(mention=True, files=[("SPOILER_rocket.jpg", ROCKET)])
        await place.reads("640 × 427")
        await until(lambda: not any("▌" in text for text in discord.reads(place.channel)))
        [cat, rocket] = discord.posts(place.channel)
        assert not cat.content.startswith("||")
        assert (rocket.content[:2], rocket.content[-2:]) == ("||", "||")
        asked = len([seen for seen in emulator.seen if seen.photos])
        for person in (ANN, ANN, BOB):
            await discord.presses(rocket, "say:/describe", person)
        await until(lambda: len(discord.posts(place.channel)) == 3)
        await until(lambda: discord.posts(place.channel)[2].content.endswith("||"))
        await place.asks()
        await place.got()
        assert len([seen for seen in emulator.seen if seen.photos]) - asked <= 2
        assert len(discord.posts(place.channel)) <= 4


# the rocket is meant, and cannot be had

JOINED = 7  # the type of the message that says that somebody has joined a server


async def a_reply_to_a_deleted_photo(place: Place) -> str:
    photo = await place.rocket()
    await place.discord.deletes(place.channel, photo)
    await place.asks(reply_to=photo)
    return "The message you replied to: it was deleted."


async def a_deleted_photo_that_discord_did_not_resolve(place: Place) -> str:
    photo = await place.rocket()
    await place.discord.deletes(place.channel, photo)
    await place.asks(reply_to=photo, unresolved=True)
    return "The message you replied to: it was deleted."


async def a_link_to_a_deleted_photo(place: Place) -> str:
    photo = await place.rocket()
    await place.discord.deletes(place.channel, photo)
    place.question = f"what is on https://discord.com/channels/{GUILD}/{place.channel}/{photo} ?"
    await place.asks()
    return "The message you linked to: it was deleted."


async def a_reply_to_a_channel_that_the_asker_cannot_see(place: Place) -> str:
    secret = place.discord.add_channel("secret")
    photo = await place.rocket(channel=secret)
    place.discord.hides(secret, ANN)
    await place.asks(reply_to=photo, unresolved=True, reply_channel=secret)
    return "The message you replied to: I have no access to it, or you don't."


async def a_reply_to_what_shows_nothing(place: Place) -> str:
    joined = await place.says(by=BOB, type=JOINED)
    await place.asks(reply_to=joined)
    return "The message you replied to: it shows no photo."


async def a_reply_while_discord_does_not_find_the_photo(place: Place) -> str:
    photo = await place.rocket()
    place.discord.rest.out_of_reach.add(photo)
    await place.asks(reply_to=photo, unresolved=True)
    return "The message you replied to: I couldn't reach it just now."


async def a_link_to_a_channel_that_the_asker_cannot_see(place: Place) -> str:
    secret = place.discord.add_channel("secret")
    photo = await place.rocket(channel=secret)
    await place.says("look", secret, mention=True, by=BOB)
    await place.reads("640 × 427", secret)  # the bot itself knows the photo
    place.discord.hides(secret, ANN)
    place.question = f"what is on https://discord.com/channels/{GUILD}/{secret}/{photo} ?"
    await place.asks()
    return "The message you linked to: I have no access to it, or you don't."


async def a_menu_on_words(place: Place) -> str:
    await place.discord.uses_menu("Describe", await place.says("only words", by=BOB))
    return "The message you chose: it shows no photo."


async def a_link_to_words_that_need_a_picture(place: Place) -> str:
    words = await place.says("only words", by=BOB)
    await place.says(f"/describe https://discord.com/channels/{GUILD}/{place.channel}/{words}", mention=True)
    return "The message you linked to: it shows no photo."


async def a_command_about_a_message_without_a_picture(place: Place) -> str:
    words = await place.says("only words", by=BOB)
    await place.discord.uses_menu("Read text", words)
    return "The message you chose: it shows no photo."


async def a_number_that_no_photo_has(place: Place) -> str:
    place.question = f"{place.question} I mean photo 7"
    await place.asks()
    return "There is no photo or file 7 here: the last number is 1."


async def a_link_into_a_private_chat(place: Place) -> str:
    private = place.discord.dm(BOB)
    photo = await place.rocket(channel=private)
    place.question = f"what is on https://discord.com/channels/@me/{private}/{photo} ?"
    await place.asks()
    return "The message you linked to: I have no access to it, or you don't."


NAMED: list[Story] = [
    *(a_reply_to_a_deleted_photo, a_deleted_photo_that_discord_did_not_resolve),
    *(a_link_to_a_deleted_photo, a_reply_to_a_channel_that_the_asker_cannot_see),
    *(a_reply_while_discord_does_not_find_the_photo, a_reply_to_what_shows_nothing),
    *(a_link_to_a_channel_that_the_asker_cannot_see, a_menu_on_words),
    *(a_link_to_words_that_need_a_picture, a_command_about_a_message_without_a_picture),
    *(a_number_that_no_photo_has, a_link_into_a_private_chat),
]


@pytest.mark.timeout(180)
async def test_what_cannot_be_had_is_named_and_nothing_is_asked(tmp_path: Path) -> None:
    async def check(place: Place, story: Story, rocket: str) -> None:
        asked = len([seen for seen in place.emulator.seen if seen.photos])
        sentence = await story(place)
        assert "didn't ask the model" in await place.reads(str(sentence))
        assert len([seen for seen in place.emulator.seen if seen.photos]) == asked or place._asked() == []

    await all_of(tmp_path, NAMED, check)


LATE = 5.5  # seconds: later than a question waits for the picture of its link


async def test_a_picture_that_comes_too_late_is_asked_about_once_and_a_command_without_one_asks_nothing(
    tmp_path: Path,
) -> None:
    async with server(tmp_path) as (discord, _, emulator):
        empty = discord.add_channel("empty")
        await discord.runs("describe", empty)
        place = await warm(discord, emulator, "a_late_picture")
        await place.reads("Which picture?", empty)
        place.question = f"{place.question} https://photos.example/rocket.jpg"
        link = await place.asks()
        await asyncio.sleep(LATE)
        assert await place.got() == [], "nothing stands in"
        for _ in range(2):
            await discord.edits(place.channel, link, embeds=[discord.embed(ROCKET, "rocket.jpg")])
        answer = await place.reads("Now I see the picture of your link")
        assert "640 × 427" in answer or await place.reads("640 × 427")
        await asyncio.sleep(0.5)
        assert [len(images) for images in place._asked()] == [0, 1], "asked and paid once about it"
