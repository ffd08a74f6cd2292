"""What a fabric hands back may lie in memory as it likes: Fortran's order, every other row."""

import numpy as np
import pytest

from mtjlab.learning.fabric import Activities
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.choice import RULE_NAMES, make_rule
from mtjlab.learning.simulated import Gaussian

WIDTHS = (4, 6, 3)


def strided(array: np.ndarray) -> np.ndarray:
    """The same values in every other row and column of a larger array."""
    larger = np.full([2 * n for n in array.shape], np.nan, dtype=array.dtype)
    larger[::2, ::2] = array
    return larger[::2, ::2]


class Laid:
    """A fabric whose answers are laid out otherwise."""

    def __init__(self, fabric, layout):
        self.fabric = fabric
        self.layout = layout

    def __getattr__(self, name):
        return getattr(self.fabric, name)

    def forward(self, layer, x, w, b):
        return self._laid(self.fabric.forward(layer, x, w, b))

    def clean(self, layer, x, w, b):
        return self._laid(self.fabric.clean(layer, x, w, b))

    def _laid(self, answer):
        return Activities(self.layout(answer.activity), self.layout(answer.output))


def learnt(rule_name: str, layout) -> dict[str, np.ndarray]:
    """All parameters after three steps."""
    network = Network(WIDTHS, np.random.default_rng(1), decorrelate=True)
    fabric = HostSum(WIDTHS[1:], Gaussian(9, np.random.default_rng(2)))
    rule = make_rule(
        rule_name, reads_per_sample=3, decorrelation_rate=0.01, rng=np.random.default_rng(3)
    )
    rng = np.random.default_rng(4)
    x, labels = rng.standard_normal((8, 4), dtype=np.float32), rng.integers(0, 3, 8)
    optimiser = Adam(learning_rate=0.1)
    for _ in range(3):
        rule.step(network, Laid(fabric, layout), optimiser, x, labels)
    return network.state()


@pytest.mark.parametrize("layout", [np.asfortranarray, strided])
@pytest.mark.parametrize("rule_name", RULE_NAMES)
def test_no_rule_depends_on_the_layout(rule_name, layout):
    usual, other = learnt(rule_name, np.ascontiguousarray), learnt(rule_name, layout)
    assert not np.array_equal(
        usual["layer0.w"], Network(WIDTHS, np.random.default_rng(1), decorrelate=True).layers[0].w
    )
    for name, array in usual.items():
        assert array.tobytes() == other[name].tobytes(), name
