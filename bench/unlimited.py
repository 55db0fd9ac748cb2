"""`python -m bot`, but with as many calls a second as Discord's double takes: its limits are not what is measured."""

import sys

from adapters.platforms import discord
from bot.__main__ import main

if __name__ == "__main__":
    setattr(discord, "MOST_CALLS", None)  # noqa: B010 (it is an int there)
    sys.exit(main())
