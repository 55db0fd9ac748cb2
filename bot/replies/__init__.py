"""Delivery of answers: text becomes posts, which are edited as it grows, and mirrored to linked channels."""
