"""The shipped `reference_rig` against the published measurement, on 1.2 million samples.

Every bound is 4.5 standard errors of what is estimated (one seed in 150 000 would miss one of
them) and, where a figure is published rounded, half of its last digit besides.
"""

from dataclasses import dataclass

import nidaqmx
import numpy as np
import pytest
import pyvisa
from nidaqmx.constants import AcquisitionType
from nidaqmx.stream_readers import AnalogMultiChannelReader
from scipy import stats

from mtjlab.bench.file import load
from mtjlab.bench.simulate import simulate
from mtjlab.core.generators import Generators

N, PIECE, RATE_HZ, SEED = 1_200_000, 100_000, 200e3, 11
SIGMAS = 4.5
LOW_V, HIGH_V, SIGMA_V, FLIPS = 36.16e-3, 48.02e-3, 0.90841466e-3, 0.0809
LSB = 0.2 / 256


@dataclass(frozen=True)
class Trace:
    volts: np.ndarray

    @property
    def antiparallel(self) -> np.ndarray:
        # 6.5 sigma of the noise from either level.
        return self.volts > (LOW_V + HIGH_V) / 2


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Read by PyVISA and nidaqmx as they are, of the bench as it is shipped."""
    bench = simulate(load("reference_rig"), generators=Generators(SEED))
    manager = pyvisa.ResourceManager(bench.ports.visa_library)
    smu = manager.open_resource("GPIB0::24::INSTR")
    smu.write(":SOUR:FUNC VOLT; :SOUR:VOLT:RANG 0.2; :SOUR:VOLT 0.1; :OUTP ON")
    volts = np.empty((1, N))
    task = bench.ports.ni.task()
    assert isinstance(task, nidaqmx.Task)
    with task:
        task.ai_channels.add_ai_voltage_chan("Scope1/ai0", min_val=-0.1, max_val=0.1)
        task.timing.cfg_samp_clk_timing(
            RATE_HZ, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=2 * PIECE
        )
        reader = AnalogMultiChannelReader(task.in_stream)
        task.start()
        for first in range(0, N, PIECE):
            piece = np.empty((1, PIECE))
            reader.read_many_sample(piece, PIECE)
            volts[:, first : first + PIECE] = piece
    smu.write(":OUTP OFF")
    assert smu.query(":SYST:ERR?").startswith("0")
    smu.close()
    manager.close()
    return Trace(volts[0])


def test_it_has_eight_bits(trace: Trace) -> None:
    codes = trace.volts / LSB
    assert np.allclose(codes, np.rint(codes), atol=1e-6)
    assert -128 <= codes.min() <= codes.max() <= 127


def test_levels(trace: Trace) -> None:
    for level_v, mine in ((LOW_V, ~trace.antiparallel), (HIGH_V, trace.antiparallel)):
        # The source-meter has a resolution of 5 uV on its range, a third of which arrives here.
        bound_v = SIGMAS * SIGMA_V / np.sqrt(mine.sum()) + 5e-6 + 2.5e-6 * 0.48
        assert abs(trace.volts[mine].mean() - level_v) < bound_v


def test_spread_on_each_level(trace: Trace) -> None:
    for mine in (trace.antiparallel, ~trace.antiparallel):
        bound_v = SIGMAS * SIGMA_V / np.sqrt(2 * mine.sum())
        assert abs(trace.volts[mine].std() - SIGMA_V) < bound_v


def test_noise_of_neighbouring_samples_is_independent(trace: Trace) -> None:
    rest_v = trace.volts - np.where(trace.antiparallel, HIGH_V, LOW_V)
    rest_v -= rest_v.mean()
    correlation = float((rest_v[1:] * rest_v[:-1]).mean() / rest_v.var())
    assert abs(correlation) < SIGMAS / np.sqrt(N) + 1e-4


def test_flips(trace: Trace) -> None:
    flips = np.diff(trace.antiparallel).mean()
    assert abs(flips - FLIPS) < SIGMAS * np.sqrt(FLIPS * (1 - FLIPS) / N) + 0.5e-4


def test_each_state_is_taken_half_of_the_time(trace: Trace) -> None:
    # Correlated samples: tau_c / dt of them count for one, (1 + rho) / (1 - rho) in variance.
    rho = 1 - 2 * FLIPS
    bound = SIGMAS * 0.5 * np.sqrt((1 + rho) / (1 - rho) / N)
    assert abs(trace.antiparallel.mean() - 0.5) < bound + 1e-3


@pytest.mark.parametrize("antiparallel", [False, True])
def test_dwells_are_exponential(trace: Trace, antiparallel: bool) -> None:
    """Seen every 5 us, an exponential dwell of a symmetric junction is a geometric number."""
    changes = np.flatnonzero(np.diff(trace.antiparallel))
    runs = np.diff(changes)
    runs = runs[trace.antiparallel[changes[:-1] + 1] == antiparallel]
    longest = 80
    seen = np.bincount(np.minimum(runs, longest), minlength=longest + 1)[1:]
    p = 1 / runs.mean()
    expected = p * (1 - p) ** np.arange(longest)
    expected[-1] = (1 - p) ** (longest - 1)
    assert len(runs) > 40_000
    assert stats.chisquare(seen, expected * len(runs), ddof=1).pvalue > 1e-5
    # The mean dwell itself: 56.7 us from the flips of a symmetric junction.
    tau_s = -2 * 5e-6 / np.log1p(-2 * p)
    assert tau_s == pytest.approx(56.7e-6, rel=SIGMAS / np.sqrt(len(runs)) + 1e-3)


def test_correlation_falls_as_published(trace: Trace) -> None:
    state = trace.antiparallel - trace.antiparallel.mean()
    for lag in (1, 5, 17):
        seen = float((state[lag:] * state[:-lag]).mean() / state.var())
        # Bartlett's bound for a chain with rho^k: below sqrt((1 + rho^2) / (1 - rho^2) / n).
        rho = 1 - 2 * FLIPS
        error = np.sqrt((1 + rho**2) / (1 - rho**2) / N)
        assert abs(seen - rho**lag) < SIGMAS * error + lag * rho ** (lag - 1) * 1e-4
