"""Layers of light: intensity modulators, whose photodiodes count with shot noise.

A pre-activation becomes the voltage of a Mach-Zehnder modulator at half transmission,

    T(V) = (1 + sin(pi V / V_pi + drift)) / 2

and a read is the number of photoelectrons behind it. These come one by one (Poisson), so the
noise is larger where there is more light; the amplifier adds noise of its own, and the working
point of the crystal creeps. A read counts 10 000 electrons at full light: shot noise of 1 %.
"""

import numpy as np

from mtjlab.learning.fabric import Activities

FULL = 10_000.0  # photoelectrons per read at full transmission
AMPLIFIER = 20.0  # sd of the amplifier's noise, electrons
GAIN = 0.1  # of V_pi per unit of pre-activation
WINDOW = 0.45  # of V_pi, to either side: beyond 0.5 more voltage is less light
CREEP = 2e-5  # sd of the working point's step from read to read, rad
LOGITS = 8.0  # logits per unit of activity on the last layer


class LaserFabric:
    """One modulator and photodiode per node.

    Args:
        widths: nodes of each layer.
        rng: of shot noise, amplifier noise and creep.
        logits: whether the last of these layers is the network's last.
        grain: False takes shot noise and creep away, and leaves the mean light: the control.
        amplifier: sd of its noise, electrons.
    """

    physical = True
    precision = None

    def __init__(self, widths, rng, *, logits=True, grain=True, amplifier=AMPLIFIER):
        self.widths = tuple(widths)
        self.rng = rng
        self.logits = logits
        self.grain = grain
        self.amplifier = amplifier
        self.creep = [np.zeros(m) for m in self.widths]
        self.saturated = self.presented = 0

    def begin(self, rows):
        """A bench that takes one block for all layers would take it here."""

    def forward(self, layer, x, w, b):
        """Where a bench sends voltages and reads photodiodes: one block of S rows."""
        volts = self._volts(x, w, b)
        self.saturated += int((np.abs(volts) == WINDOW).sum())
        self.presented += volts.size
        steps = CREEP * self.rng.standard_normal(volts.shape) if self.grain else 0.0 * volts
        drift = self.creep[layer] + np.cumsum(steps, axis=0)
        self.creep[layer] = drift[-1]
        return self._answer(layer, self.count(_transmission(volts, drift)))

    def clean(self, layer, x, w, b):
        return self._answer(layer, FULL * _transmission(self._volts(x, w, b)))

    def slope(self, layer, answer):
        y = np.clip(answer.activity, -1.0, 1.0)
        inside = np.abs(y) < np.sin(np.pi * WINDOW)
        steep = self._scale(layer) * np.pi * GAIN * np.sqrt(1.0 - y**2)
        return np.where(inside, steep, 0.0).astype(np.float32)

    def count(self, transmission):
        """Photoelectrons of one read, noise and all."""
        light = FULL * transmission
        electrons = self.rng.poisson(light) if self.grain else light
        return electrons + self.amplifier * self.rng.standard_normal(light.shape)

    def _volts(self, x, w, b):
        return np.clip(GAIN * (x @ w.T + b), -WINDOW, WINDOW)

    def _answer(self, layer, electrons):
        activity = (2.0 * electrons / FULL - 1.0).astype(np.float32)
        return Activities(activity, np.float32(self._scale(layer)) * activity)

    def _scale(self, layer):
        return LOGITS if self.logits and layer == len(self.widths) - 1 else 1.0


def _transmission(volts, drift=0.0):
    return 0.5 * (1.0 + np.sin(np.pi * volts + drift))
