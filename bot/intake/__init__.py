"""What people say becomes a stored turn, where they may speak to the bot."""
