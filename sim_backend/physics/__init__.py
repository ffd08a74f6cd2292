"""Equations of junctions and networks: numbers in, numbers out; nothing of ours is imported."""
