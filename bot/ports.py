"""The sockets of the bot. Whatever fits one can be plugged in."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from bot.messages import (
    Admission,
    AnswerVersion,
    Attachment,
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
    ImportedPhoto,
    ImportOrder,
    ImportProgress,
    JobResult,
    Message,
    Model,
    ModelScore,
    Photo,
    PhotoPointer,
    Piece,
    PlacesFound,
    Preferences,
    Prompt,
    PutAside,
    QuestionKind,
    RateLimit,
    RememberedFile,
    SearchHit,
    SearchQuery,
    Spent,
    StandIn,
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


class MediaGenerator(Protocol):
    """Makes pictures and sound. Every method raises only `bot.errors.BotError` for what can be foreseen."""

    async def models(self, craft: str) -> Sequence[Model]:
        """Return the models that can do it, the usual one first; `craft` is one of `Craft`, or hear, or speak."""
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


class KeepsConversations(Protocol):
    """Keeps what was said. Without it, every question brings the history along."""

    async def begin(self, conversation: Conversation, title: str) -> str | None:
        """Open the conversation on the provider's side and return its id there."""
        ...

    async def forget(self, conversation: Conversation) -> None:
        """Delete what the provider keeps of the conversation."""


class TakesUploads(Protocol):
    """Takes files before they are asked about. Without it, they travel with the question."""

    async def upload(self, file: Photo | Document) -> None:
        """Bring a file to where `ask` can name it. Unreadable: this one is not taken.

        Called as soon as the file is ready, so that uploads run side by side.
        """


class ReadsDocuments(Protocol):
    """Opens documents itself. Without it, their words travel with the question."""

    def reads(self, document: Document, model: str) -> bool:
        """Tell whether this model takes the document itself; for others its words travel with the question.

        False for a document that `has_pictures` if they would be ignored: they travel as photos then.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The abilities of a provider besides answering. None: it has this one not, and the fallback here applies."""

    conversations: KeepsConversations | None = None
    uploads: TakesUploads | None = None
    documents: ReadsDocuments | None = None
    media: MediaGenerator | None = None  # pictures and sound
    reads_for_nothing: bool = False  # its first model writes down the words of photos, on this machine
    tells_traces: bool = False  # its answers are followed by what a photo's file carried, for the sender alone

    async def begin(self, conversation: Conversation, title: str) -> str | None:
        """Open the conversation on the provider's side; None where it keeps no history."""
        return await self.conversations.begin(conversation, title) if self.conversations else None

    async def forget(self, conversation: Conversation) -> None:
        """Delete what the provider keeps of the conversation; nothing to do where it keeps none."""
        if self.conversations:
            await self.conversations.forget(conversation)

    async def upload(self, file: Photo | Document) -> None:
        """Bring a file to where `ask` can name it; nothing to do where files travel with the question."""
        if self.uploads:
            await self.uploads.upload(file)

    def reads(self, document: Document, model: str) -> bool:
        """Tell whether this model takes the document itself."""
        return self.documents is not None and self.documents.reads(document, model)


class Provider(Protocol):
    """Something that answers. Every method raises only `bot.errors.BotError` for what can be foreseen."""

    @property
    def name(self) -> str:
        """As in the models that people name: name/model."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    @property
    def capabilities(self) -> Capabilities:
        """The abilities besides answering."""
        ...

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece. Closing the generator closes the connection.

        Refused (provider_document_refused) where only the words in its documents can be taken after all.

        Raises Forgotten when the provider lost the conversation. Nothing is asked twice once a Text is out: what
        breaks off then raises Cut.
        """
        ...

    async def models(self) -> Sequence[Model]:
        """Return the models that can be asked now; the shipped list if the live one is unavailable."""
        ...

    async def check(self) -> None:
        """Make one cheap call that needs the key; raises what is wrong with it."""


