"""The log of what a platform sent and nobody can read: each is set aside alone, counted, and the rest goes on."""

from dataclasses import dataclass

import structlog

from bot.operations.metrics import Metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SetAsideLog:
    """The log of one platform. Without metrics nothing is counted."""

    platform: str
    metrics: Metrics | None = None

    def note(self, kind: str, error: BaseException, **where: object) -> None:
        """Note something that was set aside: its kind (message, event, interaction, update), and where it stood."""
        log.error("something unreadable was set aside", platform=self.platform, kind=kind, error=repr(error), **where)
        if self.metrics is not None:
            self.metrics.set_aside.labels(self.platform, kind).inc()
