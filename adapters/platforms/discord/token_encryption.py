"""Secrets that other processes of this bot may read, and nobody else: encrypted under a key made from its token."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"snapthread: what is carried for Discord"  # another purpose has another key


class TokenEncryption:
    """Closes and opens. Whoever has the same token has the same seal."""

    def __init__(self, token: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(token.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, data: bytes) -> bytes:
        """Encrypt, so that a change would be noticed."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None where it was changed, or sealed under another token."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None