class TurnIntake(Protocol):
    """Turns messages into queued turns, and changes those that nobody has claimed yet."""

    async def add(self, message: Message, ripens: float = 0, most: int | None = None) -> bool:
        """Store the message as a new turn, to be claimed in `ripens` seconds; return False if it is known already.

        A button that is pressed again while its turn is under way is known, too.

        Raises QueueFull, and stores nothing, where its author has `most` unfinished turns already. A part of an album
        joins the turn of the other parts while that waits, and lets it wait that long again.
        """
        ...

    async def find_waiting(self, channel: Channel, author: str) -> tuple[int, Message] | None:
        """Return the last unripe turn of the author (platform:id) in the channel, with its number."""

    async def join_turn(self, turn: int, message: Message, ripens: float = 0) -> bool:
        """Let the message be a part of a turn, which is then due in `ripens` seconds; False if that was claimed."""
        ...

    async def amend(self, message: Message) -> Turn | None:
        """Store the new words of an edited message, unless its turn was claimed already.

        One that waited for the picture of a link, and has it now, waits no longer. Returns its turn as it was before;
        None: the message was never heard.
        """

    async def forget_words(self, turn: int) -> None:
        """Delete the words of a turn that nobody said to the bot; the handles of its files stay."""

    async def is_known(self, channel: Channel, id: str) -> bool:
        """Return whether the message is a turn, or a part of one."""
        ...

    async def revise(self, turn: int, message: Message) -> None:
        """Store what the message of a turn says now, though the turn was claimed as it was before."""

    async def hold_albums(self, seconds: float) -> None:
        """Let every unclaimed album wait that long: there may be more of it to come."""

    async def cancel_queued(self, channel: Channel, id: str) -> bool:
        """Drop the turn of a deleted message, unless it was claimed already; an album goes on without it.

        A pointer to its photos goes as well. Return False if it is too late: the message is being answered, or was.
        """
        ...

    async def save_pointer(self, pointer: PhotoPointer) -> None:
        """Remember for ten minutes where a photo was posted that nobody has asked about yet.

        A pointer without photos takes the place of one that had some: there are none any more.
        """
        ...

    async def list_pointers(self, channel: Channel, since: float) -> Sequence[PhotoPointer]:
        """Return the photos and questions of the channel, and of those it is linked to, by arrival.

        Empty where no photo that nobody has asked about was sent since then.
        """
        ...


class TurnQueue(Protocol):
    """Leases unfinished turns to processes, in order within each conversation.

    Writes of a turn are fenced by its holder: they raise LeaseLost when another process has taken the turn over.
    """

    async def claim(
        self, most: int, platforms: Collection[str] | None = None, each: int | None = None
    ) -> Sequence[Turn]:
        """Lease the oldest due turns, at most one of each conversation: always the first in its line.

        Fewer than `most` where several processes are to take about the same from a long queue; ask again. With
        `platforms`, only turns from there: this process cannot post elsewhere. With `each`, this process holds at most
        so many turns of one author.
        """
        ...

    async def renew_leases(self, working: Collection[int]) -> Collection[int]:
        """Extend the leases of these turns, and give back what else this process holds.

        A database that went away at the wrong moment may have kept a claim from us. Returns the conversations in which
        somebody wants the answer to end.
        """
        ...

    async def release_leases(self) -> None:
        """Give back every turn that this process holds."""

    async def wait(self, seconds: float, platforms: Collection[str] | None = None, each: int | None = None) -> None:
        """Sleep until there may be something to claim on these platforms, `seconds` at most."""

    def wake(self) -> None:
        """End this process's `wait`."""

    async def reschedule(self, turn: Turn, seconds: float) -> None:
        """Put the turn back for that long, and count an attempt; its conversation waits behind it."""

    async def save_result(self, turn: Turn, result: JobResult) -> None:
        """Save what came of the turn, and book what it took if a model worked for it; only showing is left."""

    async def finish(self, turn: Turn, error: str | None = None) -> None:
        """Take the turn off the queue, and let the next of its conversation come forward."""

    async def count_waiting(self) -> int:
        """Count the turns on the queue, including those in work."""
        ...

    async def release_put_aside(self, turn: int) -> bool:
        """Put the turn back into the line of its channel, with a clean slate; False if it was not put aside."""
        ...


class Posts(Protocol):
    """Remembers which posts show a turn, and which turn a post shows."""

    async def list_posts(self, turn: Turn, channel: Channel, lane: int = 0) -> list[str]:
        """Return the ids of the turn's posts, first post first; each answer side by side has its own lane."""
        ...

    async def save_post_id(self, turn: Turn, channel: Channel, n: int, post: str, lane: int = 0) -> None:
        """Save the id of the n-th post (from 0, below 1,000) of a lane."""

    async def find_turn_of_post(self, channel: Channel, post: str) -> Turn | None:
        """Return the turn that a post of ours answers; where that only asked again, the turn that it asked about."""

    async def find_channel_of_post(self, chat: Channel, post: str) -> Channel | None:
        """Return the channel of a post of ours, where only its chat is known: the chat itself, or one of its topics."""

    async def find_turn_of_message(self, channel: Channel, message: str) -> Turn | None:
        """Return the turn that a person's message is, or is a part of; None if nobody said it to the bot."""


