"""The watch over a webhook: Telegram tells what kept it from bringing updates, and nobody else would notice."""

import time
from dataclasses import dataclass, field

import structlog
from telegram import WebhookInfo

from adapters.platforms.telegram.webhook import HEADER, Webhook

log = structlog.get_logger(__name__)

CHECK_SECONDS = 20.0  # between two looks; after two of them at most the operator is told
MOST_STUCK = 3  # looks in a row at which updates wait and none comes, after which something is wrong
ERROR_SECONDS = 600.0  # after which an error that Telegram remembers is of the past


@dataclass
class WebhookWatch:
    """The state of one webhook, as far as it is known."""

    webhook: Webhook
    trouble: str = ""  # a sentence for the operator; empty: all is well
    _taken: int = field(default=0, init=False)  # updates that had come at the last look
    _refused: int = field(default=0, init=False)
    _pending: int = field(default=0, init=False)  # updates that waited at the last look
    _stuck: int = field(default=0, init=False)  # looks in a row at which as many waited as before, or more

    def look(self, info: WebhookInfo) -> bool:
        """Judge what Telegram tells of the webhook; return False where it is somebody else's."""
        is_ours = info.url == self.webhook.url
        self._set(self._judge(info) if is_ours else "another program set another webhook with this token")
        if is_ours and info.pending_update_count == 0:
            self.webhook.empty_at = time.time()
        self._taken, self._refused = self.webhook.taken, self.webhook.refused
        self._pending = info.pending_update_count
        return is_ours

    def _judge(self, info: WebhookInfo) -> str:
        has_come, was_refused = self.webhook.taken > self._taken, self.webhook.refused > self._refused
        if info.pending_update_count == 0 or has_come:
            return ""
        reason = self._latest_error(info)
        self._stuck = self._stuck + 1 if 0 < self._pending <= info.pending_update_count else 0
        if not (reason or was_refused or self._stuck >= MOST_STUCK):
            return ""  # they have only just come, or another process takes them
        hint = _hint(reason, was_refused=was_refused)
        return f"{info.pending_update_count} updates wait at Telegram and do not arrive: {hint}"

    def _latest_error(self, info: WebhookInfo) -> str:
        """Return Telegram's latest error, if no update has come since."""
        if info.last_error_date is None or not info.last_error_message:
            return ""
        at = info.last_error_date.timestamp()
        is_recent = at > time.time() - ERROR_SECONDS and at >= self.webhook.last_taken
        return info.last_error_message if is_recent else ""

    def _set(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.error("Telegram's updates do not arrive", reason=trouble)
        elif self.trouble and not trouble:
            log.info("Telegram's updates arrive again")
        self.trouble = trouble


def _hint(reason: str, *, was_refused: bool) -> str:
    if was_refused or "403" in reason:
        return f"they come without the secret; does a proxy strip the header {HEADER}?"
    if any(word in reason.lower() for word in ("ssl", "certificate", "tls")):
        return f"Telegram does not accept the certificate of TELEGRAM_WEBHOOK_URL ({reason})"
    if reason:
        return f"Telegram says: {reason}"
    return "does TELEGRAM_WEBHOOK_URL lead here?"
