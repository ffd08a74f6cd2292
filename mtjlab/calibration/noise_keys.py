"""Noise of the inputs, as options of the twins of the instruments that have them."""

import math
from collections.abc import Mapping
from typing import Any

from mtjlab.analysis.estimate import Estimate
from mtjlab.bench.file import LoadedBench
from mtjlab.core import plugins
from mtjlab.core.errors import BenchError
from mtjlab.core.units import si


def noise_keys(
    bench: LoadedBench, noise_v: Mapping[tuple[str, float], Estimate]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Options by instrument, and what to say.

    The rounding to codes, a step over the square root of 12, is part of what was measured and not
    of the option: the twin rounds by itself.

    Args:
        bench: of the runs.
        noise_v: (instrument, range in V) -> noise of a sample, V.
    """
    found: dict[str, dict[str, Any]] = {}
    words = []
    for (name, range_v), noise in noise_v.items():
        said = (
            f"noise of a sample of {name} on {si(range_v, 'V')}: {si(noise.value, 'V')} "
            f"({si(noise.low, 'V')} .. {si(noise.high, 'V')}), with the rounding to codes"
        )
        options = _options(bench, name)
        if options is None:
            words.append(f"{said}; the twin of {name} has no option for it")
            continue
        ranges_v = list(options.input_ranges_v)
        fitting = [index for index, one in enumerate(ranges_v) if one >= range_v * (1.0 - 1e-9)]
        if not fitting:
            words.append(f"{said}; its twin has no such range")
            continue
        step_v = ranges_v[fitting[0]] * 2.0 ** (1 - options.bits)
        own = math.sqrt(max(noise.value**2 - step_v**2 / 12.0, 0.0))
        keys = found.setdefault(name, {"input_noise_v": list(options.input_noise_v)})
        keys["input_noise_v"][fitting[0]] = float(f"{own:.5g}")
        words.append(said)
    return found, words


def _options(bench: LoadedBench, name: str) -> Any:
    """Options of the twin of an instrument, if they have ranges with a noise each."""
    entry = bench.file.instruments[name]
    given = bench.file.twin.instruments.get(name, {}) if bench.file.twin else {}
    try:
        kind = plugins.load("twins", entry.plugin, error=BenchError)
        options = kind.options_model.model_validate(given)
    except (BenchError, ValueError):
        return None
    known = all(hasattr(options, key) for key in ("input_ranges_v", "input_noise_v", "bits"))
    return options if known else None
