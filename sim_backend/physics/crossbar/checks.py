"""What no solver can do, said before it is tried."""

import os

import numpy as np

from sim_backend.physics.crossbar.network import Array, Crossbar, Lines


def fits(crossbar: Crossbar, rows: Lines, columns: Lines) -> None:
    """One termination per line.

    Raises:
        ValueError: another number of them.
    """
    for what, lines, count in (
        ("rows", rows, crossbar.rows),
        ("columns", columns, crossbar.columns),
    ):
        if len(lines.ohm) != count:
            raise ValueError(f"crossbar has {count} {what}; {len(lines.ohm)} are terminated")


def conductances(crossbar: Crossbar, g_s: Array) -> Array:
    """`g_s` as a contiguous (..., rows, columns) array of doubles; its values are not looked at.

    Raises:
        ValueError: another shape.
    """
    g = np.ascontiguousarray(g_s, dtype=np.float64)
    if g.shape[-2:] != crossbar.shape:
        raise ValueError(
            f"conductances of shape {g.shape} for a crossbar of {crossbar.rows} x "
            f"{crossbar.columns} junctions"
        )
    return g


def impossible(g_s: Array) -> ValueError:
    """What to raise where a conductance is negative or not finite."""
    at = np.unravel_index(np.argmin((g_s >= 0) & np.isfinite(g_s)), g_s.shape)
    place = ", ".join(str(int(k)) for k in at[-2:])
    return ValueError(
        f"junction ({place}) has {g_s[at]} S; expected a finite conductance, 0 for an open one"
    )


def anchored(g_s: Array, rows: Lines, columns: Lines) -> None:
    """Every line has a path to a line that does not float.

    Raises:
        ValueError: one has none; its voltage is whatever was left on it.
    """
    if not (rows.any_floats or columns.any_floats):
        return
    closed = g_s > 0
    row_is, column_is = np.isfinite(rows.ohm), np.isfinite(columns.ohm)
    while True:
        row_next = row_is | (closed & column_is).any(axis=1)
        column_next = column_is | (closed.T & row_next).any(axis=1)
        if (row_next == row_is).all() and (column_next == column_is).all():
            break
        row_is, column_is = row_next, column_next
    for what, found in (("row", row_is), ("column", column_is)):
        if not found.all():
            raise ValueError(
                f"nothing fixes the voltage of {what} {int(np.argmin(found))}: it floats, and no "
                "junction leads from it to a line that is driven or grounded; ground a line of "
                "each such part"
            )


def least_a(g_s: Array, rows: Lines, columns: Lines) -> float:
    """Current below which all that is left is rounding: 1e-12 of what the sources could drive."""
    volts = max(np.abs(rows.volts).max(), np.abs(columns.volts).max())
    return float(1e-12 * volts * max(g_s.sum(axis=0).max(), g_s.sum(axis=1).max()))


def memory(needed_bytes: int, what: str) -> None:
    """Refuse what does not fit, before it is allocated.

    Raises:
        ValueError: more than the machine has free.
    """
    free_bytes = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free_bytes = max(free_bytes, _available_bytes())
    if needed_bytes > free_bytes:
        raise ValueError(
            f"{what} needs {needed_bytes:,} bytes and {free_bytes:,} are free; use the iterative "
            "solver or a smaller array"
        )


def _available_bytes() -> int:
    """Free memory with the caches that the kernel would give up, where it says so."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
