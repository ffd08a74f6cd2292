"""Ratios against a limit or a peer measured in the same run; never a timed assertion in a test."""
