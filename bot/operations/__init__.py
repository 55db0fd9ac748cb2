"""Operation of the bot: logs, metrics, checks, a watchdog, and the deletion of old data."""
