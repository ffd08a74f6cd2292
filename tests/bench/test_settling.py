"""Charge behind a multiplexer and settling of nodes: closed forms, the twin, what is refused."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from mtjlab.bench.check import report
from mtjlab.bench.file import load, parse
from mtjlab.bench.open import OpenBench
from mtjlab.bench.settling import charge_left, charged_s
from mtjlab.core.errors import LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Multiplexer

OHM, FARAD = st.floats(1.0, 1e5), st.floats(1e-12, 1e-8)


@given(ohm=OHM, node_f=FARAD, switch_ohm=st.floats(1.0, 1e4), mux_f=FARAD, t=st.floats(0.0, 20.0))
def test_two_capacitances_against_the_matrix_exponential(ohm, node_f, switch_ohm, mux_f, t):
    leak, share = 1 / (ohm * node_f), 1 / (switch_ohm * node_f)
    back = 1 / (switch_ohm * mux_f)
    t_s = t * min(ohm, switch_ohm) * mux_f
    exact = (expm(np.array([[-leak - share, share], [back, -back]]) * t_s) @ [0.0, 1.0])[1]
    left = charge_left(t_s, ohm, node_f, Multiplexer(mux_f, switch_ohm))
    assert left == pytest.approx(exact, abs=1e-7)


@given(
    ohm=st.just(0.0) | OHM,
    node_f=st.just(0.0) | FARAD,
    switch_ohm=st.just(0.0) | st.floats(1.0, 1e4),
)
def test_the_time_it_takes_is_the_inverse_of_what_is_left(ohm, node_f, switch_ohm):
    mux = Multiplexer(100e-12, switch_ohm)
    needed_s = charged_s(0.01, ohm, node_f, mux)
    assert charge_left(needed_s, ohm, node_f, mux) <= 0.01 * (1 + 1e-6)
    if needed_s > 0:
        assert charge_left(0.99 * needed_s, ohm, node_f, mux) > 0.01


def test_limits_of_the_closed_form():
    assert charge_left(3e-6, 9e3, 0.0, Multiplexer(300e-12, 1e3)) == pytest.approx(math.exp(-1))
    # An amplifier drives its cable; without a switch resistance the charge is shared at once.
    assert charge_left(1e-7, 0.0, 1e-9, Multiplexer(100e-12, 1e3)) == pytest.approx(math.exp(-1))
    assert charge_left(0.0, 1e3, 900e-12, Multiplexer(100e-12, 0.0)) == pytest.approx(0.1)
    assert charge_left(0.0, 1e3, 1e-9, Multiplexer(0.0, 1e3)) == 0.0


def bench_text(*, mux="300 pF", capacitance="", wiring="", r_max='r_max = "5664.3 ohm"'):
    return f"""
[bench]
name = "scan"

[chip]
id = "scan"

