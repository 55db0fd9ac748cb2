"""The rule as a small model: for whatever people do, the provider gets the photo that the model names."""

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.files.photos import PhotoIntake
from bot.messages import POINTER_SECONDS, Attachment, Author, Message, MessageReference, Unseen
from bot.store import open_store
from tests.asking.test_subject import Chat, in_chat
from tests.conftest import MODEL, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider

NOTHING = "nothing"
EXAMPLES = int(os.environ.get("RULE_EXAMPLES", "40"))  # more of them for the figure in docs/design.md
PEOPLE = [Author(str(n), name) for n, name in enumerate(("Ann", "Bob", "Carl"), 1)]
COLOURS = ("red", "green", "blue", "white", "black", "yellow", "purple", "orange", "grey", "pink", "brown", "cyan")

KINDS = (
    *("post", "post", "post", "ask", "ask", "ask", "reply", "reply to answer"),
    *("forward", "edit", "edit", "delete", "pause", "describe", "describe", "correct", "model"),
    *("link", "link to question", "link to answer", "chain", "chain to answer"),
)
CHAIN = MessageReference(id="nice", ours=False, text="nice one!")  # what somebody said in reply to something
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 20)), min_size=8, max_size=18)

Asked = tuple[str, str]  # the id of a question or its answer, and the photo that it was about


@dataclass
class Posted:
    """A photo that somebody posted beside the conversation."""

    author: str
    photo: str
    sent: float
    message: Message
    deleted: bool = False


@dataclass
class Model:
    """What the rule says, in as few words as it can be said."""

    above: list[Posted] = field(default_factory=list)  # that nobody has asked about yet, by arrival
    asked: dict[str, int] = field(default_factory=dict)  # of each person: how many photos stood above their question
    shown_with: int = 0  # how many stood above the last question that brought its own photo
    last: str = NOTHING  # that the conversation showed

    def photo_above(self, author: str, now: float) -> str:
        """The photo that a question is about which points at nothing."""
        fresh = [
            (n, each)
            for n, each in enumerate(self.above)
            if not each.deleted and now - each.sent <= POINTER_SECONDS and n >= self.asked.get(author, 0)
        ]
        own = [each for _, each in fresh if each.author == author]
        others = [each for n, each in fresh if each.author != author and n >= self.shown_with]
        return next((choice[-1].photo for choice in (own, others) if choice), self.last)

    def linked(self, posted: Posted, now: float) -> str:
        """The photo of a link that the platform does not follow: what the bot knows of the message, as it is now."""
        fresh = [each for each in self.above if not each.deleted and now - each.sent <= POINTER_SECONDS]
        return next((each.photo for each in reversed(fresh) if each.message.id == posted.message.id), NOTHING)

    def ask(self, author: str, photo: str, *, brings: bool = False) -> str:
        """Somebody asks about this photo."""
        self.asked[author] = len(self.above)
        if brings:
            self.shown_with = len(self.above)
        if photo != NOTHING:  # a question about nothing shows nothing
            self.last = photo
        return photo


