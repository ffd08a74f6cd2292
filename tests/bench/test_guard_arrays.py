"""Rows of an array: whatever its junctions and columns do, none sees more than it survives."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.faces import GuardedDaq, GuardedSource
from mtjlab.bench.fences import fence
from mtjlab.bench.guard import Guard
from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import ArrayWiring, Wiring, largest_level_v

LIMITS = JunctionLimits(hard_v=0.5, hard_a=50e-6, soft_v=0.3, r_min_ohm=5e3)
ARRAY = ArrayWiring(
    rows=(0, 1),
    columns=(0, 1),
    sources=("daq/ao0", "daq/ao1"),
    series_ohm=50.0,
    divider=0.02,
    row_wire_ohm=1.0,
    column_wire_ohm=1.0,
    tia_ohm=20e3,
    tia_input_ohm=1.0,
    reads=(None, None),
)
TIMING: dict[str, Any] = {"ai": ("ai0",), "step_rate_hz": 1e3, "settle": 0, "keep": 1}


def guard_of(*arrays: ArrayWiring, limits: JunctionLimits = LIMITS) -> Guard:
    return Guard(Wiring((), arrays), limits, WritePermit(), VirtualClock())


@pytest.fixture
def array_guard(permit: WritePermit, clock: VirtualClock) -> Guard:
    return Guard(Wiring((), (ARRAY,)), LIMITS, permit, clock)


@pytest.fixture
def daq(raw_daq: Any, array_guard: Guard) -> GuardedDaq:
    return GuardedDaq("daq", raw_daq, array_guard)


def node_voltages(
    array: ArrayWiring, rows_v: np.ndarray, junction_ohm: np.ndarray, floating: np.ndarray
) -> np.ndarray:
    """Kirchhoff's current law for rows and columns without wire resistance: (rows + columns,)."""
    n, m = junction_ohm.shape
    g = np.zeros((n + m, n + m))
    injected = np.zeros(n + m)
    for i in range(n):
        g[i, i] += 1 / array.series_ohm
        injected[i] = rows_v[i] / array.series_ohm
        for j in range(m):
            s = 1 / junction_ohm[i, j]
            g[i, i] += s
            g[n + j, n + j] += s
            g[i, n + j] -= s
            g[n + j, i] -= s
    for j in range(m):
        g[n + j, n + j] += 1e-15 if floating[j] else 1 / array.tia_input_ohm
    return np.linalg.solve(g, injected)


@given(
    volts=st.lists(st.floats(-30, 30), min_size=3, max_size=3),
    junction_ohm=st.lists(st.sampled_from([5e3, 5.7e3, 9.2e3, 1e9]), min_size=6, max_size=6),
    floating=st.lists(st.booleans(), min_size=2, max_size=2),
    order=st.permutations([0, 1, 2]),
)
def test_no_junction_of_an_array_sees_more_than_the_limits_of_what_passes(
    volts: list[float], junction_ohm: list[float], floating: list[bool], order: list[int]
) -> None:
    sources = ("daq/ao0", "daq/ao1", "daq/ao2")
    array = replace(ARRAY, rows=(0, 1, 2), sources=sources, tia_input_ohm=1e-3)
    guard = guard_of(array)
    held = dict.fromkeys(sources, 0.0)
    for index in order:
        try:
            guard.check_voltage(sources[index], volts[index])
        except LimitError:
            continue
        guard.holds(sources[index], volts[index])
        held[sources[index]] = volts[index]
    rows_v = np.array([held[source] * array.divider for source in sources])
    ohm = np.array(junction_ohm).reshape(3, 2)
    nodes = node_voltages(array, rows_v, ohm, np.array(floating))
    across_v = nodes[:3, np.newaxis] - nodes[np.newaxis, 3:]
    assert (np.abs(across_v) <= LIMITS.hard_v * (1 + 1e-6)).all()
    if not any(floating):
        assert (np.abs(across_v / ohm) <= LIMITS.hard_a * (1 + 1e-6)).all()


@given(
    divider=st.floats(1e-3, 1.0),
    series_ohm=st.floats(1.0, 1e5),
    selector=st.sampled_from([None, "sel"]),
    r_max_ohm=st.sampled_from([1e4, math.inf]),
    signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=2, max_size=2),
)
def test_every_row_may_stand_at_the_largest_level_with_any_sign(
    divider: float, series_ohm: float, selector: str | None, r_max_ohm: float, signs: list[float]
) -> None:
    limits = replace(LIMITS, r_max_ohm=r_max_ohm)
    array = replace(ARRAY, divider=divider, series_ohm=series_ohm, selector=selector)
    guard = guard_of(array, limits=limits)
    level_v = guard.largest_voltage("daq/ao0") * (1 - 1e-9)
    for source, sign in zip(array.sources, signs, strict=True):
        guard.check_voltage(source, sign * level_v)
        guard.holds(source, sign * level_v)
    row = array.row_wires[0]
    judged = fence(divider, series_ohm, level_v, limits, swing_v=row.swing_v, swing_a=row.swing_a)
    assert judged.holds
    over = fence(
        divider, series_ohm, level_v * 1.001, limits, swing_v=row.swing_v, swing_a=row.swing_a
    )
    assert not over.holds


