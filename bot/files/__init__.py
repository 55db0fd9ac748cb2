"""Strangers' files: accepted, decoded in confined worker processes, and cached by hash."""
