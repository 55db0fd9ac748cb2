"""1min.ai: it keeps the history of a conversation and the photos, and answers in a stream."""
