"""Tasks made by rule: the same name is always the same data, whatever the seed of a run."""

import numpy as np

from mtjlab.learning.task import Task

MOONS_POINTS = 200
MOONS_NOISE = 0.1
_MOONS_SEED = 20251


def xor() -> Task:
    """Four corners of a square; the class says whether the two inputs differ."""
    x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return Task("xor", x, np.array([0, 1, 1, 0]), ("equal", "different"), ("a", "b"), "by rule")


def moons() -> Task:
    """Two half circles of radius 1 that reach into each other, in Gaussian noise of sd 0.1.

    100 points each, equally spaced in angle: (cos t, sin t) and (1 - cos t, 1/2 - sin t).
    """
    angle = np.linspace(0.0, np.pi, MOONS_POINTS // 2)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)])
    # The one stream of numbers that NumPy promises never to change (NEP 19).
    noise = np.random.RandomState(_MOONS_SEED).standard_normal((MOONS_POINTS, 2))
    return Task(
        "moons",
        np.concatenate([upper, lower]) + MOONS_NOISE * noise,
        np.repeat(np.arange(2), MOONS_POINTS // 2),
        ("upper", "lower"),
        ("x", "y"),
        "by rule",
    )
