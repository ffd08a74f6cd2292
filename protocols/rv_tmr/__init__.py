"""Resistance of both states, and magnetoresistance, against bias."""

from protocols.rv_tmr.recipe import RvTmr

__all__ = ["RvTmr"]
