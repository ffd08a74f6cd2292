"""The promises of `Daq` and `Selector`, in memory."""

import pytest

from mtjlab.core.wiring import Cell
from mtjlab.testing import daq, selector

INPUTS, OUTPUTS = ("ai0", "ai1", "ai2", "ai3"), ("ao0", "ao1", "ao2", "ao3")
CELLS = tuple(Cell(row, column) for row in (1, 2, 3) for column in (0, 1))


@pytest.mark.parametrize("check", daq.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("face", ["raw", "guarded"])
def test_daq(opened, check, face):
    bench = opened(twin="[twin.instruments.daq]\nlist_values = 400\n", more="")
    raw = bench.instruments["daq"]
    subject = daq.DaqUnderTest(
        daq=raw if face == "raw" else bench.rig(lambda *_: None).daqs["daq"],
        inputs=INPUTS,
        outputs=OUTPUTS,
        allowed=bench._permit.opened,
    )
    check(subject)


@pytest.mark.parametrize("check", selector.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("face", ["raw", "guarded"])
def test_selector(bench, check, face):
    raw = bench.instruments["daq.selector"]
    rig = bench.rig(lambda *_: None)
    subject = selector.SelectorUnderTest(
        selector=raw if face == "raw" else rig.selectors["daq.selector"],
        cells=CELLS,
        allowed=bench._permit.opened,
    )
    check(subject)
