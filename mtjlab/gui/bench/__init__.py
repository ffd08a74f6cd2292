"""The dock of the bench: its instruments between runs, and its limits."""
