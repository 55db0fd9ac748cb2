"""Asking: a question goes to a model with all that it has to know, and its answer grows."""
