"""Run file in, picture out."""

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.pictures import (
    array_map,
    bias_sweep,
    crosstalk,
    drift,
    every_stream,
    field_sweep,
    infer,
    iv_sweep,
    noise_learning,
    operating_point,
    randomness,
    rv_tmr,
    telegraph,
)
from mtjlab.store import RunReader

DRAWERS: Mapping[str, Callable[[RunReader], Figure]] = {
    "array_map": array_map.draw,
    "bias_sweep": bias_sweep.draw,
    "crosstalk": crosstalk.draw,
    "drift": drift.draw,
    "field_sweep": field_sweep.draw,
    "iv_sweep": iv_sweep.draw,
    "infer": infer.draw,
    "noise_learning": noise_learning.draw,
    "randomness": randomness.draw,
    "operating_point": operating_point.draw,
    "rv_tmr": rv_tmr.draw,
    "telegraph": telegraph.draw,
}
FORMATS = (".png", ".svg")
DOTS_PER_INCH = 110


def picture(run_path: Path, out: Path | None = None) -> Path:
    """Draw a run, whatever state it is in.

    Args:
        run_path: a run file.
        out: where the picture goes, ending in .png or .svg; by default beside the run file.

    Returns:
        The path of the picture; a picture that was there is replaced.

    Raises:
        UsageError: another format is asked for.
        StoreError: the run file cannot be read, or the picture not be written.
    """
    target = out or run_path.with_suffix(".png")
    if target.suffix.lower() not in FORMATS:
        raise UsageError(f"picture {target}: a picture ends in {' or '.join(FORMATS)}")
    with RunReader.open(run_path) as run:
        figure = DRAWERS.get(run.header.protocol, every_stream.draw)(run)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, dpi=DOTS_PER_INCH, facecolor="white")
    except OSError as error:
        raise StoreError(
            f"picture {target} cannot be written: {error.strerror or error}"
        ) from error
    return target
