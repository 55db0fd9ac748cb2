"""The web page: a chat platform of our own, so that the bot can be tried with only a browser."""
