"""The nouns of the bot: plain, frozen values that every room understands and the store can keep."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where people talk: a Discord channel or thread, a Telegram chat or topic, a page of ours."""

    platform: str
    id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Channel":
        """Read `platform:id`; the id may hold colons of its own."""
        platform, _, id = text.partition(":")
        return cls(platform, id)


@dataclass(frozen=True, slots=True)
class Author:
    """Who spoke."""

    id: str
    name: str


# What recordings are, and the ending that goes with it.
SOUNDS: Mapping[str, str] = {
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "m4a",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
}
SOUND_ENDINGS = frozenset({*SOUNDS.values(), "oga", "opus"}) - {"webm"}  # which is a film as a rule


PHOTOS: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""What photos are after intake, and the ending that goes with it."""

DOCUMENTS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
}
"""What documents are, and the ending that goes with it."""

DOCUMENT_ENDINGS = frozenset(
    {*DOCUMENTS.values(), "doc", "odt", "rtf", "xls", "xlsx", "ppt", "pptx", "json", "xml", "log"}
)
PICTURE_ENDINGS = frozenset({*PHOTOS.values(), "jpeg", "gif", "heic", "heif", "avif", "bmp", "tif", "tiff"})
ENDINGS: Mapping[str, str] = {**PHOTOS, **DOCUMENTS}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message and that nobody has fetched yet.

    `ref` is the platform's own lasting handle, never a link that expires or carries a token.
    `mime` and `size` (bytes, 0 if unknown) are what the sender claims.
    """

    ref: str
    name: str
    mime: str = ""
    size: int = 0

    @property
    def is_picture(self) -> bool:
        """Whether its sender claims that it is a photo."""
        is_image = self._type.startswith("image/") and self._type != "image/svg+xml"
        return is_image or self._ending in PICTURE_ENDINGS

    @property
    def is_document(self) -> bool:
        """Whether its sender claims that it is something to read. Sentences go by that; what it is, its bytes tell."""
        is_text = self._type in DOCUMENTS or self._type.startswith("text/")
        return is_text or self._ending in DOCUMENT_ENDINGS

    @property
    def sound(self) -> str:
        """The usual ending of the name of such a recording (ogg, mp3 ...); empty for what is none."""
        ending = self._ending if self._ending in SOUND_ENDINGS else ""
        return SOUNDS.get(self._type, "") or {"oga": "ogg", "opus": "ogg"}.get(ending, ending)

    @property
    def _type(self) -> str:
        return self.mime.partition(";")[0].strip().lower()

    @property
    def _ending(self) -> str:
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class StoredFile:
    """An attachment after intake, be it a photo or a document.

    Its bytes lie in a file and not in memory, because hundreds of answers may be under way. The file stays at least as
    long as somebody holds this.
    """

    name: str  # as people know it: cat.heic
    mime: str  # what the file really holds
    file: Path = field(repr=False)
    size: int  # bytes
    sha256: str  # of the file's bytes, hexadecimal

    @property
    def filename(self) -> str:
        """A name for uploads: the extension is right, and nothing of it comes from the sender."""
        return f"{self.sha256[:16]}.{ENDINGS[self.mime]}"


@dataclass(frozen=True, slots=True)
class Photo(StoredFile):
    """A picture: upright, sRGB, without metadata, within limits; a JPEG, PNG or WebP."""

    width: int  # pixels
    height: int


@dataclass(frozen=True, slots=True)
class Document(StoredFile):
    """Something to read: a PDF, a DOCX, or text (plain, Markdown, CSV), which is always in UTF-8."""


@dataclass(frozen=True, slots=True)
class Button:
    """What stands on it, and the command that a press says."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class File:
    """Something to send along with a post, or somebody's recording."""

    name: str
    mime: str
    data: bytes = field(repr=False)
    about: str = ""  # what it shows, for those who cannot see it


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingPost:
    """What a post of the bot reads, and what comes along with it."""

    text: str
    buttons: tuple[Button, ...] = ()  # a press is heard as a message that says its command and is about the post
    files: tuple[File, ...] = ()  # ten at most
    reply_to: str | None = None  # the id of the message that it answers
    key: str | None = None  # idempotency key: the same key again means the same post, where the platform can tell
    is_partial: bool = False  # more will follow, so it is posted at once or not at all