@dataclass
class Play:
    """The same steps for the model and for the bot."""

    chat: Chat
    model: Model = field(default_factory=Model)
    now: float = field(default_factory=time.time)
    photos: Iterator[str] = field(default_factory=lambda: iter(range_of_names()))
    ids: Iterator[int] = field(default_factory=itertools.count)
    answers: list[Asked] = field(default_factory=list)  # the post of each
    questions: list[Asked] = field(default_factory=list)  # the message of each

    async def take(self, step: tuple[str, int, int]) -> None:
        kind, who, which = step
        self.now += 400 if kind == "pause" else 10
        author = PEOPLE[who]
        if kind == "post":
            await self.post(author)
        elif kind == "ask":
            photo = self.model.photo_above(author.id, self.now)
            await self.expect(self.say(author), photo)
        elif kind in ("describe", "model"):
            await self.command(kind, author)
        elif kind == "forward":
            photo = next(self.photos)
            forwarded = replace(self.say(author, photo), forwarded=True, origin="Tom")
            await self.expect(forwarded, photo, brings=True)
        elif kind == "reply" and self.model.above:
            await self.reply(author, self.model.above[which % len(self.model.above)])
        elif kind == "reply to answer" and self.answers:
            post, photo = self.answers[which % len(self.answers)]
            about = MessageReference(id=post, ours=True, text="a cat")
            await self.expect(replace(self.say(author), about=about), photo)
        elif kind in ("edit", "delete", "correct") and self.model.above:
            await self.change(kind, self.model.above[which % len(self.model.above)])
        elif kind.startswith("link"):
            await self.link(kind, author, which)
        elif kind.startswith("chain"):
            await self.chain(kind, author, which)

    def say(self, author: Author, *photos: str) -> Message:
        attachments = tuple(Attachment(ref=name, name=f"{name}.png") for name in photos)
        return replace(said(id=f"said{next(self.ids)}"), author=author, sent=self.now, attachments=attachments)

    async def command(self, kind: str, author: Author) -> None:
        """A command about a picture is a question, too, and asks nothing where there is none; others are none."""
        message = replace(self.say(author), text=f"/{kind}")
        photo = self.model.photo_above(author.id, self.now)
        if kind == "model":
            await self.chat.says(message)
        elif photo == NOTHING:
            await self.expect_nothing(message)
        else:
            await self.expect(message, photo)

    async def post(self, author: Author) -> None:
        photo = next(self.photos)
        message = replace(self.say(author, photo), text="", addressed=False)
        await self.chat.says(message)
        self.model.above.append(Posted(author.id, photo, self.now, message))

    async def reply(self, author: Author, to: Posted) -> None:
        unseen: Unseen | None = "deleted" if to.deleted else None
        about = MessageReference(id=to.message.id, ours=False, text="", attachments=shown(to), unseen=unseen)
        message = replace(self.say(author), about=about)
        if to.deleted:
            await self.expect_nothing(message)
        else:
            await self.expect(message, to.photo)

    async def link(self, kind: str, author: Author, which: int) -> None:
        """A link to a photo or a question that the platform does not follow, or to an answer of the bot's."""
        known: dict[str, Sequence[Posted | Asked]] = {
            "link": self.model.above,
            "link to question": self.questions,
            "link to answer": self.answers,
        }
        if not (targets := known[kind]):
            return
        target = targets[which % len(targets)]
        if isinstance(target, Posted):
            id, photo = target.message.id, self.model.linked(target, self.now)
        else:
            id, photo = target
        ours = kind == "link to answer"
        about = MessageReference(id=id, ours=ours, text="", kind="link", unseen=None if ours else "elsewhere")
        message = replace(self.say(author), about=about)
        if photo == NOTHING and not ours:
            await self.expect_nothing(message)
        else:
            await self.expect(message, photo)

    async def chain(self, kind: str, author: Author, which: int) -> None:
        """A reply to words in reply to words, up to ten steps, at whose end stand a photo or an answer."""
        targets: Sequence[Posted | Asked] = self.answers if kind == "chain to answer" else self.model.above
        if not targets:
            return
        target = targets[which % len(targets)]
        steps = tuple(replace(CHAIN, id=f"nice{n}", kind="chain") for n in range(which % 9))
        if isinstance(target, Posted):
            photo = NOTHING if target.deleted else target.photo
            end = MessageReference(id=target.message.id, ours=False, text="", kind="chain", attachments=shown(target))
            steps += () if target.deleted else (end,)  # a broken chain: the words that are there count
        else:
            post, photo = target
            steps += (MessageReference(id=post, ours=True, text="a cat", kind="chain"),)
        await self.expect(replace(self.say(author), about=CHAIN, more=steps), photo)

    async def change(self, kind: str, posted: Posted) -> None:
        if posted.deleted:
            return
        if kind == "correct":  # other words, and the same photo
            caption = replace(posted.message, text="a typo", attachments=shown(posted), edited=True)
            await self.chat.says(caption)
            return
        if kind == "delete":
            posted.deleted = True
            await self.chat.inbox.store.intake.cancel_queued(posted.message.channel, posted.message.id)
            return
        photo = next(self.photos)
        edit = replace(posted.message, attachments=(Attachment(ref=photo, name=f"{photo}.png"),), edited=True)
        await self.chat.says(edit)
        posted.deleted = True  # the old one; the new one is the last that arrived
        self.model.above.append(replace_photo(posted, photo))

    async def expect(self, message: Message, photo: str, *, brings: bool = False) -> None:
        count = len(self.chat.provider.prompts)
        await self.chat.says(message)
        prompts = self.chat.provider.prompts[count:]
        assert len(prompts) == 1, "asked once"
        got = [each.name.removesuffix(".png") for each in prompts[0].photos] or [NOTHING]
        assert got == [self.model.ask(message.author.id, photo, brings=brings)]
        post = list(self.chat.platform.replied_to)[-1]
        self.answers.append((post, photo))
        self.questions.append((message.id, photo))

    async def expect_nothing(self, message: Message) -> None:
        """The message points at something that cannot be seen: nothing is asked, and nothing stands in."""
        count = len(self.chat.provider.prompts)
        await self.chat.says(message)
        assert len(self.chat.provider.prompts) == count, "nothing stands in"
        self.model.asked[message.author.id] = len(self.model.above)


def shown(posted: Posted) -> tuple[Attachment, ...]:
    """Return the files that a platform shows of a message that is pointed at."""
    return () if posted.deleted else (Attachment(ref=posted.photo, name=f"{posted.photo}.png"),)


def replace_photo(posted: Posted, photo: str) -> Posted:
    return Posted(posted.author, photo, posted.sent, posted.message)


def range_of_names() -> list[str]:
    return [f"photo{n}" for n in range(40)]


def drawn(n: int) -> bytes:
    """A picture that no other one is equal to."""
    picture = BytesIO()
    Image.new("RGB", (16 + n, 16), COLOURS[n % len(COLOURS)]).save(picture, "PNG")
    return picture.getvalue()


PICTURES = {name: drawn(n) for n, name in enumerate(range_of_names())}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(taken=steps)
async def test_the_provider_gets_what_the_rule_says(
    taken: list[tuple[str, int, int]], photos: PhotoIntake, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("rule")
    platform, provider = FakePlatform(), FakeProvider(keeps_history=False)
    platform.files |= PICTURES
    async with open_store(f"sqlite:///{folder}/bot.db", MODEL) as store:
        play = Play(in_chat(store, platform, provider, photos))
        for step in taken:
            await play.take(step)
