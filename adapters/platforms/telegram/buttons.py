"""Buttons under a post, each of which sends a command."""

from collections.abc import Sequence

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from adapters.platforms.budgets import TelegramBudgets
from bot.messages import Button
from bot.replies.markdown import display_width

log = structlog.get_logger(__name__)

COLUMNS = 2
MOST_COLUMNS = 5  # of labels that are short enough for one row
ROW = 36  # columns of text that a phone shows side by side


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Lay the buttons out; one whose command is too long for Telegram is left out."""
    keys = [InlineKeyboardButton(button.label, callback_data=button.command) for button in buttons if _fits(button)]
    keys = keys[: TelegramBudgets.BUTTONS]
    columns = len(keys) if _fit_in_a_row(keys) else COLUMNS
    rows = [keys[n : n + columns] for n in range(0, len(keys), columns)]
    return InlineKeyboardMarkup(rows) if rows else None


def _fit_in_a_row(keys: Sequence[InlineKeyboardButton]) -> bool:
    return 0 < len(keys) <= MOST_COLUMNS and sum(display_width(key.text) for key in keys) <= ROW


def _fits(button: Button) -> bool:
    fits = 0 < len(button.command.encode()) <= TelegramBudgets.BUTTON_BYTES
    if not fits:
        log.warning("a button was left out: its command does not fit", bytes=len(button.command.encode()))
    return fits
