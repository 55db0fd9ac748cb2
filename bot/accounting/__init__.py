"""Usage limits, and charts of past usage."""
