"""Messages become what the bot understands, the same by a live connection and when they are read again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
import pytest
import pytest_asyncio

from adapters.platforms.discord.message_lookup import Viewer
from adapters.platforms.discord.references import References
from adapters.platforms.discord.translate import find_place, is_hidden, reference_to, translate
from bot.messages import Attachment, Author, Channel, Message, MessageReference
from bot.words import say
from tests.adapters.platforms.discord.conftest import Listener, listening
from tests.conftest import PHOTOS
from tests.doubles.discord import ADMIN, ANN, BOB, BOT_ROLE, FORUM, GENERAL, GUILD, ME, OTHER, FakeDiscord
from tests.doubles.discord.world import ADMIN_ROLE, SUPPRESS_EMBEDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAT = ("cat.jpg", (PHOTOS / "cat.jpg").read_bytes())
ROCKET = ("rocket.jpg", (PHOTOS / "rocket.jpg").read_bytes())

ELSEWHERE = Channel("discord", str(OTHER))
TITLE = {"type": "rich", "title": "Rain tomorrow"}
POLL = {
    "question": {"text": "Which one?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "This one"}}],
    "expiry": "2030-01-01T00:00:00+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
}

Says = Callable[..., Awaitable[discord.Message]]
"""Says something as `FakeDiscord.says` does, and returns the message as the bot gets it."""


@pytest_asyncio.fixture(params=["heard", "read"], loop_scope="module")
async def says(request: pytest.FixtureRequest, server: FakeDiscord, client: Listener) -> Says:
    """Each story is told of a message that comes by the gateway, and of one that is read again."""

    async def said(text: str = "", channel: int = GENERAL, by: int = ANN, **more: Any) -> discord.Message:
        id = await server.says(text, channel, by, **more)
        heard = await client.hears(id)
        return heard if request.param == "heard" else await client.reads(channel, id)

    return said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def blind(server: FakeDiscord) -> AsyncIterator[Listener]:
    """A client without the right to read what is not said to the bot."""
    async with listening(Listener(content=False)) as blind:
        yield blind


async def ours(client: Listener, text: str = "It is a cat.", channel: int = GENERAL, **more: Any) -> int:
    """Something that the bot has said."""
    return (await client.talked(channel).send(text, **more)).id


def understood(said: discord.Message) -> Message:
    message = translate(said, ME)
    assert message is not None
    return message


async def completed(said: discord.Message) -> Message:
    """The message with what it replies to."""
    return await References().complete(said, understood(said), ME)


def is_addressed(said: discord.Message) -> bool:
    return understood(said).addressed


def named(message: Message) -> list[str]:
    return [attachment.name for attachment in message.attachments]


# the plain facts


async def test_a_message_tells_who_said_what_where_and_when(says: Says) -> None:
    said = await says("  hello  ")
    assert translate(said, ME) == Message(
        channel=Channel("discord", str(GENERAL)),
        id=str(said.id),
        author=Author(str(ANN), "Ann"),
        text="hello",
        sent=said.created_at.timestamp(),
        addressed=False,
        server=f"discord:{GUILD}",
        awaits=0.15,
    )


async def test_a_message_that_has_been_changed_says_so(says: Says) -> None:
    said = await says("hello")
    assert translate(said, ME, edited=True) == replace(understood(said), edited=True, awaits=0.0)


async def test_photos_come_in_their_order(says: Says) -> None:
    said = await says("compare", files=[CAT, ROCKET])
    first, second = said.attachments
    assert understood(said).attachments == (
        Attachment(ref=f"{GENERAL}/{said.id}/{first.id}", name="cat.jpg", mime="image/jpeg", size=len(CAT[1])),
        Attachment(ref=f"{GENERAL}/{said.id}/{second.id}", name="rocket.jpg", mime="image/jpeg", size=len(ROCKET[1])),
    )


async def test_a_photo_needs_no_words(says: Says) -> None:
    message = understood(await says(files=[CAT]))
    assert (message.text, named(message)) == ("", ["cat.jpg"])


async def test_stickers_and_embeds_are_photos_too(says: Says, server: FakeDiscord) -> None:
    said = await says(stickers=[server.sticker(CAT[1])], embeds=[server.embed(ROCKET[1], "rocket.jpg")])
    assert named(understood(said)) == ["rocket.jpg", "wave.png"]


async def test_every_place_is_told_from_the_others(says: Says, server: FakeDiscord) -> None:
    thread = server.opens_thread("A thread")
    post = await server.posts_in_forum("My cat", "look")
    places = {GENERAL: str(GENERAL), thread: str(thread), post: str(post), server.dm(): f"@{server.dm()}"}
    for channel, id in places.items():
        said = await says("hello", channel)
        assert understood(said).channel == find_place(said).channel == Channel("discord", id)


# who is meant


async def test_in_private_everything_is_said_to_the_bot(says: Says, server: FakeDiscord) -> None:
    assert is_addressed(await says("hello", server.dm()))
    assert is_addressed(await says(channel=server.dm(), files=[CAT]))
    assert is_addressed(await says("hello", server.dm(BOB), BOB))


@pytest.mark.parametrize(
    "text", [f"<@{ME}> look", f"look, <@!{ME}>!", f"<@&{BOT_ROLE}> look", f"<@{BOB}> and <@{ME}>: look"]
)
async def test_a_mention_of_the_bot_or_of_its_role_is_said_to_it(says: Says, text: str) -> None:
    assert is_addressed(await says(text))


@pytest.mark.parametrize(
    "text",
    [
        "look",
        f"<@{BOB}> look",
        f"<@&{ADMIN_ROLE}> look",
        f"<@&{GUILD}> look",  # the role that everybody has
        "@everyone look",
        "snapthread, look",
        f"{ME}",
    ],
)
async def test_anything_else_in_a_server_is_not(says: Says, text: str) -> None:
    assert not is_addressed(await says(text, mentions_everyone="@everyone" in text))


@pytest.mark.parametrize("ping", [True, False])
async def test_a_reply_to_the_bot_is_said_to_it_whether_it_pings_or_not(
    says: Says, client: Listener, ping: bool
) -> None:
    assert is_addressed(await says("how old?", reply_to=await ours(client), ping=ping))


async def test_a_reply_to_somebody_else_is_not_said_to_the_bot(says: Says, server: FakeDiscord) -> None:
    assert not is_addressed(await says("nice", reply_to=await server.says("my cat", by=BOB)))


async def test_in_a_thread_of_the_bot_s_everything_is_said_to_it(
    says: Says, client: Listener, server: FakeDiscord
) -> None:
    channel = client.get_channel(GENERAL)
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.create_thread(name="Ours", type=discord.ChannelType.public_thread)
    assert is_addressed(await says("hello", thread.id))
    assert not is_addressed(await says("hello", server.opens_thread("Theirs")))
    assert not is_addressed(await says("hello", await server.posts_in_forum("Theirs", "look")))


async def test_a_mention_counts_in_threads_and_forums_too(says: Says, server: FakeDiscord) -> None:
    assert is_addressed(await says("look", server.opens_thread("Theirs"), mention=True))
    post = await server.posts_in_forum("My cat", "look", forum=FORUM)
    assert is_addressed(await says("look", post, mention=True))


# who is nobody


async def test_other_bots_are_nobody(says: Says, server: FakeDiscord) -> None:
    robot = server.add_user("robot", bot=True)
    assert translate(await says("what is this?", by=robot, mention=True, files=[CAT]), ME) is None
    assert translate(await says("hello", server.dm(robot), robot), ME) is None


async def test_the_bot_does_not_hear_itself(client: Listener, server: FakeDiscord) -> None:
    for channel in (GENERAL, server.dm()):
        id = await ours(client, f"<@{ME}> what is this?", channel)
        assert translate(await client.hears(id), ME) is None
        assert translate(await client.reads(channel, id), ME) is None


async def test_webhooks_are_nobody(says: Says) -> None:
    assert translate(await says("what is this?", webhook=True, mention=True), ME) is None


@pytest.mark.parametrize("type", [6, 7, 8, 12, 18, 20, 21, 23, 24, 46])
async def test_what_discord_itself_says_is_said_by_nobody(says: Says, server: FakeDiscord, type: int) -> None:
    """A pin, a welcome, a boost, a followed channel, a thread's beginning, a command, ..."""
    for channel in (GENERAL, server.dm()):
        assert translate(await says("what is this?", channel, type=type), ME) is None


