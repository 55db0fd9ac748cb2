"""Asking a model: a question is sent with all its context, and the answer is streamed."""
