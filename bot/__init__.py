"""Snapthread: talk about your photos. The core that knows no platform and no provider."""

__version__ = "0.1.0"