# the words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<@{ME}> what is this?", "what is this?"),
        (f"<@!{ME}>, what is this?", "what is this?"),
        (f"<@&{BOT_ROLE}>: what is this?", "what is this?"),
        (f"what is this, <@{ME}>?", "what is this,?"),
        (f"hey <@{ME}> what is this?", "hey what is this?"),
        (f"<@{ME}>\nwhat\n\nis this?", "what\n\nis this?"),
        (f"<@{ME}> <@{ME}> /help", "/help"),
        (f"<@{ME}> /model 1min/gpt-4o", "/model 1min/gpt-4o"),
        (
            f"<@{ME}> `<b>` & **bold** \\* <#{OTHER}> <:wave:{OTHER}>",
            f"`<b>` & **bold** \\* <#{OTHER}> <:wave:{OTHER}>",
        ),
    ],
)
async def test_the_bot_s_name_is_no_part_of_the_question(says: Says, text: str, words: str) -> None:
    assert understood(await says(text)).text == words


async def test_people_are_called_by_their_names(says: Says) -> None:
    text = f"<@{ME}> is <@{BOB}> taller than <@!{ANN}>, or <@{BOB}> as tall?"
    assert understood(await says(text)).text == "is @Bob taller than @Ann, or @Bob as tall?"


async def test_a_name_that_looks_like_a_pattern_is_none(says: Says, server: FakeDiscord) -> None:
    odd = server.add_user(r"\g<0> \1 .* 🐈")
    assert understood(await says(f"who is <@{odd}>?")).text == r"who is @\G<0> \1 .* 🐈?"


