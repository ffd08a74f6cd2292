"""A bench file with the twin of a measured chip: the bench of the runs, and a new `[twin]`.

Everything but `[twin]` stays as the user wrote it, comments included. What of an old `[twin]` is
about instruments and electronics stays, too: a fit says nothing about these, but for noise.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtjlab.analysis.estimate import Estimate
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.toml_text import toml_text
from mtjlab.calibration.noise_keys import noise_keys
from mtjlab.fitting.chip import Chip, Device
from mtjlab.fitting.faults import Found

# Tables of [twin] that the fit makes anew, or that would act on a chip that has none of it.
_OURS = ("junction", "spread", "devices", "faults", "fields", "ambient_k", "scenario")
_LINE = 96


def bench_text(bench: LoadedBench, chip: Chip, notes: Sequence[str], *, devices: bool) -> str:
    """The text of the file.

    Args:
        bench: that the runs were made on.
        chip: what was fitted.
        notes: for the reader, in front of the twin.
        devices: with a `[[twin.devices]]` for each junction that is known.
    """
    kept = dict(bench.tables().get("twin") or {})
    for name in _OURS:
        kept.pop(name, None)
    options, words = noise_keys(bench, chip.noise_v)
    if options:
        old = kept.get("instruments") or {}
        merged = {name: {**(old.get(name) or {}), **keys} for name, keys in options.items()}
        kept["instruments"] = {**old, **merged}
    runs = ", ".join(run[:8] for run in chip.runs)
    lines = [
        without_twin(bench),
        f"# From here on: the twin, fitted by `mtjlab twin fit` to {runs}.",
        "# Intervals are 95 %. What the runs do not tell is left at its default.",
    ]
    for note in (*chip.notes, *notes, *words):
        lines += _folded(note)
    lines.append(toml_text({"twin": kept}))
    lines += ["[twin.junction]", *_junction(chip), "", "[twin.spread]", *_spread(chip)]
    for found in chip.found:
        lines += ["", *_fault(found)]
    if devices:
        for device in chip.devices:
            lines += ["", *_device(device)]
    return "\n".join(lines) + "\n"


def without_twin(bench: LoadedBench) -> str:
    """The bench file without `[twin]` and all below it, as text that reads the same."""
    kept: list[str] = []
    pending: list[str] = []
    inside = False
    for line in bench.text.splitlines():
        bare = line.strip()
        if bare.startswith("["):
            inside = bare.lstrip("[ ").split("]")[0].split(".")[0].strip(" \"'") == "twin"
            if not inside:
                kept += pending
            pending = []
        if not bare or bare.startswith("#"):
            # It belongs to the table that follows.
            pending.append(line)
        elif not inside:
            kept += [*pending, line]
            pending = []
        else:
            pending = []
    text = "\n".join(kept).strip("\n") + "\n"
    wanted = {name: table for name, table in tomllib.loads(bench.text).items() if name != "twin"}
    try:
        same = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    return text if same else toml_text(wanted)


def _junction(chip: Chip) -> Iterator[str]:
    r, d = chip.resistances, chip.dwells
    yield _line("r_p_ohm", r.r_p_ohm, "ohm, in P")
    yield _line("tmr", r.tmr, "at 0 V")
    if r.tmr_half_v.known:
        yield _line("tmr_half_v", r.tmr_half_v, "V")
    else:
        least = f"; at least {r.tmr_half_v.low:.3g} V" if r.tmr_half_v.low > 0.0 else ""
        yield f"tmr_half_v = inf  # {r.tmr_half_v.reason}{least}"
    if d is None:
        return
    yield _line("v_ref_v", d.v50_v, "V50 in V", value=d.v_ref_v)
    yield _line("tau_p_s", d.tau_p_s, "s, at v_ref_v")
    yield _line("tau_ap_s", d.tau_ap_s, "s, at v_ref_v")
    for state, slopes in (("p", d.slopes_p), ("ap", d.slopes_ap)):
        for name, slope, unit in zip(
            ("slope", "curvature"), slopes, ("1/V", "1/V^2"), strict=False
        ):
            end = "per_v" if name == "slope" else "per_v2"
            yield _line(f"{name}_{state}_{end}", slope, unit)


def _spread(chip: Chip) -> Iterator[str]:
    r, d = chip.resistances, chip.dwells
    yield _line("r_sigma", r.r_sigma, "of ln R")
    yield _line("tmr_sigma", r.tmr_sigma, "of the TMR, relative")
    if d is not None:
        yield _line("tau_sigma", d.tau_sigma, "of ln tau")
        yield _line("v50_v", d.v50_sigma_v, "V")
    c = chip.correlation
    if c.known and not c.covers(0.0):
        clipped = Estimate(max(-0.99, min(0.99, c.value)), c.low, c.high)
        yield _line("r_tau_correlation", clipped, "of ln R with ln tau")
    elif c.known:
        yield f"# r_tau_correlation: {c.low:.2g} .. {c.high:.2g}, not told from 0"


def _line(key: str, estimate: Estimate, words: str, *, value: float | None = None) -> str:
    """`key = value`, its interval and what it takes for granted; a comment without a value."""
    if not estimate.known:
        bounds = [
            text
            for text, end in (
                (f"at least {estimate.low:.3g}", estimate.low),
                (f"at most {estimate.high:.3g}", estimate.high),
            )
            if math.isfinite(end) and end != 0.0
        ]
        return f"# {key}: default; {'; '.join([estimate.reason or 'not known', *bounds])}"
    number = _number(estimate.value if value is None else value)
    interval = f"{estimate.low:.5g} .. {estimate.high:.5g}"
    reason = f"; {estimate.reason}" if estimate.reason else ""
    return f"{key} = {number}  # {interval} {words}{reason}"


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _fault(found: Found) -> list[str]:
    cell = list(found.cell)
    if found.kind is None:
        return [f"# junction {cell} is left out: {found.words}"]
    lines = [f"[[twin.faults]]  # {found.words}", f"cell = {cell}", f'kind = "{found.kind}"']
    if found.factor is not None:
        lines.append(f"factor = {_number(found.factor)}")
    return lines


def _device(device: Device) -> list[str]:
    values: Mapping[str, Any] = {
        "r_p_ohm": device.r_p_ohm,
        "tmr": device.tmr,
        "ln_tau_shift": device.ln_tau_shift,
        "v50_shift_v": device.v50_shift_v,
    }
    known = [f"{key} = {_number(value)}" for key, value in values.items() if math.isfinite(value)]
    return ["[[twin.devices]]", f"cell = {list(device.cell)}", *known]


def _folded(note: str) -> list[str]:
    lines, line = [], "#"
    for word in f"- {note}".split():
        if len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line = "#  "
        line += f" {word}"
    return [*lines, line]
