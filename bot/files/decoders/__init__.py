"""Decoders and parsers of untrusted files, which run in worker processes (`bot.files.isolation`) only."""
