"""Files of strangers: taken in, decoded in worker processes that are shut in, and kept by their hash."""
