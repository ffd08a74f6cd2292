"""Which input belongs to which circuit, and when each of them is looked at."""

from collections.abc import Collection, Sequence

from mtjlab.core.errors import BenchError, nearest
from sim_backend.world.instants import Volts

# Which columns of a look belong to a group, and their inputs.
Route = tuple[list[int], tuple[str, ...]]


class Routes:
    """Inputs to groups; what was asked for once is remembered.

    Args:
        inputs: of each group.
    """

    def __init__(self, inputs: Sequence[Collection[str]]) -> None:
        self._inputs = inputs
        self._known: dict[tuple[str, ...], tuple[Route, ...]] = {}

    def of(self, addresses: Sequence[str]) -> tuple[Route, ...]:
        """By group: which of the inputs are its own.

        Raises:
            BenchError: one belongs to no group.
        """
        key = tuple(addresses)
        if key not in self._known:
            for address in key:
                if not any(address in inputs for inputs in self._inputs):
                    wired = [name for inputs in self._inputs for name in inputs]
                    raise BenchError(
                        f"no junction is wired to the input {address!r}; {nearest(address, wired)}"
                    )
            self._known[key] = tuple(
                (mine, tuple(key[i] for i in mine))
                for inputs in self._inputs
                for mine in [[i for i, address in enumerate(key) if address in inputs]]
            )
        return self._known[key]


def delays(
    addresses: Sequence[str], skew_s: Sequence[float] | Volts, dt_s: float
) -> dict[str, float]:
    """By address, those that are looked at later than the others.

    Raises:
        ValueError: a delay that does not fit into the interval.
    """
    if len(skew_s) != len(addresses) or not all(0 <= skew < dt_s or skew == 0 for skew in skew_s):
        raise ValueError(
            f"delays {list(skew_s)} s for {len(addresses)} inputs; expected one each, at least 0 "
            f"and below the interval of {dt_s!r} s"
        )
    return {a: float(skew) for a, skew in zip(addresses, skew_s, strict=True) if skew}
