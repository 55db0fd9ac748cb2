"""Decoders and parsers of foreign files; they run in worker processes (`bot.isolation`), never inside the bot."""
