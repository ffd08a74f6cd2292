"""`python -m benchmarks.twin_round_trip`: hidden twins, measured, fitted, and set beside the truth.

Each twin has parameters of its own, drawn from a seed. `bias_sweep` and `telegraph` measure it
through the whole stack; `mtjlab twin fit` sees nothing but the two run files. How many of the true
parameters lie within the stated 95 % intervals is the figure: 90 % are asked for.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mtjlab.analysis.estimate import Estimate
from mtjlab.bench.file import LoadedBench, load
from mtjlab.bench.toml_text import toml_text
from mtjlab.calibration.fit import FittedTwin, fitted
from mtjlab.runner import Run, plan
from sim_backend.physics.junction import JunctionParameters

OUT = Path("twin_round_trip.json")
SEED = 7_000
WANTED = 0.9
SERIES_OHM = 10e3
FAULTS = ("short", "open", "stuck_p", "stuck_ap", "slow")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    junctions: int
    points: int
    relative_error: float
    longest_s: float
    trace_s: float


FULL = Size(32, 9, 0.1, 0.2, 0.05)
SLIM = Size(16, 6, 0.2, 0.05, 0.02)


@dataclass(frozen=True)
class Row:
    """One parameter of one twin."""

    twin: int
    name: str
    truth: float
    value: float
    low: float
    high: float

    @property
    def covered(self) -> bool:
        return self.low <= self.truth <= self.high


def hidden_bench(number: int, size: Size) -> str:
    """Text of a bench file whose twin nobody knows."""
    rng = np.random.default_rng([SEED, number])
    r_p_ohm, tmr = rng.uniform(3e3, 9e3), rng.uniform(0.5, 1.3)
    v50_v = rng.uniform(30e-3, 55e-3)
    tau_s = 10 ** rng.uniform(-4.6, -4.0)
    slopes = -rng.uniform(35.0, 75.0), rng.uniform(35.0, 75.0)
    curved = number % 5 == 4
    # The reference of the file is not V50: both dwell times are carried there.
    v_ref_v = v50_v + rng.uniform(-5e-3, 5e-3)
    half_v = float(rng.uniform(0.15, 0.4)) if number % 2 else math.inf
    bias_v = v50_v * (1.0 + SERIES_OHM / (r_p_ohm * (1.0 + 0.5 * tmr)))
    cells = rng.permutation(size.junctions)[: len(FAULTS)]
    noise_v = float(rng.uniform(20e-6, 300e-6))
    file = load("twin").tables()
    file["bench"]["name"] = f"hidden-{number}"
    file["chip"] = {"id": f"hidden-{number}", "seed": int(rng.integers(1 << 30))}
    file["wiring"]["singles"] = [
        {
            "row": 0,
            "columns": f"0:{size.junctions - 1}",
            "source": "smu",
            "series": SERIES_OHM,
            "read": f"daq/ai0:{size.junctions - 1}",
            "range": 1.0,
            "bias": float(f"{bias_v:.3g}"),
        }
    ]
    file["twin"] = {
        "junction": {
            "r_p_ohm": float(r_p_ohm),
            "tmr": float(tmr),
            "tmr_half_v": half_v,
            "v_ref_v": float(v_ref_v),
            "tau_p_s": float(tau_s * math.exp(slopes[0] * (v_ref_v - v50_v))),
            "tau_ap_s": float(tau_s * math.exp(slopes[1] * (v_ref_v - v50_v))),
            "slope_p_per_v": float(slopes[0]),
            "slope_ap_per_v": float(slopes[1]),
            "curvature_p_per_v2": float(rng.uniform(100.0, 300.0)) if curved else 0.0,
            "curvature_ap_per_v2": float(-rng.uniform(100.0, 300.0)) if curved else 0.0,
        },
        "spread": {
            "r_sigma": float(rng.uniform(0.02, 0.1)),
            "tmr_sigma": float(rng.uniform(0.02, 0.08)),
            "tau_sigma": float(rng.uniform(0.1, 0.5)),
            "v50_v": float(rng.uniform(0.5e-3, 3e-3)),
        },
        "faults": [
            {"cell": [0, int(cell)], "kind": kind, **({"factor": 500.0} if kind == "slow" else {})}
            for cell, kind in zip(cells, FAULTS, strict=True)
        ],
        "instruments": {"daq": {"input_noise_v": [12e-6, noise_v, 62e-6, 153e-6, 305e-6]}},
    }
    return toml_text(file)


def measure(bench: Path, seed: int, size: Size, folder: Path) -> list[Path]:
    """The run files that the fit may see."""
    sweep = [
        f"points={size.points}",
        f"relative_error={size.relative_error}",
        f"max_block_s={size.longest_s}",
    ]
    files = []
    for protocol, settings in (
        ("bias_sweep", sweep),
        ("telegraph", [f"duration_s={size.trace_s}"]),
    ):
        run = Run(plan(protocol, str(bench), settings=settings, seed=seed, runs_dir=folder), [])
        run.start()
        run.wait()
        if run.outcome.run_file is None or run.outcome.error is not None:
            raise RuntimeError(f"{protocol} on {bench}: {run.outcome.error}")
        files.append(run.outcome.run_file)
    return files


def compared(number: int, bench: LoadedBench, made: FittedTwin) -> Iterator[Row]:
    """Every parameter of the hidden twin with what the fit says of it."""
    twin = bench.file.twin
    assert twin is not None
    j, s = twin.junction, twin.spread
    r, d = made.chip.resistances, made.chip.dwells
    assert d is not None
    apart_v = d.v_ref_v - j.v_ref_v
    tau_p, slope_p = _moved(j.tau_p_s, j.slope_p_per_v, j.curvature_p_per_v2, apart_v)
    tau_ap, slope_ap = _moved(j.tau_ap_s, j.slope_ap_per_v, j.curvature_ap_per_v2, apart_v)
    step_v = 2.0 / 2**16
    noise_v = math.hypot(twin.instruments["daq"]["input_noise_v"][1], step_v / math.sqrt(12.0))
    pairs: list[tuple[str, float, Estimate]] = [
        ("r_p_ohm", j.r_p_ohm, r.r_p_ohm),
        ("tmr", j.tmr, r.tmr),
        ("tmr_half_v", j.tmr_half_v, r.tmr_half_v),
        ("v50_v", _crossing(j), d.v50_v),
        ("tau_p_s", tau_p, d.tau_p_s),
        ("tau_ap_s", tau_ap, d.tau_ap_s),
        ("slope_p_per_v", slope_p, d.slopes_p[0]),
        ("slope_ap_per_v", slope_ap, d.slopes_ap[0]),
        ("r_sigma", s.r_sigma, r.r_sigma),
        ("tmr_sigma", s.tmr_sigma, r.tmr_sigma),
        ("tau_sigma", s.tau_sigma, d.tau_sigma),
        ("v50_sigma_v", s.v50_v, d.v50_sigma_v),
        ("input_noise_v", noise_v, made.chip.noise_v["daq", 1.0]),
    ]
    if len(d.slopes_p) > 1:
        pairs.append(("curvature_p_per_v2", j.curvature_p_per_v2, d.slopes_p[1]))
        pairs.append(("curvature_ap_per_v2", j.curvature_ap_per_v2, d.slopes_ap[1]))
    for name, truth, estimate in pairs:
        yield Row(number, name, truth, estimate.value, estimate.low, estimate.high)


def faults_found(bench: LoadedBench, made: FittedTwin) -> tuple[int, int, int]:
    """Faults found as they are, faults there are, and healthy junctions called bad."""
    twin = bench.file.twin
    assert twin is not None
    there = {fault.cell: fault.kind for fault in twin.faults}
    said = {one.cell: one.kind for one in made.chip.found}
    right = sum(said.get(cell) == kind for cell, kind in there.items())
    return right, len(there), len(set(said) - set(there))


def round_trip(number: int, size: Size, folder: Path) -> tuple[list[Row], tuple[int, int, int]]:
    """One hidden twin there and back."""
    bench = folder / f"hidden-{number}.toml"
    bench.write_text(hidden_bench(number, size))
    files = measure(bench, number, size, folder / "runs")
    made = fitted(files, folder / f"fitted-{number}.toml", accuracy=0.002)
    hidden = load(bench)
    return list(compared(number, hidden, made)), faults_found(hidden, made)


def _moved(tau_s: float, slope: float, curvature: float, apart_v: float) -> tuple[float, float]:
    """Dwell time and slope at another voltage."""
    ln = slope * apart_v + curvature * apart_v**2
    return tau_s * math.exp(ln), slope + 2.0 * curvature * apart_v


def _crossing(junction: JunctionParameters) -> float:
    """V50 of the typical junction: halved until it is exact."""
    low, high = 0.0, 0.1
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _p_longer(junction, middle) else (low, middle)
    return low


def _p_longer(junction: JunctionParameters, volts: float) -> bool:
    def tau(state: str) -> float:
        x = volts - junction.v_ref_v
        ln = math.log(getattr(junction, f"tau_{state}_s"))
        slope = getattr(junction, f"slope_{state}_per_v")
        return ln + slope * x + getattr(junction, f"curvature_{state}_per_v2") * x * x

    return tau("p") > tau("ap")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--twins", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args(arguments)
    rows: list[Row] = []
    counts = np.zeros(3, dtype=int)
    with tempfile.TemporaryDirectory(prefix="twins-") as folder:
        for number in range(given.first, given.first + given.twins):
            began_s = time.perf_counter()
            found, faults = round_trip(number, FULL, Path(folder))
            rows += found
            counts += faults
            missed = ", ".join(row.name for row in found if not row.covered)
            print(
                f"twin {number}: {sum(row.covered for row in found)} of {len(found)} within 95 %"
                f"{f' (not {missed})' if missed else ''}, faults {faults[0]} of {faults[1]}, "
                f"{time.perf_counter() - began_s:.0f} s",
                flush=True,
            )
    for name in dict.fromkeys(row.name for row in rows):
        mine = [row for row in rows if row.name == name]
        print(f"{name:22} {sum(row.covered for row in mine):3d} of {len(mine)}")
    share = sum(row.covered for row in rows) / len(rows)
    print(f"all: {share:.3f} of {len(rows)} within their 95 % interval (asked for: {WANTED})")
    print(f"faults found: {counts[0]} of {counts[1]}; healthy junctions called bad: {counts[2]}")
    OUT.write_text(json.dumps([asdict(row) | {"covered": row.covered} for row in rows], indent=1))
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
