"""What the bot posts: the form is checked as Discord checks it, then it is a message."""

import json
import re
from dataclasses import dataclass, field, replace

from tests.doubles.discord import budgets, people
from tests.doubles.discord.cdn import File
from tests.doubles.discord.faults import Refused, Wire, invalid
from tests.doubles.discord.world import COMPONENTS_V2, EPHEMERAL, ME, REPLY, SUPPRESS_EMBEDS, Channel, Post, World, walk

MOST_BYTES = budgets.FILE_BYTES
LINK = re.compile(r"(?<!<)https?://[^\s<>]+")  # Discord fetches none that stands in angle brackets
KEPT_FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | COMPONENTS_V2 | 1 << 12  # the last: no notification


@dataclass(slots=True)
class Form:
    """The body of a request: JSON, and the files that came beside it by their number."""

    json: Wire
    uploads: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of the request, without what stands around its parts."""
        return len(json.dumps(self.json)) + sum(len(data) for _, data in self.uploads.values())


def compose(world: World, channel: Channel, form: Form, folder: str = "") -> Post:
    """A new message of the bot's, not yet published; `folder` is where its files go if not to the channel's."""
    check(form)
    body = form.json
    post = Post(next(world.ids), channel.id, ME, body.get("content") or "", flags=body.get("flags", 0) & KEPT_FLAGS)
    post.embeds = [{"type": "rich", **embed} for embed in body.get("embeds") or []]
    post.components = body.get("components") or []
    nonce = body.get("nonce")
    post.nonce = str(nonce) if nonce is not None else None
    post.files = _uploaded(world, channel, form, folder)
    check_content(post)
    _moderate(world, channel, post.text, form)
    _preview(world, post)
    return post


def answer(world: World, channel: Channel, post: Post, form: Form) -> None:
    """Make a message the answer to another, if it says so, and work out whom it calls upon."""
    reference: Wire = form.json.get("message_reference") or {}
    answered = None
    if reference and reference.get("type", 0) == 0:
        answered = channel.posts.get(int(reference["message_id"]))
        if answered is not None:
            post.type, post.reply_to = REPLY, answered.id
        elif reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    people.ping(post, channel, world, form.json.get("allowed_mentions"), answered)


def revise(world: World, channel: Channel, post: Post, form: Form, folder: str = "") -> None:
    """Change a message of the bot's; nothing is changed when it is refused."""
    check(form)
    body = form.json
    trial = replace(post)
    if "content" in body:
        trial.content = body["content"] or ""
    if "embeds" in body:
        trial.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
    if "components" in body:
        trial.components = body["components"] or []
    if body.get("flags") is not None:
        trial.flags = (trial.flags & ~SUPPRESS_EMBEDS) | (body["flags"] & (SUPPRESS_EMBEDS | COMPONENTS_V2))
    trial.files = [*_kept(world, post, body), *_uploaded(world, channel, form, folder)]
    if len(trial.files) > budgets.FILES:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    check_content(trial)
    _moderate(world, channel, trial.text, form)
    for name in ("content", "embeds", "components", "flags", "files"):
        setattr(post, name, getattr(trial, name))
    _preview(world, post)
    if "content" in body or "components" in body:  # then Discord works the mentions out anew
        answered = channel.posts.get(post.reply_to) if post.reply_to else None
        people.ping(post, channel, world, body.get("allowed_mentions"), answered)


def _moderate(world: World, channel: Channel, text: str, form: Form) -> None:
    """Refuse what Discord or the server's AutoMod do not want to have said or shown."""
    if any(link in text for link in world.harmful_links):
        raise Refused(240000)
    if channel.guild is not None and any(word in text for word in world.blocked_words):
        raise Refused(200000)
    if any(data in world.explicit_pictures for _, data in form.uploads.values()):
        raise Refused(20009)


def _preview(world: World, post: Post) -> None:
    """Fetch what a message links to, as Discord does for every one that does not say otherwise."""
    if not post.flags & SUPPRESS_EMBEDS:
        world.previewed += LINK.findall(post.text)


