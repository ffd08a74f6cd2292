"""What is left of the gradient when one junction serves all nodes one after the other.

A linear loss g . a over N = 500 nodes of one layer, the reference rig's telegraph (rho = 0.838 from
one sample to the next, levels 5.93 mV from their mean, 0.908 mV of instrument noise), two noisy
reads of every sample, update nu dL P da as in `NoiseBased`. The figure is the cosine between the
update summed over 4e5 samples and g; the limit is what independent nodes reach with as many.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from mtjlab.learning.serial_noise import Serial
from sim_backend.physics.packed import Packed
from sim_backend.physics.rates import Rates

NODES = 500
RHO = 0.838
SAMPLES = 400_000
LEVEL_MV = 5.9316154
SIGMA_MV = 0.90841466
WHITE_RATIO = (SIGMA_MV / LEVEL_MV) ** 2
SEED = 1
# Junctions in series do not know of each other: so many chains run side by side.
CHAINS = 4096


def cosine(
    serial: Serial | None, *, sigma: float, samples: int, seed: int, independent: bool = False
) -> float:
    """Between the summed update and the gradient.

    Args:
        serial: undoes the covariance; None: the raw update.
        sigma: of the instrument's noise, with the levels of the telegraph at -1 and 1.
        samples: rounded up to whole multiples of `CHAINS`.
        seed: of gradient and noise.
        independent: every node has a junction of its own.
    """
    rng = np.random.default_rng(seed)
    gradient = rng.standard_normal(NODES)
    interval = math.inf if independent else -math.log(RHO)
    junctions = Packed(Rates(np.ones(CHAINS), np.full(CHAINS, 0.5)), interval, CHAINS, rng)
    update = np.zeros(NODES)
    for _ in range(-(-samples // CHAINS)):
        first, second = (junctions.read(NODES, -1.0, 1.0, sigma).T for _ in range(2))
        update += _update(first - second, gradient, serial)
    return float(update @ gradient / np.linalg.norm(update) / np.linalg.norm(gradient))


def _update(
    difference: NDArray[np.float32], gradient: NDArray[np.float64], serial: Serial | None
) -> NDArray[np.float64]:
    """Sum over samples of nu dL P da, (nodes,)."""
    weighed = difference if serial is None else serial.weigh([difference])[0]
    loss = difference @ gradient.astype(np.float32)
    power = np.einsum("sn,sn->s", difference, weighed)
    factor = np.divide(NODES * loss, power, out=np.zeros_like(power), where=power > 0.0)
    return (factor @ weighed).astype(np.float64)


def rows() -> list[Row]:
    sigma = SIGMA_MV / LEVEL_MV
    pure, white = Serial([NODES], RHO), Serial([NODES], RHO, WHITE_RATIO)

    def measured(serial: Serial | None, sigma: float, independent: bool = False) -> float:
        return cosine(serial, sigma=sigma, samples=SAMPLES, seed=SEED, independent=independent)

    best = measured(None, 0.0, independent=True)
    return [
        Row("serial_cosine_raw", measured(None, 0.0), "", None, "higher", best),
        Row("serial_cosine_inverse", measured(pure, 0.0), "", 0.99, "higher", best),
        Row("serial_cosine_inverse_white", measured(white, sigma), "", 0.98, "higher", best),
    ]
