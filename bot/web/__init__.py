"""The bot's only web server: health, metrics, the dashboard, and the routes of the adapters."""
