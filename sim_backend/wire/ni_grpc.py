"""NI boards of a world over the wire: NI's own gRPC interface, on loopback.

The unmodified nidaqmx package of any process reaches them by `grpc_options`. When a client dies
its outputs hold, its tasks are freed, and everybody else is served on.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any, Self

import grpc

from mtjlab.core.errors import BenchError
from sim_backend.ports.ni_service import NiService, Refused
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.wire.listener import loopback
from sim_backend.wire.ni_peers import connected_ports

_SERVICE = "nidaqmx_grpc.NiDAQmx"
# Every event stream and every waiting read holds one; they are made as they are needed.
_WORKERS = 256
# The system's tables are slow to read; whoever wants what the dead hold looks at once.
_LOOK_FOR_THE_DEAD_S = 1.0
_OPTIONS = (
    # Two servers on one port would share its clients between them without an error.
    ("grpc.so_reuseport", 0),
    # The default, 4 MB, is less than a block of 8 x 70 000 samples.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


class NiServer:
    """Serves the boards of one port until it is stopped.

    A client whose connection has gone is taken for dead; one that asks nothing for half an hour
    and listens to no event closes it, unless its channel option `grpc.client_idle_timeout_ms`
    says otherwise. Seen on Linux only: elsewhere its tasks stay until somebody resets the board.
    """

    def __init__(self, boards: NiPort, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Nothing is bound before `start`.

        Args:
            boards: of a world whose clock is a `ServedClock`; else bench time passes in calls only.
            host: a loopback address.
            port: 0: whichever is free.

        Raises:
            BenchError: no board, an address that others can reach, or a slow protobuf.
        """
        self._service = NiService(boards, self._gone)
        self._host, self._port = loopback(host), port
        self._server: Any = None
        self._workers: futures.ThreadPoolExecutor | None = None
        self._watch: threading.Thread | None = None

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, as the driver's option `grpc` wants it; after `start`."""
        return f"{self._host}:{self._port}"

    def start(self) -> Self:
        """Bind, serve in threads of its own, and come back.

        Raises:
            BenchError: the port is taken.
        """
        self._workers = futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="ni-grpc")
        self._server = grpc.server(self._workers, options=_OPTIONS)
        self._server.add_generic_rpc_handlers((_Handlers(self._service),))
        try:
            self._port = self._server.add_insecure_port(self.address)
        except RuntimeError as error:
            raise BenchError(
                f"{self.address} cannot be bound: {error}. Use another port, or 0 for a free one"
            ) from error
        self._server.start()
        self._watch = threading.Thread(target=self._keep_freeing, name="ni-grpc-watch", daemon=True)
        self._watch.start()
        return self

    def stop(self) -> None:
        """End every call and event, close every connection; outputs hold. Idempotent."""
        self._service.turns.stopping.set()
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        if self._workers is not None:
            self._workers.shutdown()
            self._workers = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _gone(self, clients: set[str]) -> set[str]:
        alive = connected_ports(self._port)
        if alive is None:
            return set()
        return {client for client in clients if int(client.rpartition(":")[2]) not in alive}

    def _keep_freeing(self) -> None:
        while not self._service.turns.stopping.wait(_LOOK_FOR_THE_DEAD_S):
            self._service.free_orphans()


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Finds the handler of a procedure by its name."""

    def __init__(self, service: NiService) -> None:
        self._service = service

    def service(self, details: Any) -> Any:
        """As gRPC wants it; None is UNIMPLEMENTED."""
        service, _, name = details.method.strip("/").partition("/")
        procedure = self._service.procedures.get(name)
        if service != _SERVICE or procedure is None:
            return None
        make, handle = (
            (grpc.unary_stream_rpc_method_handler, self._streaming(name))
            if procedure.streams
            else (grpc.unary_unary_rpc_method_handler, self._answering(name))
        )
        return make(
            handle,
            request_deserializer=procedure.request.FromString,
            response_serializer=procedure.response.SerializeToString,
        )

    def _answering(self, name: str) -> Callable[[Any, Any], Any]:
        def answer(request: Any, context: Any) -> Any:
            try:
                return self._service.answer(name, request, context.peer(), context.is_active)
            except Refused as refused:
                _abort(context, refused)

        return answer

    def _streaming(self, name: str) -> Callable[[Any, Any], Iterator[Any]]:
        def stream(request: Any, context: Any) -> Iterator[Any]:
            try:
                events = self._service.stream(name, request, context.is_active)
            except Refused as refused:
                _abort(context, refused)
            # NI's client waits for it: from now on the event is registered.
            context.send_initial_metadata(())
            yield from events

        return stream


def _abort(context: Any, refused: Refused) -> Any:
    context.set_trailing_metadata(refused.metadata)
    context.abort(getattr(grpc.StatusCode, refused.status), str(refused))