class Turns(Protocol):
    """Reads turns and their answers, and the versions of an answer that was asked for again."""

    async def get_turn(self, id: int) -> Turn | None:
        """Return the turn with this number, finished or not, with its conversation as it is now."""

    async def find_last_question(self, conversation: Conversation) -> Turn | None:
        """Return the newest turn that asked a model, even in vain; no command."""

    async def list_history(self, turn: Turn, limit: int) -> Sequence[Exchange]:
        """Return the exchanges before this turn in its conversation, oldest first, without commands."""
        ...

    async def list_answered(self, conversation: Conversation) -> Sequence[Turn]:
        """Return all questions that were answered in the conversation, oldest first, without commands."""
        ...

    async def list_recorded(self, conversation: Conversation) -> Sequence[Turn]:
        """Return what `list_answered` does, and the commands for which a model worked (compare, draw, read aloud)."""
        ...

    async def search(self, turn: Turn, query: SearchQuery, most: int) -> Sequence[SearchHit]:
        """Return what holds most of the words, newest first among equals, of the turn's conversation before it.

        Without words: all that was sent in the period.
        """
        ...

    async def list_versions(self, turn: Turn) -> Sequence[AnswerVersion]:
        """Return the answers that models gave to the turn, the original one first."""
        ...

    async def add_version(self, turn: Turn, by: Turn, version: AnswerVersion) -> int:
        """Save and show the answer that the later turn `by` brought for `turn`; return its number, from 0.

        What `by` brings again replaces what it brought. A turn that was deleted meanwhile keeps nothing.
        """
        ...

    async def select_version(self, turn: Turn, n: int) -> None:
        """Select which answer is shown and quoted in the history."""

    async def set_transcript(self, turn: Turn, transcript: str) -> None:
        """Save what is said in the turn's recordings. Raises LeaseLost where another process holds the turn."""

    async def save_places(self, turn: Turn, places: PlacesFound) -> None:
        """Save the places that a closer look found. Raises LeaseLost where another process holds the turn."""


class Conversations(Protocol):
    """Stores the choices made for a conversation, and the channels that share it."""

    async def find_conversation(self, channel: Channel) -> Conversation | None:
        """Return the conversation that the channel takes part in; None if nothing was ever said there."""

    async def list_channels(self, conversation: Conversation) -> Sequence[Channel]:
        """Return the channels that share the conversation."""
        ...

    async def list_linked(self, platform: str) -> Mapping[Channel, Sequence[Channel]]:
        """Return the channels of a platform that share their conversation, each with the others that do."""
        ...

    async def join(self, channel: Channel, conversation: Conversation) -> None:
        """Let the channel share that conversation; what waits there goes along, and is answered by age."""

    async def leave(self, channel: Channel) -> Conversation:
        """Give the channel, with what waits there, a fresh conversation with the same model and preferences."""
        ...

    async def drop_channel(self, channel: Channel) -> None:
        """Let a channel that is gone for good share no conversation, and finish what waits there as `gone`.

        A turn in work ends by itself.
        """

    async def renew(self, conversation: Conversation) -> Conversation:
        """Give its channels, with all that waits there, a fresh conversation with the same model and preferences."""
        ...

    async def switch_model(self, conversation: Conversation, model: str) -> None:
        """Save the choice of a model. Another provider means another remote conversation."""

    async def save_preferences(self, conversation: Conversation, preferences: Preferences) -> None:
        """Save what people chose for the conversation."""

    async def save_remote_id(self, conversation: Conversation, remote_id: str | None) -> None:
        """Save the provider's id of the conversation."""


