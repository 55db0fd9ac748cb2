"""The try-out page: a chat platform of our own, so that the bot can be met with a browser and nothing else."""
