"""Random bits from junctions, and whether they look random."""

from protocols.randomness.recipe import Randomness

__all__ = ["Randomness"]
