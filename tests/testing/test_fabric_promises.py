"""The checks of fabrics: a good one passes, each broken one is told what is wrong."""

from typing import Any

import numpy as np
import pytest

from mtjlab.learning.fabric import Activities
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.precision import NodeVariance
from mtjlab.learning.simulated import Gaussian, Silent, Telegraph
from mtjlab.testing import fabric as promises
from mtjlab.testing.verdict import run

WIDTHS = (6, 3)


def good() -> HostSum:
    return HostSum(WIDTHS, Gaussian(9, np.random.default_rng(0)))


class Backwards(HostSum):
    """Rows come back the other way round."""

    def forward(self, layer: int, x: Any, w: Any, b: Any) -> Activities:
        answer = super().forward(layer, x[::-1], w, b)
        return Activities(answer.activity, answer.output)


class Turning(HostSum):
    """A modulator that is driven beyond its best point."""

    def _answer(self, layer: int, activity: Any) -> Activities:
        return Activities(activity, np.sin(2.0 * activity).astype(np.float32))


class Restless(HostSum):
    def clean(self, layer: int, x: Any, w: Any, b: Any) -> Activities:
        self.begin(len(x))
        return self.forward(layer, x, w, b)


class Double(HostSum):
    def forward(self, layer: int, x: Any, w: Any, b: Any) -> Activities:
        answer = super().forward(layer, x, w, b)
        return Activities(answer.activity.astype(np.float64), answer.output)  # type: ignore[arg-type]


class Steep(HostSum):
    def slope(self, layer: int, answer: Activities) -> Any:
        return 2.0 * super().slope(layer, answer)


class Greedy(HostSum):
    """Its precision changes what it is given."""

    @property
    def precision(self) -> Any:
        class Changing(NodeVariance):
            def weigh(self, differences: Any) -> Any:
                for difference in differences:
                    difference *= 2.0
                return differences

        return Changing([np.ones(6), np.ones(3)])


def shared(rows: int) -> Any:
    rng = np.random.default_rng(rows)
    return np.repeat(rng.standard_normal((rows, 1)), 9, axis=1).astype(np.float32) * 0.06


def slow() -> Telegraph:
    return Telegraph(9, np.random.default_rng(0), spacing=0.02)


def faults(fabric: Any) -> dict[str, str]:
    subject = promises.FabricUnderTest(fabric, inputs=4)
    return {v.check: v.fault for v in run(promises.CHECKS, subject) if v.fault is not None}


def test_a_good_one_passes() -> None:
    assert not faults(good())


@pytest.mark.parametrize(
    ("broken", "check", "said"),
    [
        (HostSum(WIDTHS, Silent(9)), "check_every_node_is_noisy", "never change"),
        (HostSum(WIDTHS, slow()), "check_reads_are_independent", "further apart"),
        (HostSum(WIDTHS, shared), "check_nodes_are_independent", "share 1.00"),
        (Backwards(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_rows_keep", "own row"),
        (Turning(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_response", "down again"),
        (Restless(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_clean_has", "differ"),
        (Double(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_shapes", "float64"),
        (Steep(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_response", "slope"),
        (Greedy(WIDTHS, Gaussian(9, np.random.default_rng(0))), "check_precision", "changed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HostSum) else "",
)
def test_what_is_wrong_is_said(broken: Any, check: str, said: str) -> None:
    found = faults(broken)
    assert any(name.startswith(check) and said in fault for name, fault in found.items()), found


def test_a_state_that_is_not_kept_is_found() -> None:
    fabric = good()
    subject = promises.FabricUnderTest(fabric, inputs=4, keep=lambda: lambda: None)
    found = {v.check: v.fault for v in run(promises.CHECKS, subject)}
    assert found["check_it_goes_on_where_it_was"] is not None
