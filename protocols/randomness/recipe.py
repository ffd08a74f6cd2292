"""Random bits from junctions at constant bias, and the tests of SP 800-22 on them.

A trace of each junction gives its levels and correlation time. Then all that serve are read
together, so far apart that a bit hardly remembers the one before; above the middle of its levels a
junction gives a one. XOR of several takes bias away. The bits are tested with the bias off again.
"""

from collections.abc import Generator
from typing import Any

import numpy as np

from mtjlab.analysis.randomness import battery
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.fabric.bias import CommonBias
from protocols.randomness import junctions, tables
from protocols.randomness.parameters import RandomnessParameters
from protocols.randomness.reading import Reading
from protocols.randomness.results import results_of


class Randomness:
    """`mtjlab run randomness`."""

    parameters = RandomnessParameters

    def resolve(self, params: RandomnessParameters) -> RandomnessParameters:
        """Nothing is filled in; what cannot be is refused."""
        if params.bias_v is not None and params.biases is not None:
            raise ParameterError("bias_v and biases: give one of them")
        return params

    def twin_overrides(self, params: RandomnessParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: RandomnessParameters, rig: Rig) -> list[Stream]:
        """Bytes of bits, junctions, correlations, p-values, tests, and what the codes mean."""
        CommonBias(rig, junctions.candidates(rig, params))
        named = {
            "junctions": tables.JUNCTIONS,
            "lags": tables.LAGS,
            "p_values": tables.P_VALUES,
            "tests": tables.TESTS,
            "reasons": tuple(junctions.REASONS),
            "test_reasons": tuple(tables.REASONS),
            "test_names": tuple(test.name for test in battery.TESTS),
            "verdicts": tables.VERDICTS,
        }
        return [
            Stream(
                "raw", "u1", (), "", "each byte 8 successive bits of one used junction, in turn"
            ),
            Stream("bits", "u1", (), "", "8 bits in each byte, the first one highest"),
            *(Stream(name, "f8", (len(n),), "", ",".join(n)) for name, n in named.items()),
        ]

    def setup(self, rig: Rig, params: RandomnessParameters) -> None:
        """Every junction at its bias."""
        bias = CommonBias(rig, junctions.candidates(rig, params))
        bias.prepare()
        bias.set(1.0)
        bias.measure()

    def steps(
        self, rig: Rig, params: RandomnessParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """The survey, one block after another, one test after another."""
        every = junctions.candidates(rig, params)
        bias = CommonBias(rig, every)
        if state is None:
            chosen = junctions.surveyed(rig, every, bias, params)
            rig.notice("info", junctions.taken_note(chosen, every))
            for name, codes in (
                ("reasons", junctions.REASONS),
                ("test_reasons", tables.REASONS),
                ("test_names", battery.TESTS),
                ("verdicts", tables.VERDICTS),
            ):
                rig.emit_row(name, np.arange(len(codes)))
        else:
            chosen = junctions.Chosen(
                np.asarray(state["found"]),
                np.asarray(state["reason"]),
                np.asarray(state["used"]),
                int(np.asarray(state["depth"])),
            )
        reading = Reading(rig, params, every, bias, chosen)
        found = np.empty((0, len(tables.TESTS)))
        if state is not None:
            reading.restore(state)
            found = np.asarray(state["tests"])

        def progress() -> Progress:
            return Progress(
                {
                    "found": chosen.found,
                    "reason": chosen.reason,
                    "used": chosen.used,
                    "depth": chosen.depth,
                    "tests": found,
                    **reading.state(),
                },
                min(reading.count, params.bits) + len(found) * params.bits / 100,
                params.bits * (1 + len(battery.TESTS) / 100),
                {"bits": reading.count, "tests": len(found)},
            )

        if state is None:
            yield progress()
        while not reading.done:
            reading.block()
            yield progress()
        bias.set(0.0)
        bits = reading.bits[: params.bits]
        while len(found) < len(battery.TESTS):
            number = len(found)
            one = rig.compute(battery.assess, bits, battery.TESTS[number], params.sequences)
            rig.emit("p_values", tables.p_rows(number, one))
            row = tables.test_row(number, one)[np.newaxis]
            rig.emit("tests", row)
            found = np.concatenate([found, row])
            yield progress()
        reading.flush()
        rows = tables.junction_rows(every, bias.behind_divider_v, chosen, reading.raw)
        rig.emit("junctions", rows)
        rig.emit("lags", rig.compute(tables.lag_rows, bits))
        return results_of(rig, params, chosen, reading, rows, found)
