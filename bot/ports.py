"""The sockets of the bot. Whatever fits one can be plugged in."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, Self

from bot.messages import (
    Admission,
    Answer,
    AnswerVersion,
    Attachment,
    Author,
    Backlog,
    Budget,
    Channel,
    ChannelSettings,
    Conversation,
    DaySpent,
    Document,
    Exchange,
    File,
    Generated,
    GenerationRequest,
    Message,
    Model,
    OutgoingPost,
    Photo,
    Piece,
    Preferences,
    Prompt,
    PutAside,
    RateLimit,
    RememberedFile,
    Spent,
    StoredFile,
    Tally,
    Transcript,
    Turn,
    Usage,
    WebSession,
    WorkerProcess,
)

Receive = Callable[[Message], Awaitable[bool | None]]
"""Takes a message in. Once it returns, the message survives a crash; False: nobody will answer it."""


class Adapter(Protocol):
    """A chat platform. Entered, it can speak; only `listen` needs the live connection.

    Every method raises only `bot.errors.BotError` for what can be foreseen.
    """

    @property
    def name(self) -> str:
        """The platform's name, as in `Channel.platform`."""
        ...

    @property
    def max_length(self) -> int:
        """UTF-16 units in one post."""
        ...

    @property
    def edit_interval(self) -> float:
        """Seconds between two edits of a growing answer."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    async def listen(self, receive: Receive) -> None:
        """Hand every message to `receive`, in each channel's order, until cancelled."""

    @property
    def trouble(self) -> str | None:
        """What keeps it from hearing, in words for the operator; None while all is well."""
        ...

    @property
    def status(self) -> str:
        """How it is, in words for the operator; empty where there is nothing to say."""
        ...

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id.

        Its files stay when the post is edited: pictures are shown, others can be fetched. Refused (file_too_large)
        where the platform takes none of that size; then nothing was posted. Busy where a partial post would have to
        wait, because later there will be a better text.
        """
        ...

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post; files, key and what it replies to stay as they were.

        Returns the post's id, which is another one where the platform had to post anew. Busy as in `send`.
        """
        ...

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file; Refused when it holds more than `limit` bytes or is gone."""
        ...

    def typing(self, channel: Channel) -> AbstractAsyncContextManager[None]:
        """Show that an answer is on its way."""
        ...

    async def manages(self, channel: Channel, author: Author) -> bool:
        """Whether this person may change the channel's settings: anybody in private, admins elsewhere."""
        ...

    async def forget(self, channel: Channel) -> None:
        """Delete what we hold of a channel in the platform's place."""

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete what we hold in the platform's place from before then: words and photos (seconds since 1970)."""

    async def check(self) -> None:
        """Make one cheap call that needs the token; raises what is wrong with it."""


class MediaGenerator(Protocol):
    """Makes pictures and sound. Every method raises only `bot.errors.BotError` for what can be foreseen."""

    async def models(self, craft: str) -> Sequence[Model]:
        """Who can do it, the usual one first; `craft` is one of `Craft`, or hear, or speak."""
        ...

    async def generate(self, order: GenerationRequest) -> Generated:
        """Make what was ordered, and fetch it. Refused before it costs anything where the model cannot do it so."""
        ...

    async def transcribe(self, recording: File, model: str, language: str) -> Transcript:
        """Write down what is said; `language` is what its speaker is likely to speak (de, zh-CN), or empty."""
        ...

    async def speak(self, text: str, model: str) -> Generated:
        """Read the text aloud, into one file."""
        ...


