"""Plainer forms of a post that a platform refused: what is posted in its place, so that nothing ends in silence."""

import re
from dataclasses import replace

from bot.errors import FailureCode, Refused
from bot.messages import File, OutgoingPost
from bot.words import say

ANSWER_FILE = "answer.md"
LINKED_TEXT = re.compile(r"\[(?P<text>[^\]\n]{1,500})\]\(<?https?://[^\s)>]*[^)\n]{0,200}\)")
ADDRESS = re.compile(r"<?(?:https?://|www\.)[^\s<>]+>?", re.IGNORECASE)


def plainer(post: OutgoingPost, refusal: Refused) -> OutgoingPost | None:
    """Return the closest form of the post that may be accepted after this refusal; None after the plainest one.

    Each form has less than the one before: no link, no reference, no buttons, no files; then the text is in a file, and
    at last there is only a sentence.
    """
    if refusal.code is FailureCode.POST_BLOCKED:  # whoever makes the rules of a place means them for files too
        return _sentence(post, FailureCode.POST_BLOCKED)
    return _lighter(post, refusal) or as_file(post) or _sentence(post, "post_refused")


def as_file(post: OutgoingPost) -> OutgoingPost | None:
    """Return the post with its text in a file; None if it is so already, or a mere sentence."""
    if _is_sentence(post) or any(file.name == ANSWER_FILE for file in post.files):
        return None
    return replace(post, text=f"📄 {say('post_as_file')}", files=(*post.files[:9], text_file(post.text)))


def text_file(text: str) -> File:
    """Return the text as a file."""
    return File(name=ANSWER_FILE, mime="text/markdown", data=text.encode(errors="replace"))


def blocked_notice(*, sent_in_private: bool) -> str:
    """Return the sentence for an answer that the rules of a place keep out."""
    return f"⚠️ {say('post_blocked_private' if sent_in_private else 'post_blocked')}"


def _lighter(post: OutgoingPost, refusal: Refused) -> OutgoingPost | None:
    """Return the post without what was refused, or, where nobody knows what that was, without one part of it."""
    if refusal.code is FailureCode.FILE_TOO_LARGE:
        return _without_files(post, refusal, [file for file in post.files if file.name != refusal.values.get("name")])
    if refusal.code is FailureCode.POST_FILES_REFUSED:
        return _without_files(post, refusal, ())
    if refusal.code is FailureCode.POST_LINKS_REFUSED:
        return _without_links(post)
    if refusal.code is FailureCode.POST_TOO_LONG:
        return None
    if post.reply_to:
        return replace(post, reply_to=None)
    if post.buttons:
        return replace(post, buttons=())
    return _without_files(post, Refused(FailureCode.POST_FILES_REFUSED), ())


def _without_files(post: OutgoingPost, refusal: Refused, kept: "list[File] | tuple[()]") -> OutgoingPost | None:
    if len(kept) == len(post.files) or any(file.name == ANSWER_FILE for file in post.files):
        return None
    return replace(post, files=tuple(kept), text=_with_note(post.text, str(refusal)))


def _without_links(post: OutgoingPost) -> OutgoingPost | None:
    text = ADDRESS.sub("…", LINKED_TEXT.sub(lambda link: link["text"], post.text))
    return None if text == post.text else replace(post, text=_with_note(text, say("post_without_links")))


def _with_note(text: str, note: str) -> str:
    return "\n\n".join(filter(None, (text.strip(), f"⚠️ {note}")))


def _sentence(post: OutgoingPost, key: str) -> OutgoingPost | None:
    if _is_sentence(post):
        return None
    return replace(post, text=f"⚠️ {say(key)}", buttons=(), files=())


def _is_sentence(post: OutgoingPost) -> bool:
    return not post.files and post.text in {f"⚠️ {say(key)}" for key in (FailureCode.POST_BLOCKED, "post_refused")}
