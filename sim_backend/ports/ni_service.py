"""NI's gRPC service on simulated boards: what each remote procedure does, and what it refuses.

Nearly all are bound by name (`ni_rpc`). By hand are those that make and clear tasks, those with
many samples, those that wait, and events. What the boards do not do is UNIMPLEMENTED, by name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from nidaqmx.errors import DaqError, DaqReadError, DaqWriteError

from mtjlab.core.errors import BenchError
from sim_backend.ports.ni_bulk import as_bytes, as_samples, with_bytes
from sim_backend.ports.ni_events import Listening
from sim_backend.ports.ni_reads import Waiting
from sim_backend.ports.ni_rpc import procedures
from sim_backend.ports.ni_sessions import DONE, SAMPLES, NoSuchSession, Sessions, SessionTaken
from sim_backend.ports.ni_turns import Gone, Turns
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.ni_errors import NiCode

# Of NI-DAQmx.
_BUFFER_TOO_SMALL = -200229
_UNREGISTER = {"UnregisterEveryNSamplesEvent": SAMPLES, "UnregisterDoneEvent": DONE}
_MOST_SAMPLES = 100_000_000

Wanted = Callable[[], bool]


class Refused(Exception):
    """The answer to a call is an error.

    Attributes:
        status: name of the gRPC status.
        metadata: what NI's client makes its own error of.
    """

    def __init__(self, status: str, text: str, metadata: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.metadata = metadata


class NiService:
    """The boards of one port, for any number of clients.

    Attributes:
        procedures: by NI's name, with the message classes that requests and answers have here.
    """

    def __init__(self, boards: NiPort, gone: Callable[[set[str]], set[str]]) -> None:
        """Serve `boards`, which stay as they are.

        Args:
            boards: of one world.
            gone: of some clients, those that have died.

        Raises:
            BenchError: no board, or protobuf is the slow one.
        """
        if not boards.boards:
            raise BenchError("there is no NI board to serve on this bench")
        self.procedures = procedures()
        self._gone = gone
        self._interpreter = boards.interpreter
        self.turns = Turns(next(iter(boards.boards.values())).world)
        self._sessions = Sessions(self._interpreter)
        read, write = self.procedures["ReadAnalogF64"], self.procedures["WriteAnalogF64"]
        read.response = with_bytes(read.response, "read_array")
        write.request = with_bytes(write.request, "write_array")
        self._by_hand: dict[str, Callable[[Any, str, Wanted], Any]] = {
            "CreateTask": self._create_task,
            "ClearTask": self._clear_task,
            "ReadAnalogF64": self._read,
            "WriteAnalogF64": self._write,
            "WaitUntilTaskDone": self._wait_until_done,
            **{name: self._unregister(name, kind) for name, kind in _UNREGISTER.items()},
        }
        self._bound: dict[str, Callable[[Any], Any] | None] = {}

    def answer(self, name: str, request: Any, client: str, wanted: Wanted) -> Any:
        """The response to one request.

        Args:
            name: of the procedure.
            request: of its class.
            client: who asks; see `gone`.
            wanted: whether the client still waits.

        Raises:
            Refused: always this, whatever went wrong.
        """
        with _refusing(name):
            try:
                return self._answer(name, request, client, wanted)
            except DaqError as error:
                # Whoever died just now must not hold what this client wants.
                if error.error_code != NiCode.RESOURCE_RESERVED or not self.free_orphans():
                    raise
                return self._answer(name, request, client, wanted)

    def _answer(self, name: str, request: Any, client: str, wanted: Wanted) -> Any:
        if name in self._by_hand:
            return self._by_hand[name](request, client, wanted)
        if name not in self._bound:
            self._bound[name] = self.procedures[name].bound(self._interpreter, self._handle)
        bound = self._bound[name]
        if bound is None:
            raise NotImplementedError(f"the simulated NI board does not do {name}")
        return self.turns.take(lambda: bound(request))

    def stream(self, name: str, request: Any, wanted: Wanted) -> Iterator[Any]:
        """The responses to one request, as they come; it is registered when this returns.

        Raises:
            Refused: always this, whatever went wrong.
        """
        response = self.procedures[name].response
        with _refusing(name):
            if name == "RegisterDoneEvent":
                heard = self.turns.look(lambda: self._listen_to_end(request))
                return (response() for _ in heard.stream(self.turns, wanted))
            if name == "RegisterEveryNSamplesEvent":
                heard = self.turns.look(lambda: self._listen_to_samples(request))
                kind = _chosen(request, "every_n_samples_event_type")
                event = response(
                    every_n_samples_event_type=kind,
                    every_n_samples_event_type_raw=kind,
                    n_samples=request.n_samples,
                )
                return (event for _ in heard.stream(self.turns, wanted))
            raise NotImplementedError(f"the simulated NI board does not do {name}")

    def free_orphans(self) -> bool:
        """Let go of the tasks of clients that have died; whether there were any."""
        clients = self.turns.aside(self._sessions.clients)
        dead = self._gone(clients) if clients else set()
        if dead:
            self.turns.look(lambda: self._sessions.leave(dead))
        return bool(dead)

    # --- tasks

    def _handle(self, task: Any) -> Any:
        return self._sessions.held(task.name).handle

    def _listen_to_end(self, request: Any) -> Listening:
        held = self._sessions.held(request.task.name)
        return Listening(
            held,
            DONE,
            self._interpreter,
            lambda call: self._interpreter.register_done_event(held.handle, 0, call, None),
            lambda: self._interpreter.unregister_done_event(held.handle),
        )

    def _listen_to_samples(self, request: Any) -> Listening:
        held = self._sessions.held(request.task.name)
        kind = _chosen(request, "every_n_samples_event_type")
        return Listening(
            held,
            SAMPLES,
            self._interpreter,
            lambda call: self._interpreter.register_every_n_samples_event(
                held.handle, kind, request.n_samples, 0, call, None
            ),
            lambda: self._interpreter.unregister_every_n_samples_event(held.handle, kind),
        )

    def _create_task(self, request: Any, client: str, wanted: Wanted) -> Any:
        if self.turns.aside(lambda: request.session_name in self._sessions):
            # Nobody shall attach to what a client has left that has died.
            self.free_orphans()
        name, new = self.turns.take(
            lambda: self._sessions.create(
                request.session_name, request.initialization_behavior, client
            )
        )
        response = self.procedures["CreateTask"].response(new_session_initialized=new)
        response.task.name = name
        return response

    def _clear_task(self, request: Any, client: str, wanted: Wanted) -> Any:
        self.turns.take(lambda: self._sessions.clear(request.task.name))
        return self.procedures["ClearTask"].response()

    def _unregister(self, name: str, kind: str) -> Callable[[Any, str, Wanted], Any]:
        def end(request: Any) -> None:
            heard = self._sessions.held(request.task.name).events.get(kind)
            if heard is not None:
                heard.end()

        def answer(request: Any, client: str, wanted: Wanted) -> Any:
            self.turns.look(lambda: end(request))
            return self.procedures[name].response()

        return answer

    # --- samples

    def _write(self, request: Any, client: str, wanted: Wanted) -> Any:
        volts = as_samples(request.write_array)
        waiting = self._waiting(request, request.timeout)
        written = self.turns.take_when(
            partial(waiting.space_s, request.num_samps_per_chan),
            partial(waiting.write, request, _chosen(request, "data_layout"), volts),
            wanted,
        )
        return self.procedures["WriteAnalogF64"].response(samps_per_chan_written=written)

    def _read(self, request: Any, client: str, wanted: Wanted) -> Any:
        count, fill = request.num_samps_per_chan, _chosen(request, "fill_mode")
        waiting = self._waiting(request, request.timeout)
        width, piece = self.turns.look(lambda: waiting.shape(count))
        size = request.array_size_in_samps
        if not 0 <= count * width <= size <= _MOST_SAMPLES:
            raise DaqReadError(
                f"{count} samples of {width} channels do not fit an array of {size}",
                _BUFFER_TOO_SMALL,
                0,
            )
        samples_v = np.zeros(size)
        rows = samples_v[: size - size % max(width, 1)].reshape(max(width, 1), -1)
        for first in range(0, max(count, 1), max(piece, 1)):
            n = min(piece, count - first)
            rows[:width, first : first + n] = self.turns.take_when(
                partial(waiting.samples_s, n), partial(waiting.read, n, width, fill), wanted
            )
        return self.procedures["ReadAnalogF64"].response(
            read_array=as_bytes(samples_v), samps_per_chan_read=count
        )

    def _wait_until_done(self, request: Any, client: str, wanted: Wanted) -> Any:
        waiting = self._waiting(request, request.time_to_wait)
        self.turns.take_when(waiting.done_s, waiting.wait, wanted)
        return self.procedures["WaitUntilTaskDone"].response()

    def _waiting(self, request: Any, timeout_s: float) -> Waiting:
        return self.turns.look(
            lambda: Waiting(self._sessions.held(request.task.name), self._interpreter, timeout_s)
        )


def _chosen(request: Any, name: str) -> Any:
    return getattr(request, request.WhichOneof(f"{name}_enum") or name)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Every error as `Refused`, in the form that NI's client understands."""
    try:
        yield
    except DaqError as error:
        metadata: tuple[tuple[str, str], ...] = (("ni-error", str(error.error_code)),)
        if isinstance(error, DaqReadError):
            metadata += (("ni-samps-per-chan-read", str(error.samps_per_chan_read)),)
        if isinstance(error, DaqWriteError):
            metadata += (("ni-samps-per-chan-written", str(error.samps_per_chan_written)),)
        raise Refused("UNKNOWN", str(error), metadata) from error
    except NotImplementedError as error:
        raise Refused("UNIMPLEMENTED", str(error)) from error
    except NoSuchSession as error:
        raise Refused("NOT_FOUND", str(error)) from error
    except SessionTaken as error:
        raise Refused("ALREADY_EXISTS", str(error)) from error
    except Gone as error:
        raise Refused("CANCELLED", f"{name}: nobody waits for the answer") from error
    except Exception as error:
        raise Refused("INTERNAL", f"{name}: {type(error).__name__}: {error}") from error
