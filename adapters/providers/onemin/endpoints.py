"""The two ways to ask 1min.ai, each with the words it wants.

Unified is what today's documentation demands (https://docs.1min.ai/docs/api/chat-with-ai-api); features is what older
accounts and pages describe (https://docs.1min.ai/docs/api/ai-feature-api). The migration table of the first one shows
how their fields correspond.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.asking.video_links import latest, without_videos
from bot.messages import Prompt

Body = dict[str, Any]

TITLE = 91  # what a title may hold, https://docs.1min.ai/docs/api/conversation-api
VIDEOS = 3  # links to YouTube that are looked at in one question, https://docs.1min.ai/docs/api/chat-with-ai-api


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where questions go, and how they read there."""

    path: str  # below the address of the API
    thread: str  # the type of its conversations
    body: Callable[[Prompt, Sequence[str], Sequence[str]], Body]  # from a prompt, the keys of its photos and documents
    lists: tuple[str, ...]  # the features under which its models are listed
    sees_by_modality: bool  # a model takes photos where its modality says so; else only CHAT_WITH_IMAGE counts


def _unified(prompt: Prompt, photos: Sequence[str], documents: Sequence[str]) -> Body:
    wishes = prompt.conversation.preferences
    asked: Body = {
        "prompt": _sendable(_words(prompt)),
        "settings": {
            "webSearchSettings": {
                "webSearch": wishes.web_search,
                "numOfSite": wishes.sites,
                "maxWord": wishes.words,
            },
            "historySettings": {"isMixed": wishes.mixed, "historyMessageLimit": wishes.history},
        },
    }
    if prompt.conversation.remote_id is not None:
        asked["conversationId"] = prompt.conversation.remote_id
    if photos or documents:
        attached = {"images": list(photos), "files": list(documents)}
        asked["attachments"] = {name: keys for name, keys in attached.items() if keys}
    return {
        "type": "UNIFY_CHAT_WITH_AI",
        "model": prompt.conversation.model_id,
        "promptObject": asked,
        "metadata": {"messageGroup": f"{time.time_ns() // 1_000_000}_{random.randint(10, 99)}"},
    }


def _features(prompt: Prompt, photos: Sequence[str], documents: Sequence[str]) -> Body:
    """Documents are named by the conversation, see `threads`."""
    wishes = prompt.conversation.preferences
    asked: Body = {
        "prompt": _sendable(_words(prompt)),
        "isMixed": wishes.mixed,
        "webSearch": wishes.web_search,
        "numOfSite": wishes.sites,
        "maxWord": wishes.words,
    }
    if photos:
        asked["imageList"] = list(photos)
    return {
        # With CHAT_WITH_AI the model never gets to see the photos.
        "type": "CHAT_WITH_IMAGE" if photos else "CHAT_WITH_AI",
        "model": prompt.conversation.model_id,
        "conversationId": prompt.conversation.remote_id,
        "promptObject": asked,
    }


UNIFIED = Endpoint("api/chat-with-ai", "UNIFY_CHAT_WITH_AI", _unified, ("UNIFY_CHAT_WITH_AI",), sees_by_modality=True)
FEATURES = Endpoint(
    "api/features", "CHAT_WITH_IMAGE", _features, ("CHAT_WITH_IMAGE", "CHAT_WITH_AI"), sees_by_modality=False
)


def _words(prompt: Prompt) -> str:
    """1min.ai has no place of its own for how to answer. Nobody asked it to watch what a document links to."""
    excerpts = map(without_videos, prompt.excerpts)
    return "\n\n".join(filter(None, (prompt.instructions, *excerpts, latest(prompt.text, VIDEOS))))


def thread_body(endpoint: Endpoint, title: str, model: str) -> Body:
    """Return what opens a conversation; `model` is a formality there, every question names its own."""
    # The other side counts as JavaScript does: in UTF-16 units.
    short = title.encode("utf-16-le", "replace")[: 2 * TITLE].decode("utf-16-le", "ignore")
    return {"type": endpoint.thread, "title": short or "Snapthread", "model": model}


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
