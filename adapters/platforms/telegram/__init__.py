"""Telegram: photos of every kind in, answers growing in the right thread, no update ever lost."""
