"""Decoders and parsers of foreign files; they run in worker processes (`bot.files.isolation`), never inside the bot."""
