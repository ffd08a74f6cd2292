"""NI boards over the wire, served by this process or by another one."""

import importlib.util
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import nidaqmx
import pytest
from nidaqmx.stream_readers import AnalogMultiChannelReader

from drivers.nidaqmx import NiDaq
from mtjlab.core.clock import ServedClock, VirtualClock, WallClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.permit import WritePermit
from sim_backend.wire.ni_grpc import NiServer

HERE = Path(__file__).parent
OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0))

_spec = importlib.util.spec_from_file_location("served_board", HERE / "served_board.py")
served_board = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served_board)


class Client:
    """The unmodified nidaqmx package on a connection of its own."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(
            address, options=(*OPTIONS, ("grpc.use_local_subchannel_pool", 1))
        )
        self.options = nidaqmx.GrpcSessionOptions(self.channel, "")

    def task(self, channels="", *, range_v=10.0, name=""):
        task = nidaqmx.Task(name, grpc_options=self.options)
        try:
            if "ao" in channels and "_ao" not in channels:
                task.ao_channels.add_ao_voltage_chan(channels)
            elif channels:
                task.ai_channels.add_ai_voltage_chan(channels, min_val=-range_v, max_val=range_v)
        except BaseException:
            task.close()
            raise
        return task

    def held_v(self, *outputs):
        """What outputs hold, by the board's internal channels."""
        with self.task(", ".join(f"Dev1/_{o}_vs_aognd" for o in outputs)) as task:
            held_v = task.read()
        return held_v if len(outputs) > 1 else [held_v]

    def write(self, channels, volts):
        with self.task(channels) as task:
            task.write(volts)

    @staticmethod
    def read(task, buffer, count, **how):
        return AnalogMultiChannelReader(task.in_stream).read_many_sample(buffer, count, **how)

    def close(self):
        self.channel.close()


@pytest.fixture
def make_served():
    """Board and server in this process; the clock follows the wall unless given."""
    servers = []

    def make(clock=None, **options):
        _, twin, port = served_board.made(clock or ServedClock(), **options)
        servers.append(NiServer(port).start())
        return twin, servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def lasting():
    """A board in virtual time and a client of it, for many examples."""
    _, twin, port = served_board.made(VirtualClock())
    with NiServer(port) as server, closing(Client(server.address)) as client:
        yield twin, client


@pytest.fixture
def connect():
    """Independent clients."""
    clients = []

    def make(address):
        clients.append(Client(address))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@contextmanager
def served_process():
    """A board served by another process, that and its address."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "served_board.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(20)


@pytest.fixture(scope="session")
def board():
    with served_process() as (_, address):
        yield address


@pytest.fixture
def own_board():
    """As `board`, for tests that stop or kill it."""
    with served_process() as served:
        yield served


@pytest.fixture
def opened():
    """Our driver on a served board, with its write permit open."""
    wiring, _, _ = served_board.made(ServedClock())
    permit = WritePermit()

    @contextmanager
    def open_at(address, **options):
        opening = Opening(
            name="daq",
            resource="Dev1",
            options={"grpc": address} | options,
            ports=Ports(),
            clock=WallClock(),
            permit=permit,
            inputs=wiring.inputs("daq"),
            outputs=wiring.outputs("daq"),
        )
        with closing(NiDaq.open(opening)) as daq, permit.opened():
            yield daq

    return open_at
