"""1min.ai: a provider that keeps the history of a conversation and the photos, and answers in a stream."""
