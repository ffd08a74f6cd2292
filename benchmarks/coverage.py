"""`python -m benchmarks.coverage`: how often nominal 95 % intervals hold the truth.

A thousand traces per regime from a generator written here, which shares nothing with the package:
dwell times are drawn one by one from exponentials and then sampled. An interval that is open on
one side counts like any other; `known` is the share of traces in which there was a value as well.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.crosstalk import crosstalk
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.log_tau import crossing, fit_log_tau
from mtjlab.analysis.logistic import fit_occupancies
from mtjlab.analysis.resistance import fit_resistance, magnetoresistance

OUT = Path("coverage.json")
SEED = 20_000
DT_S = 5e-6
SAMPLES = 20_000
LOW_V, HIGH_V = 36.16e-3, 48.02e-3


@dataclass
class Count:
    """Of one estimate in one regime."""

    covered: int = 0
    known: int = 0
    traces: int = 0

    def add(self, estimate: Estimate, truth: float) -> None:
        self.covered += estimate.covers(truth)
        self.known += estimate.known
        self.traces += 1


@dataclass
class Table:
    """Counts by (regime, estimate)."""

    counts: dict[tuple[str, str], Count] = field(default_factory=dict)

    def add(self, regime: str, name: str, estimate: Estimate, truth: float) -> None:
        self.counts.setdefault((regime, name), Count()).add(estimate, truth)


@dataclass(frozen=True)
class Regime:
    """A junction and how it is sampled."""

    step_over_tau: float
    ratio: float
    distance: float

    @property
    def name(self) -> str:
        return f"dt/tau={self.step_over_tau:g} 1:{self.ratio:g} d'={self.distance:g}"


REGIMES = tuple(
    Regime(step, ratio, distance)
    for step, ratio in ((0.03, 1.5), (0.3, 1.5), (2.0, 1.0), (2.0, 2.5))
    for distance in (13.0, 3.0)
)


def telegraph(
    rng: np.random.Generator, tau_low_s: float, tau_high_s: float, samples: int, dt_s: float
) -> np.ndarray:
    """States at 0, dt, 2 dt .., from dwell times drawn one after another."""
    span_s = samples * dt_s
    high = bool(rng.random() < tau_high_s / (tau_low_s + tau_high_s))
    count = int(2.5 * span_s / (tau_low_s + tau_high_s) + 40)
    flips = np.zeros(0)
    begin = 0.0
    first = high
    while begin < span_s:
        means = np.where((np.arange(count) % 2 == 0) == first, tau_high_s, tau_low_s)
        more = begin + np.cumsum(rng.exponential(means))
        flips = np.concatenate([flips, more])
        begin = float(more[-1])
        first = first if count % 2 == 0 else not first
    passed = np.searchsorted(flips, dt_s * np.arange(samples), side="right")
    return (passed % 2 == 1) ^ high


def traces_of(regime: Regime, traces: int, table: Table, samples: int = SAMPLES) -> None:
    """All that `analyse_trace` estimates."""
    tau_low_s = DT_S / regime.step_over_tau
    tau_high_s = regime.ratio * tau_low_s
    sigma_v = (HIGH_V - LOW_V) / regime.distance
    occupancy = tau_high_s / (tau_low_s + tau_high_s)
    tau_c_s = 1.0 / (1.0 / tau_low_s + 1.0 / tau_high_s)
    truth = {
        "low_v": LOW_V,
        "high_v": HIGH_V,
        "sigma_v": sigma_v,
        "occupancy_high": occupancy,
        "tau_low_s": tau_low_s,
        "tau_high_s": tau_high_s,
        "tau_c_s": tau_c_s,
        "acf_tau_c_s": tau_c_s,
        "corner_hz": 1.0 / (2.0 * math.pi * tau_c_s),
        "plateau_v2_per_hz": 4.0 * (HIGH_V - LOW_V) ** 2 * occupancy * (1 - occupancy) * tau_c_s,
        "floor_v2_per_hz": 2.0 * sigma_v**2 * DT_S,
        "level_drift_v": 0.0,
        "occupancy_drift": 0.0,
    }
    for number in range(traces):
        rng = np.random.default_rng([SEED, REGIMES.index(regime), number])
        high = telegraph(rng, tau_low_s, tau_high_s, samples, DT_S)
        trace_v = np.where(high, HIGH_V, LOW_V) + sigma_v * rng.standard_normal(samples)
        estimates = analyse_trace(trace_v, DT_S).estimates
        for name, true in truth.items():
            table.add(regime.name, name, estimates[name], true)


def sweeps(traces: int, table: Table, samples: int = 5_000) -> None:
    """V50 and width of the occupancy; slopes and crossing of the dwell times: 9 bias values."""
    v50_v, width_v, tau_s = 0.11, 0.012, 60e-6
    bias_v = v50_v + width_v * np.linspace(-2.1, 2.3, 9)
    # ln tau_high rises by 1/w more per volt than ln tau_low; both are tau_s at V50.
    low_slope, high_slope = -0.6 / width_v, 0.4 / width_v
    reference_v = float(bias_v.mean())
    for number in range(traces):
        rng = np.random.default_rng([SEED, 100, number])
        reports = []
        for bias in bias_v:
            low_s = tau_s * math.exp(low_slope * (bias - v50_v))
            high_s = tau_s * math.exp(high_slope * (bias - v50_v))
            high = telegraph(rng, low_s, high_s, samples, DT_S)
            noise_v = 0.9e-3 * rng.standard_normal(samples)
            reports.append(analyse_trace(np.where(high, HIGH_V, LOW_V) + noise_v, DT_S))
        curve = fit_occupancies(bias_v, [report.occupancy_high for report in reports])
        table.add("sweep", "v50_v", curve.v50_v, v50_v)
        table.add("sweep", "width_v", curve.width_v, width_v)
        low = fit_log_tau(bias_v, [report.tau_low_s for report in reports])
        up = fit_log_tau(bias_v, [report.tau_high_s for report in reports])
        at = reference_v - v50_v
        table.add("sweep", "ln_tau_low", low.coefficients[0], math.log(tau_s) + low_slope * at)
        table.add("sweep", "slope_low_per_v", low.coefficients[1], low_slope)
        table.add("sweep", "slope_high_per_v", up.coefficients[1], high_slope)
        table.add("sweep", "crossing_v", crossing(low, up), v50_v)


def others(traces: int, table: Table, samples: int = 8_000) -> None:
    """Crosstalk of two junctions that share part of their noise, resistance and TMR."""
    voltage_v = np.linspace(-0.1, 0.1, 21)
    for number in range(traces):
        rng = np.random.default_rng([SEED, 200, number])
        pair = np.stack(
            [telegraph(rng, 60e-6, 90e-6, samples, DT_S) for _ in range(2)], axis=1
        ).astype(float)
        table.add("crosstalk", "independent", crosstalk(pair).pair(0, 1), 0.0)
        shared = telegraph(rng, 60e-6, 90e-6, samples, DT_S)[:, np.newaxis] + 2.0 * pair
        table.add("crosstalk", "correlated 0.2", crosstalk(shared).pair(0, 1), 0.2)
        parallel, antiparallel = (
            fit_resistance(voltage_v, voltage_v / ohm + 20e-9 * rng.standard_normal(21))
            for ohm in (5660.0, 9240.0)
        )
        table.add("iv", "resistance_ohm", parallel.resistance_ohm, 5660.0)
        ratio = magnetoresistance(parallel.resistance_ohm, antiparallel.resistance_ohm)
        table.add("iv", "tmr", ratio, 9240.0 / 5660.0 - 1.0)


def lines(table: Table) -> Iterator[str]:
    yield f"{'regime':26} {'estimate':20} {'covered':>8} {'known':>7} {'traces':>7}"
    for (regime, name), count in table.counts.items():
        covered, known = count.covered / count.traces, count.known / count.traces
        mark = "" if 0.93 <= covered <= 0.97 else "  outside 93..97 %"
        yield f"{regime:26} {name:20} {covered:8.3f} {known:7.3f} {count.traces:7d}{mark}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1000, help="per regime")
    traces = parser.parse_args(arguments).traces
    table = Table()
    parts: list[Callable[[], None]] = [
        *(lambda regime=regime: traces_of(regime, traces, table) for regime in REGIMES),
        lambda: sweeps(traces, table),
        lambda: others(traces, table),
    ]
    for part in parts:
        part()
        print(".", end="", flush=True)
    print()
    for line in lines(table):
        print(line)
    rows = [
        {"regime": regime, "estimate": name, **vars(count)}
        for (regime, name), count in table.counts.items()
    ]
    OUT.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"written to {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
