"""What every fabric must do: one function per promise, for twins, formulas and real things.

A check presents a few thousand samples at small weights. It raises `NotConforming`, or lets
through what the fabric raised.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.testing.verdict import require

Array = NDArray[np.float32]

_BATCH = 16
_REPEATS = 60
# Two reads, or two nodes, may share so much of their noise before the update is visibly biased.
_SHARED = 0.1


class Answer(Protocol):
    """As `mtjlab.learning.fabric.Activities`."""

    @property
    def activity(self) -> Array:
        """(S, m)."""
        ...

    @property
    def output(self) -> Array:
        """(S, m)."""
        ...


class FabricLike(Protocol):
    """As `mtjlab.learning.fabric.Fabric`, which says what each member must do."""

    @property
    def widths(self) -> Sequence[int]: ...  # noqa: D102

    @property
    def precision(self) -> Any: ...  # noqa: D102

    def begin(self, rows: int) -> None: ...  # noqa: D102

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Answer: ...  # noqa: D102

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Answer: ...  # noqa: D102

    def slope(self, layer: int, answer: Any) -> Array: ...  # noqa: D102


@dataclass(frozen=True)
class FabricUnderTest:
    """A fabric, ready to be read, and how it may be tried.

    Attributes:
        fabric: calibrated, at its operating point.
        inputs: of its first layer.
        keep: takes down its state, with that of every generator it draws from, and returns what
            puts that back; None where there is nothing to take down.
        size: of weights and inputs; smaller where the pre-activations would leave the window.
        seed: of weights and inputs.
        slope_error: what its slope may be off, over the steepest; more than 0.05 only where the
            response depends on each product of weight and input by itself, as in a crossbar of
            junctions, so that no slope by their sum can be exact.
    """

    fabric: FabricLike
    inputs: int
    keep: Callable[[], Callable[[], None]] | None = None
    size: float = 0.5
    seed: int = 0
    slope_error: float = 0.05
    layers: list[tuple[Array, Array]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        n = self.inputs
        for m in self.fabric.widths:
            w = self.size * rng.standard_normal((m, n)) / np.sqrt(n)
            b = 0.2 * self.size * rng.standard_normal(m)
            self.layers.append((w.astype(np.float32), b.astype(np.float32)))
            n = m

    def samples(self, count: int) -> Array:
        """Inputs, (count, inputs)."""
        rng = np.random.default_rng(self.seed + 1)
        return rng.uniform(-1.0, 1.0, (count, self.inputs)).astype(np.float32)

    def read(self, x: Array) -> list[Answer]:
        """All layers, noisy; each sees the output of the one before."""
        self.fabric.begin(len(x))
        answers: list[Answer] = []
        for layer, (w, b) in enumerate(self.layers):
            answers.append(self.fabric.forward(layer, x, w, b))
            x = answers[-1].output
        return answers

    def activities(self, x: Array, repeats: int) -> list[NDArray[np.float64]]:
        """Every layer fed with its clean inputs, (repeats, B, m): noise of its own only."""
        taken: list[NDArray[np.float64]] = []
        seen = [x]
        for layer, (w, b) in enumerate(self.layers):
            seen.append(self.fabric.clean(layer, seen[-1], w, b).output)
        self.fabric.begin(repeats * len(x))
        for layer, (w, b) in enumerate(self.layers):
            rows = np.tile(seen[layer], (repeats, 1))
            activity = self.fabric.forward(layer, rows, w, b).activity
            taken.append(activity.reshape(repeats, len(x), -1).astype(np.float64))
        return taken


def check_shapes(subject: FabricUnderTest) -> None:
    """Activities and outputs are float32, finite, and of S rows and m columns."""
    for count in (1, 7):
        for layer, answer in enumerate(subject.read(subject.samples(count))):
            expected = (count, subject.fabric.widths[layer])
            for name, array in (("activity", answer.activity), ("output", answer.output)):
                where = f"{name} of layer {layer}"
                require(array.shape == expected, f"{where}: shape {array.shape}, not {expected}")
                require(array.dtype == np.float32, f"{where}: {array.dtype}, not float32")
                require(bool(np.isfinite(array).all()), f"{where} has values that are not finite")


def check_every_node_is_noisy(subject: FabricUnderTest) -> None:
    """The same sample read again gives other activities, in every node."""
    for layer, reads in enumerate(subject.activities(subject.samples(_BATCH), _REPEATS)):
        still = np.flatnonzero(np.ptp(reads, axis=0).max(axis=0) == 0.0)
        require(
            len(still) == 0,
            f"layer {layer}: nodes {still[:5].tolist()} never change in {_REPEATS} reads of "
            f"{_BATCH} samples: nothing can be learnt there",
        )


def check_rows_keep_their_order(subject: FabricUnderTest) -> None:
    """Row s of the answer is that of row s of the inputs, in every pass."""
    x = subject.samples(_BATCH)
    for layer, reads in enumerate(subject.activities(x, _REPEATS)):
        mean = reads.mean(axis=0)
        clean = _clean(subject, x)[layer].activity.astype(np.float64)
        own = np.abs(mean - clean).mean()
        other = np.abs(mean - np.roll(clean, 1, axis=0)).mean()
        require(
            bool(own < other),
            f"layer {layer}: the mean of {_REPEATS} reads is no nearer to the clean answer of its "
            f"own row ({own:.3g} off) than to that of the next ({other:.3g} off)",
        )


def check_clean_has_no_noise(subject: FabricUnderTest) -> None:
    """The model gives the same answer twice."""
    x = subject.samples(_BATCH)
    for first, second in zip(_clean(subject, x), _clean(subject, x), strict=True):
        require(
            np.array_equal(first.activity, second.activity)
            and np.array_equal(first.output, second.output),
            "two clean answers to the same inputs differ",
        )


def check_reads_are_independent(subject: FabricUnderTest) -> None:
    """Two reads of a sample, a batch of 16 apart, share less than a tenth of their noise."""
    for layer, deviation in enumerate(_deviations(subject)):
        one, two = deviation[0::2], deviation[1::2]
        shared = float((one * two).mean() / (deviation**2).mean())
        require(
            abs(shared) < _SHARED + 5.0 / np.sqrt(one.size),
            f"layer {layer}: two reads of a sample share {shared:.2f} of their noise: read them "
            "further apart in time",
        )


def check_nodes_are_independent(subject: FabricUnderTest) -> None:
    """No two nodes share more than a tenth of their noise, unless a precision undoes it."""
    if subject.fabric.precision is not None:
        return
    joined = np.concatenate(_deviations(subject), axis=2)
    flat = joined.reshape(-1, joined.shape[2])
    if flat.shape[1] < 2:
        return
    shared = np.abs(np.corrcoef(flat.T) - np.eye(flat.shape[1]))
    first, second = np.unravel_index(int(shared.argmax()), shared.shape)
    require(
        bool(shared.max() < _SHARED + 5.0 / np.sqrt(len(flat))),
        f"nodes {first} and {second} share {shared.max():.2f} of their noise, and the fabric has "
        "no precision that undoes it",
    )


def check_precision(subject: FabricUnderTest) -> None:
    """Shapes are kept, the differences left alone, nothing becomes infinite."""
    subject.read(subject.samples(2))
    precision = subject.fabric.precision
    if precision is None:
        return
    rng = np.random.default_rng(subject.seed)
    given = [rng.standard_normal((2, 3, m), dtype=np.float32) for m in subject.fabric.widths]
    before = [array.copy() for array in given]
    weighed = precision.weigh(given)
    for array, was, result in zip(given, before, weighed, strict=True):
        require(result.shape == was.shape, f"{result.shape} came back for {was.shape}")
        require(bool(np.isfinite(result).all()), "weighed differences are not finite")
        require(np.array_equal(array, was), "the differences given were changed")


def check_response_goes_one_way(subject: FabricUnderTest) -> None:
    """More pre-activation never turns a node's clean output back; the slope says how steep."""
    ramp = np.linspace(-2.0, 2.0, 81, dtype=np.float32)[:, np.newaxis]
    n = subject.inputs
    for layer, m in enumerate(subject.fabric.widths):
        x = np.zeros((len(ramp), n), dtype=np.float32)
        x[:, :1] = ramp
        w = np.zeros((m, n), dtype=np.float32)
        w[:, 0] = 1.0
        answer = subject.fabric.clean(layer, x, w, np.zeros(m, dtype=np.float32))
        output = answer.output.astype(np.float64)
        steps = np.diff(output, axis=0)
        largest = np.abs(steps).max()
        require(bool(largest > 0.0), f"layer {layer}: the output does not depend on the input")
        back = np.minimum(np.maximum(steps, 0.0).max(axis=0), np.maximum(-steps, 0.0).max(axis=0))
        require(
            bool((back <= 1e-3 * largest).all()),
            f"layer {layer}: node {int(back.argmax())} goes up and down again between "
            "pre-activations of -2 and 2: keep it in a window where it goes one way",
        )
        _check_slope(subject, layer, answer, steps / (ramp[1, 0] - ramp[0, 0]))
        n = m


