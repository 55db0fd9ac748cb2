"""An emulator of 1min.ai's API: speaks its wire format, answers from the pixels, and fails on request."""

from emulator.server import Emulator

__all__ = ["Emulator"]
