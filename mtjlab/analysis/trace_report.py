"""All that one trace of one junction tells."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.autocorrelation import Autocorrelation
from mtjlab.analysis.drift import Drift
from mtjlab.analysis.dwell_histogram import Dwells
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.spectrum import Spectrum
from mtjlab.analysis.third_level import ThreeLevels

TraceVerdict = Literal["telegraph", "slow", "too fast", "three levels", "one level", "constant"]
Method = Literal["threshold", "hidden Markov model", "none"]


@dataclass(frozen=True)
class TraceReport:
    """Of one trace.

    Attributes:
        verdict: "telegraph": two levels and rates; "slow": two levels, fewer than 10 transitions;
            "too fast": two levels whose successive samples may be independent, so that rates have
            bounds only; "three levels": more than a telegraph, so no rates; "one level": no flip
            was seen; "constant": the samples do not vary at all.
        conclusion: the verdict in words: what can be concluded from this trace, and what cannot.
        notes: what else was noticed: drift, dwells that are not exponential, overlapping noise.
        method: how samples were told apart.
        samples: number.
        interval_s: between samples, s.
        low_v, high_v, sigma_v: levels and the noise about them, V; a single level is `low_v`.
        occupancy_high: share of time at the upper level.
        tau_low_s, tau_high_s, tau_c_s: dwell times and correlation time, s.
        transitions: number; expected number where noise overlaps.
        dwells_low, dwells_high: histograms; None without two levels.
        autocorrelation, spectrum: without reading levels; None of a constant trace.
        level_drift: of the samples about their levels, V.
        occupancy_drift: of the share of time at the upper level.
        three: the levels, if there are three.
        states: (n,), which samples are at the upper level; None without two levels.
    """

    verdict: TraceVerdict
    conclusion: str
    notes: tuple[str, ...]
    method: Method
    samples: int
    interval_s: float
    low_v: Estimate
    high_v: Estimate
    sigma_v: Estimate
    occupancy_high: Estimate
    tau_low_s: Estimate
    tau_high_s: Estimate
    tau_c_s: Estimate
    transitions: int
    dwells_low: Dwells | None
    dwells_high: Dwells | None
    autocorrelation: Autocorrelation | None
    spectrum: Spectrum | None
    level_drift: Drift
    occupancy_drift: Drift
    three: ThreeLevels | None
    states: NDArray[np.bool_] | None

    @property
    def estimates(self) -> dict[str, Estimate]:
        """All numbers by name; the unit is the end of the name."""
        named = {
            name: getattr(self, name)
            for name in (
                "low_v",
                "high_v",
                "sigma_v",
                "occupancy_high",
                "tau_low_s",
                "tau_high_s",
                "tau_c_s",
            )
        }
        for level, dwells in (("low", self.dwells_low), ("high", self.dwells_high)):
            if dwells is not None:
                named[f"dwell_{level}_p"] = dwells.p_value
        if self.autocorrelation is not None:
            named["acf_tau_c_s"] = self.autocorrelation.tau_c_s
        if self.spectrum is not None:
            named["corner_hz"] = self.spectrum.corner_hz
            named["plateau_v2_per_hz"] = self.spectrum.plateau
            named["floor_v2_per_hz"] = self.spectrum.floor
        return named | {
            "level_drift_v": self.level_drift.change,
            "occupancy_drift": self.occupancy_drift.change,
        }

    def as_json(self) -> dict[str, Any]:
        """Numbers, verdict and words; no arrays."""
        return {
            "verdict": self.verdict,
            "conclusion": self.conclusion,
            "notes": list(self.notes),
            "method": self.method,
            "samples": self.samples,
            "interval_s": self.interval_s,
            "transitions": self.transitions,
            **{name: estimate.as_json() for name, estimate in self.estimates.items()},
        }
