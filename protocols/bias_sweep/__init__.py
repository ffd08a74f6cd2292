"""Occupancy and dwell times of junctions against bias, and field where there is a coil."""

from protocols.bias_sweep.recipe import BiasSweep

__all__ = ["BiasSweep"]
