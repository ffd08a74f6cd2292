"""What single junctions went through at the instants of a look."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.singles import OperatingPoint
from sim_backend.world.instants import Index, Volts

States = NDArray[np.bool_] | Volts


class Lived(NamedTuple):
    """k junctions at n instants.

    Attributes:
        ap: (n, k), their states, True is AP; of held junctions the share of AP, 0 to 1.
        factor: (n, k) on the conductance, or None.
        point: operating points, (k,), or (levels, k) with `run`.
        run: (n,), the level that holds from each instant, or None.
        node_v: (n, k), where a cable lags; None where none does.
    """

    ap: States
    factor: Volts | None
    point: OperatingPoint
    run: Index | None
    node_v: Volts | None

    @property
    def held(self) -> bool:
        """Whether the junctions do not move by themselves."""
        return self.ap.dtype != np.bool_

    def every(self, which: slice) -> "Lived":
        """Only some of the instants."""
        if which == slice(None, None, 1):
            return self
        return Lived(
            self.ap[which],
            None if self.factor is None else self.factor[which],
            self.point,
            None if self.run is None else self.run[which],
            None if self.node_v is None else self.node_v[which],
        )


def by_state(ap: States, in_ap: Volts, in_p: Volts) -> Volts:
    """The value that belongs to each state; between the two by the share of AP."""
    if ap.dtype == np.bool_:
        return np.where(ap, in_ap, in_p)
    found: Volts = in_p + ap * (in_ap - in_p)
    return found
