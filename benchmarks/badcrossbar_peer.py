"""badcrossbar 1.1.0, from the folder where `make bench` puts it.

It lies beside the environment and not in it: it brings a top-level package called `tests`. Its
plots want pycairo, which wants the system's cairo; without them it only warns, and computes.
"""

import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(sys.prefix) / "bench"

# (rows, inputs) V, (rows, columns) ohm, ohm of a segment -> (inputs, columns) A
Compute = Callable[[NDArray[np.float64], NDArray[np.float64], float], NDArray[np.float64]]


def load() -> Compute:
    """Its solver, asked for output currents only, which is what it does fastest.

    Raises:
        SystemExit: it is not installed.
    """
    sys.path.append(str(FOLDER))
    try:
        with warnings.catch_warnings(record=True):
            badcrossbar = importlib.import_module("badcrossbar")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"the crossbar figures are ratios to badcrossbar 1.1.0, which is not in {FOLDER} "
            f"({error}); `make bench` installs it there"
        ) from error
    finally:
        sys.path.remove(str(FOLDER))
    logging.getLogger("badcrossbar").setLevel(logging.WARNING)

    def compute(
        volts: NDArray[np.float64], ohm: NDArray[np.float64], segment_ohm: float
    ) -> NDArray[np.float64]:
        solution = badcrossbar.compute(
            volts, ohm, segment_ohm, node_voltages=False, all_currents=False
        )
        return np.asarray(solution.currents.output)

    return compute