def check_it_goes_on_where_it_was(subject: FabricUnderTest) -> None:
    """A state that is put back gives the same noise again, bit by bit."""
    if subject.keep is None:
        return
    x = subject.samples(5)
    subject.read(x)
    put_back = subject.keep()
    first = subject.read(x)
    put_back()
    for one, two in zip(first, subject.read(x), strict=True):
        require(
            np.array_equal(one.activity, two.activity) and np.array_equal(one.output, two.output),
            "after its state was put back the fabric answers otherwise",
        )


CHECKS: tuple[Callable[[FabricUnderTest], None], ...] = (
    check_shapes,
    check_every_node_is_noisy,
    check_rows_keep_their_order,
    check_clean_has_no_noise,
    check_reads_are_independent,
    check_nodes_are_independent,
    check_precision,
    check_response_goes_one_way,
    check_it_goes_on_where_it_was,
)


def _clean(subject: FabricUnderTest, x: Array) -> list[Answer]:
    answers: list[Answer] = []
    for layer, (w, b) in enumerate(subject.layers):
        answers.append(subject.fabric.clean(layer, x, w, b))
        x = answers[-1].output
    return answers


def _deviations(subject: FabricUnderTest) -> list[NDArray[np.float64]]:
    """From the mean of all reads of the same sample, (repeats, B, m) per layer."""
    taken = subject.activities(subject.samples(_BATCH), _REPEATS)
    return [reads - reads.mean(axis=0) for reads in taken]


def _check_slope(
    subject: FabricUnderTest, layer: int, answer: Answer, steps: NDArray[np.float64]
) -> None:
    try:
        slope = subject.fabric.slope(layer, answer).astype(np.float64)
    except ParameterError:
        return
    # Between two points of the ramp; at an edge of the window the two differ for one step.
    middle = 0.5 * (slope[1:] + slope[:-1])
    off = np.sort(np.abs(middle - steps), axis=0)[:-4]
    require(
        bool((off <= subject.slope_error * np.abs(steps).max()).all()),
        f"layer {layer}: the slope is up to {off.max():.3g} off the difference quotient of the "
        "clean answer",
    )
