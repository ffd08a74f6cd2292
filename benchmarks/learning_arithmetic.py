"""A learning step beside its own matrix products: batch 64, two reads, decorrelation, noise drawn.

The products are those of the step, with its shapes, transposes and shares, into memory that is
there already; step and products take turns. The second figure is for hidden layers of three times
the width. What the published code multiplies (2582 MFLOP for this network: each read by itself, and
the update of R with products of three n x n matrices) is set against the same rate.
"""

import resource
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rows import Row, interleaved_s
from mtjlab.learning.crew import Crew, share
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.packed_noise import PackedTelegraph
from mtjlab.learning.rules.noise_based import NoiseBased

WIDTHS = (784, 500, 500, 500, 10)
WIDE = (784, 1500, 1500, 1500, 10)
BATCH, READS = 64, 2
PUBLISHED_FLOP = 2582e6
STEPS = 10_000
Work = Callable[[], object]


def step_of(widths: tuple[int, ...], batch: int = BATCH) -> Work:
    """One step of a network of its own, noise included."""
    rng = np.random.default_rng(0)
    network = Network(widths, rng, decorrelate=True)
    noise = PackedTelegraph(sum(widths[1:]), rng, level=0.06, sigma=0.009)
    fabric = HostSum(widths[1:], noise, activation="leaky_relu")
    rule, adam = NoiseBased(reads=READS, decorrelation_rate=1e-6), Adam(1e-4)
    x = rng.standard_normal((batch, widths[0]), dtype=np.float32)
    labels = rng.integers(0, widths[-1], batch)
    return lambda: rule.step(network, fabric, adam, x, labels)


class Products:
    """The matrix products of a step and their number of operations."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.flop = 0.0
        self._rng = np.random.default_rng(1)
        self._products: list[Work] = []
        self._whole: list[Work] = []
        for index, (n, m) in enumerate(pairwise(widths)):
            r, w = self._numbers(n, n), self._numbers(m, n)
            seen = self._numbers((1 if index == 0 else READS) * BATCH, n)
            read, along, moved = seen[:BATCH], self._numbers(BATCH, m), self._numbers(BATCH, n)
            self._columns(seen, r.T)
            self._columns(seen, w.T)
            self._rows(along.T, read)
            self._columns(read, r)
            self._rows(read.T, moved)

    def shared(self) -> None:
        """As the step makes them, in its shares."""
        for product in self._products:
            product()

    def whole(self) -> None:
        """One call each; the threads are those of BLAS."""
        for product in self._whole:
            product()

    def _numbers(self, *shape: int) -> np.ndarray:
        return self._rng.standard_normal(shape, dtype=np.float32)

    def _out(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, int]:
        out = np.empty((len(a), b.shape[1]), dtype=np.float32)
        flop = 2 * a.size * b.shape[1]
        self.flop += flop
        self._whole.append(lambda: np.matmul(a, b, out=out))
        return out, flop

    def _columns(self, a: np.ndarray, b: np.ndarray) -> None:
        out, flop = self._out(a, b)

        def some(first: int, end: int) -> None:
            np.matmul(a, b[:, first:end], out=out[:, first:end])

        self._products.append(lambda: share(b.shape[1], some, operations=flop))

    def _rows(self, a: np.ndarray, b: np.ndarray) -> None:
        out, flop = self._out(a, b)

        def some(first: int, end: int) -> None:
            np.matmul(a[first:end], b, out=out[first:end])

        self._products.append(lambda: share(len(a), some, operations=flop))


def measured(
    widths: tuple[int, ...], threads: int, *, calls: int, rounds: int
) -> tuple[float, float, float, float]:
    """Seconds of a step and of its products, the median ratio of both, operations of the products.

    On two threads the products are made by two Python threads and by BLAS with two of its own; the
    quicker way counts.
    """
    products = Products(widths)
    with Crew(threads):
        step = step_of(widths)
        step()
        step_s, products_s, ratio = interleaved_s(step, products.shared, calls=calls, rounds=rounds)
    if threads > 1:
        with threadpool_limits(limits=threads, user_api="blas"):
            products.whole()
            whole_s = interleaved_s(products.whole, lambda: None, calls=calls, rounds=rounds)[0]
        ratio *= max(1.0, products_s / whole_s)
        products_s = min(products_s, whole_s)
    return step_s, products_s, ratio, products.flop


def sgemm_flops(threads: int) -> float:
    """Operations a second of a 2000 x 2000 x 2000 product."""
    a = np.random.default_rng(2).standard_normal((2000, 2000), dtype=np.float32)
    out = np.empty_like(a)
    with threadpool_limits(limits=threads, user_api="blas"):
        took_s = interleaved_s(lambda: np.matmul(a, a, out=out), lambda: None, calls=1, rounds=5)[0]
    return 2 * 2000**3 / took_s


def grown_kb() -> float:
    """Growth of this process, at its largest, over 10 000 steps of a small network."""
    step = step_of((16, 8, 3), batch=8)
    for _ in range(STEPS // 5):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(STEPS):
        step()
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def rows() -> list[Row]:
    # First, while nothing larger has been in memory.
    found = [
        Row("step_memory_growth_kb", grown_kb(), "kB in 10 000 steps", 500.0, "lower", 0.0),
    ]
    for threads in (1, 2):
        name = f"{threads}t"
        step_s, products_s, ratio, flop = measured(WIDTHS, threads, calls=10, rounds=11)
        found += [
            Row(f"step_over_matmul_{name}", ratio, "of its products", 1.5, "lower", 1.0),
            Row(f"step_ms_{name}", step_s * 1e3, "ms", None, "lower", products_s * 1e3),
            Row(
                f"step_over_published_matmul_{name}",
                step_s / (PUBLISHED_FLOP * products_s / flop),
                "of the published products",
                None,
                "lower",
                flop / PUBLISHED_FLOP,
            ),
            Row(
                f"step_matmul_over_sgemm_{name}",
                flop / products_s / sgemm_flops(threads),
                "of the rate at 2000^3",
                None,
                "higher",
                1.0,
            ),
        ]
        wide = measured(WIDE, threads, calls=2, rounds=9)[2]
        found.append(Row(f"step_over_matmul_3x_{name}", wide, "of its products", 1.2, "lower", 1.0))
    return found
