"""When a junction is read: how far apart, and how many samples are averaged."""

from dataclasses import dataclass

from mtjlab.core.errors import ParameterError
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.units import si


@dataclass(frozen=True)
class Timing:
    """When one junction is read: `keep` samples at the end of every step.

    Attributes:
        step_rate_hz: reads of one junction per second.
        settle, keep: samples dropped and averaged per step.
    """

    step_rate_hz: float
    settle: int
    keep: int

    @property
    def spacing_s(self) -> float:
        """Between successive reads of one junction, s."""
        return 1.0 / self.step_rate_hz


def timing(spacing_s: float, keep: int, abilities: DaqAbilities, inputs: int) -> Timing:
    """The slowest sampling that reads every `spacing_s` and averages `keep` samples per read.

    Raises:
        ParameterError: the board cannot sample that fast; the text has the reachable spacing.
    """
    fastest_hz = abilities.rate_limit_hz(inputs)
    if keep / fastest_hz > spacing_s:
        raise ParameterError(
            f"reads {si(spacing_s, 's')} apart with keep = {keep} need "
            f"{si(keep / spacing_s, 'S/s')} per input; this board reaches "
            f"{si(fastest_hz, 'S/s')} with {inputs} inputs. Reachable: "
            f"{si(keep / fastest_hz, 's')} or more, or a smaller keep"
        )
    if keep == 1:
        return Timing(1.0 / spacing_s, 0, 1)
    per_step = max(keep, round(spacing_s * fastest_hz))
    return Timing(fastest_hz / per_step, per_step - keep, keep)
