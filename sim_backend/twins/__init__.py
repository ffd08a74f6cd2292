"""Simulated instruments: the words and limits of each, wired to one world."""