class Channels(Protocol):
    """Stores the settings and state of a channel, even if several channels share its conversation."""

    async def get_channel_settings(self, channel: Channel) -> ChannelSettings:
        """Return what was chosen for the channel; what another process chose is known within seconds."""
        ...

    async def save_channel_settings(self, channel: Channel, settings: ChannelSettings) -> None:
        """Save what was chosen for the channel."""

    async def save_read_marks(self, marks: Mapping[Channel, str]) -> None:
        """Save the id of the last message read in each of these channels; an older one changes nothing."""

    async def list_read_marks(self, platform: str) -> Mapping[Channel, str]:
        """Return the last message read in each channel of the platform."""
        ...

    async def migrate_channel(self, old: Channel, new: Channel) -> None:
        """Move all that is stored for a channel to its new address."""


class Files(Protocol):
    """The photos and documents of conversations, and the files that models generated."""

    async def save_files(self, turn: Turn, files: Mapping[Attachment, StoredFile], channel: Channel) -> None:
        """Number the photos and documents that the turn shows, in this order, after those its conversation knows.

        `channel` is where they were posted. One that the conversation knows by its hash keeps its number.
        """

    async def list_files(self, conversation: Conversation, most: int, model: str = "") -> Sequence[RememberedFile]:
        """Return the photos and documents of the conversation that were shown last, `most` at most, by number.

        Each comes with the beginning of the answer to its turn, where a model gave one. Photos that `model` refused
        within the last day are marked as unusable.
        """
        ...

    async def find_files(self, conversation: Conversation, numbers: Collection[int]) -> Sequence[RememberedFile]:
        """Return the photos and documents of the conversation that have these numbers, by number."""
        ...

    async def save_description(self, conversation: Conversation, sha256: str, description: str) -> None:
        """Save a short description of what the photo shows."""

    async def save_words(self, conversation: Conversation, sha256: str, words: str) -> None:
        """Save the words that were read in the photo."""

    async def mark_unusable(self, conversation: Conversation, sha256: str, model: str) -> None:
        """Remember for a day that the model refused the photo while it took others."""

    async def mark_usable(self, conversation: Conversation, sha256: str, model: str) -> None:
        """Forget that the model refused the photo: it has taken it."""

    async def save_generated(self, turn: Turn, files: Sequence[File]) -> None:
        """Save the generated files of a turn that we hold; those it has already stay as they are."""

    async def list_generated(self, turn: int) -> Sequence[File]:
        """Return the generated files of the turn with this number; none where it is too old."""
        ...


class People(Protocol):
    """Stores people's access to the bot, and the codes by which they prove that a place is theirs.

    A subject is a person or a place, written `telegram:42`.
    """

    async def get_access(self, subject: str) -> bool | None:
        """Return True if the subject was let in, False if it was kept out, None if neither.

        What another process chose is known within seconds.
        """

    async def set_access(self, subject: str, allowed: bool | None) -> None:
        """Let the subject in or keep it out; None: neither. Somebody kept out is no admin any more."""

    async def is_admin(self, subject: str) -> bool:
        """Return whether this person claimed the bot; what another process was told is known within seconds."""
        ...

    async def add_admin(self, subject: str) -> None:
        """Let this person in, as one who runs the bot."""

    async def list_admins(self) -> Sequence[str]:
        """Return everybody who claimed the bot."""
        ...

    async def wants_alt_text(self, subject: str) -> bool:
        """Return False if this person wants no alt text below their pictures."""
        ...

    async def set_alt_text(self, subject: str, wanted: bool) -> None:
        """Note whether this person wants alt text below their pictures."""

    async def create_code(self, purpose: str, subject: str, seconds: float, *, length: int = 8) -> str:
        """Issue a code that stands for the subject, once, for so many seconds; its older one for this purpose is void.

        31 to the power of `length` codes are possible.
        """
        ...

    async def first_code(self, purpose: str, subject: str, seconds: float) -> str | None:
        """Issue a code as `create_code` does; None while an older one is good, however many ask at the same time."""

    async def has_code(self, purpose: str, subject: str) -> bool:
        """Return whether the subject has a code for this purpose that is still good."""
        ...

    async def void_codes(self, purpose: str) -> None:
        """Let no code for this purpose be good any more."""

    async def redeem_code(self, purpose: str, code: str, by: str) -> str | None:
        """Return the subject of the code, which is void from now on.

        None for a wrong code, and for every code once `by` (telegram:42) has tried too many within a minute. Upper and
        lower case, dashes and blanks make no difference.
        """


