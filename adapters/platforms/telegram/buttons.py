"""Buttons under a post: each one says a command."""

from collections.abc import Sequence

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.messages import Button

log = structlog.get_logger(__name__)

LONGEST = 64  # bytes of a command
ACROSS = 2
MOST = 100


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Lay the buttons out; one whose command is too long for Telegram is left out."""
    keys = [InlineKeyboardButton(button.label, callback_data=button.command) for button in buttons if _fits(button)]
    keys = keys[:MOST]
    rows = [keys[n : n + ACROSS] for n in range(0, len(keys), ACROSS)]
    return InlineKeyboardMarkup(rows) if rows else None


def _fits(button: Button) -> bool:
    fits = 0 < len(button.command.encode()) <= LONGEST
    if not fits:
        log.warning("a button was left out: its command does not fit", bytes=len(button.command.encode()))
    return fits
