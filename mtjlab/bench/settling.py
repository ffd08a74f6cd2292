"""What a sample still misses of a step: charge behind a multiplexer, and a node that charges.

A converter behind a multiplexer starts from the voltage of the channel before. With R what the
input sees of the circuit and C what is at the node, the capacitance C_m behind the switch R_m
comes from there to its own channel as the first of

    C   du/dt = -u / R + (w - u) / R_m        u(0) = 0   the node
    C_m dw/dt = (u - w) / R_m                 w(0) = 1   behind the switch, share of the difference

and without C as exp(-t / ((R + R_m) C_m)). A step of the source itself comes to the node as
exp(-t / (R C)). R is the largest that the bench file allows: series resistor and r_max in parallel.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from mtjlab.core.errors import LimitError
from mtjlab.core.interfaces import DaqAbilities, Multiplexer
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import Wiring

_BISECTIONS = 60
# Rates that were computed from a largest one are quotients, and round.
_ROUNDING = 1e-9


def charge_left(t_s: float, source_ohm: float, node_f: float, mux: Multiplexer) -> float:
    """Share of the difference to the channel before that is left after `t_s`, 0 to 1.

    Args:
        t_s: since the channel was selected, s.
        source_ohm: what the input sees of the circuit, ohm; 0: an amplifier.
        node_f: capacitance at the input, in front of the switch, F.
        mux: what is behind it.
    """
    return sum(share * math.exp(-t_s / tau_s) for share, tau_s in _modes(source_ohm, node_f, mux))


def charged_s(left: float, source_ohm: float, node_f: float, mux: Multiplexer) -> float:
    """How long it takes until at most `left` (> 0) is left, s; arguments as in `charge_left`."""
    modes = _modes(source_ohm, node_f, mux)
    high_s = max((tau_s for _, tau_s in modes), default=0.0) * math.log(1 / left)
    if len(modes) < 2:
        return max(0.0, high_s + sum(tau_s * math.log(share) for share, tau_s in modes))
    low_s = 0.0
    for _ in range(_BISECTIONS):
        middle_s = (low_s + high_s) / 2
        if charge_left(middle_s, source_ohm, node_f, mux) > left:
            low_s = middle_s
        else:
            high_s = middle_s
    return high_s


def _modes(source_ohm: float, node_f: float, mux: Multiplexer) -> list[tuple[float, float]]:
    """Shares and time constants (s) of the exponentials that `w` is the sum of."""
    switch_ohm, mux_f = mux.switch_ohm, mux.capacitance_f
    if mux_f == 0 or source_ohm + switch_ohm == 0:
        return []
    if node_f == 0 or source_ohm == 0:
        return [(1.0, (source_ohm + switch_ohm) * mux_f)]
    if switch_ohm == 0:
        return [(mux_f / (mux_f + node_f), source_ohm * (mux_f + node_f))]
    leak, share, back = 1 / (source_ohm * node_f), 1 / (switch_ohm * node_f), 1 / switch_ohm / mux_f
    half = (leak + share + back) / 2
    spread = math.sqrt(half**2 - leak * back)
    slow, fast = leak * back / (half + spread), half + spread
    slow_share = (fast - back) / (fast - slow)
    return [(slow_share, 1 / slow), (1 - slow_share, 1 / fast)]


class Settling:
    """One board's inputs: how fast they may be sampled, how many samples a step must be given.

    Attributes:
        abilities: of the board, with no more samples in all than its multiplexer lets pass.
    """

    def __init__(
        self, wiring: Wiring, limits: JunctionLimits, name: str, abilities: DaqAbilities
    ) -> None:
        """Args: `name` is the board's in the bench file."""
        self._name = name
        self._raw = abilities
        self._left = wiring.left_over
        prefix = f"{name}/"
        self._node_f = {channel: w.capacitance_f for channel, w in wiring.inputs(name).items()}
        singles = [j for j in wiring.singles if j.read is not None and j.read.instrument == name]
        self._source_of = {j.read.channel: j.source for j in singles if j.read is not None}
        # A name of its own, whether the block calls the output `ao0` or `daq/ao0`.
        self._source_of = {c: s.removeprefix(prefix) for c, s in self._source_of.items()}
        self._ohm = dict.fromkeys(self._node_f, 0.0) | {
            j.read.channel: 1 / (1 / j.series_ohm + 1 / limits.r_max_ohm)
            for j in singles
            if j.read is not None
        }
        self.abilities = abilities
        needed_s = self.charged_s(tuple(self._ohm))
        if len(self._ohm) > 1 and 0 < needed_s <= self.longest_s(2):
            total_hz = min(abilities.aggregate_rate_hz, 1 / needed_s)
            self.abilities = replace(abilities, aggregate_rate_hz=total_hz)

    def charged_s(self, ai: Collection[str]) -> float:
        """How long each of these inputs must be selected, s; 0 without a multiplexer."""
        mux = self._raw.multiplexer
        if mux is None or len(ai) < 2:
            return 0.0
        return max(charged_s(self._left, *self._input(channel), mux) for channel in ai)

    def left(self, ai: Collection[str], rate_hz: float) -> float:
        """Largest share of a channel's difference to the one before that is left in a scan."""
        mux = self._raw.multiplexer
        if mux is None or len(ai) < 2:
            return 0.0
        t_s = min(self.longest_s(len(ai)), 1 / (len(ai) * rate_hz))
        return max(charge_left(t_s, *self._input(channel), mux) for channel in ai)

    def longest_s(self, inputs: int) -> float:
        """How long the board stays on a channel of a slow scan, s."""
        mux = self._raw.multiplexer
        padding_s = 0.0 if mux is None else mux.padding_s
        return 1 / (self._raw.rate_limit_hz(inputs) * inputs) + padding_s

    def settled_s(self, ai: Collection[str]) -> float:
        """How long after a step the nodes of these inputs have arrived, s."""
        tau_s = max((ohm * node_f for ohm, node_f in map(self._input, ai)), default=0.0)
        return tau_s * math.log(1 / self._left)

    def demand(
        self, ai: Sequence[str], rate_hz: float, *, ao: Sequence[str] = (), settle: int = 0
    ) -> None:
        """Refuse a block of these inputs whose samples would not be what they are taken for.

        Args:
            ai: inputs, in the order of the scan.
            rate_hz: samples per channel and second.
            ao: outputs that step, `out/ao0` of another board.
            settle: samples dropped after each step.

        Raises:
            LimitError: with what would be left, and the largest rate or the settling that do.
        """
        known = [channel for channel in ai if channel in self._ohm]
        needed_s = self.charged_s(known)
        slow_enough = needed_s * len(known) * rate_hz <= 1 + _ROUNDING
        if needed_s and not (slow_enough and needed_s <= self.longest_s(len(known))):
            raise LimitError(
                f"{self._name}: {len(known)} multiplexed inputs at {si(rate_hz, 'S/s')} each keep "
                f"{self.left(known, rate_hz):.2g} of the difference to the channel before; "
                f"[wiring] left_over is {self._left:g}; nothing was sent. "
                + self._remedy(len(known), needed_s)
            )
        played = {output.removeprefix(f"{self._name}/") for output in ao}
        stepped = [c for c in known if self._source_of.get(c) in played]
        settled_s = self.settled_s(stepped)
        if settled_s * rate_hz > settle * (1 + _ROUNDING):
            raise LimitError(
                f"{self._name}: {settle} samples at {si(rate_hz, 'S/s')} after a step of the "
                f"outputs are {si(settle / rate_hz, 's')}; until no more than {self._left:g} of "
                f"the step is missing it takes {si(settled_s, 's')}; nothing was sent. Use settle "
                f"= {math.ceil(settled_s * rate_hz * (1 - _ROUNDING))}"
                + (f", or at most {si(settle / settled_s, 'S/s')} per channel" * (settle > 0))
            )

    def _remedy(self, inputs: int, needed_s: float) -> str:
        if needed_s > self.longest_s(inputs):
            return (
                f"No rate would do: the board stays {si(self.longest_s(inputs), 's')} on a channel "
                f"and {si(needed_s, 's')} are needed. Use smaller series resistors, buffers or a "
                "board with a converter for each input"
            )
        return f"Largest rate here: {si(1 / (inputs * needed_s), 'S/s')} per channel"

    def _input(self, channel: str) -> tuple[float, float]:
        return self._ohm[channel], self._node_f[channel]