class SessionStore(Protocol):
    """Stores the sessions of the web server. It receives hashes only, of the session's secret and of the token.

    A session is found with the token that it began with, and with no other one.
    """

    async def add_session(self, session: WebSession, *, secret_hash: str, token_hash: str) -> None:
        """Save a new session."""

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


class Ledger(Protocol):
    """Keeps the costs of answers: reserved before, booked after, added up for limits and reports."""

    async def reserve(self, turn: Turn, models: Mapping[int, str], budgets: Sequence[Budget] = ()) -> Admission:
        """Set aside what the turn will take of these models, by lane, if there is room in each budget.

        All processes together admit no more than fits: `settle`, the saved answer and the end of the turn release it. A
        turn that was admitted once stays so. Where a budget is in money, questions of which no price is known are
        admitted one at a time.
        """
        ...

    async def settle(self, turn: Turn, lane: int, model: str, usage: Usage) -> None:
        """Book what one of several answers side by side took, in place of its reservation; once, however often told."""

    async def release(self, turn: Turn) -> None:
        """Give back what is still reserved for the turn."""

    async def get_spent(self, since: float, *, author: str | None = None, channel: Channel | None = None) -> Spent:
        """Return what answers took since then: all of them, or those to one author (platform:id) or in one channel."""
        ...

    async def list_spent_by_day(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> Sequence[DaySpent]:
        """Return what `get_spent` adds up, by day (UTC) and model, oldest first."""
        ...


class PaidSteps(Protocol):
    """Remembers the steps of a turn that cost something, by lane, so that no crash lets one be paid for twice."""

    async def begin_step(self, turn: int, step: int) -> bool:
        """Remember that a step is begun; False if it was before, and nobody knows what came of it."""
        ...

    async def save_step(self, turn: int, step: int, outcome: str) -> None:
        """Save what came of a step."""

    async def find_step(self, turn: int, step: int) -> str | None:
        """Return what came of a step; None where nothing is known."""

    async def forget_step(self, turn: int, step: int) -> None:
        """Forget a step that came to nothing: it may be begun again."""


class Votes(Protocol):
    """Votes on compared answers: one of each person for each comparison."""

    async def save_vote(self, compared: Turn, person: str, kind: QuestionKind, won: Collection[int]) -> None:
        """Save which of the compared answers a person (platform:id) finds best, by lane, in place of an earlier vote.

        Of a comparison that was deleted meanwhile nothing is kept.
        """

    async def list_votes(self, turn: int) -> Sequence[frozenset[int]]:
        """Return the lanes that each person who voted finds best; an empty set: none of them is good."""
        ...

    async def list_scores(self) -> Sequence[ModelScore]:
        """Return how often the answers of each model won, by model."""
        ...

    async def list_scores_by_kind(self) -> Mapping[QuestionKind, Sequence[ModelScore]]:
        """Return the same for each kind of question that was voted on."""
        ...


class Blobs(Protocol):
    """Shares between processes what one of them received: blobs, and the keys of files uploaded to providers."""

    async def put_blob(self, key: str, data: bytes) -> None:
        """Store a blob that other processes need. The caller encrypts secrets."""

    async def get_blob(self, key: str) -> bytes | None:
        """Return the blob; None where it is unknown or too old."""
        ...

    async def delete_blobs(self, prefix: str, before: float) -> None:
        """Delete the blobs stored before that moment under keys that begin so."""

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """Return the key under which this account of the provider holds the file."""

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """Remember the key under which the provider holds the file."""

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """Forget the key: the provider no longer holds the file."""


class Imports(Protocol):
    """Stores which channels are read back for /find, how far that is, and pointers to the photos found there."""

    async def order_import(self, channels: Sequence[Channel], told: Channel) -> None:
        """Have channels read back, from their newest message on; `told` is where that was asked for."""

    async def next_import(self, platforms: Collection[str]) -> ImportOrder | None:
        """Return the channel of these platforms that is to be read next."""
        ...

    async def save_import(
        self, order: ImportOrder, photos: Sequence[ImportedPhoto], *, read_to: str | None, messages: int
    ) -> bool:
        """Keep what was found in so many messages; `read_to` None: there are no older ones.

        False: it was stopped, ordered anew or done by another process meanwhile, and nothing is kept.
        """
        ...

    async def stop_import(self, told: Channel) -> int:
        """End what was ordered there; return how many channels were not done. What was found stays."""
        ...

    async def get_import_progress(self, told: Channel) -> ImportProgress | None:
        """Return how far that is what was ordered there; None where nothing was."""
        ...

    async def find_imported(
        self, conversation: Conversation, query: SearchQuery, most: int
    ) -> Sequence[tuple[ImportedPhoto, str]]:
        """Return the photos in the conversation's channels that hold most of the words, newest first.

        Each comes with its words, folded.
        """
        ...


class Deletion(Protocol):
    """Deletes what people want forgotten and what has become too old. All moments are seconds since 1970."""

    async def list_file_hashes(self, conversation: Conversation) -> Sequence[str]:
        """Return the hashes of the photos and documents that go with what `forget` deletes."""
        ...

    async def forget(self, conversation: Conversation) -> Conversation:
        """Renew the conversation, and delete the old one with everything that was said and answered in it."""
        ...

    async def delete_expired(self, before: float, most: int) -> int:
        """Delete up to `most` turns that were finished before that moment; return how many.

        Conversations that nobody can come back to, because they have neither channels nor turns, go as well.
        """
        ...

    async def delete_spending(self, before: float) -> None:
        """Delete what was booked before that moment."""

    async def delete_generated(self, before: float) -> None:
        """Delete the files that were generated before that moment."""

    async def delete_pointers(self, before: float) -> None:
        """Delete the pointers to photos that arrived before that moment."""

    async def forget_assets_before(self, before: float) -> int:
        """Forget the keys of files that were uploaded before that moment; return how many."""
        ...


class Coordination(Protocol):
    """Coordinates processes: locks, rate limits, stop requests and heartbeats."""

    stopped: Callable[[int], object]
    """Called with a conversation when another process wants an answer there to end; assign it."""

    async def run_exclusively(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run the work while no other process runs work of this name: wait until then, and stop when the lock is lost.

        Work whose lock was lost (the database was away) is cancelled, and begun anew when it is our turn again.
        """

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a slot of the rate limit, and return how many seconds from now it is good.

        One that is later than in `patience` seconds is not booked.
        """
        ...

    async def request_stop(self, conversation: int) -> bool:
        """Ask whoever answers in the conversation to stop; return False if nobody does."""
        ...

    async def beat(self, process: WorkerProcess) -> None:
        """Tell the other processes how this one is."""

    async def list_processes(self) -> Sequence[WorkerProcess]:
        """Return what every process told last, with the moment when it did; by name."""
        ...

    async def unregister(self) -> None:
        """Take back what this process told: it ends."""

    async def prune_stale(self, before: float) -> None:
        """Forget the processes that were not seen since that moment."""


class Reporting(Protocol):
    """Figures for the operator. No word and no name is in them."""

    async def get_backlog(self) -> Backlog:
        """Count the turns that wait, and those in work, in all processes."""
        ...

    async def list_tallies(self, start: float, end: float) -> Sequence[Tally]:
        """Return what became of the turns that were finished from `start` on and before `end`.

        Nobody who asks anything else of the store waits for it.
        """
        ...

    async def list_spent_by_model(self, start: float, end: float) -> Mapping[str, Usage]:
        """Return what each model took from `start` on and before `end`, booked for whomever."""
        ...

    async def list_stand_ins(self, start: float) -> Sequence[StandIn]:
        """Return the models that answered in place of others from `start` on, the busiest first."""
        ...

    async def list_put_aside(self, most: int) -> Sequence[PutAside]:
        """Return the turns that were put aside, latest first, `most` at most."""
        ...

    async def count_put_aside(self) -> int:
        """Count the turns that were put aside."""
        ...


class Store(Protocol):
    """The ports of one database, entered together. Whatever is written has survived once the call returns.

    Only the composition root, the commands of the operator and tests see it; everybody else takes ports by name.
    """

    @property
    def me(self) -> str:
        """The name of this process in the store; one that starts again has another."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    @property
    def intake(self) -> TurnIntake: ...
    @property
    def queue(self) -> TurnQueue: ...
    @property
    def posts(self) -> Posts: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def files(self) -> Files: ...
    @property
    def people(self) -> People: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def steps(self) -> PaidSteps: ...
    @property
    def votes(self) -> Votes: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def blobs(self) -> Blobs: ...
    @property
    def deletion(self) -> Deletion: ...
    @property
    def coordination(self) -> Coordination: ...
    @property
    def reporting(self) -> Reporting: ...
