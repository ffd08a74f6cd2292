"""The bias at which each junction sits at a wanted duty cycle."""

from protocols.operating_point.recipe import OperatingPoint

__all__ = ["OperatingPoint"]
