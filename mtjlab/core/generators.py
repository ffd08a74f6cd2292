"""Named random generators of a run, with a state that survives the process.

`--seed` is the run. Each name has its own sequence, derived by an explicit spawn key, so that a
name added later changes no other. (The bench file's seed is the chip, and lives in the world.)
"""

import json
from collections.abc import Mapping

import numpy as np

NAMES = ("noise", "instruments", "weights", "split", "faults")


class Generators:
    """The generators of one run, by name: `generators["weights"]`.

    Ask by name each time instead of keeping the object: `restore` replaces it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._by_name = {
            name: np.random.Generator(
                np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index,)))
            )
            for index, name in enumerate(NAMES)
        }

    def __getitem__(self, name: str) -> np.random.Generator:
        return self._by_name[name]

    def state(self) -> dict[str, str]:
        """Name -> JSON text: bit-generator state, entropy, spawn key, children spawned.

        The bit-generator state alone does not hold the seed sequence: children spawned after a
        restore would differ from those of the uninterrupted run.
        """
        return {name: _dump(generator) for name, generator in self._by_name.items()}

    def restore(self, state: Mapping[str, str]) -> None:
        """Continue exactly where `state()` was taken."""
        for name, text in state.items():
            self._by_name[name] = _load(text)


def _dump(generator: np.random.Generator) -> str:
    sequence = generator.bit_generator.seed_seq
    assert isinstance(sequence, np.random.SeedSequence)
    return json.dumps(
        {
            "bits": generator.bit_generator.state,
            "entropy": sequence.entropy,
            "spawn_key": list(sequence.spawn_key),
            "children": sequence.n_children_spawned,
        }
    )


def _load(text: str) -> np.random.Generator:
    saved = json.loads(text)
    bits = np.random.PCG64(
        np.random.SeedSequence(
            saved["entropy"],
            spawn_key=tuple(saved["spawn_key"]),
            n_children_spawned=saved["children"],
        )
    )
    bits.state = saved["bits"]
    return np.random.Generator(bits)