async def test_a_name_that_looks_like_a_mention_is_none(says: Says, server: FakeDiscord) -> None:
    odd = server.add_user(f"<@{BOB}>")
    assert understood(await says(f"<@{odd}> or <@{BOB}>?")).text == f"@<@{BOB}> or @Bob?"


async def test_who_is_unknown_stays_a_number(says: Says) -> None:
    assert understood(await says("who is <@99999999999999999>?")).text == "who is <@99999999999999999>?"


@pytest.mark.parametrize("text", [f"<@{ME}>", f" <@!{ME}> ", f"<@&{BOT_ROLE}>", f"<@{ME}>:"])
async def test_who_says_nothing_but_the_bot_s_name_calls_it(says: Says, text: str) -> None:
    message = understood(await says(text))
    assert (message.text, message.addressed, message.is_call) == ("", True, True)


async def test_the_bot_s_name_and_a_photo_are_a_photo(says: Says) -> None:
    message = understood(await says(f"<@{ME}>", files=[CAT]))
    assert (message.text, named(message), message.addressed) == ("", ["cat.jpg"], True)


async def test_who_says_nothing_at_all_is_told_nothing(says: Says, server: FakeDiscord) -> None:
    for channel in (GENERAL, server.dm()):
        assert translate(await says("\0 \0", channel), ME) is None


async def test_nothing_holds_what_a_database_refuses(says: Says, server: FakeDiscord, client: Listener) -> None:
    robin = server.add_user("ro\0bin")
    message = understood(await says("what\0 is\0this?\0", by=robin, files=[("c\0t.jpg", CAT[1])]))
    assert message.text == "what  is this?"
    assert message.author == Author(str(robin), "Ro Bin")
    assert named(message) == ["c t.jpg"]
    about = (await completed(await says("and?", reply_to=await server.says("a\0b", by=BOB)))).about
    assert about is not None
    assert about.text == "a b"
    forward = understood(await says(forwarded=await server.says("c\0d", OTHER, BOB))).about
    assert forward is not None
    assert forward.text == "c d"


