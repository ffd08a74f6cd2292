"""From run files to a twin of their chip, and from a twin back to the run: how far it is."""

from mtjlab.calibration.fit import FittedTwin, fitted

__all__ = ["FittedTwin", "fitted"]
