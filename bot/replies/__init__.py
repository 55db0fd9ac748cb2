"""An answer as people see it: text becomes posts, which grow, and are shown where channels are linked."""