# what it is about


async def test_a_reply_is_about_what_it_replies_to(says: Says, server: FakeDiscord) -> None:
    photo = await server.says("my cat", by=BOB, files=[CAT])
    said = await says("how old?", mention=True, reply_to=photo)
    message = await completed(said)
    assert message.about is not None
    assert message.about == MessageReference(
        id=str(photo), ours=False, text="my cat", attachments=message.about.attachments, author="Bob"
    )
    assert [each.name for each in message.photos] == ["cat.jpg"]
    assert message.photos[0].ref.startswith(f"{GENERAL}/{photo}/")


async def test_a_reply_knows_a_post_of_the_bot_s(says: Says, client: Listener) -> None:
    post = await ours(client)
    assert (await completed(await says("how old?", reply_to=post))).about == MessageReference(
        id=str(post), ours=True, text="It is a cat.", author="snapthread"
    )


async def test_a_reply_may_show_a_photo_of_its_own(says: Says, server: FakeDiscord) -> None:
    message = await completed(
        await says("and this?", reply_to=await server.says("my cat", files=[CAT]), files=[ROCKET])
    )
    assert [each.name for each in message.photos] == ["rocket.jpg"]


async def test_a_reply_of_nothing_but_the_bot_s_name_is_no_call_for_help(says: Says, server: FakeDiscord) -> None:
    message = await completed(await says(mention=True, reply_to=await server.says("my cat", by=BOB, files=[CAT])))
    assert (message.text, message.addressed) == ("", True)


async def test_a_reply_to_a_forward_is_about_the_words_that_it_forwards(says: Says, server: FakeDiscord) -> None:
    forward = await server.says(by=BOB, forwarded=await server.says("a long story", OTHER))
    message = await completed(await says("is that true?", reply_to=forward))
    assert message.about == MessageReference(id=str(forward), ours=False, text="a long story", author="Bob")


async def test_a_forward_can_be_referred_to_like_any_message(says: Says, server: FakeDiscord) -> None:
    said = await says(forwarded=await server.says("a long story", OTHER, BOB))
    reference = reference_to(said, ME, viewer=Viewer.of(said), channel=GENERAL)
    assert reference == MessageReference(id=str(said.id), ours=False, text="a long story", author="Ann")


@pytest.mark.parametrize(
    ("shown", "words"),
    [({"embeds": [TITLE]}, "Rain tomorrow"), ({"type": 7}, ""), ({"poll": POLL}, "Which one?\n- This one")],
    ids=["a title", "a welcome", "a poll"],
)
async def test_the_words_of_embeds_and_polls_are_those_of_the_message(
    says: Says, server: FakeDiscord, shown: dict[str, Any], words: str
) -> None:
    target = await server.says(by=BOB, **shown)
    about = (await completed(await says("what is that?", reply_to=target))).about
    assert about == MessageReference(id=str(target), ours=False, text=words, author="Bob")


async def test_a_reply_to_what_is_gone_says_so(server: FakeDiscord, client: Listener) -> None:
    gone = await server.says("my cat", by=BOB)
    id = await server.says("how old?", reply_to=gone)
    await server.deletes(GENERAL, gone)
    message = await completed(await client.reads(GENERAL, id))
    assert message.about == MessageReference(id=str(gone), ours=False, text="", unseen="deleted")
    assert message.text == "how old?"


