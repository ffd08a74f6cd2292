"""What junctions see of each other: correlation, shared resistances, sneak paths."""

from protocols.crosstalk.recipe import CrosstalkBetween

__all__ = ["CrosstalkBetween"]
