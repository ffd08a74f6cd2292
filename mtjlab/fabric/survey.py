"""Which junctions can lend their noise: a short trace of each, and who is masked and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.telegraph import Telegraph, characterise
from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Daq
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.reading import record
from mtjlab.fabric.timing import Timing

SAMPLE_RATE_HZ = 200e3


@dataclass(frozen=True)
class Survey:
    """Traces of all candidates at their operating point, and what they say.

    Attributes:
        junctions: the candidates.
        traces_v: (samples, junctions).
        interval_s: between samples.
        found: per junction.
        masked: index -> reason, for those that cannot serve.
        transactions: blocks it took.
    """

    junctions: tuple[SingleJunction, ...]
    traces_v: NDArray[np.float64]
    interval_s: float
    found: tuple[Telegraph, ...]
    masked: dict[int, str]
    transactions: int

    def choose(self, count: int) -> list[int]:
        """The `count` unmasked junctions whose duty cycle is nearest to one half.

        Raises:
            BenchError: too few, with how many are missing and who is masked for what.
        """
        usable = [i for i in range(len(self.junctions)) if i not in self.masked]
        if len(usable) < count:
            raise BenchError(
                f"the network has {count} noisy nodes and needs a junction for each; "
                f"{len(usable)} of {len(self.junctions)} can serve, {count - len(usable)} are "
                f"missing{f' (masked: {self._by_reason()})' if self.masked else ''}. Use fewer "
                "hidden nodes, another bias, or a chip with more live junctions"
            )
        by_duty = sorted(usable, key=lambda i: abs(self.found[i].levels.occupancy_high - 0.5))
        return sorted(by_duty[:count])

    def _by_reason(self) -> str:
        """As in `2 stuck, such as (0, 3)`."""
        cells: dict[str, list[str]] = {}
        for index, reason in self.masked.items():
            cells.setdefault(reason, []).append(str(self.junctions[index].cell))
        return "; ".join(
            f"{len(where)} {reason}, such as {where[0]}" for reason, where in cells.items()
        )


def survey(
    daq: Daq, junctions: Sequence[SingleJunction], *, duration_s: float, max_tau_c_s: float
) -> Survey:
    """Record all `junctions` for `duration_s` at up to 200 kS/s and characterise each."""
    rate_hz = min(SAMPLE_RATE_HZ, daq.abilities.rate_limit_hz(len(junctions)))
    samples = max(2, round(duration_s * rate_hz))
    traces_v, block = record(daq, junctions, samples, Timing(rate_hz, 0, 1))
    interval_s = 1.0 / block.step_rate_hz
    found = tuple(
        characterise(np.ascontiguousarray(traces_v[:, i]), interval_s)
        for i in range(len(junctions))
    )
    masked: dict[int, str] = {}
    for index, telegraph in enumerate(found):
        if telegraph.verdict != "telegraph":
            masked[index] = telegraph.verdict
        elif telegraph.rates.reason is not None:
            masked[index] = f"without rates: {telegraph.rates.reason}"
        elif telegraph.rates.tau_c_s > max_tau_c_s:
            masked[index] = f"with tau_c above {si(max_tau_c_s, 's')}"
    return Survey(tuple(junctions), traces_v, interval_s, found, masked, block.parts)
