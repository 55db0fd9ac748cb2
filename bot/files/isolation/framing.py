"""Messages between the bot and a worker process: a prefix, a header in JSON, a body of bytes; optionally a file.

Never pickled: a worker's messages may be crafted by a file that has compromised it.
"""

import json
import socket
import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any, BinaryIO

PREFIX = struct.Struct("!IQ")  # bytes of the header, and of the body
EXIT_CODE = struct.Struct("!i")  # message of the fork server about a worker
MOST_HEADER = 8 * 1024 * 1024
MOST_BODY = 256 * 1024 * 1024

Header = Mapping[str, Any]


def pack(header: Header, body_size: int) -> tuple[bytes, bytes]:
    """Return prefix and header in wire format."""
    text = json.dumps(header).encode()
    return PREFIX.pack(len(text), body_size), text


def unpack_prefix(prefix: bytes | bytearray) -> tuple[int, int]:
    """Return the sizes of header and body. ValueError: they are larger than any that we send."""
    header_size, body_size = PREFIX.unpack(prefix)
    if header_size > MOST_HEADER or body_size > MOST_BODY:
        raise ValueError("message too large")
    return header_size, body_size


def parse(text: bytes | bytearray) -> Header:
    """Return the parsed header. ValueError: it is invalid."""
    header = json.loads(text)
    if not isinstance(header, dict):
        raise ValueError("no header")
    return header


def receive(connection: socket.socket) -> tuple[Header, BinaryIO] | None:
    """Wait for a request: its header and its file. None: the other side has closed."""
    prefix, descriptors, _, _ = socket.recv_fds(connection, PREFIX.size, 1)
    if not prefix:
        return None
    header_size, body_size = unpack_prefix(prefix + _read(connection, PREFIX.size - len(prefix)).read())
    header = parse(_read(connection, header_size).read())
    if descriptors:
        return header, open(descriptors[0], "rb")  # noqa: PTH123  # a descriptor, which the caller closes
    return header, _read(connection, body_size)


def send(connection: socket.socket, header: Header, body: bytes) -> None:
    """Send a reply."""
    for part in (*pack(header, len(body)), body):
        connection.sendall(part)


def _read(connection: socket.socket, size: int) -> BinaryIO:
    """Read exactly `size` bytes into a buffer that the file then owns, without a copy. EOFError: there are fewer."""
    file = BytesIO(bytes(size))
    with file.getbuffer() as rest:
        filled = 0
        while filled < size:
            count = connection.recv_into(rest[filled:])
            if not count:
                raise EOFError
            filled += count
    return file
