"""Passive crossbars beside badcrossbar, and the twin of a 64 x 64 array beside real time.

One thread throughout. The limit of a solution is the time in which this machine moves the
array's conductances once through memory; that of the twin, the same for one sample's states and
readings.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.badcrossbar_peer import Compute, load
from benchmarks.rows import Row, interleaved_s
from sim_backend.physics.crossbar import (
    Crossbar,
    ExactSolver,
    IterativeSolver,
    LinearisedSolver,
    Lines,
    OperatingPoints,
    operating_points,
)
from sim_backend.physics.packed import Packed
from sim_backend.physics.rates import Rates

SEED = 3
SIZES = {32: 200, 64: 100, 128: 30, 256: 8}  # solutions of ours in one round
ROUNDS = 7
SEGMENT_OHM = 1.0
# badcrossbar has ideal sources; this changes nothing that a double shows.
IDEAL_OHM = 1e-15
TOLERANCE = 1e-6

RATE_HZ = 200e3
SAMPLES = 8192
R_P_OHM, R_AP_OHM, SPREAD = 5664.3, 9239.5, 0.05
NOISE_V = 0.9e-3


def rows() -> list[Row]:
    peer = load()
    with threadpool_limits(1):
        bytes_per_s = _memory_bytes_per_s()
        found = [_agreement(peer)]
        for n in SIZES:
            found += _against(peer, n, bytes_per_s)
        return found + _hundred_inputs(peer, 64) + _twin(64, bytes_per_s)


def _memory_bytes_per_s() -> float:
    """Read and written per second by a copy that no cache holds."""
    source = np.ones(1 << 25)
    copy = np.empty_like(source)
    return 2 * source.nbytes / min(_timed(lambda: np.copyto(copy, source)) for _ in range(5))


def _timed(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _agreement(peer: Compute) -> Row:
    """Largest difference of any output current, over the largest, on random arrays."""
    rng = np.random.default_rng(SEED)
    worst = 0.0
    for shape in ((2, 3), (14, 8), (8, 14), (33, 17), (20, 60), (64, 64), (128, 96)):
        for segment_ohm in (0.1, 1.0, 10.0):
            ohm = 1e4 * np.exp(rng.normal(size=shape))
            volts = rng.uniform(-0.3, 0.3, shape[0])
            theirs = peer(volts[:, np.newaxis], ohm, segment_ohm).ravel()
            solver = ExactSolver(Crossbar(*shape, segment_ohm, segment_ohm))
            ours = solver.solve(1.0 / ohm, *_lines(volts, shape[1])).column_a
            worst = max(worst, float(np.abs(ours - theirs).max() / np.abs(theirs).max()))
    return Row("crossbar_agreement", worst, "relative", 1e-8, "lower", float(np.finfo(float).eps))


def _lines(volts: NDArray[np.float64], columns: int) -> tuple[Lines, Lines]:
    return Lines.driven(volts, IDEAL_OHM), Lines.grounded(columns, IDEAL_OHM)


def _against(peer: Compute, n: int, bytes_per_s: float) -> list[Row]:
    """A new state and one input each time."""
    rng = np.random.default_rng(SEED + n)
    count = SIZES[n]
    states = rng.choice([1e4, 2e4], size=(min(count, 32), n, n))
    conductances = 1.0 / states
    volts = rng.uniform(-0.3, 0.3, n)
    lines = _lines(volts, n)
    crossbar = Crossbar(n, n, SEGMENT_OHM, SEGMENT_OHM)
    solver = IterativeSolver(crossbar, TOLERANCE)
    exact = ExactSolver(crossbar).solve(conductances[0], *lines).column_a
    found = solver.solve(conductances[0], *lines)  # compiles
    error = float(np.abs(found.column_a - exact).max() / np.abs(exact).max())

    def ours() -> None:
        for k in range(count):
            solver.solve(conductances[k % len(conductances)], *lines)

    ratios, best_s = [], np.inf
    for k in range(ROUNDS):
        ohm = states[k % len(states)]
        theirs_s = _timed(lambda ohm=ohm: peer(volts[:, np.newaxis], ohm, SEGMENT_OHM))
        ours_s = _timed(ours) / count
        ratios.append(theirs_s / ours_s)
        best_s = min(best_s, ours_s)
    ratio = statistics.median(ratios)
    once_s = 8 * n * n / bytes_per_s
    return [
        Row(
            f"crossbar_vs_badcrossbar_{n}", ratio, "times", 250.0, "higher", ratio * best_s / once_s
        ),
        Row(f"crossbar_us_{n}", best_s * 1e6, "us", None, "lower", once_s * 1e6),
        Row(f"crossbar_error_{n}", error, "relative", TOLERANCE, "lower", None),
        Row(f"crossbar_stated_error_{n}", found.error, "relative", TOLERANCE, "lower", error),
    ]


def _hundred_inputs(peer: Compute, n: int) -> list[Row]:
    """One state: the exact transfer matrix once, then a product for each input."""
    rng = np.random.default_rng(SEED)
    ohm = rng.choice([1e4, 2e4], size=(n, n))
    inputs = rng.uniform(-0.3, 0.3, (n, 100))
    solver = ExactSolver(Crossbar(n, n, SEGMENT_OHM, SEGMENT_OHM))
    lines = _lines(inputs[:, 0], n)
    transfer_s = solver.transfer_s(1.0 / ohm, *lines)

    def products() -> None:
        for volts in inputs.T:
            np.dot(transfer_s, volts)

    whole_s, theirs_s, ratio = interleaved_s(
        lambda: (solver.transfer_s(1.0 / ohm, *lines), products()),
        lambda: peer(inputs, ohm, SEGMENT_OHM),
        calls=1,
    )
    products_s = min(_timed(products) for _ in range(20))
    together_s = min(_timed(lambda: np.dot(transfer_s, inputs)) for _ in range(20))
    return [
        Row(f"crossbar_100_inputs_vs_badcrossbar_{n}", 1 / ratio, "times", None, "higher"),
        Row(f"crossbar_100_inputs_ms_{n}", whole_s * 1e3, "ms", None, "lower", products_s * 1e3),
        Row(f"crossbar_products_us_{n}", products_s * 1e6, "us", None, "lower", together_s * 1e6),
        Row(f"badcrossbar_100_inputs_ms_{n}", theirs_s * 1e3, "ms", None, "lower"),
    ]


def _twin(n: int, bytes_per_s: float) -> list[Row]:
    """Telegraph states, column currents and the noise of what reads them."""
    rng = np.random.default_rng(SEED)
    crossbar = Crossbar(n, n, SEGMENT_OHM, SEGMENT_OHM)
    g_p_s = np.exp(SPREAD * rng.normal(size=(n, n))) / R_P_OHM
    g_ap_s = g_p_s * R_P_OHM / R_AP_OHM
    rows_v = rng.uniform(-0.3, 0.3, (1, n))
    lines = _lines(rows_v[0], n)
    points = operating_points(crossbar, g_p_s, g_ap_s, 0.5, rows_v, lines[0].ohm, lines[1])
    rates = Rates(10.0 ** rng.uniform(2, 5, n * n), np.full(n * n, 0.5))
    junctions = Packed(rates, 1 / RATE_HZ, n * n, rng)
    # Readings of nothing but noise: the instrument's, one per column.
    still = Packed(Rates(np.zeros(n), np.zeros(n)), 1 / RATE_HZ, n, rng)
    tia_ohm = 1e3

    def twin() -> NDArray[np.float64]:
        volts = points.column_a(junctions.advance(SAMPLES))
        volts *= -tia_ohm
        volts += still.read(SAMPLES, 0.0, 0.0, NOISE_V)
        return volts

    twin()
    sample_s = min(_timed(twin) for _ in range(9)) / SAMPLES
    states = junctions.advance(SAMPLES)
    sums_s = min(_timed(lambda: points.column_a(states)) for _ in range(9)) / SAMPLES
    # One bit a junction and one double a column.
    least_s = (n * n / 8 + 8 * n) / bytes_per_s
    audit = IterativeSolver(crossbar, TOLERANCE)
    few = np.where(rng.random((50, n, n)) < 0.5, g_ap_s, g_p_s)
    audit_s = min(_timed(lambda: audit.solve_many(few, rows_v[0], *lines)) for _ in range(5)) / 50
    own = points.error(rng, samples=16)
    return [
        Row(
            f"twin_realtime_factor_{n}",
            1 / (sample_s * RATE_HZ),
            "times",
            3.0,
            "higher",
            1 / (least_s * RATE_HZ),
        ),
        Row(f"twin_sample_us_{n}", sample_s * 1e6, "us", None, "lower", least_s * 1e6),
        Row(f"twin_currents_us_{n}", sums_s * 1e6, "us", None, "lower", least_s * 1e6),
        Row(f"twin_solved_sample_us_{n}", audit_s * 1e6, "us", None, "lower", sample_s * 1e6),
        Row(f"twin_error_own_column_{n}", own.of_sd, "of sd", None, "lower", 0.0),
        Row(
            f"twin_error_all_columns_{n}",
            _all_columns(crossbar, g_p_s, g_ap_s, lines, points, rng),
            "of sd",
            None,
            "lower",
            0.0,
        ),
    ]


def _all_columns(
    crossbar: Crossbar,
    g_p_s: NDArray[np.float64],
    g_ap_s: NDArray[np.float64],
    lines: tuple[Lines, Lines],
    points: OperatingPoints,
    rng: np.random.Generator,
) -> float:
    """The same error with the effect of every junction on every column."""
    linear, exact = LinearisedSolver(crossbar), ExactSolver(crossbar)
    linear.around((g_p_s + g_ap_s) / 2, *lines, spread_s=(g_p_s - g_ap_s) / 2, probes=1)
    off, fluctuation = [], []
    for _ in range(16):
        g_s = np.where(rng.random(crossbar.shape) < 0.5, g_ap_s, g_p_s)
        true_a = exact.solve(g_s, *lines).column_a
        off.append(linear.solve(g_s, *lines).column_a - true_a)
        fluctuation.append(true_a - points.mean_a[0])
    return float(np.sqrt(np.square(off).mean() / np.square(fluctuation).mean()))
