"""The bot's one web server: health, figures, and whatever adapters add to it."""