def check(form: Form) -> None:
    """Refuse what is too long, too many or too large."""
    body = form.json
    if len(body.get("content") or "") > budgets.MESSAGE_LENGTH:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    if len(str(body.get("nonce") or "")) > budgets.NONCE_LENGTH:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    if len(form.uploads) > budgets.FILES:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if any(len(data) > MOST_BYTES for _, data in form.uploads.values()):
        raise Refused(40005)
    for n, about in enumerate(body.get("attachments") or []):
        if len(about.get("description") or "") > budgets.DESCRIPTION_LENGTH:
            raise invalid(f"attachments.{n}.description", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
    _check_embeds(body.get("embeds") or [])
    _check_components(body.get("components") or [], bool(body.get("flags", 0) & COMPONENTS_V2))


def check_content(post: Post) -> None:
    """Refuse a message that says nothing, or says it in two ways at once."""
    if post.flags & COMPONENTS_V2:
        if post.content or post.embeds:
            message = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
        _check_galleries(post)
        if len(post.text) > 4000:
            raise invalid("components", "COMPONENT_TEXT_DISPLAY_MAX_LENGTH", "Must be 4000 or fewer in length.")
    if not (post.content.strip() or post.embeds or post.files or post.stickers or post.components):
        raise Refused(50006)


def _check_galleries(post: Post) -> None:
    """Refuse galleries of too many pictures, and of such as did not come along."""
    names = {f"attachment://{file.name}" for file in post.files}
    for one in walk(post.components):
        if one["type"] == 12 and not 1 <= len(one["items"]) <= budgets.GALLERY_ITEMS:
            raise invalid("components.0.items", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length.")
        for item in one.get("items", ()):
            url = item["media"]["url"]
            if url.startswith("attachment://") and url not in names:
                raise invalid("components.0.items", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", "Not found")
            if len(item.get("description") or "") > budgets.DESCRIPTION_LENGTH:
                raise invalid("components.0.items", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
        if one["type"] == 10 and not one["content"].strip():
            raise invalid("components.0.content", "BASE_TYPE_REQUIRED", "This field is required")


def _check_embeds(embeds: list[Wire]) -> None:
    if len(embeds) > 10:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    length = 0
    for n, embed in enumerate(embeds):
        if len(embed.get("description", "")) > 4096:
            raise invalid(f"embeds.{n}.description", "BASE_TYPE_MAX_LENGTH", "Must be 4096 or fewer in length.")
        fields = [part for one in embed.get("fields", []) for part in (one["name"], one["value"])]
        length += sum(map(len, (embed.get("title", ""), embed.get("description", ""), *fields)))
    if length > 6000:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_components(components: list[Wire], modern: bool) -> None:
    everything = walk(components)
    if len(components) > 5 and not modern:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if len(everything) > budgets.NESTED_COMPONENTS:
        raise invalid(
            "components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {budgets.NESTED_COMPONENTS} in length."
        )
    if not modern and any(one["type"] != 1 for one in components):
        raise invalid("components.0.type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
    ids = [one["custom_id"] for one in everything if "custom_id" in one]
    if len(ids) != len(set(ids)):
        raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    for one in everything:
        _check_component(one)


def _check_component(one: Wire) -> None:
    if one["type"] == 1 and not 1 <= len(one["components"]) <= 5:
        raise invalid("components.0.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if len(one.get("custom_id", "")) > 100:
        raise invalid("components.0.custom_id", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    if one["type"] == 2 and len(one.get("label") or "") > 80:
        raise invalid("components.0.label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.")


def _uploaded(world: World, channel: Channel, form: Form, folder: str) -> list[File]:
    """The files of a form; `attachments` beside them says what they are called."""
    described = {int(one["id"]): one for one in form.json.get("attachments") or [] if int(one["id"]) in form.uploads}
    files = []
    for n, (name, data) in sorted(form.uploads.items()):
        about = described.get(n, {})
        where = folder or f"attachments/{channel.id}"
        name = about.get("filename", name)
        files.append(world.cdn.keep(next(world.ids), name, data, where, about=about.get("description")))
    return files


def _kept(world: World, post: Post, body: Wire) -> list[File]:
    """The files that an edit leaves where they are; it may describe them anew."""
    if "attachments" not in body:
        return post.files
    kept = {int(one["id"]): one for one in body["attachments"] or []}
    return [
        world.cdn.change(file, description=kept[file.id].get("description", file.description))
        for file in post.files
        if file.id in kept
    ]
