"""Check the requests of the chat before anything is done about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator import videos
from emulator.models import MODELS, Model
from emulator.payloads import ApiError, Body, bad_prompt, bad_request, flat, nested

TITLE = 91  # characters
CONVERSATIONS = (
    "UNIFY_CHAT_WITH_AI",
    "CHAT_WITH_AI",
    "CHAT_WITH_IMAGE",
    "CHAT_WITH_PDF",
    "CHAT_WITH_YOUTUBE_VIDEO",
    "CODE_GENERATOR",
)
FEATURES = ("CHAT_WITH_IMAGE", "CHAT_WITH_AI", "CHAT_WITH_PDF", "CHAT_WITH_YOUTUBE_VIDEO")
_BEGUN = ("CHAT_WITH_PDF", "CHAT_WITH_YOUTUBE_VIDEO")  # those need a conversation that was begun for them

Rule = tuple[str, Callable[[Any], bool], str]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_switch(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


_SETTINGS: tuple[Rule, ...] = (
    ("webSearch", _is_switch, "must be a boolean"),
    ("numOfSite", _is_number, "must be a number"),
    ("maxWord", _is_number, "must be a number"),
    ("isMixed", _is_switch, "must be a boolean"),
    ("historyMessageLimit", _is_number, "must be a number"),
    ("withMemories", _is_switch, "must be a boolean"),
)
_PROMPT: tuple[Rule, ...] = (
    ("prompt", _is_text, "must be a string"),
    # Nobody has seen what an empty prompt gets; a client that never sends one is right in any case.
    ("prompt", lambda value: value != "", "should not be empty"),
    # OpenAI's form is refused, as relays found out.
    ("messages", lambda value: value is None, "should not exist"),
)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question that passed, in one form for both endpoints."""

    type: str
    model: Model
    prompt: str
    conversation: str | None
    images: tuple[str, ...]
    sent: Body  # the promptObject as it came
    settings: Body = field(default_factory=dict)
    files: tuple[str, ...] = ()  # UUIDs

    @property
    def mixed(self) -> bool:
        """True if the turns of other models count as history."""
        return bool(self.settings.get("isMixed"))

    @property
    def limit(self) -> int:
        """The number of turns to look back."""
        limit = self.settings.get("historyMessageLimit")
        return 10 if limit is None else int(limit)


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A wish for a conversation that passed."""

    type: str
    title: str
    model: str
    files: tuple[str, ...] = ()  # UUIDs
    video: str = ""


_ABOUT: tuple[Rule, ...] = (
    ("brandVoiceId", lambda value: value is None or (isinstance(value, str) and value != ""), "must be a string"),
    ("metadata", lambda value: value is None or isinstance(value, dict), "must be an object"),
)


def begin(body: Body) -> NewConversation:
    """Check the wish for a conversation: its type, title and model, and what it is to be about."""
    for name in ("type", "title", "model"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise bad_request(f"{name} should not be empty")
    type, title, files, video = body["type"], body["title"], body.get("fileList"), body.get("youtubeUrl")
    if len(title) > TITLE:
        raise bad_request(f"title must be shorter than or equal to {TITLE} characters")
    if type not in CONVERSATIONS:
        raise bad_request(f"type must be one of the following values: {', '.join(CONVERSATIONS)}")
    if not _is_texts(files) or (type == "CHAT_WITH_PDF" and not files):
        raise bad_request("fileList must be an array of file ids")
    if not isinstance(video, str | None) or (type == "CHAT_WITH_YOUTUBE_VIDEO" and not videos.linked(video or "")):
        raise bad_request("youtubeUrl must be a YouTube link")
    return NewConversation(type, title, body["model"], tuple(files or ()), video or "")


def unified(body: Body) -> ChatRequest:
    """Check a question to `/api/chat-with-ai`. `type` may be missing, as older documentation has it."""
    prompt = body.get("promptObject")
    if not isinstance(prompt, dict) or not body.get("model"):
        raise ApiError(400, nested("INVALID_REQUEST", "Missing required parameters or invalid format"))
    type = body.get("type") or "UNIFY_CHAT_WITH_AI"
    if type not in ("UNIFY_CHAT_WITH_AI", "CHAT"):  # a client sends CHAT, and that works
        raise ApiError(400, nested("INVALID_REQUEST", f"Unknown type {type}"))
    settings, attachments = _part(prompt, "settings"), _part(prompt, "attachments")
    merged = {**settings, **_part(settings, "webSearchSettings"), **_part(settings, "historySettings")}
    _obey(body, _ABOUT)
    _obey(prompt, _PROMPT)
    _obey(merged, _SETTINGS)
    _obey(attachments, [(name, _is_texts, "must be an array of strings") for name in ("images", "files")])
    images = tuple(attachments.get("images") or ())
    model = _known(body["model"])
    if images and not model.sees:
        # A guess: nobody has seen what a model without eyes gets to hear here.
        raise ApiError(400, flat("UNSUPPORTED_MODEL", f"Model {model.id} is not supported for images"))
    thread, files = prompt.get("conversationId"), tuple(attachments.get("files") or ())
    return ChatRequest("UNIFY_CHAT_WITH_AI", model, prompt["prompt"], thread, images, prompt, _flat(merged), files)


def feature(body: Body) -> ChatRequest:
    """Check a question to `/api/features`."""
    type, prompt = body.get("type"), body.get("promptObject")
    if not isinstance(type, str) or not body.get("model") or not isinstance(prompt, dict):
        raise bad_request("type, model and promptObject should not be empty")
    if type not in FEATURES:
        raise ApiError(400, flat("UNSUPPORTED_FEATURE", f"The emulator cannot do {type} yet"))
    _obey(body, _ABOUT)
    _obey(prompt, (*_PROMPT, *_SETTINGS, ("imageList", _is_texts, "must be an array of strings")))
    if type == "CHAT_WITH_IMAGE" and prompt.get("imageList") is None:
        raise bad_prompt([{"field": "imageList", "message": "imageList must be an array"}])
    model = _known(body["model"])
    if type not in model.features:
        raise ApiError(400, flat("UNSUPPORTED_MODEL", f"Model {model.id} is not supported"))
    # With CHAT_WITH_AI the pictures never reach the model: clients saw that, and so it is here.
    images = tuple(prompt.get("imageList") or ()) if type == "CHAT_WITH_IMAGE" else ()
    thread = body.get("conversationId")
    named = None if thread in FEATURES else thread  # the type's own name means: outside of any conversation
    if type in _BEGUN and not named:
        raise bad_request("conversationId should not be empty")
    return ChatRequest(type, model, prompt["prompt"], named, images, prompt, _flat(prompt))


def _part(body: Body, name: str) -> Body:
    part = body.get(name)
    if part is None:
        return {}
    if not isinstance(part, dict):
        raise bad_prompt([{"field": name, "message": f"{name} must be an object"}])
    return part


def _obey(body: Body, rules: Sequence[Rule]) -> None:
    details = [{"field": name, "message": f"{name} {must}"} for name, good, must in rules if not good(body.get(name))]
    if details:
        raise bad_prompt(details)


def _known(name: Any) -> Model:
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        raise ApiError(400, flat("UNSUPPORTED_MODEL", f"Model {name} is not supported"))
    return model


def _flat(settings: Body) -> Body:
    return {name: settings[name] for name, *_ in _SETTINGS if settings.get(name) is not None}
