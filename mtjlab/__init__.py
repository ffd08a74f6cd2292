"""mtjlab: neural networks on magnetic tunnel junctions, taught by the junctions' own noise.

import mtjlab

run = mtjlab.run("noise_learning", bench="twin", seed=1, task="xor")
print(run.results["train_accuracy"], run.to_pandas("step"))
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = ["LoadedRun", "__version__", "load", "open_bench", "run"]


def __getattr__(name: str) -> Any:
    """What `mtjlab.api` offers, imported only when somebody asks: the import stays fast."""
    if name in __all__:
        return getattr(importlib.import_module("mtjlab.api"), name)
    raise AttributeError(f"module 'mtjlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
