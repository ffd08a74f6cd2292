"""Which junctions of a chip are not like the others, and how."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mtjlab.core.units import si
from mtjlab.fitting.dwells import Dwells
from mtjlab.fitting.look import Look
from sim_backend.physics.junction import JunctionParameters

Cell = tuple[int, int]
Kind = Literal["short", "open", "stuck_p", "stuck_ap", "slow", "three_level"]
# Where there is nothing to compare with; as `array_map` has it.
_SHORT_OHM, _OPEN_OHM = 500.0, 1e6
_TENTH = 0.1
# A junction that should have flipped so often and never did: chance 0.7 %.
_EXPECTED = 5.0
# One that should have flipped so often and did once or twice.
_OFTEN = 20.0
# Slower than the median by five times the usual scatter, and tenfold at least.
_SIGMAS, _LEAST_LN, _LEAST_SIGMA = 5.0, math.log(10.0), 0.2
_MAD = 1.4826


@dataclass(frozen=True)
class Found:
    """One junction.

    Attributes:
        cell: which.
        kind: what is wrong; None: it showed too little to tell, and is left out.
        factor: of `slow`.
        words: how it shows.
    """

    cell: Cell
    kind: Kind | None
    words: str
    factor: float | None = None


def by_cell(looks: Sequence[Look]) -> dict[Cell, list[Look]]:
    """Looks of each junction, in the order of rows and columns."""
    found: dict[Cell, list[Look]] = {}
    for one in sorted(looks, key=lambda look: look.cell):
        found.setdefault(one.cell, []).append(one)
    return found


def dead(looks: Mapping[Cell, Sequence[Look]]) -> dict[Cell, Found]:
    """Shorts and opens: far from the resistances of those that flip."""
    p = [one.r_p_ohm.value for some in looks.values() for one in some if one.r_p_ohm.known]
    ap = [one.r_ap_ohm.value for some in looks.values() for one in some if one.r_ap_ohm.known]
    least = _TENTH * float(np.median(p)) if p else _SHORT_OHM
    most = float(np.median(ap)) / _TENTH if ap else _OPEN_OHM
    found = {}
    for cell, some in looks.items():
        short = [one.verdict == "short" or one.only_ohm < least for one in some]
        through = [one.verdict == "open" or one.only_ohm > most for one in some]
        if all(short):
            found[cell] = Found(cell, "short", f"below {si(least, 'ohm')} at every bias")
        elif all(through):
            found[cell] = Found(cell, "open", f"above {si(most, 'ohm')} at every bias")
    return found


def three_levels(looks: Mapping[Cell, Sequence[Look]]) -> dict[Cell, Found]:
    """Junctions with a third level in most of their looks that show levels."""
    found = {}
    for cell, some in looks.items():
        seen = [one.verdict for one in some if one.verdict in ("telegraph", "three levels")]
        count = seen.count("three levels")
        if count and 2 * count >= len(seen):
            words = f"three levels in {count} of {len(seen)} looks; level and times not fitted"
            found[cell] = Found(cell, "three_level", words)
    return found


def slow(cells: Sequence[Cell], dwells: Dwells) -> dict[Cell, Found]:
    """Junctions far slower than the others."""
    shift = dwells.ln_tau_shift
    known = np.isfinite(shift)
    if np.count_nonzero(known) < 3:
        return {}
    middle = float(np.median(shift[known]))
    usual = max(_MAD * float(np.median(np.abs(shift[known] - middle))), _LEAST_SIGMA)
    found = {}
    for index in map(int, np.flatnonzero(known)):
        apart = float(shift[index]) - middle
        if apart > max(_SIGMAS * usual, _LEAST_LN):
            half = 1.96 * float(dwells.shift_error[index])
            low, high = (math.exp(apart + sign * half) for sign in (-1.0, 1.0))
            found[cells[index]] = Found(
                cells[index], "slow", f"factor {low:.3g} .. {high:.3g} (95 %)", math.exp(apart)
            )
    return found


def sluggish(looks: Mapping[Cell, Sequence[Look]], dwells: Dwells) -> dict[Cell, Found]:
    """Junctions that flipped once or so, too seldom for a dwell time, where others flip often."""
    found = {}
    for cell, some in looks.items():
        span_s = sum(one.span_s for one in some)
        expected = sum(
            min(_expected(dwells, one, volts, ap) for ap, volts in _states(one)) for one in some
        )
        if expected > _OFTEN:
            words = f"a flip or so in {si(span_s, 's')}: the factor is a lower bound"
            found[cell] = Found(cell, "slow", words, expected / _EXPECTED)
    return found


def silent(
    looks: Mapping[Cell, Sequence[Look]], dwells: Dwells | None, r_p_ohm: float, r_ap_ohm: float
) -> dict[Cell, Found]:
    """Junctions that never flipped: stuck, or slow, or at biases where none would flip.

    Args:
        looks: of junctions without a flip at any bias.
        dwells: of the others.
        r_p_ohm: typical.
        r_ap_ohm: typical.
    """
    middle = 0.5 * (math.log(r_p_ohm) + math.log(r_ap_ohm))
    found = {}
    for cell, some in looks.items():
        one_level = [one for one in some if 0.0 < one.only_ohm < math.inf]
        ap = [math.log(one.only_ohm) > middle for one in one_level]
        span_s = sum(one.span_s for one in one_level)
        expected = sum(
            _expected(dwells, one, one.only_v, up) for one, up in zip(one_level, ap, strict=True)
        )
        if not one_level or expected < _EXPECTED:
            words = f"no flip in {si(span_s, 's')}, where {expected:.2g} would be usual at least"
            found[cell] = Found(cell, None, words)
        elif all(ap) or not any(ap):
            words = f"no flip in {si(span_s, 's')}, or {expected / 3.0:.3g} times slower at least"
            found[cell] = Found(cell, "stuck_ap" if ap[0] else "stuck_p", words)
        else:
            words = f"seen in both states, but no flip in {si(span_s, 's')}: a lower bound"
            found[cell] = Found(cell, "slow", words, max(expected / 3.0, 1.0))
    return found


def _states(look: Look) -> list[tuple[bool, float]]:
    """(AP, voltage across the junction) of each state that may be meant."""
    if look.verdict == "one level":
        return [(False, look.only_v), (True, look.only_v)]
    return [(False, look.v_p_v), (True, look.v_ap_v)]


def _expected(dwells: Dwells | None, look: Look, volts: float, ap: bool) -> float:
    """Departures that even a slow junction of this chip would have had."""
    if dwells is None:
        return 0.0
    tau, slopes, usual = (
        (dwells.tau_ap_s, dwells.slopes_ap, JunctionParameters.slope_ap_per_v)
        if ap
        else (dwells.tau_p_s, dwells.slopes_p, JunctionParameters.slope_p_per_v)
    )
    slope = slopes[0].value if slopes[0].known else usual
    shift, where_v = (s.value if s.known else 0.0 for s in (dwells.tau_sigma, dwells.v50_sigma_v))
    ln_tau = math.log(tau.value) + slope * (volts - dwells.v_ref_v)
    ln_tau += 2.0 * (shift + abs(slope) * where_v)
    return look.span_s * math.exp(-min(max(ln_tau, -50.0), 50.0))