class Provider(Protocol):
    """Something that answers. Every method raises only `bot.errors.BotError` for what can be foreseen."""

    @property
    def name(self) -> str:
        """As in the models that people name: name/model."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    async def begin(self, conversation: Conversation, title: str) -> str | None:
        """Open the conversation on the provider's side and return its id there; None where it keeps no history."""

    async def upload(self, file: Photo | Document) -> None:
        """Bring a file to where `ask` can name it; nothing to do where files travel with the question.

        Called as soon as the file is ready, so that uploads run side by side. Unreadable: this one is not taken.
        """

    def reads(self, document: Document, model: str) -> bool:
        """Whether this model gets the document itself; of others the words in it travel with the question."""
        ...

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. Closing the generator closes the connection.

        Refused (provider_document_refused) where only the words in its documents can be taken after all.

        Raises Forgotten when the provider lost the conversation. Nothing is asked twice once a Text is out: what
        breaks off then raises Cut.
        """
        ...

    @property
    def media(self) -> MediaGenerator | None:
        """Who makes pictures and sound there; None where nobody does."""
        ...

    async def forget(self, conversation: Conversation) -> None:
        """Delete what the provider keeps of the conversation; nothing to do where it keeps none."""

    async def models(self) -> Sequence[Model]:
        """What can be asked now; the shipped list where the live one cannot be had."""
        ...

    async def check(self) -> None:
        """Make one cheap call that needs the key; raises what is wrong with it."""


class SessionStore(Protocol):
    """Who is logged in at the web server. It is told hashes only: of the session's secret, and of the token.

    A session is found with the token that it began with, and with no other one.
    """

    async def add_session(self, session: WebSession, *, secret_hash: str, token_hash: str) -> None:
        """Keep a new session."""

    async def find_session(self, *, secret_hash: str, token_hash: str) -> WebSession | None:
        """Return the session with this secret, if it began with this token."""

    async def list_sessions(self, token_hash: str) -> Sequence[WebSession]:
        """Return the sessions that began with this token, the last used one first."""
        ...

    async def touch_session(self, id: str, now: float) -> None:
        """Note when the session was last used."""

    async def end_session(self, id: str) -> None:
        """Delete the session."""

    async def prune_sessions(self, *, token_hash: str, before: float) -> None:
        """Delete the sessions that began with another token, or before that moment."""


class Store(SessionStore, Protocol):
    """The memory. Unfinished turns are the queue; finished ones are the history.

    Whatever is written has survived once the call returns. Writes of a turn are fenced by its holder: LeaseLost when
    another process has taken it over.
    """

    @property
    def me(self) -> str:
        """The name of this process in the store; one that starts again has another."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    # the queue

    async def add(self, message: Message, ripens: float = 0, most: int | None = None) -> bool:
        """Keep the message as a new turn, to be taken up in `ripens` seconds; False if it was kept before.

        QueueFull, and nothing is kept, where its author has `most` unfinished turns already.
        A part of an album joins the turn of the other parts while that waits, and lets it wait that long again.
        """
        ...

    async def amend(self, message: Message) -> None:
        """The message was edited: keep its new words, if nobody has taken the turn up yet."""

    async def hold_albums(self, seconds: float) -> None:
        """Take up no album for so long that nobody has taken up yet: there may be more of it to come."""
        ...

    async def cancel_queued(self, channel: Channel, id: str) -> None:
        """The message was deleted: forget its turn, if nobody has taken it up yet; an album goes on without it."""

    async def claim(
        self, most: int, platforms: Collection[str] | None = None, each: int | None = None
    ) -> Sequence[Turn]:
        """Lease the oldest ripe turns, at most one of each conversation: always the first in its line.

        Fewer than `most` where several processes are to take about the same from a long queue; ask again.
        With `platforms`, only what was said there: on others this process cannot speak. With `each`, this process holds
        so many turns of one author at most.
        """
        ...

    async def renew_leases(self, working: Collection[int]) -> Collection[int]:
        """Push back the end of the leases of these turns, and give back what this process holds besides.

        A database that went away at the wrong moment may have kept a claim from us. Returns the conversations in which
        somebody wants the answer to end.
        """
        ...

    async def release_leases(self) -> None:
        """Give back every turn this process holds."""

    async def wait(self, seconds: float, platforms: Collection[str] | None = None, each: int | None = None) -> None:
        """Sleep until there may be something to claim on these platforms, `seconds` at most."""

    def wake(self) -> None:
        """End this process's `wait`."""

    async def reschedule(self, turn: Turn, seconds: float) -> None:
        """Put the turn back for that long; its conversation waits behind it. Counts as a try."""

    async def save_answer(self, turn: Turn, answer: Answer) -> None:
        """Keep the whole answer, and book what it took if a model gave it; only delivery is left."""

    async def finish(self, turn: Turn, error: str | None = None) -> None:
        """Take the turn off the queue, and let the next of its conversation come forward."""

    async def list_put_aside(self, most: int) -> Sequence[PutAside]:
        """Return the turns that were put aside, latest first, `most` at most."""
        ...

    async def count_put_aside(self) -> int:
        """Count the turns that were put aside."""
        ...

    async def release_put_aside(self, turn: int) -> bool:
        """Put the turn back into the line of its channel, with a clean slate; False if it was not put aside."""
        ...

    # posts

    async def list_posts(self, turn: Turn, channel: Channel, lane: int = 0) -> list[str]:
        """The ids of what was posted for this turn, first post first; each answer side by side has its own lane."""
        ...

    async def list_posts_by_channel(self, turn: Turn) -> Mapping[Channel, list[str]]:
        """What was posted for this turn in each channel, first post first; lane 0 only."""
        ...

    async def save_post_id(self, turn: Turn, channel: Channel, n: int, post: str, lane: int = 0) -> None:
        """Keep the id of the n-th post (from 0, below 1,000) of a lane."""

    async def find_turn_of_post(self, channel: Channel, post: str) -> Turn | None:
        """The turn that a post of ours answers; where that only asked again, the turn that it asked about."""

    # turns and their answers

    async def get_turn(self, id: int) -> Turn | None:
        """The turn with this number, finished or not, with its conversation as it is now."""

    async def find_last_question(self, conversation: Conversation) -> Turn | None:
        """The last turn of the conversation that a model was asked about, be it in vain; no command."""

    async def list_answered(self, conversation: Conversation) -> Sequence[Turn]:
        """All that was asked and answered in the conversation, oldest first, commands left out."""
        ...

    async def list_recorded(self, conversation: Conversation) -> Sequence[Turn]:
        """As `transcript`, with the commands for which a model worked: what it compared, made or read aloud."""
        ...

    async def list_versions(self, turn: Turn) -> Sequence[AnswerVersion]:
        """The answers that models gave to the turn, the original one first."""
        ...

    async def add_version(self, turn: Turn, by: Turn, version: AnswerVersion) -> int:
        """Keep and show the answer that the later turn `by` brought for `turn`; its number, from 0.

        What `by` brings again takes the place of what it brought. A turn that was forgotten meanwhile keeps nothing.
        """
        ...

    async def select_version(self, turn: Turn, n: int) -> None:
        """Let this answer be the one that is shown and that the history quotes."""

    # photos

    async def save_files(self, turn: Turn, files: Mapping[Attachment, StoredFile], channel: Channel) -> None:
        """Number the photos and documents that the turn shows, in this order, after those its conversation knows.

        `channel` is where they were posted. One that the conversation knows by its hash keeps its number.
        """

    async def list_files(self, conversation: Conversation, most: int) -> Sequence[RememberedFile]:
        """The photos and documents of the conversation that were shown last, `most` at most, by number.

        With what was said of each: the beginning of the answer to its turn, where a model gave one.
        """
        ...

    async def save_description(self, conversation: Conversation, sha256: str, description: str) -> None:
        """Keep in a few words what the photo shows."""

    async def mark_unusable(self, conversation: Conversation, sha256: str) -> None:
        """Keep that a provider choked on the photo."""

    # what was made

    async def save_generated(self, turn: Turn, files: Sequence[File]) -> None:
        """Keep what was made for a turn that we hold; what it has already stays as it is."""

    async def list_generated(self, turn: int) -> Sequence[File]:
        """What was made for the turn with this number; nothing where it is too old."""
        ...

    async def delete_generated(self, before: float) -> None:
        """Delete what was made before that moment (seconds since 1970)."""

    async def set_transcript(self, turn: Turn, transcript: str) -> None:
        """Keep what is said in the turn's recordings. Raises LeaseLost where another process holds the turn."""

    # channels

    async def get_channel_settings(self, channel: Channel) -> ChannelSettings:
        """What was chosen for the channel; what another process chose is known within seconds."""
        ...

    async def save_channel_settings(self, channel: Channel, settings: ChannelSettings) -> None:
        """Keep what was chosen for the channel."""

    async def save_read_marks(self, marks: Mapping[Channel, str]) -> None:
        """Keep the id of the last message that was heard in each of these channels."""

    async def list_read_marks(self, platform: str) -> Mapping[Channel, str]:
        """The last message that was heard in each channel of the platform."""
        ...

    # conversations

    async def migrate_channel(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""

    async def list_history(self, turn: Turn, limit: int) -> Sequence[Exchange]:
        """The turns answered before this one in its conversation, oldest first, commands left out."""
        ...

    async def save_remote_id(self, conversation: Conversation, remote_id: str | None) -> None:
        """Keep the provider's id of the conversation."""

    async def find_conversation(self, channel: Channel) -> Conversation | None:
        """The conversation that the channel takes part in; None if nothing was ever said there."""

    async def list_channels(self, conversation: Conversation) -> Sequence[Channel]:
        """The channels that share the conversation."""
        ...

    async def join(self, channel: Channel, conversation: Conversation) -> None:
        """From now on the channel shares that conversation; what waits there goes along, and is answered by age."""

    async def leave(self, channel: Channel) -> Conversation:
        """Give the channel, with what waits there, a fresh conversation with the same model and preferences."""
        ...

    async def drop_channel(self, channel: Channel) -> None:
        """The channel is gone for good: it shares no conversation, and what waits there is finished as `gone`.

        A turn in work ends by itself.
        """

    async def renew(self, conversation: Conversation) -> Conversation:
        """Give its channels, with all that waits there, a fresh conversation with the same model and preferences."""
        ...

    async def switch_model(self, conversation: Conversation, model: str) -> None:
        """Keep the choice of a model. Another provider means another remote conversation."""

    async def save_preferences(self, conversation: Conversation, preferences: Preferences) -> None:
        """Keep what people chose for the conversation."""

    # people

    async def get_access(self, subject: str) -> bool | None:
        """Whether the subject (telegram:42) was let in (True) or kept out (False).

        What another process chose is known within seconds.
        """

    async def set_access(self, subject: str, allowed: bool | None) -> None:
        """Let the subject in or keep it out; None: neither. Who is kept out is no admin any more."""

    async def is_admin(self, subject: str) -> bool:
        """Whether this person (telegram:42) claimed the bot; what another process was told is known within seconds."""
        ...

    async def add_admin(self, subject: str) -> None:
        """Let this person in, as one who runs the bot."""

    async def list_admins(self) -> Sequence[str]:
        """Return everybody who claimed the bot."""
        ...

    async def create_code(self, purpose: str, subject: str, seconds: float, *, length: int = 8) -> str:
        """Issue a code that stands for the subject, once, for so many seconds; its older one for this purpose is void.

        31 to the power of `length` codes are possible.
        """
        ...

    async def first_code(self, purpose: str, subject: str, seconds: float) -> str | None:
        """Issue a code as `new_code` does; None while an older one is good, however many ask at the same time."""

    async def has_code(self, purpose: str, subject: str) -> bool:
        """Whether the subject has a code for this purpose that is still good."""
        ...

    async def void_codes(self, purpose: str) -> None:
        """Let no code for this purpose be good any more."""

    async def redeem_code(self, purpose: str, code: str, by: str) -> str | None:
        """Return the subject of the code, which is void from now on.

        None for a wrong code, and for every code once `by` (telegram:42) has tried too many within a minute. Upper and
        lower case, dashes and blanks make no difference.
        """

    # money

    async def reserve(self, turn: Turn, models: Mapping[int, str], budgets: Sequence[Budget] = ()) -> Admission:
        """Set aside what the turn will take of these models, by lane, if there is room in each budget.

        All processes together admit no more than fits: `settle`, `answered` and the end of the turn release it. A turn
        that was admitted once stays so. Where a budget is in money, questions of which no price is known are admitted
        one at a time.
        """
        ...

    async def settle(self, turn: Turn, lane: int, model: str, usage: Usage) -> None:
        """Book what one of several answers side by side took, in place of what was reserved for it.

        It is booked once, however often it is said.
        """

    async def release(self, turn: Turn) -> None:
        """Give back what is still reserved for the turn."""

    async def get_spent(self, since: float, *, author: str | None = None, channel: Channel | None = None) -> Spent:
        """What answers took since then: all of them, or those to one author (platform:id) or in one channel."""
        ...

    async def find_oldest_spending(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> float | None:
        """When the first of what `spent` adds up was booked."""

    async def list_spent_by_day(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> Sequence[DaySpent]:
        """What `spent` adds up, by day (UTC) and model, oldest first."""
        ...

    # what is deleted

    async def list_file_hashes(self, conversation: Conversation) -> Sequence[str]:
        """The hashes of the photos and documents that go with what `forgotten` deletes."""
        ...

    async def forget(self, conversation: Conversation) -> Conversation:
        """Renew the conversation, and delete the old one with everything that was said and answered in it."""
        ...

    async def delete_expired(self, before: float, most: int) -> int:
        """Delete up to `most` turns that were finished before that moment; how many.

        Conversations that nobody can come back to, because they have neither channels nor turns, go as well.
        """
        ...

    # the fleet

    stopped: Callable[[int], object]
    """Called with a conversation when another process wants an answer there to end; assign it."""

    async def request_stop(self, conversation: int) -> bool:
        """Let whoever answers in the conversation end that; False if nobody does."""
        ...

    async def run_exclusively(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do the work while no other process does what has this name: wait until then, and give way when it is lost.

        What was lost (the database was away) is cancelled, and begun anew when it is our turn again.
        """

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass through the gate, and return how many seconds from now it is good.

        One that is later than in `patience` seconds is not booked.
        """
        ...

    async def beat(self, process: WorkerProcess) -> None:
        """Tell the others how this process is."""

    async def list_processes(self) -> Sequence[WorkerProcess]:
        """What every process told last, with the moment when it did; by name."""
        ...

    async def unregister(self) -> None:
        """Take back what this process told: it ends."""

    async def prune_stale(self, before: float) -> None:
        """Forget the processes that were not seen since that moment."""

    async def put_blob(self, key: str, data: bytes) -> None:
        """Keep under this key what only this process was given. Secrets come encrypted."""

    async def get_blob(self, key: str) -> bytes | None:
        """What was kept under the key; None where it is unknown or too old."""
        ...

    async def delete_blobs(self, prefix: str, before: float) -> None:
        """Delete what was kept before that moment under keys that begin so."""

    # assets that providers keep for us

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""

    async def delete_spending(self, before: float) -> None:
        """Delete what was booked before that moment."""

    async def forget_assets_before(self, before: float) -> int:
        """Forget all keys that were kept before that moment; how many."""
        ...

    # figures

    async def count_waiting(self) -> int:
        """How many turns are on the queue, those in work included."""
        ...

    async def get_backlog(self) -> Backlog:
        """How many turns wait, and how many are in work, in all processes."""
        ...

    async def list_tallies(self, start: float, end: float) -> Sequence[Tally]:
        """What became of the turns that were finished from `start` on and before `end`. No word and no name is in it.

        Nobody who asks anything else of the store waits for it.
        """
        ...

    async def list_spent_by_model(self, start: float, end: float) -> Mapping[str, Usage]:
        """What each model took from `start` on and before `end`, booked for whomever."""
        ...