@dataclass(frozen=True, slots=True)
class MessageReference:
    """The message that a message replies to, as far as the platform shows it."""

    id: str
    ours: bool  # a post of the bot's
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said in a channel. `sent` is in seconds since 1970."""

    channel: Channel
    id: str
    author: Author
    text: str
    sent: float
    attachments: tuple[Attachment, ...] = ()
    addressed: bool = True  # said to the bot: a mention, a reply to it, or in private
    album: str | None = None  # messages of a channel that share it belong together
    about: MessageReference | None = None
    edited: bool = False  # said before, in other words
    private: bool = False  # between this person and the bot alone
    server: str | None = None  # what the channel is a part of, as `platform:id`
    language: str = ""  # the author's, as the platform tells it: de, zh-CN

    @property
    def photos(self) -> tuple[Attachment, ...]:
        """What the message is about to look at: its own photos and documents, else those of what it replies to."""
        own = tuple(each for each in self.attachments if not each.sound)
        return own or tuple(each for each in (self.about.attachments if self.about else ()) if not each.sound)

    @property
    def sounds(self) -> tuple[Attachment, ...]:
        """The recordings that came with it, else those of the message it replies to."""
        about = self.about.attachments if self.about and not self.about.ours else ()
        return tuple(each for each in self.attachments or about if each.sound)

    @classmethod
    def of_album(cls, parts: "Sequence[Message]") -> "Message":
        """All parts as one message: the photos in the order they were sent, the first words that were said."""
        ordered = sorted(parts, key=lambda part: (len(part.id), part.id))
        return replace(
            ordered[0],
            text=next((part.text for part in ordered if part.text), ""),
            attachments=tuple(attachment for part in ordered for attachment in part.attachments),
            addressed=any(part.addressed for part in ordered),
            about=next((part.about for part in ordered if part.about), None),
        )


Listening = Literal["asked", "photos", "all"]
"""What the bot takes as said to it: what is addressed to it, photos as well, or everything."""

Mirroring = Literal["off", "answers", "everything"]
"""What a channel sees of what happens in the channels it is linked to."""

Length = Literal["short", "normal", "long"]
"""How long an answer should be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What people chose for a conversation; providers use what they understand."""

    web_search: bool = False
    sites: int = 3  # to search, 1 to 10
    words: int = 1000  # to read of each site, 100 to 10,000
    mixed: bool = True  # the history goes along when the model changes
    history: int = 10  # messages that the provider looks back on, 1 to 50
    length: Length = "normal"
    persona: str = ""  # how the model is to behave, in people's own words


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What people chose for one channel, however many share its conversation."""

    listening: Listening = "asked"
    threads: bool = False  # each photo gets a thread of its own, where the platform has them
    mirroring: Mirroring = "off"
    footer: bool = False  # below an answer: model, time and cost
    language: str | None = None  # of the bot's own words; None: that of whoever speaks
    describe: bool = False  # a model that sees may describe photos for one that does not
    fallbacks: tuple[str, ...] | None = None  # models to ask when the first one is down; None: the operator's


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the bot remembers. Linked channels share one."""

    id: int
    model: str  # provider/model
    remote_id: str | None = None  # the provider's own name for it (1min.ai: a UUID)
    preferences: Preferences = Preferences()

    @property
    def provider(self) -> str:
        """The part of `model` before the first slash."""
        return self.model.partition("/")[0]

    @property
    def model_id(self) -> str:
        """What the provider calls the model; may hold slashes of its own."""
        return self.model.partition("/")[2]


MOST_STALLS, MOST_CRASHES = 2, 3  # of a turn, before it is put aside
PUT_ASIDE = "put_aside"  # the error of such a turn, and the key of its sentence


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and, sooner or later, its answer: the durable unit."""

    id: int
    conversation: Conversation
    message: Message
    result: "JobResult | None" = None  # what came of it, stored before it is shown
    deliveries: int = 1  # number of claims; more than `tries` means that processes died over it
    attempts: int = 0  # number of postponements because something was busy
    stalls: int = 0  # number of event loop stalls during it
    crashes: int = 0  # unclean ends of a process that are attributed to it
    transcript: str | None = None  # of its recordings; None: not transcribed yet

    @property
    def answer(self) -> str | None:
        """The words of its answer, without ours around them."""
        return None if self.result is None else self.result.text

    @property
    def words(self) -> str:
        """What its author wrote and what was said in the recordings, one after the other."""
        return "\n\n".join(filter(None, (self.message.text, self.transcript)))

    @property
    def shown_words(self) -> str:
        """The words as people read them: a microphone stands before those that were spoken."""
        spoken = self.transcript and f"🎤 {self.transcript}"
        return "\n\n".join(filter(None, (self.message.text, spoken)))

    @property
    def is_poison(self) -> bool:
        """Whether it has brought the bot down so often that nobody tries it again."""
        return self.stalls >= MOST_STALLS or self.crashes >= MOST_CRASHES


