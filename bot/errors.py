"""Failures as codes, and the exceptions that carry them.

BotError             a sentence for whoever asked; details belong in the log
├── Refused          saying it again will not help: tell the asker
│   ├── Unreadable   one photo cannot be had or read: name it, and go on with the others
│   └── WrongAddress nothing at a service's address takes questions: name a better one
├── Busy             again later, in order, within limits
├── Cut              the answer broke off in the middle: ask for the rest, once
└── Forgotten        the provider lost the conversation: begin a new one, ask again once
"""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto

from bot.words import say


class Scope(Enum):
    """The part that would have to change for the same request to succeed."""

    QUESTION = auto()
    PHOTO = auto()
    MODEL = auto()
    PROVIDER = auto()
    PLATFORM = auto()
    OPERATOR = auto()


class FailureCode(StrEnum):
    """A kind of failure. The value is also the key of its sentence in every catalogue, and what the store keeps."""

    # question
    AGAIN_NOTHING = auto()
    ALLOW_UNKNOWN = auto()
    BACKDROP_HOW = auto()
    CLAIM_PAGE = auto()
    CLAIM_PRIVATE = auto()
    CLAIM_UNKNOWN = auto()
    COMPARE_HOW = auto()
    EDIT_HOW = auto()
    ERASE_HOW = auto()
    GAVE_UP = auto()
    GUEST_ONLY_ASKS = auto()
    HERE_PRIVATE = auto()
    IMAGINE_HOW = auto()
    LIMIT_REACHED = auto()
    LIMIT_REACHED_TOTAL_DAY = auto()
    LIMIT_REACHED_TOTAL_MONTH = auto()
    LINK_ITSELF = auto()
    LINK_UNKNOWN = auto()
    PROVIDER_BAD_REQUEST = auto()
    PROVIDER_CONTEXT_TOO_LONG = auto()
    PROVIDER_FILTERED = auto()
    PROVIDER_TOO_LARGE = auto()
    PROVIDER_TOO_LONG = auto()
    SETTINGS_NOT_YOURS = auto()
    STUDIO_MODERATED = auto()
    STUDIO_N = auto()
    STUDIO_NO_PHOTO = auto()
    STUDIO_NO_WORDS = auto()
    STUDIO_PHOTO = auto()
    STUDIO_SIZE = auto()
    STUDIO_SIZE_FREE = auto()
    STUDIO_WISH = auto()
    STUDIO_WISH_UNKNOWN = auto()
    STUDIO_WORDS_TOO_LONG = auto()
    SUBJECT_NUMBER = auto()
    SUBJECT_UNSEEN = auto()
    UNLINK_NOTHING = auto()
    VERSION_UNKNOWN = auto()
    VIDEOS_NONE_READ = auto()
    ZOOM_NO_PICTURE = auto()
    VIDEO_LINK = auto()
    VIDEO_REFUSED = auto()
    # photo
    DOCUMENT_BOMB = auto()
    DOCUMENT_BROKEN = auto()
    DOCUMENT_EMPTY = auto()
    DOCUMENT_LOCKED = auto()
    DOCUMENT_NO_TEXT = auto()
    DOCUMENT_OFFICE = auto()
    DOCUMENT_REFUSED = auto()
    DOCUMENT_SLOW = auto()
    DOCUMENT_TOO_HEAVY = auto()
    FILE_TOO_LARGE = auto()
    FILES_NONE_READ = auto()
    PHOTO_BOMB = auto()
    PHOTO_BROKEN = auto()
    PHOTO_EMPTY = auto()
    PHOTO_GONE = auto()
    PHOTO_JPEG_XL = auto()
    PHOTO_NOT_AN_IMAGE = auto()
    PHOTO_REFUSED = auto()
    PHOTO_SLOW = auto()
    PHOTO_TOO_HEAVY = auto()
    PHOTO_TOO_LARGE = auto()
    PHOTO_TOO_MANY_PARTS = auto()
    PHOTO_TOO_MANY_PIXELS = auto()
    PHOTO_TRUNCATED = auto()
    PHOTO_VIDEO = auto()
    PHOTO_VIDEO_LONG = auto()
    PHOTOS_NONE_READ = auto()
    PROVIDER_DOCUMENT_REFUSED = auto()
    PROVIDER_PHOTO_REFUSED = auto()
    PROVIDER_PHOTO_TOO_LARGE = auto()
    PROVIDER_TOO_MANY_PHOTOS = auto()
    TELEGRAM_TOO_HEAVY = auto()
    VOICE_GONE = auto()
    VOICE_REFUSED = auto()
    VOICE_SILENT = auto()
    VOICE_TOO_LARGE = auto()
    VOICE_UNREADABLE = auto()
    # model
    ANSWER_CUT = auto()
    MODEL_BLIND = auto()
    MODEL_MISSING = auto()
    MODEL_TAKES_NO_PHOTOS = auto()
    MODEL_UNKNOWN = auto()
    MODEL_UNKNOWN_PLAIN = auto()
    ONLY_THOUGHTS = auto()
    PROVIDER_DOWN = auto()
    PROVIDER_EMPTY = auto()
    PROVIDER_FAILED = auto()
    PROVIDER_FORGOT = auto()
    PROVIDER_MINUTE_LIMIT = auto()
    PROVIDER_NONSENSE = auto()
    PROVIDER_RATE_LIMITED = auto()
    PROVIDER_SLOW = auto()
    PROVIDER_UNKNOWN_MODEL = auto()
    PROVIDER_UNSUPPORTED = auto()
    STUDIO_MODEL = auto()
    STUDIO_NOBODY = auto()
    # provider
    LIMIT_PENDING = auto()
    MADE_GONE = auto()
    ORDER_INTERRUPTED = auto()
    MADE_TOO_LARGE = auto()
    PROVIDER_UNREACHABLE = auto()
    # platform
    CHANNEL_LOST = auto()
    DISCORD_HIDDEN = auto()
    DISCORD_INTERACTION_OVER = auto()
    DISCORD_LOCKED = auto()
    DISCORD_POST_GONE = auto()
    DISCORD_REFUSED = auto()
    DISCORD_SLOW_DOWN = auto()
    DISCORD_UNREACHABLE = auto()
    POST_BLOCKED = auto()
    POST_FILES_REFUSED = auto()
    POST_LINKS_REFUSED = auto()
    POST_TOO_LONG = auto()
    POSTS_USED_UP = auto()
    TELEGRAM_FORMATTING = auto()
    TELEGRAM_MOVED = auto()
    TELEGRAM_POST_GONE = auto()
    TELEGRAM_REFUSED = auto()
    TELEGRAM_SLOW_DOWN = auto()
    TELEGRAM_TOPIC_GONE = auto()
    TELEGRAM_UNREACHABLE = auto()
    # operator
    ADMINS_ONLY = auto()
    BUG = auto()
    DISCORD_INTENTS = auto()
    DISCORD_SHARDS = auto()
    DISCORD_WRONG_TOKEN = auto()
    FEATURE_OFF = auto()
    PROVIDER_BLOCKED = auto()
    PROVIDER_CERTIFICATE = auto()
    PROVIDER_NO_CREDITS = auto()
    PROVIDER_NO_DEPLOYMENT = auto()
    PROVIDER_NOT_ALLOWED = auto()
    PROVIDER_REGION = auto()
    PROVIDER_OUTSIDE = auto()
    PROVIDER_NO_MODELS = auto()
    PROVIDER_UNVERIFIED = auto()
    PROVIDER_WRONG_ADDRESS = auto()
    PROVIDER_WRONG_KEY = auto()
    PUT_ASIDE = auto()
    TELEGRAM_WRONG_TOKEN = auto()

    @property
    def scope(self) -> Scope:
        """The part that would have to change."""
        return SCOPES[self]


