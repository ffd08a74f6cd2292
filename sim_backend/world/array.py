"""A passive array in the world: junctions that feel each other, amplifiers that read columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import ArrayWiring
from sim_backend.physics.crossbar import Crossbar, Lines, solver
from sim_backend.physics.rates import Rates
from sim_backend.world.amplifiers import Amplifiers
from sim_backend.world.array_points import ArrayPoints, Bias
from sim_backend.world.chip import Chip
from sim_backend.world.instants import Index, Instants, Volts, Waveforms, levels
from sim_backend.world.lines import STATES, LineStates
from sim_backend.world.lived import by_state
from sim_backend.world.sources import Sources
from sim_backend.world.surroundings import Surroundings

# So many junction states are held in memory at once.
_MOST_STATES = 2_000_000
# At a source of 0 V the load is that of a voltage this small.
_PROBE_V = 1e-3


class ArrayGroup:
    """One `[[wiring.arrays]]`. Its junctions advance together, whichever column is read.

    With the solver `linearised` each set of source voltages has one operating point: every
    junction has the voltage of its own state, the others at their mean, and column currents are
    of first order in the states. `exact` and `iterative` solve the network at every instant.
    """

    def __init__(
        self,
        wiring: ArrayWiring,
        first: int,
        chip: Chip,
        surroundings: Surroundings,
        sources: Sources,
        generators: Generators,
        t_s: float,
    ) -> None:
        self.wiring = wiring
        self.lines = LineStates.at_start(wiring)
        self.terminals = wiring.sources
        self.inputs = {read.address: j for j, read in enumerate(wiring.reads) if read is not None}
        self._chip = chip
        self._index = np.arange(first, first + len(wiring.cells), dtype=np.intp)
        self._shape = len(wiring.rows), len(wiring.columns)
        crossbar = Crossbar(*self._shape, wiring.row_wire_ohm, wiring.column_wire_ohm)
        self._solver = solver(surroundings.solver, crossbar)
        self._bias = Bias(
            crossbar,
            chip.devices.take(self._index),
            # A view: the field changes with the current of a coil.
            chip.field_t[first : first + len(wiring.cells)],
            chip.ambient_k,
        )
        self._sources = sources
        self._generators = generators
        self._offset_v = surroundings.amplifier.offset_v
        self._amplifiers = Amplifiers(
            surroundings.amplifier,
            wiring.tia_ohm,
            len(wiring.columns),
            chip.ambient_k,
            t_s,
            generators,
        )
        self._held: ArrayPoints | None = None

    def look(self, addresses: Sequence[str], at: Instants, waveforms: Waveforms) -> Volts:
        """Amplifier outputs at inputs, (n, len(addresses)), V."""
        column = np.array([self.inputs[address] for address in addresses], dtype=np.intp)
        skew_s = np.zeros(self._shape[1])
        for address, j in zip(addresses, column, strict=True):
            skew_s[j] = at.skew_s.get(address, 0.0)
        played = {t: v for t, v in waveforms.played.items() if t in self.terminals}
        output_v, _ = self._live(at, skew_s, played, waveforms.deviation, keep=False)
        return output_v[:, column]

    def advance(self, terminal: str, t_s: float) -> None:
        """Bring the array to `t_s` if the terminal drives it."""
        if terminal in self.terminals:
            self.settle(t_s)

    def settle(self, t_s: float) -> None:
        """Bring the array to `t_s`."""
        self._live(Instants(t_s, 0.0, 1, {}), np.zeros(self._shape[1]), {}, {}, keep=False)

    def forget(self) -> None:
        """A source or a line has moved: the operating point is no longer what it was."""
        self._held = None

    def hold(self) -> None:
        """The junctions are held otherwise from now on."""
        self._bias = replace(self._bias, devices=self._chip.held_devices.take(self._index))
        self.forget()

    def connect(self, lines: LineStates) -> None:
        """Other connections from now on; the array must have been brought here."""
        self.lines = lines
        self.forget()

    def fastest_hz(self, terminal: str, t_s: float) -> float:
        """Largest rate of switching behind a terminal now, 1/s."""
        if terminal not in self.terminals:
            return 0.0
        return float(self._now(t_s).rates.total_hz.max())

    def width(self, terminal: str) -> int:
        """How many junctions advance when a terminal is integrated."""
        return len(self._index) if terminal in self.terminals else 0

    def feeding(self, address: str) -> tuple[str, ...]:
        """Source terminals that an input sees."""
        return tuple(dict.fromkeys(self.terminals))

    def load_sum_s(self, terminal: str, at: Instants) -> float:
        """Sum over the instants of the terminal's current over its voltage, S.

        Behind a divider the currents of its rows return to the terminal as d times themselves.
        """
        if terminal not in self.terminals:
            return 0.0
        _, ap = self._live(at, np.zeros(self._shape[1]), {}, {}, keep=True)
        level_v, points = self._sources.level_v(terminal), self._now(at.t0_s)
        if level_v == 0:
            level_v = _PROBE_V
            mine = np.array([source == terminal for source in self.terminals])
            points = self._points(np.where(mine, level_v, 0.0)[np.newaxis], at.t0_s)
        row_a = points.row_a(ap)[:, self._rows_on(terminal)].sum()
        return float(self.wiring.divider * row_a / level_v)

    def _live(
        self,
        at: Instants,
        skew_s: Volts,
        played: Mapping[str, Volts],
        deviation: Mapping[str, Volts],
        *,
        keep: bool,
    ) -> tuple[Volts, NDArray[np.bool_] | Volts]:
        """Bring the array through the instants: amplifier outputs (n, M), states (n, N, M).

        Only the last instants' states are given back unless they are to be kept.
        """
        before = self._now(at.t0_s)
        points, run = before, np.zeros(at.n, dtype=np.intp)
        if played:
            source_v = np.tile(self._source_v(), (at.n, 1))
            for terminal, waveform in played.items():
                source_v[:, [source == terminal for source in self.terminals]] = waveform[:, None]
            level_v, run = levels(source_v)
            points = self._points(level_v, at.t0_s)
        delayed = np.tile(skew_s, self._shape[0])
        column_a: Volts
        ap: NDArray[np.bool_] | Volts
        if self._chip.population.held != "free":
            column_a, ap = self._still(before, points, run, at, delayed)
        elif self._solver.name == "linearised":
            column_a, ap = self._linearised(before, points, run, at, delayed, keep)
        else:
            column_a, ap = self._solved(before, points, run, at, delayed)
        for terminal, volts in deviation.items():
            if any(rows := self._rows_on(terminal)):
                per_volt_a = points.transfer_s(rows, self._lines_ohm())
                column_a = column_a + volts[:, np.newaxis] * per_volt_a * self.wiring.divider
        column_a[:, [state != "on" for state in self.lines.columns]] = 0.0
        return self._amplifiers.outputs_v(column_a, at, skew_s), ap

    def _linearised(
        self,
        before: ArrayPoints,
        points: ArrayPoints,
        run: Index,
        at: Instants,
        delayed: Volts,
        keep: bool,
    ) -> tuple[Volts, NDArray[np.bool_]]:
        """In pieces, so that the states of many instants need not be held at once."""
        most = max(1, _MOST_STATES // len(self._index))
        currents: list[Volts] = []
        states: list[NDArray[np.bool_]] = []
        level = -1
        for first in range(0, at.n, most):
            n = min(most, at.n - first)
            piece = at._replace(t0_s=at.t0_s + first * at.dt_s, n=n)
            here = run[first : first + n]
            old = before.at_level(0) if level < 0 else points.at_level(level)
            ap, factor = self._advance(old.rates, points.rates, here, piece, delayed)
            if self._amplifiers.lag:
                # What flowed until the edge: new states, old sources.
                begin = old.column_a(ap[:1], np.zeros(1, dtype=np.intp), _first(factor, 1))
                currents.append(begin)
                if n > 1:
                    currents.append(points.column_a(ap[1:], here[:-1], _rest(factor)))
            else:
                currents.append(points.column_a(ap, here, factor))
            states = [*states, ap] if keep else [ap]
            level = int(here[-1])
        return np.concatenate(currents), np.concatenate(states)

    def _still(
        self, before: ArrayPoints, points: ArrayPoints, run: Index, at: Instants, delayed: Volts
    ) -> tuple[Volts, Volts]:
        """Held junctions: every level has one column current and one share of AP."""
        self._chip.population.time_s[self._index] = at.t0_s + (at.n - 1) * at.dt_s + delayed
        column_a = self._still_a(points)[run]
        if self._amplifiers.lag:
            # What flowed until the edge.
            column_a = np.concatenate([self._still_a(before)[:1], column_a[:-1]])
        return column_a, points.share[run]

    def _still_a(self, points: ArrayPoints) -> Volts:
        """Column currents of each level, (L, M), A."""
        if self._solver.name == "linearised":
            return points.still_a
        solved = [self._solve(points, i, share) for i, share in enumerate(points.share)]
        return np.array([column_a for _, column_a in solved])

    def _advance(
        self, before: Rates, rates: Rates, run: Index, at: Instants, delayed: Volts
    ) -> tuple[NDArray[np.bool_], Volts | None]:
        rng = self._generators["noise"]
        chip, changes = self._chip, bool((run != run[0]).any())
        if changes and delayed.any():
            seen, _ = chip.advance_between(self._index, before, rates, run, at, delayed, rng)
            seen = seen._replace(
                ap=seen.ap[1::2], factor=None if seen.factor is None else seen.factor[1::2]
            )
        else:
            seen = chip.population.advance(
                self._index,
                before,
                rates if changes else Rates(*(part[run[0]] for part in rates)),
                run if changes else None,
                t0_s=at.t0_s + delayed,
                dt_s=at.dt_s,
                n=at.n,
                rng=rng,
            )
        shape = (at.n, *self._shape)
        factor = None if seen.factor is None else seen.factor.reshape(shape)
        return seen.ap.astype(np.bool_, copy=False).reshape(shape), factor

    def _solved(
        self, before: ArrayPoints, points: ArrayPoints, run: Index, at: Instants, delayed: Volts
    ) -> tuple[Volts, NDArray[np.bool_]]:
        """Instant by instant: the true voltages, then what they do to the rates."""
        population = self._chip.population
        one = np.zeros(1, dtype=np.intp)
        point, level = before, 0
        ap = population.ap[self._index].reshape(self._shape)
        voltage, _ = self._solve(point, level, ap)
        currents, states = np.empty((at.n, self._shape[1])), np.empty((at.n, *self._shape), bool)
        for i in range(at.n):
            rates = point.conditional_rates(level, ap, voltage)
            piece = at._replace(t0_s=at.t0_s + i * at.dt_s, dt_s=0.0, n=1)
            several = Rates(*(part[np.newaxis] for part in rates))
            (ap,), factor = self._advance(rates, several, one, piece, delayed)
            if self._amplifiers.lag:
                _, currents[i] = self._solve(point, level, ap, _first(factor, 1))
            point, level = points, int(run[i])
            voltage, now_a = self._solve(point, level, ap, _first(factor, 1))
            if not self._amplifiers.lag:
                currents[i] = now_a
            states[i] = ap
        return currents, states

    def _solve(
        self,
        points: ArrayPoints,
        level: int,
        ap: NDArray[np.bool_] | Volts,
        factor: Volts | None = None,
    ) -> tuple[Volts, Volts]:
        """Junction voltages (N, M) and column currents (M,) of one state."""
        g_s = by_state(ap, points.g_ap_s[level], points.g_p_s[level])
        if factor is not None:
            g_s = g_s * factor[0]
        rows_ohm, columns_ohm = self._lines_ohm()
        found = self._solver.solve(
            g_s,
            Lines(points.rows_v[level], rows_ohm),
            Lines(points.columns_v[level], columns_ohm),
        )
        return found.junction_v, found.column_a

    def _now(self, t_s: float) -> ArrayPoints:
        if self._held is None or self._bias.devices.drifting:
            self._held = self._points(self._source_v()[np.newaxis], t_s)
        return self._held

    def _points(self, source_v: Volts, t_s: float) -> ArrayPoints:
        rows_v, columns_v = self.lines.volts(self.wiring, source_v, self._offset_v)
        return self._bias.at(rows_v, columns_v, *self._lines_ohm(), t_s)

    def _rows_on(self, terminal: str) -> list[bool]:
        """Which rows a terminal drives now."""
        pairs = zip(self.terminals, self.lines.rows, strict=True)
        return [source == terminal and state == "on" for source, state in pairs]

    def _lines_ohm(self) -> tuple[Volts, Volts]:
        return self.lines.ohm(self.wiring)

    def _source_v(self) -> Volts:
        return np.array([self._sources.level_v(terminal) for terminal in self.terminals])

    def state(self) -> dict[str, StateValue]:
        """Lines and amplifiers; the junctions belong to the chip."""
        lines = [STATES.index(state) for state in (*self.lines.rows, *self.lines.columns)]
        return {"lines": np.array(lines, dtype=np.int64), **self._amplifiers.state()}

    def restore(self, state: State) -> None:
        """What `state()` gave."""
        lines = [STATES[int(number)] for number in np.asarray(state["lines"])]
        rows = len(self.wiring.rows)
        self.lines = LineStates(tuple(lines[:rows]), tuple(lines[rows:]))
        self._amplifiers.restore(state)
        self.forget()


def _first(factor: Volts | None, count: int) -> Volts | None:
    return None if factor is None else factor[:count]


def _rest(factor: Volts | None) -> Volts | None:
    return None if factor is None else factor[1:]
