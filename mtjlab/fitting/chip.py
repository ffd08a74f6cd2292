"""From looks at the junctions of a chip to its twin: typical junction, scatter, the bad ones.

Numbers that the looks cannot tell are left at their defaults, and say so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.fitting import faults
from mtjlab.fitting.dwells import ASSUMED, Dwells, fit_dwells
from mtjlab.fitting.faults import Cell, Found
from mtjlab.fitting.look import Look, log_error
from mtjlab.fitting.mapped import mapped
from mtjlab.fitting.resistances import Resistances, fit_resistances

_FEWEST_FOR_CORRELATION = 8
_NOT_LOOKED_AT = (
    "field, temperature, heating, traps and flicker are not fitted: the twin has none of them, and "
    "its numbers hold at the field and temperature of the runs"
)


@dataclass(frozen=True)
class Device:
    """One junction as the twin shall have it.

    Attributes:
        cell: which.
        r_p_ohm, tmr, ln_tau_shift, v50_shift_v: its own; nan where not known.
    """

    cell: Cell
    r_p_ohm: float
    tmr: float
    ln_tau_shift: float
    v50_shift_v: float


@dataclass(frozen=True)
class Chip:
    """What is known of a chip.

    Attributes:
        resistances, dwells: of its healthy junctions; no `dwells` where none flips.
        correlation: of ln R with ln tau.
        noise_v: (instrument, range in V) -> noise of a sample, V, with the rounding of its codes.
        devices: the healthy ones, and slow ones as far as they are like these.
        found: those that are not.
        runs: ids of the runs that told it.
        notes: what could not be concluded, and what the numbers take for granted.
    """

    resistances: Resistances
    dwells: Dwells | None
    correlation: Estimate
    noise_v: dict[tuple[str, float], Estimate]
    devices: tuple[Device, ...]
    found: tuple[Found, ...]
    runs: tuple[str, ...]
    notes: tuple[str, ...]


def fit_chip(looks: Sequence[Look], *, accuracy: float) -> Chip:
    """Everything that these looks tell.

    Args:
        looks: of any number of junctions and biases; 0 V tells nothing.
        accuracy: relative error (95 %) that all voltages have in common.

    Raises:
        ValueError: not one junction shows two levels.
    """
    cells = faults.by_cell(looks)
    found = faults.dead(cells) | faults.three_levels(cells)
    flips = [c for c, some in cells.items() if any(one.verdict == "telegraph" for one in some)]
    healthy = [cell for cell in flips if cell not in found]
    if not healthy:
        raise ValueError(
            f"not one of {len(cells)} junctions shows two levels: there is nothing to fit. "
            "Measure at other biases, or for longer"
        )
    dwells = fit_dwells(looks, healthy)
    if dwells is not None:
        untold = {
            cell: cells[cell]
            for cell, shift in zip(healthy, dwells.ln_tau_shift, strict=True)
            if math.isnan(shift)
        }
        slow = faults.slow(healthy, dwells) | faults.sluggish(untold, dwells)
        if slow:
            found |= slow
            healthy = [cell for cell in healthy if cell not in slow]
            dwells = fit_dwells(looks, healthy)
    resistances = fit_resistances(looks, healthy, accuracy)
    quiet = {cell: some for cell, some in cells.items() if cell not in found and cell not in flips}
    r_p_ohm = resistances.r_p_ohm.value
    found |= faults.silent(quiet, dwells, r_p_ohm, r_p_ohm * (1.0 + resistances.tmr.value))
    return Chip(
        resistances,
        dwells,
        _correlation(resistances, dwells),
        _noise(looks),
        (*_devices(healthy, resistances, dwells), *_slow_devices(looks, found, accuracy)),
        tuple(found[cell] for cell in sorted(found)),
        tuple(dict.fromkeys(one.run for one in looks)),
        tuple(_notes(dwells, healthy)),
    )


def _devices(
    cells: Sequence[Cell], resistances: Resistances, dwells: Dwells | None
) -> list[Device]:
    devices = []
    for index, cell in enumerate(cells):
        shift, v50 = (
            (math.nan, math.nan)
            if dwells is None
            else (float(dwells.ln_tau_shift[index]), float(dwells.v50_shift_v[index]))
        )
        r_p_ohm = math.exp(float(resistances.ln_r[index]))
        devices.append(Device(cell, r_p_ohm, float(resistances.tmr_of[index]), shift, v50))
    return devices


def _slow_devices(
    looks: Sequence[Look], found: Mapping[Cell, Found], accuracy: float
) -> list[Device]:
    """Slow junctions have resistances of their own, and are as slow as their factor says."""
    cells = [cell for cell in sorted(found) if found[cell].kind == "slow"]
    own = fit_resistances(looks, cells, accuracy)
    return [
        Device(cell, math.exp(float(own.ln_r[index])), float(own.tmr_of[index]), 0.0, math.nan)
        for index, cell in enumerate(cells)
    ]


def _correlation(resistances: Resistances, dwells: Dwells | None) -> Estimate:
    """Of ln R and ln tau, by Fisher's z; errors of single junctions pull it towards 0."""
    few = f"fewer than {_FEWEST_FOR_CORRELATION} junctions"
    if dwells is None:
        return Estimate.none("no dwell times", low=-1.0, high=1.0)
    known = np.isfinite(resistances.ln_r) & np.isfinite(dwells.ln_tau_shift)
    n = int(np.count_nonzero(known))
    if n < _FEWEST_FOR_CORRELATION:
        return Estimate.none(few, low=-1.0, high=1.0)
    x, y = resistances.ln_r[known], dwells.ln_tau_shift[known]
    true = _true_share(x, resistances.r_sigma) * _true_share(y, dwells.tau_sigma)
    if true <= 0.0:
        return Estimate.none("R or tau does not scatter", low=-1.0, high=1.0)
    z = math.atanh(float(np.clip(np.corrcoef(x, y)[0, 1], -0.9999, 0.9999)))
    half = Z_95 / math.sqrt(n - 3.0)
    return mapped(
        Estimate(z, z - half, z + half),
        lambda end: float(np.clip(math.tanh(end) / true, -1.0, 1.0)),
    )


