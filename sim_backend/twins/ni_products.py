"""Boards by product name: options with the figures of NI's data sheets.

Channels, rates, ranges, terminal modes and memories are NI's, and so are noise and error bounds of
the 6363. Those of the simultaneous inputs and of the 6738's outputs are of the size that NI states,
rounded. A data sheet bounds gain and offset errors: a third of the bound is taken as one standard
deviation. Latencies of the host are ours, of the size seen on a desktop computer. Errors over
temperature and over the years are left out.
"""

from collections.abc import Mapping
from typing import Any

# One row per range of an X-series multifunction board: range V, random noise V, and the bounds
# of residual gain (of reading) and residual offset (of range).
_X_MULTIPLEXED = (
    (0.1, 17e-6, 108e-6, 45e-6),
    (0.2, 21e-6, 95e-6, 27e-6),
    (0.5, 27e-6, 68e-6, 17e-6),
    (1.0, 38e-6, 65e-6, 17e-6),
    (2.0, 64e-6, 55e-6, 13e-6),
    (5.0, 157e-6, 55e-6, 13e-6),
    (10.0, 315e-6, 48e-6, 13e-6),
)
_X_SIMULTANEOUS = (
    (1.0, 45e-6, 65e-6, 17e-6),
    (2.0, 75e-6, 65e-6, 17e-6),
    (5.0, 160e-6, 60e-6, 15e-6),
    (10.0, 315e-6, 55e-6, 15e-6),
)
_BOUND = 3.0
_LATENCIES = {"task_start_s": 1e-3, "read_s": 100e-6, "write_s": 100e-6}


def _inputs(rows: tuple[tuple[float, float, float, float], ...]) -> dict[str, Any]:
    return {
        "input_ranges_v": [row[0] for row in rows],
        "input_noise_v": [row[1] for row in rows],
        "input_gain_error": [row[2] / _BOUND for row in rows],
        "input_offset_v": [row[3] * row[0] / _BOUND for row in rows],
    }


def _outputs(count: int, rates_hz: list[float], memory: int) -> dict[str, Any]:
    """`rates_hz` for 1, 2, 3, ... outputs of a task; the last for more."""
    return {
        "outputs": count,
        "output_rate_hz": rates_hz[0],
        "output_rates_hz": rates_hz,
        "output_range_v": 10.0,
        "output_gain_error": 63e-6 / _BOUND,
        "output_offset_v": 33e-6 * 10.0 / _BOUND,
        "output_noise_v": 100e-6,
        "block_samples": memory,
        "block_shared": True,
    }


_6363 = {
    "inputs": 32,
    "simultaneous": False,
    "rate_hz": 2e6,
    "aggregate_rate_hz": 1e6,
    "differential_pairs": True,
    "terminals": ["differential", "rse", "nrse"],
    "cmrr_db": 100.0,
    "mux_f": 100e-12,
    # Reproduces the settling of the data sheet: 90 ppm of a step within 1 us, 15 ppm in 2 us.
    "mux_ohm": 1e3,
    **_inputs(_X_MULTIPLEXED),
    # The output clock needs 200 ns and 150 ns for each output.
    **_outputs(4, [1 / (200e-9 + 150e-9 * n) for n in (1, 2, 3, 4)], 8191),
    **_LATENCIES,
}
_6366 = {
    "inputs": 8,
    "simultaneous": True,
    "rate_hz": 2e6,
    "terminals": ["differential"],
    "cmrr_db": 75.0,
    **_inputs(_X_SIMULTANEOUS),
    **_outputs(2, [1e8 / 30], 8191),
    **_LATENCIES,
}
_6738 = {
    "inputs": 0,
    # Eight converters, each for four outputs: full speed with one output on each.
    **_outputs(32, [1e6] * 8 + [350e3], 65535),
    **_LATENCIES,
}

PRODUCTS: Mapping[str, Mapping[str, Any]] = {
    "PCIe-6363": _6363,
    "PXIe-6363": _6363,
    # Behind USB a start, a read or a write costs about a millisecond more.
    "USB-6363": _6363 | {"task_start_s": 3e-3, "read_s": 1e-3, "write_s": 1e-3},
    "PXIe-6366": _6366,
    "PXIe-6368": _6366 | {"inputs": 16, "outputs": 4},
    "PCIe-6738": _6738,
    "PXIe-6738": _6738,
    "PXIe-6739": _6738 | {"outputs": 64},
}
