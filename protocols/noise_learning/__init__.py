"""The experiment of the method: a network learns by the noise of the junctions under it."""

from protocols.noise_learning.recipe import NoiseLearning

__all__ = ["NoiseLearning"]
