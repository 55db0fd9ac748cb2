"""A small 1min.ai on loopback: it speaks like the real one, answers from the pixels, and fails on request."""

from adapters.providers.sandbox.provider import open_sandbox
from adapters.providers.sandbox.server import Sandbox

__all__ = ["Sandbox", "open_sandbox"]
