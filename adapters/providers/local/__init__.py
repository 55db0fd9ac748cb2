"""Local eyes: measure photos on this machine, without a key and without a network. No AI model."""
