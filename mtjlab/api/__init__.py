"""mtjlab from Python: open a bench, run a protocol, load a run. All of it is `import mtjlab`."""

from mtjlab.api.loaded import LoadedRun, load
from mtjlab.api.opened import open_bench
from mtjlab.api.running import run

__all__ = ["LoadedRun", "load", "open_bench", "run"]