_BY_SCOPE: Mapping[Scope, tuple[FailureCode, ...]] = {
    Scope.QUESTION: (
        FailureCode.AGAIN_NOTHING,
        FailureCode.ALLOW_UNKNOWN,
        FailureCode.BACKDROP_HOW,
        FailureCode.CLAIM_PAGE,
        FailureCode.CLAIM_PRIVATE,
        FailureCode.CLAIM_UNKNOWN,
        FailureCode.COMPARE_HOW,
        FailureCode.GUEST_ONLY_ASKS,
        FailureCode.EDIT_HOW,
        FailureCode.ERASE_HOW,
        FailureCode.GAVE_UP,
        FailureCode.HERE_PRIVATE,
        FailureCode.IMAGINE_HOW,
        FailureCode.LIMIT_REACHED,
        FailureCode.LIMIT_REACHED_TOTAL_DAY,
        FailureCode.LIMIT_REACHED_TOTAL_MONTH,
        FailureCode.LINK_ITSELF,
        FailureCode.LINK_UNKNOWN,
        FailureCode.PROVIDER_BAD_REQUEST,
        FailureCode.PROVIDER_CONTEXT_TOO_LONG,
        FailureCode.PROVIDER_FILTERED,
        FailureCode.PROVIDER_TOO_LARGE,
        FailureCode.PROVIDER_TOO_LONG,
        FailureCode.SETTINGS_NOT_YOURS,
        FailureCode.STUDIO_MODERATED,
        FailureCode.STUDIO_N,
        FailureCode.STUDIO_NO_PHOTO,
        FailureCode.STUDIO_NO_WORDS,
        FailureCode.STUDIO_PHOTO,
        FailureCode.STUDIO_SIZE,
        FailureCode.STUDIO_SIZE_FREE,
        FailureCode.STUDIO_WISH,
        FailureCode.STUDIO_WISH_UNKNOWN,
        FailureCode.STUDIO_WORDS_TOO_LONG,
        FailureCode.SUBJECT_NUMBER,
        FailureCode.SUBJECT_UNSEEN,
        FailureCode.UNLINK_NOTHING,
        FailureCode.VERSION_UNKNOWN,
        FailureCode.VIDEOS_NONE_READ,
        FailureCode.ZOOM_NO_PICTURE,
        FailureCode.VIDEO_LINK,
        FailureCode.VIDEO_REFUSED,
    ),
    Scope.PHOTO: (
        FailureCode.DOCUMENT_BOMB,
        FailureCode.DOCUMENT_BROKEN,
        FailureCode.DOCUMENT_EMPTY,
        FailureCode.DOCUMENT_LOCKED,
        FailureCode.DOCUMENT_NO_TEXT,
        FailureCode.DOCUMENT_OFFICE,
        FailureCode.DOCUMENT_REFUSED,
        FailureCode.DOCUMENT_SLOW,
        FailureCode.DOCUMENT_TOO_HEAVY,
        FailureCode.FILE_TOO_LARGE,
        FailureCode.FILES_NONE_READ,
        FailureCode.PHOTO_BOMB,
        FailureCode.PHOTO_BROKEN,
        FailureCode.PHOTO_EMPTY,
        FailureCode.PHOTO_GONE,
        FailureCode.PHOTO_JPEG_XL,
        FailureCode.PHOTO_NOT_AN_IMAGE,
        FailureCode.PHOTO_REFUSED,
        FailureCode.PHOTO_SLOW,
        FailureCode.PHOTO_TOO_HEAVY,
        FailureCode.PHOTO_TOO_LARGE,
        FailureCode.PHOTO_TOO_MANY_PARTS,
        FailureCode.PHOTO_TOO_MANY_PIXELS,
        FailureCode.PHOTO_TRUNCATED,
        FailureCode.PHOTO_VIDEO,
        FailureCode.PHOTO_VIDEO_LONG,
        FailureCode.PHOTOS_NONE_READ,
        FailureCode.PROVIDER_DOCUMENT_REFUSED,
        FailureCode.PROVIDER_PHOTO_REFUSED,
        FailureCode.PROVIDER_PHOTO_TOO_LARGE,
        FailureCode.PROVIDER_TOO_MANY_PHOTOS,
        FailureCode.TELEGRAM_TOO_HEAVY,
        FailureCode.VOICE_GONE,
        FailureCode.VOICE_REFUSED,
        FailureCode.VOICE_SILENT,
        FailureCode.VOICE_TOO_LARGE,
        FailureCode.VOICE_UNREADABLE,
    ),
    Scope.MODEL: (
        FailureCode.ANSWER_CUT,
        FailureCode.MODEL_BLIND,
        FailureCode.MODEL_MISSING,
        FailureCode.MODEL_TAKES_NO_PHOTOS,
        FailureCode.MODEL_UNKNOWN,
        FailureCode.MODEL_UNKNOWN_PLAIN,
        FailureCode.ONLY_THOUGHTS,
        FailureCode.PROVIDER_DOWN,
        FailureCode.PROVIDER_EMPTY,
        FailureCode.PROVIDER_FAILED,
        FailureCode.PROVIDER_FORGOT,
        FailureCode.PROVIDER_MINUTE_LIMIT,
        FailureCode.PROVIDER_NONSENSE,
        FailureCode.PROVIDER_RATE_LIMITED,
        FailureCode.PROVIDER_SLOW,
        FailureCode.PROVIDER_UNKNOWN_MODEL,
        FailureCode.PROVIDER_UNSUPPORTED,
        FailureCode.STUDIO_MODEL,
        FailureCode.STUDIO_NOBODY,
    ),
    Scope.PROVIDER: (
        FailureCode.LIMIT_PENDING,
        FailureCode.MADE_GONE,
        FailureCode.ORDER_INTERRUPTED,
        FailureCode.MADE_TOO_LARGE,
        FailureCode.PROVIDER_UNREACHABLE,
    ),
    Scope.PLATFORM: (
        FailureCode.CHANNEL_LOST,
        FailureCode.DISCORD_HIDDEN,
        FailureCode.DISCORD_INTERACTION_OVER,
        FailureCode.DISCORD_LOCKED,
        FailureCode.DISCORD_POST_GONE,
        FailureCode.DISCORD_REFUSED,
        FailureCode.DISCORD_SLOW_DOWN,
        FailureCode.DISCORD_UNREACHABLE,
        FailureCode.POST_BLOCKED,
        FailureCode.POST_FILES_REFUSED,
        FailureCode.POST_LINKS_REFUSED,
        FailureCode.POST_TOO_LONG,
        FailureCode.POSTS_USED_UP,
        FailureCode.TELEGRAM_FORMATTING,
        FailureCode.TELEGRAM_MOVED,
        FailureCode.TELEGRAM_POST_GONE,
        FailureCode.TELEGRAM_REFUSED,
        FailureCode.TELEGRAM_SLOW_DOWN,
        FailureCode.TELEGRAM_TOPIC_GONE,
        FailureCode.TELEGRAM_UNREACHABLE,
    ),
    Scope.OPERATOR: (
        FailureCode.ADMINS_ONLY,
        FailureCode.BUG,
        FailureCode.DISCORD_INTENTS,
        FailureCode.DISCORD_SHARDS,
        FailureCode.DISCORD_WRONG_TOKEN,
        FailureCode.FEATURE_OFF,
        FailureCode.PROVIDER_BLOCKED,
        FailureCode.PROVIDER_CERTIFICATE,
        FailureCode.PROVIDER_NO_CREDITS,
        FailureCode.PROVIDER_NO_DEPLOYMENT,
        FailureCode.PROVIDER_NOT_ALLOWED,
        FailureCode.PROVIDER_REGION,
        FailureCode.PROVIDER_OUTSIDE,
        FailureCode.PROVIDER_NO_MODELS,
        FailureCode.PROVIDER_UNVERIFIED,
        FailureCode.PROVIDER_WRONG_ADDRESS,
        FailureCode.PROVIDER_WRONG_KEY,
        FailureCode.PUT_ASIDE,
        FailureCode.TELEGRAM_WRONG_TOKEN,
    ),
}
SHUT_OUT = frozenset({FailureCode.CHANNEL_LOST, FailureCode.DISCORD_INTERACTION_OVER})
"""Nothing can be said where the question was asked, now or later."""