async def test_a_forward_shows_the_photos_and_the_words_of_what_it_forwards(says: Says, server: FakeDiscord) -> None:
    there = await server.says("from elsewhere", OTHER, BOB, files=[CAT])
    said = await says(channel=server.dm(), forwarded=there)
    message = await completed(said)
    assert (message.text, named(message), message.addressed) == ("", ["cat.jpg"], True)
    assert message.attachments[0].ref.startswith(f"{server.dm()}/{said.id}/")  # where it can be read again
    assert message.about == MessageReference(
        id=str(there), ours=False, text="from elsewhere", kind="forward", channel=ELSEWHERE
    )


async def test_a_forward_in_a_server_is_not_said_to_the_bot_be_it_of_what_was(
    says: Says, server: FakeDiscord, client: Listener
) -> None:
    asked = await server.says("what is this?", OTHER, mention=True, files=[CAT])
    assert not is_addressed(await says(forwarded=asked))
    assert not is_addressed(await says(forwarded=await ours(client, channel=OTHER)))


async def test_a_forward_of_words_alone_can_be_asked_about(says: Says, server: FakeDiscord) -> None:
    there = await server.says("a long story", OTHER, BOB)
    message = await completed(await says(channel=server.dm(), forwarded=there))
    assert (message.text, message.attachments) == ("", ())
    assert message.about == MessageReference(
        id=str(there), ours=False, text="a long story", kind="forward", channel=ELSEWHERE
    )


# what comes in several messages


async def test_a_message_waits_for_what_may_belong_to_it_and_others_for_nothing(
    says: Says, server: FakeDiscord
) -> None:
    there = await server.says("from elsewhere", OTHER, BOB, files=[CAT])
    cases: list[tuple[float, dict[str, Any]]] = [
        (1.5, {"files": [CAT]}),
        (1.5, {"files": [CAT], "mention": True}),
        (1.5, {"forwarded": there}),
        (1.5, {"text": "a" * 1950}),
        (0.15, {"text": "what is this?"}),
        (0.0, {"text": "what is this?", "files": [CAT]}),
        (0.0, {"text": "what is this?", "reply_to": await server.says("my cat", by=BOB)}),
        (0.0, {"text": "/help"}),
    ]
    assert [understood(await says(**more)).awaits for _, more in cases] == [seconds for seconds, _ in cases]


async def test_photos_without_words_belong_together_in_private(says: Says, server: FakeDiscord) -> None:
    albums = [understood(await says(text, server.dm(), files=[CAT])).album for text in ("", "", "what?")]
    assert albums == ["loose", "loose", None]
    assert understood(await says(files=[CAT])).album is None


# links, whose pictures Discord adds


@pytest.mark.parametrize("text", ["https://photos.example/cat.jpg", "what is http://a.b/c on it?"])
async def test_a_link_waits_for_its_picture(says: Says, text: str) -> None:
    said = await says(text)
    assert understood(said).awaits_preview


async def test_nothing_waits_that_shows_something_already(says: Says, server: FakeDiscord) -> None:
    link = "https://photos.example/cat.jpg"
    assert not understood(await says(link, files=[CAT])).awaits_preview
    assert not understood(await says(link, embeds=[server.embed(CAT[1])])).awaits_preview
    for text in ("no link: https:// or example.org", f"<{link}>", f"https://discord.com/channels/1/2/3 and <{link}>"):
        assert not understood(await says(text, server.dm())).awaits_preview
    assert not understood(await says(link, flags=SUPPRESS_EMBEDS)).awaits_preview


async def test_the_picture_of_a_link_is_the_message_s_own(says: Says, server: FakeDiscord) -> None:
    said = await says("https://photos.example/cat.jpg", embeds=[server.embed(CAT[1], "cat.jpg")])
    [attachment] = understood(said).attachments
    assert (attachment.ref, attachment.name) == (f"{GENERAL}/{said.id}/embed0", "cat.jpg")


# what Discord hides from who may not read everything


async def test_what_is_hidden_and_not_for_the_bot_is_nothing(server: FakeDiscord, blind: Listener) -> None:
    for files in ([], [CAT]):
        id = await server.says("secret", files=files)
        assert translate(await blind.hears(id), ME) is None


