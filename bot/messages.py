"""The bot's data types: plain, frozen values that every module understands and the store can keep."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to talk: a Discord channel or thread, a Telegram chat or topic, or the bot's own page."""

    platform: str
    id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Channel":
        """Parse `platform:id`; the id may contain colons."""
        platform, _, id = text.partition(":")
        return cls(platform, id)


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message."""

    id: str
    name: str


# MIME types of recordings, with the file extension of each.
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
SOUND_ENDINGS = frozenset({*SOUNDS.values(), "oga", "opus"}) - {"webm"}  # usually a video


PHOTOS: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""MIME types of photos after intake, with the file extension of each."""

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

DOCUMENTS: Mapping[str, str] = {
    PDF: "pdf",
    DOCX: "docx",
    "application/vnd.ms-word.document.macroenabled.12": "docm",  # templates, too
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/epub+zip": "epub",
    "application/rtf": "rtf",
    "application/x-ipynb+json": "ipynb",
    "application/json": "json",
    "message/rfc822": "eml",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
}
"""MIME types of documents, with the file extension of each."""

TEXTS = frozenset({"text/plain", "text/markdown", "text/csv", "application/json"})
"""MIME types of documents that are nothing but text."""

DOCUMENT_ENDINGS = frozenset(
    {
        *DOCUMENTS.values(),
        *("doc", "dotx", "dotm", "xls", "xlsm", "xltx", "ppt", "pptm", "ppsx", "potx", "odg", "ott", "ots", "otp"),
        *(
            "htm",
            "xhtml",
            "mht",
            "mhtml",
            "xml",
            "log",
            "tsv",
            "yaml",
            "yml",
            "toml",
            "ini",
            "cfg",
            "tex",
            "srt",
            "svg",
        ),
        *("svg", "py", "js", "ts", "java", "c", "h", "cpp", "cs", "go", "rs", "rb", "php", "sh", "sql", "css", "kt"),
    }
)
_RAW_ENDINGS = frozenset({"arw", "cr2", "cr3", "dng", "nef", "orf", "pef", "raf", "rw2"})
PICTURE_ENDINGS = frozenset(
    {*PHOTOS.values(), *_RAW_ENDINGS, "jpeg", "gif", "heic", "heif", "avif", "bmp", "tif", "tiff", "ico", "jxl"}
)
VIDEO_ENDINGS = frozenset({"mp4", "webm", "mov", "m4v", "mkv", "avi", "3gp", "wmv", "mpg", "mpeg"})
ENDINGS: Mapping[str, str] = {**PHOTOS, **DOCUMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message and has not been fetched yet.

    `ref` is the platform's own permanent handle, never a link that expires or carries a token.
    `mime` and `size` (bytes, 0 if unknown) are the sender's claims.
    """

    ref: str
    name: str
    mime: str = ""
    size: int = 0
    alt: str = ""  # what its sender wrote about this file alone: a caption or a description
    is_spoiler: bool = False  # shown only to those who choose to see it
    is_preview: bool = False  # a picture beside an article's words, which can be asked about without it
    still: str = ""  # the ref of a picture from it, if it is a video, which may not be readable

    @property
    def is_picture(self) -> bool:
        """True if it is declared as a photo."""
        is_image = self._type.startswith("image/") and self._type != "image/svg+xml"
        return is_image or self._ending in PICTURE_ENDINGS

    @property
    def is_video(self) -> bool:
        """True if it is declared as a video."""
        return (self._type.startswith("video/") or self._ending in VIDEO_ENDINGS) and not self.sound

    @property
    def lacks_alt_text(self) -> bool:
        """True if it is a picture that nobody has described."""
        return self.is_picture and not (self.alt.strip() or self.is_preview)

    @property
    def as_still(self) -> "Attachment":
        """The picture from a video in its place."""
        return replace(self, ref=self.still, mime="image/jpeg", size=0, still="")

    @property
    def is_document(self) -> bool:
        """True if it is declared as a document. Only sentences depend on that; intake judges by the bytes."""
        is_text = self._type in DOCUMENTS or self._type.startswith("text/")
        return is_text or self._ending in DOCUMENT_ENDINGS

    @property
    def sound(self) -> str:
        """The usual file extension of this type of recording (ogg, mp3 ...); empty if it is not a recording."""
        ending = self._ending if self._ending in SOUND_ENDINGS else ""
        return SOUNDS.get(self._type, "") or {"oga": "ogg", "opus": "ogg"}.get(ending, ending)

    @property
    def _type(self) -> str:
        return self.mime.partition(";")[0].strip().lower()

    @property
    def _ending(self) -> str:
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


@dataclass(frozen=True, slots=True, weakref_slot=True, kw_only=True)
class StoredFile:
    """An attachment after intake: a photo or a document.

    Its bytes are in a file and not in memory, because hundreds of answers may be in progress. The file exists
    at least as long as this object.
    """

    name: str  # the original name: cat.heic
    mime: str  # the real type of the file
    file: Path = field(repr=False)
    size: int  # bytes
    sha256: str  # of the file's bytes, hexadecimal

    @property
    def filename(self) -> str:
        """A name for uploads: with the right extension, and nothing from the sender."""
        return f"{self.sha256[:16]}.{ENDINGS[self.mime]}"


LARGE = 1600  # pixels of a photo's longest side, from which on models make it smaller


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about a photo that is not quite what was sent: its key, and values besides the photo's name."""

    key: str
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTraces:
    """Traces that were removed from a photo's file. Never stored."""

    place: tuple[float, float] | None = None  # degrees north and east, of a kilometre or so
    device: Literal["", "phone", "camera"] = ""
    thumbnails: int = 0

    def __bool__(self) -> bool:
        return bool(self.place or self.device or self.thumbnails)


NO_TRACES = PhotoTraces()


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo(StoredFile):
    """A picture: upright, sRGB, without metadata, within limits; a JPEG, PNG or WebP."""

    width: int  # pixels
    height: int
    remarks: tuple[Remark, ...] = ()  # only when it is taken in, not when it is recalled
    series: "PhotoSeries | None" = None  # the pictures to look at in its place
    traces: PhotoTraces = field(default=NO_TRACES, compare=False, repr=False)  # as the remarks

    @property
    def pictures(self) -> "tuple[Photo, ...]":
        """The pictures that a model is to look at: the photo itself, or those of its series."""
        return self.series.pictures if self.series else (self,)

    @property
    def is_large(self) -> bool:
        """True if it may show more when looked at closely."""
        return max(self.width, self.height) >= LARGE and (self.series is None or self.series.kind in ("tall", "wide"))

    @property
    def overview(self) -> "Photo":
        """The photo as a single picture."""
        return self.series.cover if self.series else self


SeriesKind = Literal["tall", "wide", "pages", "frames"]
"""Kinds of series: overlapping parts of a long or a wide picture, pages, and still pictures of what moves."""


@dataclass(frozen=True, slots=True)
class PhotoSeries:
    """The pictures of one photo, in order. They have no numbers of their own."""

    kind: SeriesKind
    pictures: tuple[Photo, ...]
    cover: Photo  # one picture that stands for all
    times: tuple[float, ...] = ()  # of frames, in seconds since the beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(StoredFile):
    """A document: PDF, an Office file, a page of the web ..., or text (TEXTS), which is always in UTF-8."""

    has_pictures: bool = False  # pages or pictures that only a model that sees understands; unset when it is taken in


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its label, and the command that a press sends."""

    label: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send along with a post, or a recording."""

    name: str
    mime: str
    data: bytes = field(repr=False)
    about: str = ""  # description for people who cannot see it
    is_spoiler: bool = False  # shown only to those who choose to see it


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingPost:
    """The content of a post of the bot."""

    text: str
    buttons: tuple[Button, ...] = ()  # a press arrives as a message with its command, about the post
    files: tuple[File, ...] = ()  # ten at most
    reply_to: str | None = None  # the id of the message that it answers
    key: str | None = None  # idempotency key: the same key means the same post, on platforms that support it
    is_partial: bool = False  # more will follow, so it is posted immediately or dropped
    is_spoiler: bool = False  # about something that is shown only to those who choose to see it
    stored_text: str = ""  # kept in place of the text where the bot itself keeps posts; empty: the text
    is_quiet: bool = False  # beside what people talk about: small, and without a sound, where the platform can


ReferenceKind = Literal["itself", "reply", "chain", "external", "forward", "link", "menu", "button", "starter", "above"]
"""The ways in which a message points at another one.

Itself, where something in it cannot be seen; a reply, a later step of a chain of replies, a reply into another chat, a
forward, a link to a message, a menu on a message, a button below it, the beginning of a thread or forum post, and the
photo just above.
"""

Unseen = Literal["deleted", "hidden", "too_old", "forbidden", "unreachable", "elsewhere", "paid", "story"]
"""The reasons why nothing can be seen of a message that another one points at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReference:
    """A message that another one points at, as far as the platform shows it."""

    id: str
    ours: bool  # a post of the bot
    text: str
    attachments: tuple[Attachment, ...] = ()
    kind: ReferenceKind = "reply"
    is_part: bool = False  # `text` is the part of it that the person marked
    author: str = ""  # the name of whoever wrote it
    channel: Channel | None = None  # None: the same as that of the message
    unseen: Unseen | None = None  # None: it can be seen, whatever it shows
    is_ambiguous: bool = False  # another message could be meant as well
    is_replacement: bool = False  # its photo took the place of one that was answered
    is_late: bool = False  # its picture was not there yet when the question was asked

    def is_open_to(self, channel: Channel) -> bool:
        """Tell whether people in a channel may be shown what the bot itself knows of the message.

        Not what they may not see, or may not where the platform told nobody; a deleted one is to be gone.
        """
        if self.unseen == "unreachable":
            return self.channel in (None, channel)
        return self.unseen not in ("forbidden", "deleted")

    @property
    def photos(self) -> tuple[Attachment, ...]:
        """Its photos and documents."""
        return tuple(each for each in self.attachments if not each.sound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in a channel. `sent` is in seconds since 1970."""

    channel: Channel
    id: str
    author: Author
    text: str
    sent: float
    attachments: tuple[Attachment, ...] = ()
    addressed: bool = True  # addressed to the bot: a mention, a reply to it, or in private
    album: str | None = None  # messages of a channel that share it belong together
    about: MessageReference | None = None
    edited: bool = False  # an edit of an earlier message
    asks_again: int = 0  # the number of an edit whose author wants a new answer at once; 0: offer one
    private: bool = False  # between this person and the bot alone
    server: str | None = None  # the server or group of the channel, as `platform:id`
    language: str = ""  # the author's, as the platform reports it: de, zh-CN
    more: tuple[MessageReference, ...] = ()  # what it points at besides `about`, in the order in which it counts
    forwarded: bool = False
    origin: str = ""  # the name of whoever wrote it first, if it was forwarded
    awaits_preview: bool = False  # the platform may still add the picture of a link in it
    may_be_replaced: bool = False  # a proxy bot may take it away in a moment and say it again for its author
    is_call: bool = False  # nothing but the bot's name: a call for help, unless it points at something
    awaits: float = 0.0  # seconds in which its author may send what belongs to it
    is_cut: bool = False  # its text was cut in the middle of a word, and goes on in the next message
    wants_alt_text: bool = False  # nobody says it to the bot, which writes alt text for its pictures
    wants_index: bool = False  # likewise, to find its pictures by what they show
    is_guest: bool = False  # from a place where the bot is no member: whoever called it counts, not the place

    @property
    def references(self) -> tuple[MessageReference, ...]:
        """The messages that it points at, in the order in which they count."""
        return (self.about, *self.more) if self.about else self.more

    @property
    def own_photos(self) -> tuple[Attachment, ...]:
        """The photos and documents that came with it."""
        return tuple(each for each in self.attachments if not each.sound)

    @property
    def photos(self) -> tuple[Attachment, ...]:
        """The photos and documents that the message is about: its own, else those of a message it points at."""
        return self.own_photos or next((each.photos for each in self.references if each.photos), ())

    @property
    def sounds(self) -> tuple[Attachment, ...]:
        """The recordings that came with it, else those of the message it replies to."""
        about = self.about.attachments if self.about and not self.about.ours else ()
        return tuple(each for each in self.attachments or about if each.sound)

    @property
    def may_speak(self) -> bool:
        """True if there is something to be transcribed: a recording, or a video."""
        return bool(self.sounds) or any(each.is_video for each in self.photos)

    @classmethod
    def of_album(cls, parts: "Sequence[Message]") -> "Message":
        """Merge the parts of an album, or what one person said in a burst, into one message.

        The photos are in the order they were sent. Of an album the first text counts, and further ones belong to their
        photos. What was forwarded below a comment is what the comment points at.
        """
        ordered = sorted(parts, key=lambda part: (len(part.id), part.id))
        said = [part for part in ordered if not part.forwarded] or ordered
        forwards = [part for part in ordered if part.forwarded and part not in said and part.text]
        references = [
            *(reference for part in ordered for reference in part.references),
            *(
                MessageReference(id=part.id, ours=False, text=part.text, kind="forward", author=part.origin)
                for part in forwards
            ),
        ]
        return replace(
            ordered[0],
            text=_joined_texts(said),
            attachments=tuple(attachment for part in ordered for attachment in _captioned(part, said)),
            addressed=any(part.addressed for part in ordered),
            about=references[0] if references else None,
            more=tuple(references[1:]),
            wants_alt_text=any(part.wants_alt_text for part in ordered),
            wants_index=any(part.wants_index for part in ordered),
            forwarded=all(part.forwarded for part in ordered),
            origin=next((part.origin for part in ordered if part.origin), ""),
            awaits=ordered[-1].awaits,
            is_cut=ordered[-1].is_cut,
        )


def _joined_texts(parts: Sequence[Message]) -> str:
    """Join the texts of a burst; of an album, the first one."""
    text, between = "", ""
    for part in parts:
        if part.text and not (text and part.album):
            text = f"{text}{between}{part.text}"
            between = "" if part.is_cut else "\n"
    return text


def _captioned(part: Message, said: Sequence[Message]) -> tuple[Attachment, ...]:
    """Return the files of a part; a caption that is not the text of the whole belongs to them."""
    first = next((each for each in said if each.text), None)
    if not part.album or part is first or part.forwarded or not part.text:
        return part.attachments
    return tuple(replace(each, alt=each.alt or part.text) for each in part.attachments)


POINTER_SECONDS = 600.0  # for which a photo is "the photo above"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPointer:
    """A recent message in a place, as far as it helps to find "the photo above": nothing of it has been fetched."""

    channel: Channel
    message: str
    author: Author
    sent: float  # by the platform's clock
    kept: float = 0.0  # by ours, when it arrived
    attachments: tuple[Attachment, ...] = ()
    album: str | None = None
    heard: bool = False  # it is a turn of the conversation, with or without photos
    text: str = ""  # of such a turn; no other words are kept


Listening = Literal["asked", "photos", "all"]
"""The messages that count as addressed to the bot: only those that are, those with photos as well, or all."""

Mirroring = Literal["off", "answers", "everything"]
"""The parts of linked channels' messages that a channel shows."""

Indexing = Literal["off", "on", "local"]
"""The ways to index what new photos show: not at all, described by a model, or their words read for nothing."""

Length = Literal["short", "normal", "long"]
"""The desired length of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The preferences of a conversation; providers use those that they support."""

    web_search: bool = False
    sites: int = 3  # websites to search, 1 to 10
    words: int = 1000  # words to read of each site, 100 to 10,000
    mixed: bool = True  # send the history when the model changes
    history: int = 10  # messages that the provider looks back on, 1 to 50
    length: Length = "normal"
    persona: str = ""  # instructions for the model, in people's own words
    index: Indexing = "off"  # describe new photos for /find
    reader: bool = False  # answers for people who listen to them and don't see the photo


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """The settings of one channel, even if it shares its conversation."""

    listening: Listening = "asked"
    threads: bool = False  # create a thread for each photo, on platforms that have threads
    mirroring: Mirroring = "off"
    footer: bool = False  # below an answer: model, time and cost
    language: str | None = None  # of the bot's own words; None: that of the author
    thoughts: bool = False  # show what models thought, in a form that hides it until somebody looks
    describe: bool = False  # a model that sees may describe photos for one that does not
    fallbacks: tuple[str, ...] | None = None  # models to ask if the first one is down; None: the operator's
    alttext: bool = False  # write alt text below pictures that have none
    rich: bool = False  # show tables, formulas and sections as such, on platforms that have a form for that
    reactions: bool = True  # a reaction on a photo in a group while it is being answered


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation that the bot remembers. Linked channels share one."""

    id: int
    model: str  # provider/model
    remote_id: str | None = None  # the provider's own id of it (1min.ai: a UUID)
    preferences: Preferences = Preferences()

    @property
    def provider(self) -> str:
        """The part of `model` before the first slash."""
        return self.model.partition("/")[0]

    @property
    def model_id(self) -> str:
        """The provider's id of the model; may contain slashes."""
        return self.model.partition("/")[2]


MOST_STALLS, MOST_CRASHES = 2, 3  # of a turn, before it is put aside
PUT_ASIDE = "put_aside"  # the error of such a turn, and the key of its sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message and, sooner or later, its answer: the durable unit of work."""

    id: int
    conversation: Conversation
    message: Message
    result: "JobResult | None" = None  # stored before it is shown
    deliveries: int = 1  # number of claims; more than `tries` means that processes died over it
    attempts: int = 0  # number of postponements because something was busy
    stalls: int = 0  # number of event loop stalls during it
    crashes: int = 0  # unclean ends of a process that are attributed to it
    transcript: str | None = None  # of its recordings; None: not transcribed yet
    places: "PlacesFound | None" = None  # of a closer look; None: not asked for yet

    @property
    def answer(self) -> str | None:
        """The words of its answer, without ours around them."""
        return None if self.result is None else self.result.text

    @property
    def words(self) -> str:
        """The author's text and the transcript of the recordings, one after the other."""
        return "\n\n".join(filter(None, (self.message.text, self.transcript)))

    @property
    def shown_words(self) -> str:
        """The words as shown to people: a microphone marks those that were spoken."""
        spoken = self.transcript and f"🎤 {self.transcript}"
        return "\n\n".join(filter(None, (self.message.text, spoken)))

    @property
    def is_poison(self) -> bool:
        """True if it has brought the bot down so often that it is not tried again."""
        return self.stalls >= MOST_STALLS or self.crashes >= MOST_CRASHES


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall of the event loop, as the watchdog of its process recorded it."""

    process: str  # by its name in the store
    turn: int  # in progress
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A model that answered in place of another one, which was down."""

    asked: str
    by: str
    answers: int
    people: int
    since: float  # time of the first of these answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """A poisonous turn that waits to be released, without any of its text."""

    turn: int
    platform: str
    at: float
    stalls: int
    crashes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A finished turn of a conversation, as providers get it."""

    author: str
    question: str
    answer: str
    turn: int = 0
    model: str = ""  # the model that answered, as provider/model


INSIDE = "inside"  # pseudo-platform of pictures in documents; the id of the channel is that of the document's


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedFile:
    """A photo or a document of a conversation. `attachment` is the handle to fetch it again."""

    number: int  # in the conversation, from 1
    turn: int  # the turn that showed it first
    channel: Channel
    attachment: Attachment
    sha256: str  # after intake
    description: str = ""  # a short description by a model that was asked for it
    answer_beginning: str = ""  # the beginning of the answer to its turn
    words: str = ""  # that were read in it
    unusable: bool = False  # the model refused it while it took others: it is not sent again by itself
    shown: int = field(default=0, compare=False)  # the turn that showed it last; 0: the first one

    def shown_until(self, turn: int) -> int:
        """Return the last turn known to have shown it up to a turn."""
        return self.shown if self.turn <= self.shown <= turn else self.turn

    @property
    def is_document(self) -> bool:
        """True for a document, False for a photo."""
        return self.attachment.mime in DOCUMENTS

    @property
    def is_inside(self) -> bool:
        """True for a picture in a document, which the document brings along."""
        return self.channel.platform == INSIDE


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Words to look for, folded, and the time when it was sent: seconds since 1970, None where that does not matter."""

    words: tuple[str, ...]
    since: float | None = None
    until: float | None = None  # exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """Something that was said or shown, and its words, folded."""

    turn: int
    number: int  # of the photo or document in the conversation; 0: the turn showed none for the first time
    sent: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPhoto:
    """A photo that was posted before the bot listened: where it is, and what was said about it. No file is kept."""

    channel: Channel
    message: str
    author: Author
    sent: float
    attachment: Attachment
    words: str = ""  # of its message
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """A channel that is to be read back."""

    channel: Channel
    told: Channel  # where it was ordered
    ordered: float
    read_to: str = ""  # the oldest message read so far
    messages: int = 0  # that were read


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """The progress of what was ordered in one channel."""

    channels: int
    left: int  # of those, that are not read to their beginning
    messages: int
    photos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """All that a provider may use to answer one turn."""

    conversation: Conversation
    text: str
    photos: tuple[Photo, ...] = ()
    history: tuple[Exchange, ...] = ()  # oldest first; for providers that keep none themselves
    instructions: str = ""  # instructions for the answer; not part of the conversation
    numbers: Mapping[str, int] = field(default_factory=dict)  # of photos and documents in the conversation, by sha256
    background: str = ""  # notes about photos and documents that are not sent
    documents: tuple[Document, ...] = ()  # YouTube videos that the provider reads itself
    excerpts: tuple[str, ...] = ()  # messages of others, with a heading each

    @property
    def pictures(self) -> tuple[Photo, ...]:
        """The pictures of all photos: several of one that is a series."""
        return tuple(picture for photo in self.photos for picture in photo.pictures)


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a streamed answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of what a model thinks before it answers; no part of the answer."""

    text: str
    takes_back: bool = False  # the text of the answer so far turned out to be a thought, too


@dataclass(frozen=True, slots=True)
class Usage:
    """The cost of an answer, as far as the provider reports it; None if it does not."""

    credits: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    dollars: float | None = None

    def __add__(self, other: "Usage") -> "Usage":
        """Add two costs; the sum is None only if neither is reported."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Usage(*(None if a is b is None else (a or 0) + (b or 0) for a, b in pairs))


@dataclass(frozen=True, slots=True)
class PlacesFound:
    """The answer to the first question of a closer look, and its cost; kept with the turn, so it is paid once."""

    answer: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in an answer."""

    file: File


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The model stopped before the end of its answer."""

    reason: Literal["length", "resources"]  # the limit of its length was reached, or the service was short of machines


Piece = Text | Thought | Drawn | Unfinished | Usage


ANSWERED, STOPPED, OBEYED = "answered", "stopped", "command"  # outcomes of what went well
NO_FAILURES = frozenset({ANSWERED, STOPPED, OBEYED})


def with_notes(notes: Sequence[str], text: str, ending: str = "") -> str:
    """Return an answer as people read it: our notes stand before the words, what became of them after."""
    return "\n\n".join(filter(None, (*(f"_{note}_" for note in notes), text, ending)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVersion:
    """One of several answers to the same turn."""

    text: str  # the model's words
    model: str
    notes: tuple[str, ...] = ()  # ours, before the words
    ending: str = ""  # ours, after them
    is_spoiler: bool = False
    recalled: tuple[int, ...] = ()  # as in the result of the turn

    @property
    def shown(self) -> str:
        """The whole as people read it."""
        return with_notes(self.notes, self.text, self.ending)


VOTE = "vote"  # the command that a button below compared answers sends

QuestionKind = Literal["text", "count", "place", "colours", "other"]
"""The kind of a question about a photo: for what is written there, how many there are, where it is, which colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScore:
    """The wins of a model's answers in comparisons, and what they took on average; None where nobody knows."""

    model: str
    votes: int
    won: int
    took: float | None = None  # seconds
    credits: float | None = None
    dollars: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """The answer of one of several compared models."""

    answer: AnswerVersion
    usage: Usage = Usage()
    took: float | None = None  # seconds since the turn was started


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """The result of a turn: once it is stored, only showing it is left. Times are seconds since it was started."""

    text: str = ""  # the model's words; ours where no model spoke
    model: str | None = None  # the model that was asked; None: a command, which is not part of the history
    outcome: str = ANSWERED  # or stopped, command, or the key of the error
    notes: tuple[str, ...] = ()  # ours, before the text
    ending: str = ""  # ours, after it: that it was stopped, or why it broke off
    answered_by: str = ""  # the model that the cost is booked for; empty: none
    usage: Usage = Usage()
    first_words: float | None = None
    took: float | None = None
    booked: bool = True  # counts towards limits: a failure does not
    lanes: tuple[LaneResult, ...] = ()  # of models that were compared
    is_blind: bool = False  # the names of the compared models are hidden until somebody votes
    question_kind: QuestionKind = "other"  # of the question that was compared
    caption: str | None = None  # below the files that were generated; None: there are none
    thoughts: str = ""  # of the model, before the text
    is_spoiler: bool = False  # about something that is shown only to those who choose to see it
    has_pictures: bool = False  # a model drew them into its answer; they are among the generated files of the turn
    is_cut: bool = False  # there is more to say: the rest can be asked for
    is_large: bool = False  # about a photo that may show more when looked at closely
    recalled: tuple[int, ...] = ()  # the numbers of the earlier files that the question named or went on about

    @property
    def has_failed(self) -> bool:
        """True if something went wrong."""
        return self.outcome not in NO_FAILURES

    @property
    def shown(self) -> str:
        """The whole as people read it."""
        return with_notes(self.notes, self.text, self.ending)


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of answers over a period."""

    turns: int = 0
    credits: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class DaySpent:
    """The cost of one model on one day."""

    day: str  # 2026-11-21, UTC
    model: str
    spent: Spent


Measure = Literal["turns", "credits", "dollars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit of `most` units since a moment: for an author (platform:id), a channel, or the whole bot."""

    measure: Measure
    most: float
    since: float  # seconds since 1970
    author: str | None = None
    channel: Channel | None = None

    @property
    def is_of_everybody(self) -> bool:
        """True for the limit of the whole bot."""
        return self.author is None and self.channel is None

    @property
    def subject(self) -> str:
        """The subject of the budget; reservations for one subject are made one after the other."""
        return f"author {self.author}" if self.author else f"channel {self.channel}" if self.channel else "everybody"


@dataclass(frozen=True, slots=True)
class Balance:
    """The state of a budget: what is booked, and what is reserved for answers in progress."""

    budget: Budget
    booked: float
    reserved: float
    is_uncertain: bool = False  # the price of an answer in progress cannot be estimated

    @property
    def used(self) -> float:
        """The sum of both."""
        return self.booked + self.reserved

    @property
    def is_exhausted(self) -> bool:
        """True if nothing more may be started."""
        return self.used >= self.budget.most


@dataclass(frozen=True, slots=True)
class Admission:
    """The result of a reservation, and the state of each budget without it."""

    is_granted: bool
    balances: tuple[Balance, ...] = ()

    @property
    def exhausted(self) -> Balance | None:
        """The first budget that has no room; None if a price has to become known first."""
        return next((balance for balance in self.balances if balance.is_exhausted), None)


GenerationKind = Literal[
    "imagine", "vary", "edit", "cutout", "upscale", "erase", "untext", "backdrop", "animate", "prompt"
]
"""Kinds of generation: a picture from words, variations, edits by words, background removal, upscaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A request to generate a picture."""

    kind: GenerationKind
    model: str  # the provider's id of it
    words: str = ""
    photo: Photo | None = None  # source picture
    params: Mapping[str, str] = field(default_factory=dict)  # size, n, quality: as people typed them
    order: str = field(default="", compare=False)  # the same again after a crash, so that it is placed once
    was_begun: bool = field(default=False, compare=False)  # it may have been placed: only its result may be looked for


@dataclass(frozen=True, slots=True)
class Generated:
    """The result of a generation request: files, or words where it is about a picture and makes none."""

    files: tuple[File, ...]
    usage: Usage = Usage()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text of a recording."""

    text: str
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of a provider. `price` is in the provider's own words, empty if unknown."""

    id: str  # the provider's id of it
    name: str
    sees: bool  # accepts photos
    price: str = ""
    is_local: bool = False  # on this machine or its network, where it may have to be loaded first
    most_photos: int | None = None  # in one question; None: the service does not say
    is_listed: bool = field(default=True, compare=False)  # by the service itself; else the operator says so


@dataclass(frozen=True, slots=True)
class WebSource:
    """A page that was read for an answer."""

    address: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit: `most` passes in any `seconds`, shared by all processes that use its name."""

    name: str
    most: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProcess:
    """A process of the bot, as it reported itself."""

    name: str  # host name and process number
    started: float
    listens: Sequence[str] = ()  # connected to these platforms
    workers: int = 0  # limit of turns in progress; 0: it only listens
    in_flight: int = 0
    troubles: Mapping[str, str] = field(default_factory=dict)  # problems, by part
    breakers: Mapping[str, str] = field(default_factory=dict)  # closed, half open or open, by provider/family
    seen: float = 0.0  # time of the report


@dataclass(frozen=True, slots=True)
class WebSession:
    """A browser that is logged in at the web server."""

    id: str
    device: str  # the browser and its system, in readable form
    created: float
    seen: float  # time of the last use, accurate to a minute


Times = Mapping[int, tuple[int, float]]
"""A histogram of durations: the count in each class, and their sum in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The number of turns of one platform and model that ended alike in an interval."""

    platform: str
    model: str | None  # provider/model; None: a command, or no model was asked
    error: str | None  # the key of the sentence that was shown; None if all went well
    turns: int
    last: float  # time when the latest of them was finished
    first_words: Times = field(default_factory=dict)  # of successful answers, like the next
    took: Times = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The unfinished turns."""

    waiting: int
    in_work: int
    oldest: float | None = None  # when the first of those that wait arrived, in seconds since 1970
