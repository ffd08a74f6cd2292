"""A gRPC channel on which every call ends: with an answer, after a time, or by `abort`.

NI's client sets no deadline and cannot be interrupted: a server that hangs would hold it for ever.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import grpc

from mtjlab.core.errors import Aborted

_OPTIONS = (
    # The default, 4 MB, is less than a block of 8 x 70 000 samples.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # A proxy for the web leads to no instrument.
    ("grpc.enable_http_proxy", 0),
    # A server may take a connection that was closed for idleness for a client that has died.
    ("grpc.client_idle_timeout_ms", 2**31 - 1),
)
_GREETING = "/nidaqmx_grpc.NiDAQmx/GetSystemInfoAttributeUInt32"
_CLEANING = ("StopTask", "ClearTask")
_SLICE_S = 0.02
# After an abort the caller must be free within 0.1 s.
_HURRIED_S = 0.05
NO_ANSWER = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class RemoteChannel:
    """What NI's client needs of a `grpc.Channel`.

    A call that is abandoned leaves the channel *dirty*: the server may still be at it. Tasks that
    could not be stopped and cleared since then are remembered, and are before anything else is
    asked.

    Attributes:
        abort: while it is set a call that waits raises `Aborted`, and cleaning is hurried.
    """

    def __init__(self, address: str, where: str, timeout_s: float, abort: threading.Event) -> None:
        """Connect when the first call is made.

        Args:
            address: `HOST:PORT`.
            where: the board, for messages.
            timeout_s: how much longer than it must a call may take, s.
            abort: see above.
        """
        self.abort = abort
        self._where = where
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._made: dict[str, Any] = {}
        self._dirty = False
        self._owed: deque[_Call] = deque()

    def unary_unary(self, method: str, **how: Any) -> Callable[..., Any]:
        """As `grpc.Channel`; made on first use, for NI's client asks for all 450 of them."""
        return partial(self._ask, method, how)

    def unary_stream(self, method: str, **how: Any) -> Any:
        """As `grpc.Channel`: events have no deadline."""
        return self._channel.unary_stream(method, **how)

    def greet(self) -> None:
        """One call without meaning, to find out whether anybody answers.

        Raises:
            grpc.RpcError: with a status in `NO_ANSWER` if nobody does; else an answer.
        """
        self._ask(_GREETING, {}, b"")

    def close(self) -> None:
        """Send what is owed, if the server answers at once; close the connection."""
        self._timeout_s = _HURRIED_S
        with suppress(grpc.RpcError):
            self._settle()
        self._channel.close()

    def _ask(self, method: str, how: Any, request: Any, metadata: Any = None) -> Any:
        call = _Call(method, how, request, metadata)
        if method.rpartition("/")[2] in _CLEANING:
            return self._clean(call)
        self._settle()
        try:
            return self._wait(call)
        except grpc.RpcError as error:
            self._dirty = self._dirty or error.code() in NO_ANSWER
            raise

    def _clean(self, call: "_Call") -> Any:
        """Stop or clear a task, now or later; NI's client does not look at these answers."""
        if not self._dirty:
            try:
                return self._wait(call, hurried=self.abort.is_set())
            except grpc.RpcError as error:
                if error.code() not in NO_ANSWER:
                    raise
            except Aborted:
                pass
        self._dirty = True
        self._owed.append(call)
        return None

    def _settle(self) -> None:
        """Make a dirty channel clean."""
        while self._owed:
            try:
                self._wait(self._owed[0])
            except grpc.RpcError as error:
                # Otherwise the server answers: the task is gone already.
                if error.code() in NO_ANSWER:
                    raise
            self._owed.popleft()
        self._dirty = False

    def _wait(self, call: "_Call", *, hurried: bool = False) -> Any:
        """The answer; an abort that comes meanwhile ends the wait."""
        if call.method not in self._made:
            self._made[call.method] = self._channel.unary_unary(call.method, **call.how)
        aborted = self.abort.is_set()
        future = self._made[call.method].future(
            call.request,
            timeout=_HURRIED_S if hurried else self._deadline_s(call.request),
            metadata=call.metadata,
        )
        while True:
            try:
                return future.result(timeout=_SLICE_S)
            except grpc.FutureTimeoutError:
                if self.abort.is_set() and not aborted:
                    future.cancel()
                    self._dirty = True
                    raise Aborted(
                        f"{self._where}: aborted while it waited for an answer to "
                        + call.method.rpartition("/")[2]
                    ) from None

    def _deadline_s(self, request: Any) -> float | None:
        """Reads and waits may take as long as they say, or for ever."""
        own_s = getattr(request, "timeout", getattr(request, "time_to_wait", 0.0))
        return None if own_s < 0 else self._timeout_s + own_s


class _Call(NamedTuple):
    """One request to one procedure; `how` is what gRPC makes the procedure from."""

    method: str
    how: Mapping[str, Any]
    request: Any
    metadata: Any
