"""When a crossbar is played and read: settling after each step of the rows, samples averaged."""

import math

from mtjlab.core.errors import ParameterError
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.units import si
from mtjlab.fabric.timing import Timing

# Of the published junctions; until the columns of the bench have been measured.
NOMINAL_TAU_C_S = 28e-6
# Samples closer than a quarter of the correlation time tell the same again.
SAMPLES_PER_TAU_C = 4


def crossbar_timing(
    tau_c_s: float,
    sample_spacing: float,
    pass_spacing: float,
    keep: int,
    fastest_hz: float,
    *,
    steps_between: int,
) -> Timing:
    """Wait after each step of the rows until the junctions have forgotten the last, then average.

    Args:
        tau_c_s: of the junctions, s.
        sample_spacing: least time from a step of the rows to the first sample kept, in tau_c.
        pass_spacing: least time between two reads of one sample, in tau_c.
        keep: samples averaged.
        fastest_hz: samples per second of each column while rows step.
        steps_between: steps between two reads of one sample, of the smallest batch.

    Raises:
        ParameterError: a wait shorter than a sample, with the least one.
    """
    # Rows step at the edge at which the columns are sampled: that sample shows the old drive.
    wait_s, least_s = sample_spacing * tau_c_s, 1.0 / fastest_hz
    if wait_s < least_s * (1.0 - 1e-9):
        raise ParameterError(
            f"fabric crossbar: sample_spacing = {sample_spacing:g} is {si(wait_s, 's')} after a "
            f"step of the rows; this board needs {si(least_s, 's')}. Reachable: sample_spacing = "
            f"{math.ceil(100.0 * least_s / tau_c_s) / 100.0:g} or more"
        )
    rate_hz = min(fastest_hz, max(SAMPLES_PER_TAU_C / tau_c_s, 1.0 / wait_s))
    wait_s = max(wait_s, pass_spacing * tau_c_s / steps_between - keep / rate_hz)
    settle = max(1, math.ceil(wait_s * rate_hz * (1.0 - 1e-9)))
    return Timing(rate_hz / (settle + keep), settle, keep)


def parts(steps: int, when: Timing, abilities: DaqAbilities) -> int:
    """Blocks that the output memory makes of one; one value more is played, to rest at."""
    fit = max(1, (abilities.block_samples - 1) // (when.settle + when.keep))
    return -(-steps // fit)