[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"
options = {{ mux_f = "{mux}" }}

[wiring]
{wiring}

[[wiring.singles]]
row = 0
columns = "0:3"
source = "daq/ao0:3"
series = "10 kohm"
divider = 0.04
read = "daq/ai0:3"
range = "1 V"
{capacitance}

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"
{r_max}

[twin]
instrument_noise = false

[twin.instruments.daq]
product = "PXIe-6363"
mux_f = "{mux}"
input_gain_error = [0, 0, 0, 0, 0, 0, 0]
input_offset_v = [0, 0, 0, 0, 0, 0, 0]
output_noise_v = 0
output_gain_error = 0
output_offset_v = 0
""" + "".join(f'\n[[twin.faults]]\ncell = [0, {i}]\nkind = "stuck_p"\n' for i in range(4))


NODE_OHM = 1 / (1 / 10e3 + 1 / 5664.3)
TAU_S = (NODE_OHM + 1e3) * 300e-12
NEEDED_S = TAU_S * math.log(100)
NODE_V = 0.04 * 5664.3 / 15664.3


@pytest.fixture
def bench():
    made = []

    def make(**how):
        loaded = parse(bench_text(**how), source="scan.toml")
        made.append(OpenBench(loaded, generators=Generators(1), notice=lambda *_: None))
        return made[-1]

    yield make
    for each in made:
        each.make_safe()
        each.close()


def face(bench):
    return bench.rig(lambda *_: None).daqs["daq"]


def record(daq, rate_hz, ai=("ai0", "ai1", "ai2", "ai3")):
    return daq.play_and_record(
        None, ao=(), ai=ai, step_rate_hz=rate_hz, settle=0, keep=1, rest_v=(), steps=50
    ).samples_v[:, 0]


def wiring_row(bench, word):
    rows = report(bench.loaded, bench.instruments, bench.drivers)
    return next((row for row in rows if row.section == "wiring" and word in row.item), None)


def test_the_largest_rate_is_named_is_what_the_face_offers_and_leaves_what_was_asked(bench):
    made = bench()
    daq = face(made)
    largest_hz = daq.abilities.rate_limit_hz(4)
    assert largest_hz == pytest.approx(1 / (4 * NEEDED_S))
    with pytest.raises(LimitError, match=r"keep 0\.0.*left_over is 0.01.*Largest rate here: 39.*k"):
        record(daq, 1.05 * largest_hz)
    with pytest.raises(LimitError, match="Largest rate"):
        next(daq.stream(("ai0", "ai1", "ai2", "ai3"), 1.05 * largest_hz, 10))
    # Fewer inputs may be faster, one as fast as it likes.
    record(daq, 1 / (2 * NEEDED_S), ("ai0", "ai1"))
    record(daq, 1e6, ("ai0",))
    daq.write({"ao0": 8.0, "ao1": 0.0, "ao2": 8.0, "ao3": 0.0})
    seen_v = record(daq, largest_hz)[1:]
    difference_v = 8.0 * NODE_V
    assert seen_v[:, 1].mean() == pytest.approx(0.01 * difference_v, abs=4e-5)


@pytest.mark.parametrize("rate_hz", [250e3, 100e3, 60e3])
def test_what_is_said_to_be_left_is_what_the_twin_leaves(bench, rate_hz):
    """With the fraction at 1 nothing is refused."""
    made = bench(wiring="left_over = 1.0")
    daq = face(made)
    daq.write({"ao0": 8.0, "ao1": 0.0, "ao2": 0.0, "ao3": 0.0})
    seen_v = record(daq, rate_hz)[1:]
    left = charge_left(1 / (4 * rate_hz), NODE_OHM, 0.0, Multiplexer(300e-12, 1e3))
    # Relative to what the channel before itself was found at.
    assert (seen_v[:, 1] / seen_v[:, 0]).mean() == pytest.approx(left, rel=0.01, abs=3e-4)


def test_check_has_a_row_for_it(bench):
    row = wiring_row(bench(), "charge")
    left = math.exp(-1e-6 / TAU_S)
    assert (row.item, row.verdict) == ("daq/ai0:3 charge", "warn")
    assert row.value == f"{left:.2g} left at 250 kS/s each"
    assert "above 39" in row.note
    assert wiring_row(bench(mux="1 pF"), "charge").verdict == "ok"
    assert wiring_row(bench(wiring="left_over = 0.9"), "charge").verdict == "ok"
    with OpenBench(load("twin"), generators=Generators(1), notice=lambda *_: None) as simultaneous:
        assert wiring_row(simultaneous, "charge") is None


def test_where_no_rate_would_do(bench):
    """Beyond the 10 us that the board gives a channel of a slow scan."""
    made = bench(mux="1 nF")
    row = wiring_row(made, "charge")
    assert (row.verdict, "at any rate" in row.value) == ("bad", True)
    with pytest.raises(LimitError, match=r"nothing was sent\. No rate would do"):
        record(face(made), 10.0)


def test_a_cable_takes_longer_than_the_multiplexer_and_is_counted_with_it(bench):
    made = bench(capacitance='capacitance = "1 nF"', mux="100 pF")
    expected_s = charged_s(0.01, NODE_OHM, 1e-9, Multiplexer(100e-12, 1e3))
    assert expected_s > 2.2 * NODE_OHM * 1e-9
    largest = f"{1 / (4 * expected_s) / 1e3:.4g} kS/s"
    with pytest.raises(LimitError, match=f"Largest rate here: {re.escape(largest)}"):
        record(face(made), 250e3)


def test_an_open_junction_counts_unless_r_max_says_otherwise(bench):
    daq = face(bench(r_max="", mux="100 pF"))
    needed_s = 11e3 * 100e-12 * math.log(100)
    assert daq.abilities.rate_limit_hz(4) == pytest.approx(1 / (4 * needed_s))


def play(daq, rate_hz, settle, ao=("ao0",), ai=("ai0",)):
    outputs_v = np.tile([[8.0], [0.0]], (40, 1))
    return daq.play_and_record(
        outputs_v, ao=ao, ai=ai, step_rate_hz=rate_hz, settle=settle, keep=1, rest_v=(0.0,)
    ).samples_v[:, 0, 0]


def test_samples_before_a_node_has_settled_are_refused(bench):
    """As the twin sees it, too: with the settling that is asked for 1 % of the step is missing."""
    made = bench(capacitance='capacitance = "10 nF"')
    daq = face(made)
    settled_s = NODE_OHM * 10e-9 * math.log(100)
    assert wiring_row(made, "settling").value == f"{1e6 * settled_s:.4g} us"
    rate_hz = 10 / settled_s
    for settle in (0, 9):
        with pytest.raises(LimitError, match=r"is missing it takes 166.*us.*Use settle = \d+"):
            play(daq, rate_hz / (settle + 1), settle)
    seen_v = play(daq, rate_hz / 11, 10)
    assert seen_v[0::2] == pytest.approx(0.99 * 8 * NODE_V, rel=1e-3)
    # Outputs that do not drive what is read may step as they like.
    play(daq, rate_hz, 0, ao=("ao1",))
    record(daq, rate_hz, ("ai0",))
