"""For type checkers: what `mtjlab/__init__.py` imports when it is asked for."""

from mtjlab.api import LoadedRun as LoadedRun
from mtjlab.api import load as load
from mtjlab.api import open_bench as open_bench
from mtjlab.api import run as run

__version__: str
