"""Snapthread against the floor: ratios of runs on this machine, side by side. Absolute numbers are this machine's."""
