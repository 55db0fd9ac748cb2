"""Buttons under a post, each of which sends a command."""

from collections.abc import Sequence

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from adapters.platforms.budgets import TelegramBudgets
from bot.messages import Button

log = structlog.get_logger(__name__)

COLUMNS = 2


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Lay the buttons out; one whose command is too long for Telegram is left out."""
    keys = [InlineKeyboardButton(button.label, callback_data=button.command) for button in buttons if _fits(button)]
    keys = keys[: TelegramBudgets.BUTTONS]
    rows = [keys[n : n + COLUMNS] for n in range(0, len(keys), COLUMNS)]
    return InlineKeyboardMarkup(rows) if rows else None


def _fits(button: Button) -> bool:
    fits = 0 < len(button.command.encode()) <= TelegramBudgets.BUTTON_BYTES
    if not fits:
        log.warning("a button was left out: its command does not fit", bytes=len(button.command.encode()))
    return fits
