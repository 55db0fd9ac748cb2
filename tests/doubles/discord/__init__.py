"""Discord on loopback: a real server that speaks its protocol, for an unmodified discord.py."""

from tests.doubles.discord.commands import NotOffered
from tests.doubles.discord.faults import BAD_GATEWAY, CUT, LOST, Fault, flood
from tests.doubles.discord.interactions import NO_ANSWER, THINKING, Interaction
from tests.doubles.discord.server import TOKEN, Call, FakeDiscord
from tests.doubles.discord.world import (
    ADMIN,
    ANN,
    BOB,
    BOT_ROLE,
    FORUM,
    FORUM_CHANNEL,
    GENERAL,
    GUILD,
    ME,
    OTHER,
    Channel,
    Permission,
    Post,
)

__all__ = [
    "ADMIN",
    "ANN",
    "BAD_GATEWAY",
    "BOB",
    "BOT_ROLE",
    "CUT",
    "FORUM",
    "FORUM_CHANNEL",
    "GENERAL",
    "GUILD",
    "LOST",
    "ME",
    "NO_ANSWER",
    "OTHER",
    "THINKING",
    "TOKEN",
    "Call",
    "Channel",
    "FakeDiscord",
    "Fault",
    "Interaction",
    "NotOffered",
    "Permission",
    "Post",
    "flood",
]
