"""Every junction of a chip: what it is, and what its noise is like."""

from protocols.array_map.recipe import ArrayMap

__all__ = ["ArrayMap"]
