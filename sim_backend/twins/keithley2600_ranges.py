"""Ranges, resolutions and settling of a Keithley 2602B, from its data sheet (SPEC-2602B Rev. B)."""

from dataclasses import dataclass, field

from sim_backend.twins.source_model import Ladder

# Full scale of a measurement over its range (2600BS-901-01 Rev. F, page 2-44); that of the source
# is 101 %.
MEASURED_OVER = 1.02


@dataclass(frozen=True)
class SteppedLadder(Ladder):
    """Ranges whose resolutions are no fixed fraction of them.

    Attributes:
        source_steps, measure_steps: resolution of each range.
        settling_s: from the level command to within 0.1 %, of each range, s.
    """

    source_steps: tuple[float, ...] = field(default=())
    measure_steps: tuple[float, ...] = field(default=())
    settling_s: tuple[float, ...] = field(default=())

    def step(self, range_: float) -> float:
        """Resolution of the source on a range."""
        return self.source_steps[self.nominal.index(range_)]

    def reading_step(self, range_: float) -> float:
        """Resolution of a reading on a range."""
        return self.measure_steps[self.nominal.index(range_)]

    def settles_s(self, range_: float) -> float:
        """Settling time of the source on a range, s."""
        return self.settling_s[self.nominal.index(range_)]


VOLTS = SteppedLadder(
    nominal=(0.1, 1.0, 6.0, 40.0),
    overrange=1.01,
    start=0.1,
    source_step=50e-6,
    measure_step=1e-6,
    source_steps=(5e-6, 50e-6, 50e-6, 500e-6),
    measure_steps=(100e-9, 1e-6, 1e-6, 10e-6),
    # The sheet gives the third for 10 V.
    settling_s=(50e-6, 50e-6, 110e-6, 150e-6),
)
AMPERES = SteppedLadder(
    nominal=(1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0),
    overrange=1.01,
    start=1e-7,
    source_step=20e-6,
    measure_step=1e-6,
    source_steps=(2e-12, 2e-11, 2e-10, 2e-9, 2e-8, 2e-7, 2e-6, 2e-5, 2e-5),
    measure_steps=(1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-6),
    settling_s=(20e-3, 2e-3, 500e-6, 150e-6, 100e-6, 80e-6, 80e-6, 80e-6, 80e-6),
)
# 6.06 V with 3.03 A, or 40.4 V with 1.01 A.
CORNERS = ((6.06, 3.03), (40.4, 1.01))

# Limits: what they are after a reset (page 19-135 of the 2600A's manual) and the least there is
# (data sheet, page 5).
LIMIT_V, LIMIT_A = 40.0, 1.0
SMALLEST_LIMIT_V, SMALLEST_LIMIT_A = 10e-3, 10e-9

# Limits while the output is off in NORMAL (page 7-226, Rev. B).
OFF_LIMIT_V, OFF_LIMIT_A = 40.0, 1e-3
