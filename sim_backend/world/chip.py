"""The junctions of a world, whatever circuits they are in: devices, states, field, temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from mtjlab.core.wiring import Cell
from sim_backend.physics.devices import Devices
from sim_backend.physics.population import Population, Seen
from sim_backend.physics.rates import Rates
from sim_backend.world.instants import Index, Instants, Volts
from sim_backend.world.surroundings import Surroundings


@dataclass(frozen=True)
class Chip:
    """All junctions, in the order of `Wiring.cells`.

    Attributes:
        devices: what they are.
        population: what state they are in, and since when that is known.
        field_t: (m,), T.
        ambient_k: K; None is the reference of the junctions.
    """

    devices: Devices
    population: Population
    field_t: Volts
    ambient_k: float | None

    @classmethod
    def make(
        cls,
        devices: Devices,
        cells: Sequence[Cell],
        surroundings: Surroundings,
        t_s: float,
        noise: np.random.Generator,
    ) -> Self:
        """Junctions that have been left without a voltage for long, at bench time `t_s`."""
        field_t = np.array([surroundings.field_t.get(cell, 0.0) for cell in cells], np.float64)
        rest_v = np.zeros(len(cells))
        rest = devices.rates(
            rest_v, rest_v, field_t=field_t, ambient_k=surroundings.ambient_k, t_s=t_s
        )
        population = Population.start(devices, rest.occupancy, t_s, noise)
        return cls(devices, population, field_t, surroundings.ambient_k)

    @property
    def held_devices(self) -> Devices:
        """`devices`, all of them in P while they are held there."""
        return self.devices.in_p() if self.population.held == "stuck" else self.devices

    def advance_between(
        self,
        index: Index,
        before: Rates,
        rates: Rates,
        run: Index,
        at: Instants,
        skew_s: Volts,
        rng: np.random.Generator,
    ) -> tuple[Seen, Index]:
        """Through a waveform with delayed looks: states at each edge and at the look after it.

        Every interval is a step up to the look and one from there to the next edge. As only rate
        x time counts, both are made half an interval long, with rates to match.

        Args:
            index: (k,), which junctions.
            before: (k,), until the first edge.
            rates: (levels, k).
            run: (n,), the level from each edge on.
            at: the edges.
            skew_s: (k,), from an edge to the look at each junction.
            rng: 2 n rows of uniform numbers are drawn.

        Returns:
            What is seen at 2 n instants, the looks at 1, 3, ..; and the level (of `rates`) that
            holds from each of them.
        """
        half_s = 0.5 * at.dt_s
        count = len(rates.total_hz)
        scales = np.stack([skew_s, at.dt_s - skew_s]) / half_s
        total_hz = (scales[:, np.newaxis] * rates.total_hz).reshape(2 * count, -1)
        which = np.repeat(run, 2)
        steps = which.copy()
        steps[1::2] += count
        seen = self.population.advance(
            index,
            before,
            Rates(total_hz, np.concatenate([rates.occupancy, rates.occupancy])),
            steps,
            t0_s=at.t0_s,
            dt_s=half_s,
            n=2 * at.n,
            rng=rng,
        )
        self.population.time_s[index] = at.t0_s + (at.n - 1) * at.dt_s + skew_s
        return seen, which