@dataclass(frozen=True, slots=True)
class Stall:
    """An event loop that stood still, as the watchdog of its process recorded it."""

    process: str  # as the store knows it
    turn: int  # that was in work
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """A poisonous turn that waits to be released. No word of it."""

    turn: int
    platform: str
    at: float
    stalls: int
    crashes: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn of a conversation, as a provider may see it."""

    author: str
    question: str
    answer: str
    turn: int = 0
    model: str = ""  # that answered, as provider/model


@dataclass(frozen=True, slots=True)
class RememberedFile:
    """A photo or a document of a conversation. `attachment` is how to fetch it again from where it was posted."""

    number: int  # in the conversation, from 1
    turn: int  # that showed it first
    channel: Channel
    attachment: Attachment
    sha256: str  # after intake
    description: str = ""  # in a few words, by a model that was asked for it
    answer_beginning: str = ""  # how the answer to its turn begins
    unusable: bool = False  # a provider choked on it: it is not sent again by itself

    @property
    def is_document(self) -> bool:
        """Whether it is something to read."""
        return self.attachment.mime in DOCUMENTS


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a provider may use to answer one turn."""

    conversation: Conversation
    text: str
    photos: tuple[Photo, ...] = ()
    history: tuple[Exchange, ...] = ()  # oldest first; for providers that keep none themselves
    instructions: str = ""  # how to answer; not part of what was said
    numbers: Mapping[str, int] = field(default_factory=dict)  # of photos and documents in the conversation, by sha256
    background: str = ""  # what is to be known of photos and documents that do not come along
    documents: tuple[Document, ...] = ()  # that the provider reads itself
    excerpts: tuple[str, ...] = ()  # what others say, with a heading each


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a growing answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took, as far as the provider says; None where it does not."""

    credits: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    dollars: float | None = None

    def __add__(self, other: "Usage") -> "Usage":
        """What both took together; None only where neither tells."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Usage(*(None if a is b is None else (a or 0) + (b or 0) for a, b in pairs))


Piece = Text | Usage


ANSWERED, STOPPED, OBEYED = "answered", "stopped", "command"  # outcomes of what went well
NO_FAILURES = frozenset({ANSWERED, STOPPED, OBEYED})


def with_notes(notes: Sequence[str], text: str, ending: str = "") -> str:
    """Return an answer as people read it: our notes stand before the words, what became of them after."""
    return "\n\n".join(filter(None, (*(f"_{note}_" for note in notes), text, ending)))


