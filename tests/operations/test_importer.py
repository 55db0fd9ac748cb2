"""Earlier photos are read back page by page, once, whatever dies, and only as long as people may."""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat_platform import HistoryPage, Platform
from bot.commands import COMMANDS, Response
from bot.errors import Busy, FailureCode, Refused
from bot.messages import Attachment, Author, Channel, ImportOrder, Message, SearchQuery
from bot.operations.importer import BUSY_SECONDS, IDLE_SECONDS, Importer
from bot.ports import Store
from tests.commands.conftest import command_context, heard
from tests.doubles.platform import FakePlatform

HERE, OTHER = Channel("web", "lobby"), Channel("web", "other")
ANN = Author("ann", "Ann")


class FakeHistory:
    """Channels with messages, newest first; a page has two of them."""

    def __init__(self) -> None:
        self.said: dict[Channel, list[Message]] = {HERE: [], OTHER: []}
        self.asked: list[tuple[Channel, str]] = []
        self.troubles: list[Exception] = []

    def post(self, words: str, channel: Channel = HERE, alt: str = "") -> Message:
        id = str(100 - sum(map(len, self.said.values())))
        photo = Attachment(ref=f"ref-{id}", name=f"{id}.jpg", mime="image/jpeg", alt=alt)
        message = Message(channel=channel, id=id, author=ANN, text=words, sent=float(id), attachments=(photo,))
        self.said[channel].append(replace(message, server="web:house"))
        return message

    async def list_readable_channels(self, channel: Channel, author: Author) -> Sequence[Channel]:
        return [HERE, OTHER]

    async def read_back(self, channel: Channel, before: str) -> HistoryPage:
        self.asked.append((channel, before))
        if self.troubles:
            raise self.troubles.pop(0)
        older = [each for each in self.said[channel] if not before or int(each.id) < int(before)]
        page = older[:2]
        return HistoryPage(messages=tuple(page), count=len(page), read_to=page[-1].id if len(older) > 2 else None)


def platform_with(history: FakePlatform | None, read: FakeHistory) -> Platform:
    return replace((history or FakePlatform()).as_platform(), history=read)


def importer_of(store: Store, platform: Platform) -> Importer:
    return Importer(
        imports=store.imports,
        channels=store.channels,
        people=store.people,
        coordination=store.coordination,
        platforms={"web": platform},
        page_seconds=0,
    )


async def found(store: Store, *words: str) -> list[str]:
    """The messages of what is found here."""
    turn = await heard(store)
    hits = await store.imports.find_imported(turn.conversation, SearchQuery(words), 10)
    await store.queue.finish(turn)
    return [photo.message for photo, _ in hits]


async def read_all(importer: Importer) -> None:
    while await importer.read_next() == 0:
        pass


async def test_a_channel_is_read_to_its_beginning_and_its_photos_are_found_by_words_names_and_alt_text(
    store: Store,
) -> None:
    history, chat = FakeHistory(), FakePlatform()
    messages = [history.post(words) for words in ("a red Käfer", "the sea", "our dog")]
    described = history.post("", alt="a receipt from May")
    await store.imports.order_import([HERE], HERE)
    await importer_of(store, platform_with(chat, history)).read_next()
    await read_all(importer_of(store, platform_with(chat, history)))  # another process goes on
    assert [before for _, before in history.asked] == ["", "99"]
    assert await found(store, "kafer") == [messages[0].id]
    assert await found(store, "receipt", "may") == [described.id]
    assert chat.reads() == [
        "I have read back 4 messages and found 4 photos in them. /find finds them now, in the channel where each was "
        "posted."
    ]
    assert list(chat.quiet.values()) == [True]


async def test_only_the_channels_of_a_conversation_are_searched(store: Store) -> None:
    history = FakeHistory()
    history.post("a red car", OTHER)
    await store.imports.order_import([HERE, OTHER], HERE)
    await read_all(importer_of(store, platform_with(None, history)))
    assert await found(store, "red") == []


async def test_it_waits_as_long_as_the_platform_wants_and_leaves_what_it_may_not_read(sqlite: Store) -> None:
    history = FakeHistory()
    history.post("a red car")
    importer = importer_of(sqlite, platform_with(None, history))
    assert await importer.read_next() == IDLE_SECONDS
    await sqlite.imports.order_import([HERE], HERE)
    history.troubles = [Busy(FailureCode.DISCORD_SLOW_DOWN, 7.0), Busy(FailureCode.DISCORD_UNREACHABLE)]
    assert [await importer.read_next() for _ in range(2)] == [7.0, BUSY_SECONDS]
    history.troubles = [Refused(FailureCode.CHANNEL_LOST)]
    assert await importer.read_next() == 0
    progress = await sqlite.imports.get_import_progress(HERE)
    assert progress is not None
    assert (progress.left, progress.photos) == (0, 0)


async def test_a_place_that_was_shut_out_is_not_read_on(sqlite: Store) -> None:
    history = FakeHistory()
    history.post("a red car")
    await sqlite.people.set_access("web:house", False)
    await sqlite.imports.order_import([HERE], HERE)
    await read_all(importer_of(sqlite, platform_with(None, history)))
    assert await found(sqlite, "red") == []


async def test_a_page_that_was_read_when_it_was_stopped_is_not_kept(sqlite: Store) -> None:
    await sqlite.imports.order_import([HERE], HERE)
    order = await sqlite.imports.next_import(["web"])
    assert isinstance(order, ImportOrder)
    assert await sqlite.imports.stop_import(HERE) == 1
    assert not await sqlite.imports.save_import(order, (), read_to="5", messages=2)
    assert await sqlite.imports.next_import(["web"]) is None


async def test_what_was_imported_goes_with_its_message_with_forget_and_with_time(store: Store) -> None:
    history = FakeHistory()
    first, second = history.post("a red car"), history.post("a red bus")
    await store.imports.order_import([HERE], HERE)
    await read_all(importer_of(store, platform_with(None, history)))
    await store.intake.cancel_queued(HERE, first.id)
    assert await found(store, "red") == [second.id]
    turn = await heard(store)
    await store.queue.finish(turn)
    await store.deletion.forget(turn.conversation)
    assert await found(store, "red") == []
    assert await store.imports.get_import_progress(HERE) is None

    await store.imports.order_import([HERE], HERE)
    await read_all(importer_of(store, platform_with(None, history)))
    await store.deletion.delete_expired(10**11, 500)
    assert await found(store, "red") == []


async def test_only_who_manages_the_place_orders_and_stops_it(sqlite: Store) -> None:
    chat, history = FakePlatform(), FakeHistory()
    platforms = {"web": platform_with(chat, history)}
    context, turn = command_context(sqlite, providers={}, platforms=platforms), await heard(sqlite)

    async def says(words: str) -> str:
        answered = await COMMANDS["find"].run(context, turn, words)
        assert isinstance(answered, Response)
        return answered.text

    chat.managers = set()
    try:
        await says("import")
    except Refused as error:
        assert error.code is FailureCode.SETTINGS_NOT_YOURS
    chat.managers = {turn.message.author.id}
    assert await says("import stop") == "Nothing is being read back here."
    assert "(2 in all)" in await says("import server")
    assert "0 messages with 0 photos so far, and 2 to go" in await says("import")
    assert "stopped" in await says("import stop")
    assert await says("import licence") == "I found nothing like that in this conversation. Try other words, or fewer."

    without = command_context(sqlite, providers={}, platforms={"web": chat.as_platform()})
    answered = await COMMANDS["find"].run(without, turn, "import")
    assert isinstance(answered, Response)
    assert answered.text.startswith("I can't read earlier messages here")