async def test_what_is_said_to_the_bot_is_not_hidden(server: FakeDiscord, blind: Listener) -> None:
    for channel in (GENERAL, server.dm()):
        said = await blind.hears(await server.says("what is this?", channel, files=[CAT], mention=True))
        message = await completed(said)
        assert (message.text, named(message), message.addressed) == ("what is this?", ["cat.jpg"], True)
        assert not is_hidden(said, ME)


async def test_a_reply_to_something_hidden_names_it_as_what_cannot_be_seen(
    server: FakeDiscord, blind: Listener
) -> None:
    photo = await server.says("my cat", by=BOB, files=[CAT])
    message = await completed(await blind.hears(await server.says("what is it?", mention=True, reply_to=photo)))
    nothing = Attachment(ref=f"hidden/{photo}", name=say("discord_hidden_name"))
    assert message.about == MessageReference(id=str(photo), ours=False, text="", attachments=(nothing,), author="Bob")


async def test_what_is_empty_by_itself_is_not_taken_for_hidden(
    server: FakeDiscord, client: Listener, blind: Listener
) -> None:
    welcome = await server.says(by=BOB, type=7)
    card = await ours(client, "", embed=discord.Embed(title="A cat"))
    private = await server.tells(forwarded=await server.says("a long story", by=BOB))
    for target, channel, text in (
        *((welcome, GENERAL, ""), (card, GENERAL, "A cat")),
        (private, server.dm(), "a long story"),
    ):
        said = await blind.hears(await server.says("what?", channel, mention=True, reply_to=target))
        about = (await completed(said)).about
        assert about is not None
        assert (about.id, about.ours, about.text, about.photos) == (str(target), target == card, text, ())


async def test_what_discord_shows_all_the_same_is_not_taken_for_hidden(server: FakeDiscord, blind: Listener) -> None:
    """REST goes by what the bot has been granted, and the gateway by what it asks for."""
    there = await server.says("a long story", OTHER, BOB)
    for shown, text in (
        *(({"embeds": [TITLE]}, "Rain tomorrow"), ({"poll": POLL}, "Which one?\n- This one")),
        ({"forwarded": there}, "a long story"),
    ):
        target = await server.says(by=BOB, **shown)
        said = await blind.reads(GENERAL, await server.says("what?", mention=True, reply_to=target))
        about = (await completed(said)).about
        assert about == MessageReference(id=str(target), ours=False, text=text, author="Bob")


async def test_the_words_of_a_forward_are_hidden_too(server: FakeDiscord, blind: Listener) -> None:
    forward = await server.says(by=BOB, forwarded=await server.says("a long story", OTHER))
    message = await completed(await blind.hears(await server.says("is that true?", mention=True, reply_to=forward)))
    assert message.photos == (Attachment(ref=f"hidden/{forward}", name=say("discord_hidden_name")),)


async def test_a_reply_to_the_bot_s_own_words_shows_them(
    server: FakeDiscord, client: Listener, blind: Listener
) -> None:
    post = await ours(client)
    message = await completed(await blind.hears(await server.says("how old?", reply_to=post)))
    assert message.about == MessageReference(id=str(post), ours=True, text="It is a cat.", author="snapthread")
    assert message.addressed


async def test_who_calls_the_bot_by_its_role_alone_is_hidden(server: FakeDiscord, blind: Listener) -> None:
    assert is_hidden(await blind.hears(await server.says("what is this?", mention_role=True, files=[CAT])), ME)


async def test_nobody_else_is_hidden(server: FakeDiscord, client: Listener, blind: Listener) -> None:
    robot = server.add_user("robot", bot=True)
    for text, by in ((f"<@&{BOT_ROLE}> <@{ME}> look", ANN), ("secret", ADMIN), (f"<@&{BOT_ROLE}> look", robot)):
        assert not is_hidden(await blind.hears(await server.says(text, by=by)), ME)
    assert not is_hidden(await client.hears(await server.says("look", mention_role=True)), ME)
