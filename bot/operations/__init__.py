"""What those who run the bot need: logs, figures, checks, a watchdog, and the deletion of what is old."""
