"""Looks from the table of `array_map`: resistances, correlation time and occupancy."""

import math
from collections.abc import Iterator

from mtjlab.analysis.estimate import Estimate
from mtjlab.calibration.named_table import NamedTable
from mtjlab.core.wiring import Cell, Wiring
from mtjlab.fitting.look import Look, LookVerdict
from mtjlab.fitting.mapped import mapped
from mtjlab.store import RunReader

# Verdicts of `array_map` that say all there is to say.
_DEAD: dict[int, LookVerdict] = {1: "short", 2: "open"}
_THREE_LEVELS = 5
_LEAST_SPAN_S = 1e-9


def of_map(
    run: RunReader, name: str, table: NamedTable, wiring: Wiring, notes: list[str]
) -> Iterator[Look]:
    """Of a table with resistances, correlation time and occupancy, as `array_map` leaves it."""
    series = {j.cell: j.series_ohm for j in wiring.singles}
    series |= {cell: a.series_ohm + a.tia_input_ohm for a in wiring.arrays for cell in a.cells}
    accuracy = float(run.header.parameters.get("accuracy") or 0.0)
    span_s = float(run.header.parameters.get("duration_s") or _LEAST_SPAN_S)
    singles = frozenset(junction.cell for junction in wiring.singles)
    networks = 0
    for row in range(len(table)):
        cell, bias_v = table.cell(row), table.number("bias_v", row)
        if not (bias_v and math.isfinite(bias_v)) or Cell(*cell) not in series:
            continue
        if table.number("members", row) > 1.0:
            networks += 1
            continue
        series_ohm = series[Cell(*cell)]
        code = int(table.number("verdict", row))
        base = (cell, run.header.run_id, bias_v)
        if code in _DEAD:
            yield Look(*base, _DEAD[code], span_s)
            continue
        p, ap = table.estimate("r_p_ohm", row), table.estimate("r_ap_ohm", row)
        if not (p.known and ap.known):
            ohm = table.number("resistance_ohm", row)
            if math.isfinite(ohm):
                only_v = abs(bias_v) * ohm / (ohm + series_ohm)
                verdict: LookVerdict = "three levels" if code == _THREE_LEVELS else "one level"
                yield Look(*base, verdict, span_s, only_v=only_v, only_ohm=ohm)
            continue
        tau_p, tau_ap = dwells_of(
            table.estimate("tau_c_s", row), table.estimate("occupancy_ap", row)
        )
        per_volt = 1.0 + p.value / series_ohm if Cell(*cell) in singles else 1.0
        yield Look(
            *base,
            "telegraph",
            span_s,
            v_p_v=bias_v * p.value / (p.value + series_ohm),
            v_ap_v=bias_v * ap.value / (ap.value + series_ohm),
            r_p_ohm=_without(p, accuracy * per_volt),
            r_ap_ohm=_without(ap, accuracy * per_volt),
            tau_p_s=tau_p,
            tau_ap_s=tau_ap,
            occupancy_ap=table.estimate("occupancy_ap", row),
            per_volt=per_volt,
        )
    if networks:
        notes.append(f"{networks} rows of {name} are of networks, not of one junction: left out")


def dwells_of(tau_c_s: Estimate, occupancy: Estimate) -> tuple[Estimate, Estimate]:
    """tau_P = tau_c / share of AP, tau_AP = tau_c / share of P, as if both were independent."""
    if not (tau_c_s.known and occupancy.known and tau_c_s.low > 0.0):
        none = Estimate.none("no correlation time or no occupancy", low=0.0)
        return none, none
    found = []
    for share in (occupancy, mapped(occupancy, lambda part: 1.0 - part)):
        if share.low <= 0.0:
            found.append(Estimate.none("seen in one state only", low=0.0))
            continue
        value = tau_c_s.value / share.value
        up = math.hypot(math.log(tau_c_s.high / tau_c_s.value), math.log(share.value / share.low))
        down = math.hypot(math.log(tau_c_s.value / tau_c_s.low), math.log(share.high / share.value))
        found.append(Estimate(value, value * math.exp(-down), value * math.exp(up)))
    return found[0], found[1]


def _without(ohm: Estimate, accuracy: float) -> Estimate:
    """Its scatter alone: the accuracy of the instruments is common to all junctions."""
    half = 0.5 * (ohm.high - ohm.low) / ohm.value
    scatter = math.sqrt(max(half**2 - accuracy**2, (1e-3 * half) ** 2))
    return Estimate(ohm.value, ohm.value * (1.0 - scatter), ohm.value * (1.0 + scatter))
