"""One row's runs: what is typed, and what is kept of each."""

import json
import shlex
import tomllib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mtjlab.runner import Run, plan
from mtjlab.store import RunReader

Found = dict[str, Any]

DATA = Path("data")
# Stands for the folder with the images, wherever it is on a machine.
MNIST = "MNIST"
# Long, and the same for every seed.
_LEFT_OUT = ("prediction",)


@dataclass(frozen=True)
class Case:
    """Runs of `noise_learning` that differ in nothing but their seed.

    Attributes:
        label: of the row.
        params: file in `data/`, without its ending.
        settings: as after `--set`.
        bench: shipped name or file.
    """

    label: str
    params: str
    settings: tuple[str, ...] = ()
    bench: str = "twin"

    @property
    def command(self) -> str:
        """What a person types after `mtjlab run noise_learning --seed SEED`."""
        words = ["--params", (DATA / f"{self.params}.toml").as_posix()]
        words += [] if self.bench == "twin" else ["--bench", self.bench]
        for setting in self.settings:
            words += ["--set", setting]
        return shlex.join(words)

    @property
    def fingerprint(self) -> int:
        """Of what the named files say; runs of other ones are not these runs."""
        files = [DATA / f"{self.params}.toml", Path(self.bench)]
        said = [tomllib.loads(file.read_text("utf-8")) for file in files if file.is_file()]
        return zlib.crc32(json.dumps(said, sort_keys=True).encode())

    def run(self, seed: int, mnist: Path | None) -> Found:
        """Results of one run, and its evaluations: reads, then accuracies of the parts."""
        settings = [text.replace(MNIST, str(mnist)) for text in self.settings]
        with TemporaryDirectory() as folder:
            run = Run(
                plan(
                    "noise_learning",
                    self.bench,
                    parameters_file=DATA / f"{self.params}.toml",
                    settings=settings,
                    seed=seed,
                    runs_dir=Path(folder),
                )
            )
            run.start()
            run.wait()
            if run.outcome.error is not None or run.outcome.run_file is None:
                raise RuntimeError(f"{self.command}, seed {seed}") from run.outcome.error
            with RunReader.open(run.outcome.run_file) as file:
                evaluations = file.stream("evaluation")
        kept = {k: v for k, v in run.outcome.results.items() if k not in _LEFT_OUT}
        evaluated = [[_or_none(value) for value in row] for row in evaluations]
        found: Found = json.loads(json.dumps(kept | {"evaluations": evaluated}))
        return found


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes:
        name: of the marks on the page, and of `--only`.
        seeds: of every row.
        cases: in the order of measuring; each label once.
        lines: Markdown from what was found by label, a list with one entry for each seed.
        needs_mnist: cannot be measured without the images.
    """

    name: str
    seeds: Sequence[int]
    cases: tuple[Case, ...]
    lines: Callable[[Mapping[str, list[Found]]], list[str]]
    needs_mnist: bool = False


def _or_none(value: float) -> float | None:
    return round(float(value), 5) if np.isfinite(value) else None
