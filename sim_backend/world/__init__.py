"""The simulated bench: junctions in their circuits, electronics, one virtual clock, generators."""

from sim_backend.world.followers import Follower
from sim_backend.world.surroundings import Amplifier, SourceFlaws, Surroundings
from sim_backend.world.world import World

__all__ = ["Amplifier", "Follower", "SourceFlaws", "Surroundings", "World"]
