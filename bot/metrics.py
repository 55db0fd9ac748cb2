"""What the operator can watch, in Prometheus' terms. Never a user, a channel or a word that was said."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.messages import Answer, Turn

SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 240)


class Metrics:
    """The figures of one running bot."""

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
        self.in_flight = Gauge("snapthread_in_flight", "Turns in work", registry=self.registry)
        self.waiting = Gauge("snapthread_waiting", "Turns on the queue, those in work included", registry=self.registry)

    def answered(self, turn: Turn, answer: Answer) -> None:
        """Book the times of an answer."""
        if answer.model is None:
            return
        labels = (turn.conversation.provider, turn.conversation.model_id)
        if answer.first_words is not None:
            self.first_words.labels(*labels).observe(answer.first_words)
        if answer.took is not None:
            self.answers.labels(*labels).observe(answer.took)

    def finished(self, turn: Turn, outcome: str) -> None:
        """Book how a turn ended: answered, command, or the key of the sentence it failed with."""
        conversation = turn.conversation
        platform = turn.message.channel.platform
        self.turns.labels(platform, conversation.provider, conversation.model_id, outcome).inc()
