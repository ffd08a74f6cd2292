"""`fabric = laser` for `mtjlab run noise_learning`: the modulators as a `Part`."""

from typing import Annotated

import numpy as np
from laser_fabric import AMPLIFIER, FULL, LaserFabric
from pydantic import Field

from mtjlab.analysis.correlation import largest_correlation, noise_ratio
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Le, Parameters
from mtjlab.fabric.part import Honesty, Prediction, Seen


class LaserOptions(Parameters):
    amplifier: Annotated[float, Ge(0), Le(1e4)] = Field(
        AMPLIFIER, description="sd of the amplifier's noise, electrons"
    )


class Laser(LaserFabric):
    options = LaserOptions

    def __init__(self, rig, layers, sampling, options, claimed):
        if sampling.junctions not in ("on", "mean"):
            raise ParameterError(
                f"junctions = {sampling.junctions}: without light there is no signal either; "
                "junctions=mean keeps the light and takes its noise"
            )
        super().__init__(
            [layer.nodes for layer in layers],
            np.random.default_rng(0),
            logits=layers[-1].last,
            amplifier=options.amplifier if sampling.instrument_noise == "on" else 0.0,
        )
        self.cells = frozenset()
        self.transactions = 0
        self._rig = rig
        self._sampling = sampling
        self._reference = np.zeros((0, sum(self.widths)), dtype=np.float32)
        self._ratio = np.full(sum(self.widths), np.nan)

    def prediction(self, rows):
        return Prediction(0, 0.0, f"laser: {rows} reads of every modulator, simulated")

    def prepare(self):
        """A bench would switch the laser on here, ramp by ramp, through the guard."""

    def calibrate(self):
        """Reads at half light, and in the dark: noise of light and amplifier, of the amplifier."""
        reads = self._sampling.reference_reads
        self.begin(reads)
        light = [
            self.forward(layer, np.zeros((reads, 1)), np.zeros((m, 1)), np.zeros(m)).activity
            for layer, m in enumerate(self.widths)
        ]
        self._reference = np.concatenate(light, axis=1)
        dark = 2.0 * self.count(np.zeros(self._reference.shape)) / FULL
        ratios = [
            noise_ratio(float(on), float(off)).value
            for on, off in zip(self._reference.std(axis=0), dark.std(axis=0), strict=True)
        ]
        self._ratio = np.array([np.nan if ratio is None else ratio for ratio in ratios])
        self.saturated = self.presented = 0
        self.grain = self._sampling.junctions == "on"
        return Seen()

    def begin(self, rows):
        # By name each time: a resumed run has other generator objects.
        self.rng = self._rig.generators["noise"]

    def state(self):
        creep = {f"creep_{layer}": drift.copy() for layer, drift in enumerate(self.creep)}
        return creep | {
            "saturated": self.saturated,
            "presented": self.presented,
            "reference": self._reference,
            "ratio": self._ratio,
        }

    def restore(self, state):
        self.creep = [np.array(state[f"creep_{layer}"]) for layer in range(len(self.widths))]
        self.saturated, self.presented = int(state["saturated"]), int(state["presented"])
        self._reference, self._ratio = np.array(state["reference"]), np.array(state["ratio"])
        self.grain = self._sampling.junctions == "on"

    def honesty(self):
        dark = np.isnan(self._ratio).any()
        return Honesty(
            noise_ratio=self._ratio,
            below_instrument=None,
            correlation=largest_correlation(self._reference),
            saturated=self.saturated,
            presented=self.presented,
            energy_j=0.0,
            slowest_tau_c_s=None,
            sample_spacing_s=None,
            pass_spacing_s=None,
            transactions=self.transactions,
            notes=("noise_ratio: the amplifier shows no noise in the dark",) if dark else (),
        )
