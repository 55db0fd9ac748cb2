"""A turn from its claim to its end: the queue is worked on, each turn becomes a job, its lease is kept."""
