"""Telegraph states of 4096 junctions, each with rates of its own, packed and as noisy readings.

The limit is the rate at which this machine fills memory with as many bytes: one bit a sample
packed, four bytes as float32. Both are written to arrays that do not fit any cache.
"""

import numpy as np

from benchmarks.rows import Row, interleaved_s
from sim_backend.physics.packed import Packed
from sim_backend.physics.rates import Rates

JUNCTIONS = 4096
DT_S = 5e-6
SEED = 1
PACKED_STEPS = 1 << 18
READ_STEPS = 1 << 13


def rows() -> list[Row]:
    rng = np.random.default_rng(SEED)
    # Correlation times from 10 us to 1000 s: probabilities of a step from 5e-11 to 0.4.
    rates = Rates(10.0 ** rng.uniform(-3, 5, JUNCTIONS), rng.uniform(0.01, 0.99, JUNCTIONS))
    junctions = Packed(rates, DT_S, JUNCTIONS, rng)
    packed = np.empty((PACKED_STEPS, JUNCTIONS // 64), dtype=np.uint64)
    readings = np.empty((READ_STEPS, JUNCTIONS), dtype=np.float32)
    junctions.advance(1)  # compiles
    junctions.read(1, 0.0, 1.0, 0.1)

    packed_s, fill_bits_s, _ = interleaved_s(
        lambda: junctions.advance(PACKED_STEPS, out=packed), lambda: packed.fill(0), calls=1
    )
    read_s, fill_floats_s, _ = interleaved_s(
        lambda: junctions.read(READ_STEPS, 36.16e-3, 48.02e-3, 0.908e-3, out=readings),
        lambda: readings.fill(0.0),
        calls=1,
    )
    million = JUNCTIONS / 1e6
    return [
        Row(
            "telegraph_packed_msps",
            PACKED_STEPS * million / packed_s,
            "Msample/s",
            3500.0,
            "higher",
            PACKED_STEPS * million / fill_bits_s,
        ),
        Row(
            "telegraph_float_msps",
            READ_STEPS * million / read_s,
            "Msample/s",
            250.0,
            "higher",
            READ_STEPS * million / fill_floats_s,
        ),
    ]
