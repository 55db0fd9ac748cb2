"""The command line of the emulator: `python -m emulator`."""

import argparse
import asyncio
import signal
import sys

from emulator.server import Emulator


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(serve(options.host, options.port))
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


async def serve(host: str, port: int) -> None:
    """Answer at this address until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Emulator(host, port) as emulator:
        print(f"1min.ai's API is emulated at {emulator.url} (any API-KEY). Ctrl-C ends it.", flush=True)
        await stopped.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator", description="Emulate the API of 1min.ai on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8081, help="port; 0 takes any free one (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
