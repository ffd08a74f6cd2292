"""The order in which a crossbar is measured before it learns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.fabric import crossbar_calibration as measure
from mtjlab.fabric.crossbar_calibration import CrossbarCalibration, Traces
from mtjlab.fabric.crossbar_drive import Drive
from mtjlab.fabric.crossbar_wiring import CrossbarWires
from mtjlab.fabric.part import Sampling
from mtjlab.fabric.timing import Timing

# Beside the coarse levels, this share of the gain to both sides of weight x input = 0.
_NEAR = 0.1


@dataclass(frozen=True)
class Found:
    """What was found, in how many blocks.

    Attributes:
        calibration: all but the noise of the nodes, which depends on weights and inputs.
        heard: traces of the columns where they fluctuate most.
        transactions: blocks it took.
    """

    calibration: CrossbarCalibration
    heard: Traces
    transactions: int


def listen(
    wires: CrossbarWires, drive: Drive, sampling: Sampling, when: Timing
) -> tuple[float, Traces, int]:
    """The slowest tau_c of the columns (s) where it is longest, their traces there, and blocks.

    Raises:
        BenchError: nothing fluctuates, or too slowly.
    """
    rest, blocks = measure.at_rest(wires, sampling.reference_reads, when)
    level_v = np.linspace(-drive.window_v, drive.window_v, measure.COARSE_LEVELS)
    near_v = drive.offset_v + _NEAR * drive.gain_v * np.array([-1.0, 1.0])
    level_v = np.union1d(level_v, near_v[np.abs(near_v) < drive.window_v])
    coarse = measure.sweep(wires, level_v, measure.COARSE_READS, when)
    loudest_v = measure.loudest_v(coarse, rest.std(axis=0, ddof=1))
    rate_hz = when.step_rate_hz * (when.settle + when.keep)
    heard = measure.traces(wires, loudest_v, sampling.survey_s, rate_hz)
    if np.isnan(heard.tau_c_s).all():
        raise BenchError(
            f"fabric crossbar: no correlation time in {si(sampling.survey_s, 's')} of the columns "
            f"at {si(loudest_v, 'V')}; measure for longer (survey_s)"
        )
    tau_c_s = float(np.nanmax(heard.tau_c_s))
    if tau_c_s > sampling.max_tau_c_s:
        raise BenchError(
            f"fabric crossbar: the columns have correlation times up to {si(tau_c_s, 's')}, above "
            f"max_tau_c_s = {si(sampling.max_tau_c_s, 's')}; no junction of an array can be "
            "masked. Raise max_tau_c_s, or use another chip or field"
        )
    return tau_c_s, heard, blocks + coarse.transactions + heard.transactions


def find(
    rig: Rig,
    wires: CrossbarWires,
    drive: Drive,
    sampling: Sampling,
    inputs: Sequence[int],
    timing: Callable[[float], Timing],
    nominal: Timing,
) -> Found:
    """Time first, then zero, conductance and response in the timing of learning; ends at 0 V.

    Args:
        rig: told of a negative differential conductance.
        wires: of the array.
        drive: of the rows.
        sampling: as asked.
        inputs: of each layer.
        timing: of learning, for a correlation time (s).
        nominal: before one is known.

    Raises:
        BenchError: the columns cannot serve.
    """
    tau_c_s, heard, taken = listen(wires, drive, sampling, nominal)
    when, reads = timing(tau_c_s), sampling.reference_reads
    rest, rest_blocks = measure.at_rest(wires, reads, when)
    instrument_v, zero_v = rest.std(axis=0, ddof=1), rest.mean(axis=0)
    per_level = max(measure.LEAST_READS, -(-measure.LEVEL_SAMPLES // when.keep))
    fine = measure.sweep(wires, measure.levels(drive.window_v), per_level, when)
    zeros_v, zero_blocks = measure.zeros(wires, drive, inputs, reads, when, zero_v)
    curve = measure.curve(wires, fine, instrument_v, zero_v)
    mid_s = measure.conductances(wires, fine)
    warning = measure.negative_slope(wires, fine, mid_s)
    if warning is not None:
        rig.notice("warning", f"crossbar: {warning}")
    calibration = CrossbarCalibration(
        mid_s=mid_s,
        zero_v=zeros_v,
        instrument_v=instrument_v,
        tau_c_s=tau_c_s,
        notes=() if warning is None else (warning,),
        **vars(curve),
    )
    return Found(calibration, heard, taken + rest_blocks + fine.transactions + zero_blocks)
