"""Resistance against field, up and down: switching fields, loop shift, remanence."""

from protocols.field_sweep.recipe import FieldSweep

__all__ = ["FieldSweep"]
