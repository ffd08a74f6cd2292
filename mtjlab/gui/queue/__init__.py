"""The dock of the queue."""
