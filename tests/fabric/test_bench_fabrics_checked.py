"""Fabrics that are on a bench do what every fabric promises; on the twins, calibrated."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core import plugins
from mtjlab.core.generators import Generators
from mtjlab.fabric.part import LayerShape, Part, Sampling
from mtjlab.testing import fabric as promises

# Reads far enough apart that they share nothing; otherwise as `noise_learning` would have it.
SAMPLING = Sampling(None, 6.0, 6.0, 16, 16, 2, "on", 0.03, 200, 1e-3)
# Name -> bench, layers, inputs, what its slope may be off. A product in the crossbar is a voltage
# that moves the occupancy, too: -0.4 answers a sixth more than its weight says, 0.4 a sixth less,
# and the slope is that of the activation alone.
KINDS: dict[str, tuple[str, tuple[LayerShape, ...], int, float]] = {
    "node_noise": ("twin", (LayerShape(0, 4, 6, False), LayerShape(1, 6, 3, True)), 4, 0.05),
    "neuron": ("array", (LayerShape(0, 2, 4, False),), 2, 0.05),
    "crossbar": ("array", (LayerShape(0, 2, 4, False), LayerShape(1, 4, 2, True)), 2, 0.25),
}


@pytest.fixture(scope="module")
def made() -> Iterator[Callable[[str], promises.FabricUnderTest]]:
    """Each is calibrated once; a check leaves it as usable as it found it."""
    with ExitStack() as open_:
        known: dict[str, promises.FabricUnderTest] = {}

        def make(name: str) -> promises.FabricUnderTest:
            if name not in known:
                known[name] = subject(name, open_)
            return known[name]

        yield make


def subject(name: str, open_: ExitStack) -> promises.FabricUnderTest:
    bench_name, layers, inputs, slope_error = KINDS[name]
    generators = Generators(3)
    bench = open_.enter_context(
        OpenBench(load(bench_name), generators=generators, notice=lambda _level, _text: None)
    )
    kind: type[Part] = plugins.load("fabrics", name)
    part = kind(
        bench.rig(lambda _s, _r: None),
        layers,
        SAMPLING,
        kind.options.model_validate({}),
        frozenset(),
    )
    part.prepare()
    part.calibrate()

    def keep() -> Callable[[], None]:
        kept, drawn, world = part.state(), generators.state(), dict(bench.world_state())

        def put_back() -> None:
            part.restore(kept)
            assert bench.simulated is not None
            bench.simulated.restore(world)
            generators.restore(drawn)

        return put_back

    return promises.FabricUnderTest(part, inputs, keep, slope_error=slope_error)


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", KINDS)
def test_they_do_what_a_fabric_promises(
    name: str, check: Any, made: Callable[[str], promises.FabricUnderTest]
) -> None:
    check(made(name))
