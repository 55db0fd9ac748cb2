"""Prometheus metrics for the operator. Labels never name a user, a channel or any text."""

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot import __version__
from bot.messages import Backlog, JobResult, Turn, Usage

SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 240)
STATES = {"closed": 0, "half open": 1, "open": 2}


class Metrics:
    """The metrics of one running bot."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.turns = Counter(
            "snapthread_turns",
            "Turns taken off the queue",
            ("platform", "provider", "model", "outcome"),
            registry=self.registry,
        )
        self.first_words = Histogram(
            "snapthread_first_words_seconds",
            "From taking a turn up to the provider's first words",
            ("provider", "model"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.answers = Histogram(
            "snapthread_answer_seconds",
            "From taking a turn up to the whole answer",
            ("provider", "model"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.fallbacks = Counter(
            "snapthread_fallbacks",
            "Answers by another model than the one that was asked, because that was down",
            ("asked", "by"),
            registry=self.registry,
        )
        self.in_flight = Gauge("snapthread_in_flight", "Turns in work", registry=self.registry)
        self.waiting = Gauge("snapthread_waiting", "Turns on the queue, those in work included", registry=self.registry)
        self.set_aside = Counter(
            "snapthread_set_aside",
            "Messages, events, interactions and updates that could not be read",
            ("platform", "kind"),
            registry=self.registry,
        )
        self.oldest = Gauge(
            "snapthread_oldest_waiting_seconds", "Age of the oldest turn that waits; 0: none", registry=self.registry
        )
        self.credits = Counter(
            "snapthread_credits", "Credits of answers", ("provider", "model"), registry=self.registry
        )
        self.dollars = Counter(
            "snapthread_dollars", "Dollars of answers", ("provider", "model"), registry=self.registry
        )
        self.tokens = Counter(
            "snapthread_tokens", "Tokens of answers", ("provider", "model", "direction"), registry=self.registry
        )
        Info("snapthread_build", "The version that runs", registry=self.registry).info({"version": __version__})
        ProcessCollector(registry=self.registry)
        self.put_aside = Gauge(
            "snapthread_put_aside", "Turns put aside because they brought the bot down", registry=self.registry
        )

    def answered(self, turn: Turn, answer: JobResult) -> None:
        """Count an answer and its times."""
        if answer.model is None:
            return
        provider, _, model = answer.model.partition("/")
        labels = (provider, model)
        self._spent(answer.usage, labels)
        if answer.first_words is not None:
            self.first_words.labels(*labels).observe(answer.first_words)
        if answer.took is not None:
            self.answers.labels(*labels).observe(answer.took)
        if answer.model != turn.conversation.model:
            self.fallbacks.labels(turn.conversation.model, answer.model).inc()

    def observe(self, backlog: Backlog) -> None:
        """Set what waits on the queue of all processes."""
        self.waiting.set(backlog.waiting + backlog.in_work)
        self.oldest.set(0 if backlog.oldest is None else max(0, time.time() - backlog.oldest))

    def _spent(self, usage: Usage, labels: tuple[str, str]) -> None:
        self.credits.labels(*labels).inc(usage.credits or 0)
        self.dollars.labels(*labels).inc(usage.dollars or 0)
        self.tokens.labels(*labels, "in").inc(usage.input_tokens or 0)
        self.tokens.labels(*labels, "out").inc(usage.output_tokens or 0)

    def finished(self, turn: Turn, outcome: str) -> None:
        """Count a finished turn by its outcome: answered, command, or the key of the error sentence."""
        conversation = turn.conversation
        platform = turn.message.channel.platform
        self.turns.labels(platform, conversation.provider, conversation.model_id, outcome).inc()

    def watch(self, states: Callable[[], Mapping[str, str]]) -> None:
        """Export the breakers; `states` returns each one's state by name: closed, half open or open."""
        self.registry.register(_Breakers(states))


class _Breakers(Collector):
    def __init__(self, states: Callable[[], Mapping[str, str]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "snapthread_breaker",
            "Whether a family of models is asked: 0 closed (all is well), 1 half open (being tried), 2 open (left out)",
            labels=("provider", "family"),
        )
        for name, state in self._states().items():
            provider, _, models = name.partition("/")
            family.add_metric((provider, models), STATES[state])
        yield family
