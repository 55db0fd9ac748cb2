"""How Discord writes things down: which keys there are, which are left out, ids as strings."""

from datetime import UTC, datetime

from tests.doubles.discord.cdn import Cdn, File
from tests.doubles.discord.faults import Wire
from tests.doubles.discord.world import (
    COMPONENTS_V2,
    FORUM_CHANNEL,
    GROUP_CHANNEL,
    HAS_THREAD,
    IS_SNAPSHOT,
    ME,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Guild,
    Permission,
    Post,
    Role,
    User,
    World,
    moment,
)

JOINED = "2026-01-01T00:00:00+00:00"


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(user: User) -> Wire:
    wire: Wire = {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0",
        "global_name": None if user.bot else user.name.title(),
        "avatar": None,
        "public_flags": 0,
    }
    return {**wire, "bot": True} if user.bot else wire


def role(role: Role) -> Wire:
    wire: Wire = {
        "id": str(role.id),
        "name": role.name,
        "permissions": str(int(role.permissions)),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": role.bot is not None,
        "mentionable": role.bot is None,
        "flags": 0,
    }
    return {**wire, "tags": {"bot_id": str(role.bot)}} if role.bot else wire


def member(guild: Guild, id: int) -> Wire:
    """A member without the user, as messages carry it."""
    return {
        "roles": [str(role) for role in guild.members.get(id, [])],
        "nick": None,
        "avatar": None,
        "premium_since": None,
        "communication_disabled_until": None,
        "joined_at": JOINED,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def attachment(file: File, cdn: Cdn) -> Wire:
    url = cdn.link(file)
    wire: Wire = {"id": str(file.id), "filename": file.name, "size": len(file.data), "url": url, "proxy_url": url}
    if file.content_type:
        wire["content_type"] = file.content_type
    if file.size is not None and file.content_type.startswith("image/"):
        wire |= {"width": file.size[0], "height": file.size[1]}
    if file.description is not None:
        wire["description"] = file.description
    if file.seconds is not None:
        wire |= {"duration_secs": file.seconds, "waveform": file.waveform}
    if file.ephemeral:
        wire["ephemeral"] = True
    return wire


def channel(channel: Channel, world: World) -> Wire:
    """A channel or a thread of whatever kind, without the guild's id."""
    wire: Wire = {"id": str(channel.id), "type": channel.type, "flags": 0}
    wire["last_message_id"] = str(channel.last_message) if channel.last_message else None
    if channel.type == GROUP_CHANNEL:
        wire |= {"name": channel.name or None, "icon": None, "owner_id": str(channel.recipients[0])}
        return {**wire, "recipients": [user(world.users[id]) for id in channel.recipients]}
    if channel.guild is None:
        return {**wire, "recipients": [user(world.users[channel.recipient])]}
    wire |= {"name": channel.name, "parent_id": None, "rate_limit_per_user": 0}
    if channel.is_thread:
        return {**wire, **_thread(channel)}
    wire |= {"position": 0, "topic": None, "nsfw": False, "permission_overwrites": _overwrites(channel)}
    if channel.type == FORUM_CHANNEL:
        wire |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        wire |= {"default_forum_layout": 0, "template": ""}
    return wire


def _thread(channel: Channel) -> Wire:
    made = _at(channel.made)
    wire: Wire = {
        "parent_id": str(channel.parent),
        "owner_id": str(channel.owner),
        "message_count": len(channel.order),
        "total_message_sent": len(channel.order),
        "member_count": 1,
        "thread_metadata": {
            "archived": channel.archived,
            "archive_timestamp": made,
            "auto_archive_duration": channel.archive_after,
            "locked": channel.locked,
            "create_timestamp": made,
        },
    }
    if channel.tags:
        wire["applied_tags"] = [str(tag) for tag in channel.tags]
    if channel.joined:
        me = {"id": str(channel.id), "user_id": str(ME), "join_timestamp": made, "flags": 0}
        wire["member"] = me
    return wire


def _overwrites(channel: Channel) -> list[Wire]:
    denied = {ME: channel.denied} if channel.denied else {}
    denied |= dict.fromkeys(channel.hidden, Permission.VIEW_CHANNEL)
    return [{"id": str(id), "type": 1, "allow": "0", "deny": str(int(what))} for id, what in denied.items()]


def guild(guild: Guild) -> Wire:
    """What both REST and the gateway tell of a guild."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "owner_id": str(guild.owner),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": guild.community or "en-US",
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "features": ["COMMUNITY"] if guild.community else [],
        "emojis": [],
        "stickers": [],
        "roles": [role(one) for one in guild.roles.values()],
    }


def guild_create(one: Guild, world: World) -> Wire:
    """A guild as the gateway hands it to a bot that may not see its members."""
    threads = [world.channels[id] for id in one.threads]
    return {
        **guild(one),
        "joined_at": JOINED,
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "members": [{**member(one, ME), "user": user(world.users[ME])}],
        "channels": [channel(world.channels[id], world) for id in one.channels],
        "threads": [{**channel(thread, world), "guild_id": str(one.id)} for thread in threads if not thread.archived],
    }


def message(post: Post, world: World, content: bool = True) -> Wire:
    """A message as REST gives it; without `content`, emptied as for a bot that lacks the intent."""
    wire: Wire = {
        "id": str(post.id),
        "channel_id": str(post.channel),
        "author": _author(post, world),
        **_said(post, world, content or world.readable(post)),
        "mention_everyone": post.mentions_everyone,
        "pinned": False,
        "tts": False,
    }
    if post.nonce is not None:
        wire["nonce"] = post.nonce
    if post.webhook:
        wire |= {"webhook_id": str(ME), "application_id": str(ME)}
    if post.proxy:
        wire |= {"webhook_id": str(post.author), "application_id": str(post.proxy[0])}
    if post.metadata is not None:
        wire["interaction_metadata"] = post.metadata
    if post.reactions:
        emoji = [{"id": None, "name": name} for name in post.reactions]
        wire["reactions"] = [{"emoji": one, "count": 1, "me": True} for one in emoji]
    if post.poll is not None and (content or world.readable(post)):
        wire["poll"] = post.poll
    if post.thread is not None and post.thread in world.channels:
        thread = world.channels[post.thread]
        wire["thread"] = {**channel(thread, world), **_guild_id(thread)}
    return wire | _reference(post, world, content)


def _author(post: Post, world: World) -> Wire:
    """The author; a webhook speaks under a name of its own, and counts as a bot."""
    if post.proxy is None:
        return user(world.users[post.author])
    return {"id": str(post.author), "username": post.proxy[1], "discriminator": "0000", "avatar": None, "bot": True}


def _said(post: Post, world: World, readable: bool) -> Wire:
    """What somebody said, in the form that a forward keeps of it too."""
    wire: Wire = {
        "type": post.type,
        "content": post.content if readable else "",
        "embeds": post.embeds if readable else [],
        "attachments": [attachment(file, world.cdn) for file in post.files] if readable else [],
        "components": post.components if readable else [],
        "mentions": [user(world.users[id]) for id in post.mentions],
        "mention_roles": [str(id) for id in post.mention_roles],
        "timestamp": moment(post.id),
        "edited_timestamp": _at(post.edited) if post.edited else None,
        "flags": post.flags | (HAS_THREAD if post.thread else 0),
    }
    return {**wire, "sticker_items": post.stickers} if post.stickers else wire


def _reference(post: Post, world: World, content: bool) -> Wire:
    place = world.channels[post.channel]
    if post.forwarded is not None and post.forwarded_from is not None:
        channel_id, message_id = post.forwarded_from
        origin = world.channels.get(channel_id, place)
        reference = {"type": 1, "channel_id": str(channel_id), "message_id": str(message_id), **_guild_id(origin)}
        snapshot = _said(post.forwarded, world, content or world.readable(post))
        return {"message_reference": reference, "message_snapshots": [{"message": snapshot}]}
    if post.reply_to is None:
        return {}
    if post.type == THREAD_CREATED:
        return {"message_reference": {"type": 0, "channel_id": str(post.reply_to), **_guild_id(place)}}
    origin = world.channels[place.parent] if post.type == THREAD_STARTER and place.parent else place
    origin = world.channels.get(post.reply_channel or 0, origin)
    reference = {"type": 0, "channel_id": str(origin.id), "message_id": str(post.reply_to), **_guild_id(origin)}
    if post.unresolved:  # not the same as null, by which Discord says that it was deleted
        return {"message_reference": reference}
    answered = origin.posts.get(post.reply_to) or origin.ours.get(post.reply_to)
    nested = _nested(answered, world, content) if answered else None
    return {"message_reference": reference, "referenced_message": nested}


def _nested(post: Post, world: World, content: bool) -> Wire:
    """A message within another has no third one within."""
    wire = message(post, world, content)
    wire.pop("referenced_message", None)
    return wire


def _guild_id(channel: Channel) -> Wire:
    return {"guild_id": str(channel.guild.id)} if channel.guild else {}


def event(post: Post, world: World, content: bool) -> Wire:
    """A message as the gateway gives it: with the guild and the member, where there is one."""
    place = world.channels[post.channel]
    wire = {**message(post, world, content), "channel_type": place.type}
    if place.guild is None:
        return wire
    wire["guild_id"] = str(place.guild.id)
    if not (post.webhook or post.proxy) and post.author in place.guild.members:
        wire["member"] = member(place.guild, post.author)
    wire["mentions"] = [_as_member(one, place.guild) for one in wire["mentions"]]
    return wire


def _as_member(user: Wire, guild: Guild) -> Wire:
    id = int(user["id"])
    return {**user, "member": member(guild, id)} if id in guild.members else user


def snapshot_flags(post: Post) -> int:
    """The flags of a message that forwards this one."""
    return IS_SNAPSHOT | (post.flags & COMPONENTS_V2)
