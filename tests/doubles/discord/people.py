"""Making messages: what people say, and what the bot posts."""

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from tests.doubles.discord.cdn import File
from tests.doubles.discord.world import ME, MENTION, ROLE_MENTION, Channel, Post, World

Upload = bytes | tuple[str, bytes]


def files(world: World, channel: Channel, uploads: Sequence[Upload], folder: str = "") -> list[File]:
    """Files that come with a message; one without a name is a photo."""
    kept = []
    for n, upload in enumerate(uploads):
        name, data = upload if isinstance(upload, tuple) else (f"photo{n}.jpg", upload)
        kept.append(world.cdn.keep(next(world.ids), name, data, folder or f"attachments/{channel.id}"))
    return kept


def voice(world: World, channel: Channel, data: bytes, seconds: float) -> File:
    """What somebody said into the microphone, as Discord's own apps record it."""
    file = world.cdn.keep(next(world.ids), "voice-message.ogg", data, f"attachments/{channel.id}", type="audio/ogg")
    waveform = b64encode(bytes(32 + n % 64 for n in range(64))).decode()
    return world.cdn.change(file, seconds=seconds, waveform=waveform)


def mentioned(text: str, world: World) -> list[int]:
    """The people whom a text mentions, each once."""
    return list(dict.fromkeys(id for id in map(int, MENTION.findall(text)) if id in world.users))


def mentioned_roles(text: str, channel: Channel) -> list[int]:
    roles = channel.guild.roles if channel.guild else {}
    return list(dict.fromkeys(id for id in map(int, ROLE_MENTION.findall(text)) if id in roles))


def ping(post: Post, channel: Channel, world: World, allowed: dict[str, Any] | None, answered: Post | None) -> None:
    """Work out whom a post of the bot's calls upon, as `allowed_mentions` has it."""
    parse = ["users", "roles", "everyone"] if allowed is None else allowed.get("parse", [])
    rules: dict[str, Any] = allowed or {}
    users, roles = mentioned(post.text, world), mentioned_roles(post.text, channel)
    post.mentions = [id for id in users if "users" in parse or str(id) in map(str, rules.get("users", []))]
    post.mention_roles = [id for id in roles if "roles" in parse or str(id) in map(str, rules.get("roles", []))]
    post.mentions_everyone = "everyone" in parse and bool(re.search("@(everyone|here)", post.text))
    replied = rules.get("replied_user", allowed is None)
    if replied and answered is not None and answered.author not in (*post.mentions, ME):
        post.mentions.append(answered.author)
