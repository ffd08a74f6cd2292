"""Single junctions on dividers, in the world: states, node voltages, cables, load."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import SingleJunction
from sim_backend.physics.electronics.cable import Approach, charge, pieces
from sim_backend.physics.singles import OperatingPoint, Singles
from sim_backend.world.chip import Chip
from sim_backend.world.instants import Index, Instants, Volts, Waveforms, levels
from sim_backend.world.lived import Lived, by_state
from sim_backend.world.sources import Sources

# Pieces of one sample interval in which a charging cable is followed.
_MOST_PIECES = 256


class SinglesGroup:
    """All single junctions of the bench; they are the first ones of the chip."""

    def __init__(
        self,
        wires: Sequence[SingleJunction],
        chip: Chip,
        capacitance_f: Mapping[str, float],
        sources: Sources,
        generators: Generators,
    ) -> None:
        n = len(wires)
        self._chip = chip
        self._sources = sources
        self._generators = generators
        self._singles = Singles(
            chip.devices.take(np.arange(n)),
            np.array([wire.series_ohm for wire in wires], dtype=np.float64),
            np.array([wire.divider for wire in wires], dtype=np.float64),
        )
        self.terminals = tuple(wire.source for wire in wires)
        self.inputs = {w.read.address: i for i, w in enumerate(wires) if w.read is not None}
        self._capacitance_f = np.array(
            [0.0 if w.read is None else capacitance_f.get(w.read.address, 0.0) for w in wires]
        )
        self._lags = bool(self._capacitance_f.any())
        # What stands on each cable; known whenever the state of its junction is.
        self._cable_v = np.zeros(n)
        self._drifting = self._singles.devices.drifting
        self._points: dict[bytes, OperatingPoint] = {}
        self._fastest_hz: dict[str, float] = {}
        self._columns: dict[tuple[str, ...], tuple[Index, Index]] = {}
        self._behind: dict[str, Index] = {}

    def look(self, addresses: Sequence[str], at: Instants, waveforms: Waveforms) -> Volts:
        """Voltages at inputs, (n, len(addresses)), V; without what happens beyond the node."""
        index, column = self._wired(addresses)
        behind = [self.behind(terminal) for terminal in waveforms.played]
        if any(len(found) for found in behind):
            both = np.unique(np.concatenate([index, *behind]))
            column = np.searchsorted(both, index)[column]
            index = both
        skew_s = None
        if at.skew_s:
            skew_s = np.zeros(len(index))
            skew_s[column] = [at.skew_s.get(address, 0.0) for address in addresses]
        lived = self._live(index, at, skew_s, waveforms.played)
        return self._node_v(index, lived, column) + self._deviation_v(
            index, lived, column, waveforms.deviation
        )

    def advance(self, terminal: str, t_s: float) -> None:
        """Bring the junctions behind a terminal to `t_s`."""
        if len(index := self.behind(terminal)):
            self._live(index, Instants(t_s, 0.0, 1, {}), None, {})

    def hold(self) -> None:
        """The junctions are held otherwise from now on."""
        devices = self._chip.held_devices.take(np.arange(len(self.terminals)))
        self._singles = replace(self._singles, devices=devices)
        self.forget()

    def forget(self) -> None:
        """A source has moved: operating points are no longer what they were."""
        self._points.clear()
        self._fastest_hz.clear()

    def behind(self, terminal: str) -> Index:
        """Junctions on a source terminal."""
        if terminal not in self._behind:
            found = [i for i, source in enumerate(self.terminals) if source == terminal]
            self._behind[terminal] = np.array(found, dtype=np.intp)
        return self._behind[terminal]

    def fastest_hz(self, terminal: str, t_s: float) -> float:
        """Largest rate of switching behind a terminal now, 1/s."""
        if terminal not in self._fastest_hz or self._drifting:
            total_hz = self._point(self.behind(terminal), t_s).rates.total_hz
            self._fastest_hz[terminal] = float(total_hz.max(initial=0.0))
        return self._fastest_hz[terminal]

    def width(self, terminal: str) -> int:
        """How many junctions advance when a terminal is integrated."""
        return len(self.behind(terminal))

    def feeding(self, address: str) -> tuple[str, ...]:
        """Source terminals that an input sees."""
        return (self.terminals[self.inputs[address]],)

    def load_sum_s(self, terminal: str, at: Instants) -> float:
        """Sum over the instants of the conductance that the terminal sees, S."""
        index = self.behind(terminal)
        if not len(index):
            return 0.0
        lived = self._live(index, at, None, {})
        load_s = by_state(lived.ap, lived.point.load_ap_s, lived.point.load_p_s)
        if lived.factor is not None:
            # load = d^2 g / (1 + R g) with g multiplied by the factor.
            part = self._series_part(index, lived)
            load_s = load_s * lived.factor / (1.0 + part * (lived.factor - 1.0))
        return float(load_s.sum())

    def source_ohm(self, address: str, t_s: float) -> float:
        """Mean resistance of the node behind an input, ohm."""
        index = np.array([self.inputs[address]], dtype=np.intp)
        point = self._point(index, t_s)
        p_ohm, ap_ohm = self._thevenin_ohm(index, point)
        occupancy = point.rates.occupancy
        return float((p_ohm + occupancy * (ap_ohm - p_ohm))[0])

    def _live(
        self, index: Index, at: Instants, skew_s: Volts | None, played: Mapping[str, Volts]
    ) -> Lived:
        """Bring junctions through the instants; each is seen `skew_s` (k,) after each of them."""
        before = self._point(index, at.t0_s)
        point, run = before, None
        if played:
            source_v = np.tile(self._source_v(index), (at.n, 1))
            for terminal, waveform in played.items():
                mine = np.isin(index, self.behind(terminal))
                source_v[:, mine] = waveform[:, np.newaxis]
            level_v, run = levels(source_v)
            point = self._at(index, level_v, at.t0_s)
        if run is not None and skew_s is not None:
            return self._live_skewed(index, at, skew_s, before, point, run)
        population = self._chip.population
        lags, fine = self._lags and bool(self._capacitance_f[index].any()), 1
        if lags and at.n > 1:
            tau_s = self._capacitance_f[index] * self._thevenin_ohm(index, before)
            total_hz = float(point.rates.total_hz.max())
            fine = pieces(total_hz, float(tau_s.max()), at.dt_s, _MOST_PIECES)
        n = (at.n - 1) * fine + 1
        fine_run = None if run is None else np.repeat(run, fine)[:n]
        start_ap, last_s = population.ap[index], population.time_s[index]
        first_s = at.t0_s if skew_s is None else at.t0_s + skew_s
        seen = population.advance(
            index,
            before.rates,
            point.rates,
            fine_run,
            t0_s=first_s,
            dt_s=at.dt_s / fine,
            n=n,
            rng=self._generators["noise"],
        )
        lived = Lived(seen.ap, seen.factor, point, fine_run, None)
        if lags:
            step_s = np.full((n, len(index)), at.dt_s / fine)
            step_s[0] = np.maximum(first_s - last_s, 0.0)
            lived = self._charged(index, lived, before, start_ap, step_s)
        return lived.every(slice(None, None, fine))

    def _live_skewed(
        self,
        index: Index,
        at: Instants,
        skew_s: Volts,
        before: OperatingPoint,
        point: OperatingPoint,
        run: Index,
    ) -> Lived:
        """A waveform and delayed inputs: every interval is a step before and one after the look."""
        population = self._chip.population
        start_ap, last_s = population.ap[index], population.time_s[index]
        rng = self._generators["noise"]
        seen, which = self._chip.advance_between(
            index, before.rates, point.rates, run, at, skew_s, rng
        )
        lived = Lived(seen.ap, seen.factor, point, which, None)
        if self._capacitance_f[index].any():
            step_s = np.empty((2 * at.n, len(index)))
            step_s[0] = np.maximum(at.t0_s - last_s, 0.0)
            step_s[1::2], step_s[2::2] = skew_s, at.dt_s - skew_s
            lived = self._charged(index, lived, before, start_ap, step_s)
        return lived.every(slice(1, None, 2))

    def _charged(
        self,
        index: Index,
        lived: Lived,
        before: OperatingPoint,
        start_ap: NDArray[np.bool_],
        step_s: Volts,
    ) -> Lived:
        """Follow the cables through the steps that end at each instant."""
        n, k = lived.ap.shape

        def during(value: Volts, first: Volts) -> Volts:
            """Of the level that held during the step that ends at each instant."""
            if lived.run is None:
                return np.broadcast_to(value, (n, k))
            return np.concatenate([first[np.newaxis], value[lived.run[:-1]]])

        point = lived.point
        v = [during(getattr(point, name), getattr(before, name)) for name in ("v_p", "v_ap")]
        total_hz = during(point.rates.total_hz, before.rates.total_hz)
        occupancy = during(point.rates.occupancy, before.rates.occupancy)
        tau_s = [
            during(of_point, of_before) * self._capacitance_f[index]
            for of_point, of_before in zip(
                self._thevenin_ohm(index, point), self._thevenin_ohm(index, before), strict=True
            )
        ]
        ap = lived.ap
        approach = Approach(
            by_state(ap, v[1], v[0]),
            by_state(ap, v[0], v[1]),
            by_state(ap, tau_s[1], tau_s[0]),
            by_state(ap, tau_s[0], tau_s[1]),
            total_hz * by_state(ap, 1.0 - occupancy, occupancy),
            total_hz,
        )
        if lived.held:
            still = np.zeros((n, k))
            approach = approach._replace(leave_hz=still, total_hz=still)
            switched, uniform = still > 0, still
        else:
            switched = np.concatenate([start_ap[np.newaxis], ap[:-1]]) != ap
            uniform = self._generators["noise"].random((n, k))
        node_v = charge(self._cable_v[index], approach, switched, step_s, uniform)
        self._cable_v[index] = node_v[-1]
        return lived._replace(node_v=node_v)

    def _node_v(self, index: Index, lived: Lived, column: Index) -> Volts:
        point, run = lived.point, lived.run
        v_p, v_ap = point.v_p[..., column], point.v_ap[..., column]
        if run is not None:
            v_p, v_ap = v_p[run], v_ap[run]
        volts = by_state(lived.ap[:, column], v_ap, v_p)
        if lived.node_v is not None:
            # Without a capacitance the node is where it settles, at once.
            lags = self._capacitance_f[index][column] > 0
            volts = np.where(lags, lived.node_v[:, column], volts)
        if lived.factor is not None:
            part = self._series_part(index, lived)[:, column]
            volts = volts / (1.0 + part * (lived.factor[:, column] - 1.0))
        return volts

    def _series_part(self, index: Index, lived: Lived) -> Volts:
        """R_series g / (1 + R_series g), (n, k): the part of the voltage across the resistor."""
        g_ap_s = self._singles.devices.conductance_ap_s(self._whole(index, lived.point.v_ap))
        x_p = self._singles.series_ohm * self._singles.devices.g_p_s
        x_ap = self._singles.series_ohm * g_ap_s
        part_p = (x_p / (1.0 + x_p))[index]
        part_ap = (x_ap / (1.0 + x_ap))[..., index]
        if lived.run is not None:
            part_ap = part_ap[lived.run]
        return by_state(lived.ap, part_ap, part_p)

    def _whole(self, index: Index, values: Volts) -> Volts:
        """Values of some junctions in an array for all of them."""
        whole = np.zeros((*values.shape[:-1], len(self.terminals)))
        whole[..., index] = values
        return whole

    def _deviation_v(
        self, index: Index, lived: Lived, column: Index, deviation: Mapping[str, Volts]
    ) -> Volts | float:
        """What deviations of sources do to the nodes; the junctions' rates do not notice."""
        mine = [(t, v) for t, v in deviation.items() if len(self.behind(t))]
        if not mine:
            return 0.0
        source_v = np.zeros((len(lived.ap), len(index)))
        for terminal, volts in mine:
            source_v[:, np.isin(index, self.behind(terminal))] = volts[:, np.newaxis]
        share = self._singles.divider[index] * (1.0 - self._series_part(index, lived))
        return np.asarray((source_v * share)[:, column])

    def _thevenin_ohm(self, index: Index, point: OperatingPoint) -> Volts:
        """Series resistor and junction in parallel, P and AP: (2, ...)."""
        g_ap_s = self._singles.devices.conductance_ap_s(self._whole(index, point.v_ap))[..., index]
        g_p_s = np.broadcast_to(self._singles.devices.g_p_s[index], g_ap_s.shape)
        return 1.0 / (1.0 / self._singles.series_ohm[index] + np.stack([g_p_s, g_ap_s]))

    def _point(self, index: Index, t_s: float) -> OperatingPoint:
        if self._drifting:
            return self._at(index, self._source_v(index), t_s)
        key = index.tobytes()
        if key not in self._points:
            self._points[key] = self._at(index, self._source_v(index), t_s)
        return self._points[key]

    def _at(self, index: Index, source_v: Volts, t_s: float) -> OperatingPoint:
        chip = self._chip
        return self._singles.take(index).at(
            source_v, field_t=chip.field_t[index], ambient_k=chip.ambient_k, t_s=t_s
        )

    def _source_v(self, index: Index) -> Volts:
        return np.array([self._sources.level_v(self.terminals[j]) for j in index])

    def _wired(self, addresses: Sequence[str]) -> tuple[Index, Index]:
        """Junctions behind inputs, without repetition, and which of them each input reads."""
        key = tuple(addresses)
        if key not in self._columns:
            junctions = np.array([self.inputs[a] for a in key], dtype=np.intp)
            self._columns[key] = np.unique(junctions, return_inverse=True)
        return self._columns[key]

    def state(self) -> dict[str, StateValue]:
        """What stands on the cables, if there are any."""
        return {"cable_v": self._cable_v.copy()} if self._lags else {}

    def restore(self, state: State) -> None:
        """What `state()` gave."""
        self.forget()
        if "cable_v" in state:
            self._cable_v = np.array(state["cable_v"], dtype=np.float64)
