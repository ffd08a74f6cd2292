"""What a learning run has left: weights, how its data were divided, and what it learnt on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mtjlab.core.errors import BenchError, DataError, ParameterError, StoreError
from mtjlab.core.parameters import explain
from mtjlab.core.places import runs_dir
from mtjlab.learning.network import Network
from mtjlab.store import RunReader, find_run, run_files
from protocols.infer.parameters import InferParameters
from protocols.noise_learning.conditions import Conditions
from protocols.noise_learning.fabrics import by_layer
from protocols.noise_learning.parameters import NoiseLearningParameters

# Fabrics whose activation the host computes: one network runs on any of them.
_HOST = frozenset({"node_noise", "gaussian", "telegraph", "recorded"})
# Fabrics whose weights are those of particular junctions.
_OWN_JUNCTIONS = frozenset({"neuron", "crossbar"})

SPLIT = "protocol/split_"


@dataclass(frozen=True)
class Trained:
    """One finished run of `noise_learning`.

    Attributes:
        path, run_id, bench, chip: of the run.
        params: of it, resolved.
        results: of it.
        split: rows of the parts and checksum of the data, for `split_at`.
        arrays: weights, biases, R and c at the end, by the names of `Network.state`.
        cells: junctions that were nodes.
    """

    path: Path
    run_id: str
    bench: str
    chip: str
    params: NoiseLearningParameters
    results: dict[str, Any]
    split: dict[str, Any]
    arrays: dict[str, NDArray[np.float32]]
    cells: tuple[tuple[int, int], ...]

    @classmethod
    def load(cls, path: Path) -> "Trained":
        """Read the file.

        Raises:
            DataError: no run of noise_learning, or one that has not finished.
            StoreError: it cannot be read.
        """
        with RunReader.open(path) as run:
            header = run.header
            _demand(run)
            try:
                params = NoiseLearningParameters.model_validate(dict(header.parameters))
            except ValidationError as error:
                name, text = explain(error, NoiseLearningParameters)[0]
                raise DataError(
                    f"run {path} was made by another version of mtjlab: {name}: {text}"
                ) from error
            saved = run.checkpoint() or {}
            rows = run.stream("junctions")
            used = rows[rows[:, 7] >= 0]
            return cls(
                path,
                header.run_id,
                header.bench,
                header.chip,
                params,
                run.results,
                {k.removeprefix(SPLIT): v for k, v in saved.items() if k.startswith(SPLIT)},
                _arrays(run),
                tuple((int(row), int(column)) for row, column in used[:, :2]),
            )

    def conditions(self, params: InferParameters, chip: str) -> Conditions:
        """Those of the learning run, with what was asked for otherwise.

        Args:
            params: what is asked for.
            chip: id of the one in the bench now.

        Raises:
            ParameterError: a fabric that this network does not fit.
            BenchError: its junctions are on another chip.
            DataError: the data cannot be read any more.
        """
        learnt = self.params
        fabric = learnt.fabric if params.fabric is None else params.fabric
        layers = len(learnt.known("hidden")) + 1
        names = _bases(by_layer(fabric, layers))
        before = _bases(by_layer(learnt.fabric, layers))
        _check_fabrics(before, names)
        cells = params.cells
        own = sorted(_OWN_JUNCTIONS & set(names))
        if cells is None and own:
            if chip != self.chip:
                raise BenchError(
                    f"the weights of fabric {own[0]} fit the junctions that they were learnt on, "
                    f"of chip {self.chip or 'unknown'!r} on bench {self.bench!r}; this is chip "
                    f"{chip or 'unknown'!r}. Learn on this one, or name junctions by `cells` to "
                    "try all the same"
                )
            cells = list(self.cells)
        changed: dict[str, Any] = {
            "fabric": fabric,
            "cells": cells,
            "junctions": params.junctions,
            "alignment": False,
            # Only forward passes are wanted of it, and those every fabric has.
            "rule": "noise_based",
        }
        if names != before:
            changed["options"] = _options(learnt, before, names)
        return Conditions.of(learnt.model_copy(update=changed))

    def network(self, conditions: Conditions) -> Network:
        """The network with everything that was learnt.

        Raises:
            DataError: the data have other inputs or classes than the network was made for.
        """
        found = Network(
            conditions.widths,
            np.random.default_rng(0),
            decorrelate="layer0.r" in self.arrays,
        )
        try:
            found.restore(self.arrays)
        except (ValueError, KeyError) as error:
            raise DataError(
                f"run {self.path}: its weights do not fit a network of widths "
                f"{'-'.join(str(width) for width in conditions.widths)}: {error}"
            ) from error
        return found


def find_trained(text: str) -> Path:
    """The file of the run that is meant; `latest` is the latest that can be used.

    Raises:
        StoreError: none, or more than one; DataError: it cannot be used.
    """
    if text != "latest":
        path = find_run(runs_dir(), text)
        with RunReader.open(path) as run:
            _demand(run)
        return path.resolve()
    for path in reversed(run_files(runs_dir())):
        try:
            with RunReader.open(path) as run:
                _demand(run)
        except (StoreError, DataError):
            continue
        return path.resolve()
    raise StoreError(
        f"no finished run of noise_learning below {runs_dir()}: learn first, or name a run file"
    )


def _demand(run: RunReader) -> None:
    if run.header.protocol != "noise_learning":
        raise DataError(f"run {run.path} is of {run.header.protocol}, not of noise_learning")
    if run.status != "finished":
        raise DataError(f"run {run.path} is {run.status_text}: `mtjlab resume` it to its end first")
    if "bias_0" not in run.streams:
        raise DataError(
            f"run {run.path} was made before weights were kept with their biases; learn again"
        )


def _arrays(run: RunReader) -> dict[str, NDArray[np.float32]]:
    named = {"weights": "w", "bias": "b", "decorrelation": "r", "offset": "c"}
    found = {}
    for stream in run.streams:
        kind, _, layer = stream.rpartition("_")
        if kind in named:
            last = run.committed[stream] - 1
            found[f"layer{layer}.{named[kind]}"] = run.stream(stream, last)[0]
    return found


def _bases(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.partition(":")[0] for name in names)


def _check_fabrics(before: Sequence[str], names: Sequence[str]) -> None:
    for layer, (old, new) in enumerate(zip(before, names, strict=True)):
        if old != new and not {old, new} <= _HOST:
            raise ParameterError(
                f"fabric of layer {layer}: {new} does not compute what {old} does, on which this "
                f"network has learnt; only {', '.join(sorted(_HOST))} stand for one another"
            )


def _options(
    learnt: NoiseLearningParameters, before: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Of the fabrics that are still there, and the activation for those that are new."""
    found = {name: learnt.options[name] for name in names if name in learnt.options}
    for old, new in zip(before, names, strict=True):
        if new not in found:
            activation = learnt.options.get(old, {}).get("activation", "tanh")
            found[new] = {"activation": activation}
    return found
