"""What `mtjlab show` says of a recording."""

import json
import math
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.results import plain
from mtjlab.core.units import si
from mtjlab.store.traces import Trace, open_trace
from mtjlab.store.traces_look import Look, look

# Three correlation times leave 5 % of one read in the next.
_INDEPENDENT_TAU_C = 3.0


def show_trace(where: str, interval_s: float | None, *, as_json: bool) -> None:
    """Print length, rate, levels, dwell times, tau_c and noise ratio of a recording."""
    with open_trace(where, interval_s=interval_s) as trace:
        seen = look(trace)
        found = _summary(trace, seen)
    if as_json:
        typer.echo(json.dumps(plain(found)))
        return
    screen = Console(highlight=False, soft_wrap=True)
    files = "" if len(trace.chunks) == 1 else f"{len(trace.chunks)} files, "
    screen.print(f"{where}: {files}{trace.kind}", markup=False)
    screen.print(
        f"{trace.samples} samples at {si(1.0 / trace.interval_s, 'S/s')} "
        f"({si(trace.interval_s, 's')}), {_duration(trace.samples * trace.interval_s)} in all",
        markup=False,
    )
    screen.print(_table(found, seen))
    for reason in (seen.telegraph.rates.reason, seen.noise_ratio.reason):
        if reason:
            screen.print(f"note: {reason}", markup=False)


def _summary(trace: Trace, seen: Look) -> dict[str, Any]:
    telegraph, rates = seen.telegraph, seen.telegraph.rates
    levels = telegraph.levels
    return {
        "recording": trace.where,
        "files": len(trace.chunks),
        "samples": trace.samples,
        "interval_s": trace.interval_s,
        "seen_samples": seen.seen,
        "verdict": telegraph.verdict,
        "mean_v": telegraph.mean_v,
        "level_low_v": levels.low_v,
        "level_high_v": levels.high_v,
        "occupancy_high": levels.occupancy_high,
        "tau_low_s": rates.tau_low_s,
        "tau_high_s": rates.tau_high_s,
        "tau_c_s": rates.tau_c_s,
        "transitions": rates.transitions,
        "instrument_noise_v": levels.sigma_v,
        "resolution_v": seen.resolution_v,
        "noise_ratio": seen.noise_ratio.value,
    }


def _table(found: Mapping[str, Any], seen: Look) -> Table:
    rates = seen.telegraph.rates
    span_s = seen.seen * found["interval_s"]
    table = Table(
        title=f"first {seen.seen} samples ({_duration(span_s)})",
        title_justify="left",
        show_header=False,
        pad_edge=False,
    )
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("verdict", found["verdict"])
    table.add_row("mean", si(found["mean_v"], "V"))
    if seen.telegraph.levels.separated:
        table.add_row(
            "levels", f"{si(found['level_low_v'], 'V')}, {si(found['level_high_v'], 'V')}"
        )
        table.add_row("at the upper level", f"{100 * found['occupancy_high']:.1f} %")
    if rates.reason is None:
        table.add_row("dwell time, lower", _with_error(rates.tau_low_s, rates.tau_low_error_s))
        table.add_row("dwell time, upper", _with_error(rates.tau_high_s, rates.tau_high_error_s))
        table.add_row("tau_c", _with_error(rates.tau_c_s, rates.tau_c_error_s))
        stride = max(1, math.ceil(_INDEPENDENT_TAU_C * rates.tau_c_s / found["interval_s"]))
        table.add_row("samples in 3 tau_c", str(stride))
    about = "noise about the levels" if seen.telegraph.levels.separated else "noise"
    table.add_row(about, si(found["instrument_noise_v"], "V"))
    if found["resolution_v"]:
        table.add_row("step of the converter", si(found["resolution_v"], "V"))
    if found["noise_ratio"] is not None:
        table.add_row("noise ratio, junction / instrument", f"{found['noise_ratio']:.3g}")
    return table


def _with_error(value_s: float, error_s: float) -> str:
    return f"{si(value_s, 's')} +- {si(error_s, 's', 3)}"


def _duration(span_s: float) -> str:
    return si(span_s, "s") if span_s < 1000.0 else f"{span_s:.0f} s"