def _true_share(values: NDArray[np.float64], sigma: Estimate) -> float:
    """Of the scatter that is seen, the part that the junctions have."""
    seen = float(values.std(ddof=1))
    return min(sigma.value / seen, 1.0) if seen > 0.0 and sigma.known else 0.0


def _noise(looks: Sequence[Look]) -> dict[tuple[str, float], Estimate]:
    """Weighted means; the scatter of the looks widens the interval."""
    groups: dict[tuple[str, float], list[Estimate]] = {}
    for one in looks:
        usable = one.verdict in ("telegraph", "one level") and math.isfinite(log_error(one.sigma_v))
        if one.input is not None and usable:
            groups.setdefault(one.input, []).append(one.sigma_v)
    found = {}
    for key, some in groups.items():
        logs = np.log([one.value for one in some])
        weight = np.array([max(log_error(one), 1e-6) for one in some]) ** -2
        mean = float(weight @ logs / weight.sum())
        own = 1.0 / math.sqrt(weight.sum())
        dof = max(len(some) - 1.0, 1.0)
        stretch = math.sqrt(max(float(weight @ (logs - mean) ** 2) / dof, 1.0))
        found[key] = Estimate.positive(math.exp(mean), own * stretch)
    return found


def _notes(dwells: Dwells | None, healthy: Sequence[Cell]) -> list[str]:
    notes = []
    if dwells is None:
        notes.append("no junction told both dwell times: tau, slopes and V50 keep their defaults")
    elif dwells.assumed:
        notes.append(
            f"{ASSUMED}: the slopes keep the defaults of the reference junction, and tau, V50 and "
            "their scatter hold if these are right. A bias_sweep tells them"
        )
    if len(healthy) == 1:
        notes.append("a single junction: no scatter from junction to junction is known")
    notes.append(_NOT_LOOKED_AT)
    return notes
