"""Intake of messages: those from people with access become stored turns."""
