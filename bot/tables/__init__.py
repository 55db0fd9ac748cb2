"""Tables from photos: read from a model's reply, checked, and written as files."""
