"""Single junctions moved through biases and recorded together, each board in its turn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from mtjlab.fabric.bias import DEFAULT_BIAS_V
from mtjlab.fabric.reading import channels
from mtjlab.fabric.terminals import Terminals

_FEWEST_SAMPLES = 100


@dataclass(frozen=True)
class Recorded:
    """One junction at one bias.

    Attributes:
        junction: which.
        bias_v: behind its divider, V.
        trace_v: (n,), across the junction, V.
        interval_s: between samples, s.
        resolution_v: step of the converter, V.
    """

    junction: SingleJunction
    bias_v: float
    trace_v: NDArray[np.float64]
    interval_s: float
    resolution_v: float

    @property
    def duration_s(self) -> float:
        """Of the trace, s."""
        return len(self.trace_v) * self.interval_s


class BiasedSingles:
    """Junctions with an input each, and the terminals that drive them.

    Attributes:
        junctions: in the order of the traces.
    """

    def __init__(
        self,
        rig: Rig,
        junctions: Sequence[SingleJunction],
        largest_v: float,
        *,
        sample_rate_hz: float,
        settle_s: float,
    ) -> None:
        """Touch nothing.

        Args:
            rig: the bench.
            junctions: single ones with a `read`.
            largest_v: largest |bias| behind the dividers, V, > 0.
            sample_rate_hz: per input; less where a board is slower.
            settle_s: waited after each change of bias.

        Raises:
            BenchError: nothing drives a terminal, or junctions on one have different dividers.
            ParameterError: a bias that the junctions must not see, with the largest.
        """
        self._rig, self._rate_hz, self._settle_s = rig, sample_rate_hz, settle_s
        self.junctions = tuple(junctions)
        self._dividers: dict[str, float] = {}
        for junction in self.junctions:
            known = self._dividers.setdefault(junction.source, junction.divider)
            if known != junction.divider:
                raise BenchError(
                    f"junctions on {junction.source} have dividers {known:g} and "
                    f"{junction.divider:g}: they cannot have one bias; name them by `cells`"
                )
        self._terminals = Terminals(
            rig, {source: largest_v / divider for source, divider in self._dividers.items()}
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Terminals, in the order of the junctions."""
        return tuple(self._dividers)

    def prepare(self) -> None:
        """Every source configured for its largest level and on, at 0 V."""
        self._terminals.prepare()

    def hold(self, bias_v: float | dict[str, float]) -> dict[str, float]:
        """Set the biases, V behind the dividers, of all or by terminal; as given, by terminal."""
        bias = bias_v if isinstance(bias_v, dict) else dict.fromkeys(self._dividers, bias_v)
        self._terminals.set({s: volts / self._dividers[s] for s, volts in bias.items()})
        return bias

    def rest(self) -> None:
        """Back to 0 V."""
        self._terminals.zero()

    def record(
        self, bias_v: float | dict[str, float], duration_s: float, *, hold: bool = False
    ) -> list[Recorded]:
        """Set the biases, wait, record each board, and go back to 0 V.

        Args:
            bias_v: behind the dividers, V: of all, or by terminal.
            duration_s: of each trace.
            hold: stay at the biases instead; `rest` ends it.
        """
        bias = self.hold(bias_v)
        try:
            self._rig.clock.sleep(self._settle_s)
            found: dict[int, Recorded] = {}
            for board in dict.fromkeys(_board(j) for j in self.junctions):
                found |= self._board(board, bias, duration_s)
        except BaseException:
            self.rest()
            raise
        if not hold:
            self.rest()
        return [found[index] for index in range(len(self.junctions))]

    def _board(self, board: str, bias: dict[str, float], duration_s: float) -> dict[int, Recorded]:
        mine = [i for i, j in enumerate(self.junctions) if _board(j) == board]
        daq = self._rig.daqs[board]
        inputs = channels([self.junctions[i] for i in mine])
        rate_hz = min(self._rate_hz, daq.abilities.rate_limit_hz(len(inputs)))
        block = daq.play_and_record(
            None,
            ao=(),
            ai=inputs,
            step_rate_hz=rate_hz,
            settle=0,
            keep=1,
            rest_v=(),
            steps=max(_FEWEST_SAMPLES, round(duration_s * rate_hz)),
        )
        step = 2.0 / 2**daq.abilities.input_bits
        return {
            i: Recorded(
                self.junctions[i],
                bias[self.junctions[i].source],
                np.ascontiguousarray(block.samples_v[:, 0, column]),
                1.0 / block.step_rate_hz,
                step * _range_v(self.junctions[i]),
            )
            for column, i in enumerate(mine)
        }


def usual_bias_v(junctions: Sequence[SingleJunction]) -> tuple[float, float]:
    """Smallest and largest operating bias that the bench file says of them, V."""
    said = [DEFAULT_BIAS_V if j.bias_v is None else j.bias_v for j in junctions]
    return min(said), max(said)


def the_coil(rig: Rig, what: str) -> str:
    """Name of the one field coil of the bench.

    Raises:
        BenchError: there is none, or there are several.
    """
    if len(rig.fields) != 1:
        raise BenchError(
            f"{what} needs a bench with one field coil ([[wiring.coils]]); bench {rig.bench!r} "
            f"has {', '.join(rig.fields) or 'none'}"
        )
    return next(iter(rig.fields))


def check_fields(rig: Rig, fields_t: Sequence[float], what: str) -> str:
    """Name of the coil that can make these fields.

    Raises:
        BenchError: there is no coil, or its field does not reach; the text has the largest.
    """
    name = the_coil(rig, what)
    coil = rig.wiring.coil(name)
    largest_t = max((abs(field) for field in fields_t), default=0.0)
    if coil is not None and largest_t > coil.max_t:
        raise BenchError(
            f"{what}: {si(largest_t, 'T')} is more than the {si(coil.max_t, 'T')} of the coil on "
            f"{name}"
        )
    return name


def _board(junction: SingleJunction) -> str:
    assert junction.read is not None
    return junction.read.instrument


def _range_v(junction: SingleJunction) -> float:
    assert junction.read is not None
    return junction.read.range_v
