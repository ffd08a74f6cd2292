"""Hours of slow monitoring, with the bias held on a wanted duty cycle if asked."""

from protocols.drift.recipe import Drift

__all__ = ["Drift"]
