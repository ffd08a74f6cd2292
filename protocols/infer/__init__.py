"""A trained network at work: the weights of a learning run, shown to junctions again."""

from protocols.infer.recipe import Infer

__all__ = ["Infer"]
