"""NI boards in another process or computer, through NI's own gRPC interface.

The same for a simulated board that `mtjlab serve` serves and for a real one behind NI's gRPC
Device Server. Needs the extra `remote`; nothing else of the drivers imports this.
"""

import threading
from typing import Any

import grpc
import nidaqmx
import nidaqmx.system
from google.protobuf.internal import api_implementation
from nidaqmx.grpc_session_options import SessionInitializationBehavior

from drivers.ni_channel import NO_ANSWER, RemoteChannel
from mtjlab.core.errors import BenchError, NotFound


class RemoteNi:
    """What a driver is handed as `Ports.ni`, here with the boards of a server.

    Attributes:
        abort: ends every call that waits.
    """

    def __init__(self, address: str, where: str, timeout_s: float) -> None:
        """Connect.

        Args:
            address: `HOST:PORT`.
            where: the board with its address, for messages.
            timeout_s: how much longer than it must a call may take, s.

        Raises:
            BenchError: protobuf is the slow one.
            NotFound: nothing answers there.
        """
        _demand_native_protobuf(where)
        self.abort = threading.Event()
        self._channel = RemoteChannel(address, where, timeout_s, self.abort)
        # Never attach: a task of that name could be what a program that died has left.
        self._options = nidaqmx.GrpcSessionOptions(
            self._channel,
            "",
            initialization_behavior=SessionInitializationBehavior.INITIALIZE_SERVER_SESSION,
        )
        try:
            self._greet(address, where)
        except BaseException:
            self._channel.close()
            raise

    def _greet(self, address: str, where: str) -> None:
        try:
            self._channel.greet()
        except grpc.RpcError as error:
            if error.code() not in NO_ANSWER:
                return
            raise NotFound(
                f"{where}: no server for NI boards answers at {address}. Start it there (`mtjlab "
                "serve`, or NI's gRPC Device Server for a real board), and check the address and "
                "the firewall"
            ) from error

    def task(self, name: str = "") -> Any:
        """A new `nidaqmx.Task` on the server."""
        return nidaqmx.Task(name, grpc_options=self._options)

    def device(self, name: str) -> Any:
        """A `nidaqmx.system.Device` of the server; an absent one fails at its first question."""
        return nidaqmx.system.Device(name, grpc_options=self._options)

    def close(self) -> None:
        """Close the connection; outputs hold."""
        self._channel.close()


def _demand_native_protobuf(where: str) -> None:
    kind = api_implementation.Type()
    if kind != "upb":
        raise BenchError(
            f"{where}: protobuf runs on its {kind!r} implementation, which is twenty times too "
            "slow for NI boards over the wire. Unset PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION, or "
            "reinstall protobuf for this Python"
        )
