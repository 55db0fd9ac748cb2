"""Sounds: how long they are, the words in their metadata, and files that keep silent or beep."""
