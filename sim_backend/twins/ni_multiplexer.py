"""One converter behind a multiplexer: every channel starts from what the last one left.

The capacitance C behind the switches keeps the voltage of the channel that was converted last and
goes to that of the next through the source's resistance R and the switch's:

    s_j = v_j + (s_{j-1} - v_j) exp(-t_j / ((R_j + R_mux) C))

with t_j the time for which channel j has been selected when it is converted: one period of the
convert clock, and for the first channel of a scan all the time that is left of the sample period.
An input that is wired to nothing has R = inf: it reads what its predecessor left.
"""

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.electronics.lag import recur

Volts = NDArray[np.float64]


class Multiplexer:
    """The switches and the charge behind them.

    Attributes:
        held_v: what the last conversion left, V.
    """

    def __init__(self, capacitance_f: float, switch_ohm: float) -> None:
        """Args: `capacitance_f` in F, >= 0 (0: no charge is left); `switch_ohm` in ohm, >= 0."""
        self._capacitance_f = capacitance_f
        self._switch_ohm = switch_ohm
        self.held_v = 0.0

    def left(self, source_ohm: NDArray[np.float64], selected_s: Volts) -> NDArray[np.float64]:
        """Share of the last channel's voltage that is still there, (k,), 0 to 1."""
        tau_s = np.array([float(ohm) + self._switch_ohm for ohm in source_ohm])
        # Without a capacitance nothing is left, whatever the resistance.
        tau_s = tau_s * self._capacitance_f if self._capacitance_f else np.zeros(len(source_ohm))
        share: NDArray[np.float64] = np.zeros(len(tau_s))
        charged = tau_s > 0
        share[charged] = np.exp(-selected_s[charged] / tau_s[charged])
        return share

    def scan(
        self, volts: Volts, source_ohm: NDArray[np.float64], *, dt_s: float, convert_s: float
    ) -> None:
        """What the converter finds, in place of true voltages (n, k) of k channels in n scans.

        Args:
            volts: true voltages at the instants of conversion, V.
            source_ohm: (k,), ohm; inf where nothing is wired.
            dt_s: period of the scans, s.
            convert_s: period of the conversions within a scan, s.
        """
        n, width = volts.shape
        if not n:
            return
        if width > 1:
            selected_s = np.full(width, convert_s)
            selected_s[0] = dt_s - (width - 1) * convert_s
            self._settle(volts, self.left(source_ohm, selected_s))
        self.held_v = float(volts[-1, -1])

    def _settle(self, volts: Volts, left: NDArray[np.float64]) -> None:
        # The last channel of a scan as if it had begun at 0 V, then what the scans hand on.
        last = np.zeros(len(volts))
        for column, share in enumerate(left):
            last = volts[:, column] + (last - volts[:, column]) * share
        handed = float(np.prod(left))
        ends = recur(np.array([self.held_v]), last[:, np.newaxis], np.full((len(last), 1), handed))
        before = np.concatenate([[self.held_v], ends[:-1, 0]])
        for column, share in enumerate(left):
            before = volts[:, column] + (before - volts[:, column]) * share
            volts[:, column] = before
