"""Any `Procedure` of PyMeasure as a protocol: `mtjlab run pymeasure:package.module.MyProcedure`.

A procedure opens its instruments itself, so no guard stands before them: the bench must say
`allow_raw = true`, its own links are closed meanwhile, and afterwards it is connected again and
made safe. Startup, execute and shutdown run in a thread of their own that stands still whenever it
emits until the row is in the run file, so that pausing and stopping take effect between two rows.
"""

import importlib
import math
import sys
import time
from collections.abc import Generator, Iterator
from typing import Any, ClassVar

import numpy as np
from pymeasure.experiment import Procedure

from drivers.pymeasure_parameters import model, streams
from drivers.pymeasure_worker import Ended, Logged, ProcedureWorker, Progressed, Row
from mtjlab.core.errors import DataError, MtjlabError, NotSafeError, UsageError
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream

# How long a step may take without a word: then pausing, stopping and the lease are seen to.
_TURN_S = 0.2
# How long a procedure that is told to stop may take for it, with its own shutdown.
_ENDS_WITHIN_S = 30.0


class PymeasureProcedure:
    """Satisfies `Protocol`.

    Attributes:
        parameters: made of the procedure's own.
        unguarded: it needs `allow_raw`.
    """

    unguarded: ClassVar[bool] = True

    def __init__(self, target: str) -> None:
        """Find the class at `package.module.MyProcedure`; the working directory counts.

        Raises:
            UsageError: there is none, or it cannot be made.
        """
        self._kind = _find(target)
        try:
            made = self._kind()
            self._streams = streams(made.DATA_COLUMNS)
            self.parameters: type[Parameters] = model(self._kind.__name__, made.parameter_objects())
        except Exception as error:
            raise UsageError(f"the procedure {target} cannot be made: {error}") from error

    def resolve(self, params: Parameters) -> Parameters:
        """Nothing depends on anything."""
        return params

    def twin_overrides(self, params: Parameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: Parameters, rig: Rig) -> list[Stream]:
        """One per data column, its unit as the column says."""
        return list(self._streams.values())

    def setup(self, rig: Rig, params: Parameters) -> None:
        """The instruments are the procedure's from here on."""
        rig.hand_over()

    def steps(
        self, rig: Rig, params: Parameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """Run the procedure; a step is a row, or a fifth of a second without one.

        Raises:
            MtjlabError: it failed; NotSafeError: it does not end.
        """
        if state is not None:
            raise MtjlabError("a PyMeasure procedure cannot go on from the middle; run it anew")
        procedure = self._kind()
        for name, value in params.model_dump().items():
            setattr(procedure, name, value)
        procedure.refresh_parameters()
        worker = ProcedureWorker(procedure)
        worker.start()
        done, rows = 0.0, 0
        try:
            while True:
                event = worker.next(_TURN_S)
                if isinstance(event, Logged):
                    rig.notice(event.level, event.text)
                    continue
                if isinstance(event, Row):
                    rows += self._emit(rig, event.values)
                elif isinstance(event, Progressed):
                    done = min(max(event.percent, done), 100.0)
                elif isinstance(event, Ended):
                    return {"rows": rows, "procedure": self._kind.__name__}
                yield Progress({"rows": rows}, done, 100.0, {"rows": rows})
                if isinstance(event, Row):
                    worker.go_on()
        finally:
            _end(worker, rig)

    def _emit(self, rig: Rig, values: dict[str, Any]) -> int:
        unknown = [column for column in values if column not in self._streams]
        if unknown:
            raise DataError(f"emitted {unknown[0]!r}, which is not among DATA_COLUMNS")
        for column, stream in self._streams.items():
            value = values.get(column, math.nan)
            if np.ndim(value) or not isinstance(value, int | float | np.number):
                raise DataError(f"emitted {value!r} as {column!r}; expected one number a row")
            rig.emit(stream.name, np.array([float(value)]))
        return 1


def _end(worker: ProcedureWorker, rig: Rig) -> None:
    worker.stop()
    until_s = time.monotonic() + _ENDS_WITHIN_S
    while worker.alive and time.monotonic() < until_s:
        rig.busy(2 * _TURN_S)
        worker.wait(_TURN_S)
    for text in _left(worker):
        rig.notice("error", text)
    if worker.alive:
        raise NotSafeError(
            "the procedure was told to stop and does not end; its thread still holds instruments. "
            "End this program, then `mtjlab safe`"
        )


def _left(worker: ProcedureWorker) -> Iterator[str]:
    while (event := worker.next(0.0)) is not None:
        if isinstance(event, Logged):
            yield event.text


def _find(target: str) -> type[Any]:
    module, _, name = target.rpartition(".")
    if not module:
        raise UsageError(f"pymeasure:{target}: expected pymeasure:package.module.MyProcedure")
    here = "" if "" in sys.path else "."
    if here:
        sys.path.append(here)
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except Exception as error:
        raise UsageError(f"pymeasure:{target}: {module} does not load: {error}") from error
    finally:
        if here:
            sys.path.remove(here)
    if not (isinstance(kind, type) and issubclass(kind, Procedure)):
        raise UsageError(f"pymeasure:{target}: no Procedure of PyMeasure called {name!r} there")
    return kind