@dataclass(frozen=True, slots=True)
class AnswerVersion:
    """One of several answers to the same turn."""

    text: str  # the model's words
    model: str
    notes: tuple[str, ...] = ()  # ours, before the words
    ending: str = ""  # ours, after them

    @property
    def shown(self) -> str:
        """The whole as people read it."""
        return with_notes(self.notes, self.text, self.ending)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """What one of several models said that were asked side by side."""

    answer: AnswerVersion
    usage: Usage = Usage()
    took: float | None = None  # seconds since the turn was taken up


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What came of a turn: once it is stored, only showing it is left. Times are seconds since it was taken up."""

    text: str = ""  # the model's words; ours where no model spoke
    model: str | None = None  # who was asked; None: a command, which is no part of the history
    outcome: str = ANSWERED  # or stopped, command, or what went wrong
    notes: tuple[str, ...] = ()  # ours, before the text
    ending: str = ""  # ours, after it: that it was stopped, or why it broke off
    answered_by: str = ""  # whose work is booked; empty: nobody's
    usage: Usage = Usage()
    first_words: float | None = None
    took: float | None = None
    booked: bool = True  # counts for whoever asked: a failure does not
    lanes: tuple[LaneResult, ...] = ()  # of models that were compared
    caption: str | None = None  # below the files that were generated; None: there are none

    @property
    def has_failed(self) -> bool:
        """Whether something went wrong."""
        return self.outcome not in NO_FAILURES

    @property
    def shown(self) -> str:
        """The whole as people read it."""
        return with_notes(self.notes, self.text, self.ending)


@dataclass(frozen=True, slots=True)
class Spent:
    """What answers took over a while."""

    turns: int = 0
    credits: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class DaySpent:
    """What one model took on one day."""

    day: str  # 2026-11-21, UTC
    model: str
    spent: Spent


Measure = Literal["turns", "credits", "dollars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `most` of something since a moment: of an author (platform:id), in a channel, or of the whole bot."""

    measure: Measure
    most: float
    since: float  # seconds since 1970
    author: str | None = None
    channel: Channel | None = None

    @property
    def is_of_everybody(self) -> bool:
        """Whether it is that of the whole bot."""
        return self.author is None and self.channel is None

    @property
    def subject(self) -> str:
        """Whose budget it is; reservations for one subject are made one after the other."""
        return f"author {self.author}" if self.author else f"channel {self.channel}" if self.channel else "everybody"


@dataclass(frozen=True, slots=True)
class Balance:
    """What counts against a budget: what was booked, and what is reserved for answers under way."""

    budget: Budget
    booked: float
    reserved: float
    is_uncertain: bool = False  # the price of something under way cannot be estimated

    @property
    def used(self) -> float:
        """Both together."""
        return self.booked + self.reserved

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing more may be begun."""
        return self.used >= self.budget.most


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a reservation, and how each budget stood without it."""

    is_granted: bool
    balances: tuple[Balance, ...] = ()

    @property
    def exhausted(self) -> Balance | None:
        """The first budget in which there is no room; None where a price has to become known first."""
        return next((balance for balance in self.balances if balance.is_exhausted), None)


GenerationKind = Literal["imagine", "vary", "edit", "cutout", "upscale"]
"""What can be done with pictures: made of words, varied, changed by words, cut out, enlarged."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A picture that somebody wants."""

    kind: GenerationKind
    model: str  # as the provider calls it
    words: str = ""
    photo: Photo | None = None  # that it is made of
    params: Mapping[str, str] = field(default_factory=dict)  # size, n, quality: in people's own words


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of an order."""

    files: tuple[File, ...]
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What somebody said in a recording."""

    text: str
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Model:
    """Something that can be asked. `price` is in the provider's own words, empty if unknown."""

    id: str  # as the provider calls it
    name: str
    sees: bool  # takes photos
    price: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`most` passes in any `seconds`, by all processes together that know it by this name."""

    name: str
    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """One process of the bot, as it told of itself."""

    name: str  # machine and process number
    started: float
    listens: Sequence[str] = ()  # to these platforms
    workers: int = 0  # turns that it may have in work; 0: it only listens
    in_flight: int = 0
    troubles: Mapping[str, str] = field(default_factory=dict)  # what is wrong, by part
    breakers: Mapping[str, str] = field(default_factory=dict)  # closed, half open or open, by provider/family
    seen: float = 0.0  # when it told so


@dataclass(frozen=True, slots=True)
class WebSession:
    """A browser that is logged in at the web server."""

    id: str
    device: str  # the browser and its system, as people know them
    created: float
    seen: float  # when it was last used, give or take a minute


Times = Mapping[int, tuple[int, float]]
"""Durations, put into classes of about the same length: how many are in each class, and their sum in seconds."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many turns of one platform and model ended alike in a stretch of time."""

    platform: str
    model: str | None  # provider/model; None: a command, or nobody was asked
    error: str | None  # the key of the sentence that people saw; None where all went well
    turns: int
    last: float  # when the latest of them was finished
    first_words: Times = field(default_factory=dict)  # of answers that went well, as is the next
    took: Times = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The unfinished turns."""

    waiting: int
    in_work: int
