"""The simulated bench: junctions in their circuits, electronics, one virtual clock, generators.

Nothing is imported here: a bench file is checked with `surroundings` alone, without the kernels.
"""