def test_the_fence_of_a_row_counts_two_outputs_at_opposite_full_scales() -> None:
    assert fence(0.04, 10e3, 10.0, LIMITS).holds
    found = fence(0.04, 10e3, 10.0, LIMITS, swing_v=2.0)
    assert not found.holds
    assert found.worst_v == pytest.approx(0.8)
    assert "divider of 0.025" in found.remedy


def test_one_source_for_all_rows_has_no_opposite() -> None:
    common = replace(ARRAY, sources=("daq/ao0", "daq/ao0"))
    assert largest_level_v(common.row_wires, LIMITS) == pytest.approx(
        min(0.5 / 0.02, 50e-6 * 5050 / 0.02)
    )
    guard = guard_of(common)
    guard.check_voltage("daq/ao0", 12.6)
    with pytest.raises(LimitError, match=r"could drive .* through a junction of row 0"):
        guard.check_voltage("daq/ao0", 12.7)


def test_two_rows_too_far_apart_are_refused_and_nothing_is_sent(
    daq: GuardedDaq, raw_daq: Any
) -> None:
    limits = replace(LIMITS, hard_a=1.0)
    daq._guard.limits = limits
    daq.write({"ao0": 20.0})
    with pytest.raises(LimitError) as refused:
        daq.write({"ao1": -6.0})
    for fragment in ("daq/ao1", "daq/ao0 up to 20 V", "520 mV", "500 mV", "nothing was sent"):
        assert fragment in str(refused.value)
    daq.write({"ao1": -4.0})
    # On the way both may hold what they held, or what they will hold.
    with pytest.raises(LimitError, match="nothing was sent"):
        daq.write({"ao0": 0.0, "ao1": -10.0})
    assert [what for what, _ in raw_daq.sent] == ["write", "write"]


def test_a_block_is_refused_for_what_two_rows_do_together(daq: GuardedDaq, raw_daq: Any) -> None:
    daq._guard.limits = replace(LIMITS, hard_a=1.0)
    wide = np.array([[13.0, 0.0], [0.0, -13.0]])
    with pytest.raises(LimitError, match="a junction on a column without its virtual ground"):
        daq.play_and_record(wide, ao=("ao0", "ao1"), rest_v=(0.0, 0.0), **TIMING)
    with pytest.raises(LimitError):
        daq.play_and_record(wide * 0.5, ao=("ao0", "ao1"), rest_v=(0.0, -20.0), **TIMING)
    assert raw_daq.sent == []
    daq.play_and_record(wide * 0.9, ao=("ao0", "ao1"), rest_v=(0.0, 0.0), **TIMING)
    daq.write({"ao0": 24.9})


def test_after_a_failed_block_a_row_may_stand_at_any_of_its_values(
    daq: GuardedDaq, raw_daq: Any, array_guard: Guard
) -> None:
    array_guard.limits = replace(LIMITS, hard_a=1.0)

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("cable pulled")

    played, raw_daq.play_and_record = raw_daq.play_and_record, fail
    block = np.array([[-12.0], [12.0], [0.0]])
    with pytest.raises(RuntimeError):
        daq.play_and_record(block, ao=("ao0",), rest_v=(0.0,), **TIMING)
    assert array_guard.spans["daq/ao0"] == (-12.0, 12.0)
    for volts in (-13.5, 13.5):
        with pytest.raises(LimitError):
            daq.write({"ao1": volts})
    daq.write({"ao1": 12.5})
    raw_daq.play_and_record = played
    daq.shutdown()
    daq.write({"ao1": 24.0})
    array_guard.forget()
    assert not array_guard.spans


def test_a_current_source_on_a_row_reaches_its_compliance(
    raw_source: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    array = replace(ARRAY, sources=("smu", "daq/ao1"), divider=1.0)
    guard = Guard(Wiring((), (array,)), replace(LIMITS, hard_a=1.0), permit, clock)
    source = GuardedSource("smu", raw_source, guard)
    source.configure(SourceSettings("current", 1e-3, compliance=0.3))
    guard.check_voltage("daq/ao1", 0.2)
    with pytest.raises(LimitError, match="smu down to -300 mV"):
        guard.check_voltage("daq/ao1", 0.25)
    source.configure(SourceSettings("voltage", 0.5, compliance=1e-3))
    guard.check_voltage("daq/ao1", 0.25)


def test_a_selector_that_lets_columns_float_limits_the_current_between_rows_too() -> None:
    limits = replace(LIMITS, hard_v=10.0)
    wired, selected = (
        guard_of(ARRAY, limits=limits),
        guard_of(replace(ARRAY, selector="sel"), limits=limits),
    )
    for guard in (wired, selected):
        guard.holds("daq/ao0", 10.0)
    wired.check_voltage("daq/ao1", -10.0)
    with pytest.raises(LimitError, match="could see 79"):
        selected.check_voltage("daq/ao1", -10.0)
