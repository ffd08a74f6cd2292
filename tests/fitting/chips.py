"""Looks at drawn chips whose parameters are known: the physics, without instruments."""

import math

import numpy as np

from mtjlab.analysis.estimate import Estimate
from mtjlab.fitting.look import Look
from sim_backend.physics.devices import Devices
from sim_backend.physics.singles import Singles

SERIES_OHM = 10e3
LEVEL_ERROR = 1e-4
BIASES_V = np.linspace(0.06, 0.16, 5)


def looks_at(
    chip: Devices,
    rng: np.random.Generator,
    biases_v: np.ndarray = BIASES_V,
    span_s: float = 0.3,
) -> list[Look]:
    """As a perfect instrument would see each junction (0, j) in `span_s`."""
    n = len(chip)
    singles = Singles(chip, np.full(n, SERIES_OHM), np.ones(n))
    looks = []
    for bias_v in biases_v:
        at = singles.at(np.full(n, bias_v))
        for j in range(n):
            with np.errstate(divide="ignore"):
                ohms = [
                    float(1.0 / g(v)[j])
                    for g, v in ((chip.conductance_p_s, at.v_p), (chip.conductance_ap_s, at.v_ap))
                ]
            total, share = float(at.rates.total_hz[j]), float(at.rates.occupancy[j])
            flips = rng.poisson(span_s * total * share * (1.0 - share)) if total else 0
            if flips < 2 or not 1.001 * ohms[0] < ohms[1] < math.inf:
                up = share > rng.random()
                looks.append(
                    Look(
                        (0, j),
                        "run",
                        float(bias_v),
                        "one level",
                        span_s,
                        only_v=float((at.v_ap if up else at.v_p)[j]),
                        only_ohm=ohms[1] if up else ohms[0],
                    )
                )
                continue
            error = 1.0 / math.sqrt(flips)
            taus = [
                Estimate.positive(rng.gamma(flips) / flips / (total * part), error)
                for part in (share, 1.0 - share)
            ]
            seen = [
                Estimate.positive(ohm * math.exp(LEVEL_ERROR * rng.standard_normal()), LEVEL_ERROR)
                for ohm in ohms
            ]
            looks.append(
                Look(
                    (0, j),
                    "run",
                    float(bias_v),
                    "telegraph",
                    span_s,
                    v_p_v=float(at.v_p[j]),
                    v_ap_v=float(at.v_ap[j]),
                    r_p_ohm=seen[0],
                    r_ap_ohm=seen[1],
                    tau_p_s=taus[0],
                    tau_ap_s=taus[1],
                    per_volt=1.0 + ohms[0] / SERIES_OHM,
                )
            )
    return looks
