"""Encryption of secrets for the processes of one bot, under a key derived from its token."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"snapthread: what is carried for Discord"  # another purpose has another key


class TokenEncryption:
    """A cipher whose key every process with the same token has."""

    def __init__(self, token: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(token.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt data with authentication."""
        return self._fernet.encrypt(data)

    def decrypt(self, encrypted: bytes) -> bytes | None:
        """Decrypt data; None where it was changed, or encrypted under another token."""
        try:
            return self._fernet.decrypt(encrypted)
        except InvalidToken:
            return None