CLOSED = SHUT_OUT | {FailureCode.DISCORD_LOCKED, FailureCode.POSTS_USED_UP, FailureCode.TELEGRAM_TOPIC_GONE}
"""No form of a post is accepted there."""

POST_GONE = frozenset({FailureCode.DISCORD_POST_GONE, FailureCode.TELEGRAM_POST_GONE})
"""The post that was to be changed is not there any more."""

SCOPES: Mapping[FailureCode, Scope] = {code: scope for scope, codes in _BY_SCOPE.items() for code in codes}


class BotError(Exception):
    """A failure by its code, with the values that its sentence shows.

    `str()` is that sentence in the language of the task that shows it, which need not be the one that raised it.
    """

    def __init__(self, code: str, **values: object) -> None:
        """Take a FailureCode, or the text of one, as another process or an old row has it; ValueError for any other."""
        self.code, self.values = FailureCode(code), dict(values)
        super().__init__(self.code)

    def __str__(self) -> str:
        return say(self.code, **self.values)


class Refused(BotError):
    """Asking again would not help."""


class Unreadable(Refused):
    """A photo cannot be had, read or taken. The sentence is a reason, to stand behind the photo's name."""


class WrongAddress(Refused):
    """The failure that nothing at a service's address takes questions; `better` is one where something does, if any."""

    def __init__(self, better: str = "") -> None:
        super().__init__(FailureCode.PROVIDER_WRONG_ADDRESS)
        self.better = better


class Busy(BotError):
    """A limit, a timeout or a hiccup: worth another try, in `retry_after` seconds where the other side said.

    If `lost_reply`, the request was sent: what it asked for may have been done, and paid, all the same.
    """

    def __init__(
        self, code: str, retry_after: float | None = None, *, lost_reply: bool = False, **values: object
    ) -> None:
        super().__init__(code, **values)
        self.retry_after, self.lost_reply = retry_after, lost_reply


def has_lost_reply(error: BaseException) -> bool:
    """Tell whether what a failed request asked for may have been done all the same."""
    return isinstance(error, Busy) and error.lost_reply


class Cut(BotError):
    """The answer broke off after its first words."""


class Forgotten(BotError):
    """The provider no longer knows the conversation it kept for us."""


class QueueFull(Exception):
    """Somebody has as many unfinished turns as one person may have; nothing more is kept. Never shown to anybody."""


class LeaseLost(Exception):
    """Another process has taken this turn over; whatever we hold of it is void. Never shown to anybody."""
