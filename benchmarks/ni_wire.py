"""NI boards over the wire: the same calls of nidaqmx over gRPC and in memory, on the same twin.

The server is another process; its bench time is virtual, so that nothing waits for samples. What
both pay for is the twin: eight junctions read with noise, four outputs.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import grpc
import nidaqmx
import numpy as np
from nidaqmx.constants import AcquisitionType
from nidaqmx.stream_readers import AnalogMultiChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter

from benchmarks.rows import Row, interleaved_s
from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardTwin
from sim_backend.wire.ni_grpc import NiServer
from sim_backend.world.world import World

INPUTS, OUTPUTS, RATE_HZ = 8, 4, 200e3
CALLS = {1_000: 40, 10_000: 10}


def rows() -> list[Row]:
    here, served = _boards(), []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ni_wire"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        channel = grpc.insecure_channel(
            server.stdout.readline().strip(),
            options=(("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0)),
        )
        options = nidaqmx.GrpcSessionOptions(channel, "")
        for count, calls in CALLS.items():
            with nidaqmx.Task(grpc_options=options) as far, here.task() as near:
                wire_s, memory_s, _ = interleaved_s(
                    _reading(far, count), _reading(near, count), calls=calls
                )
            served.append(_row(f"read_8x{count}", wire_s, memory_s))
        with nidaqmx.Task(grpc_options=options) as far, here.task() as near:
            wire_s, memory_s, _ = interleaved_s(_writing(far), _writing(near), calls=10)
            served.append(_row("write_4x10000", wire_s, memory_s))
            wire_s, memory_s, _ = interleaved_s(far.is_task_done, near.is_task_done, calls=100)
            served.append(_row("call", wire_s, memory_s))
        channel.close()
        server.stdin.close()
    return served


def _row(name: str, wire_s: float, memory_s: float) -> Row:
    return Row(f"ni_wire_{name}_ms", wire_s * 1e3, "ms", None, "lower", memory_s * 1e3)


def _boards() -> NiPort:
    wiring = Wiring(
        tuple(
            SingleJunction(
                Cell(0, i), "smu", 10e3, 1.0, InputWire("daq", f"ai{i}", 1.0, "differential")
            )
            for i in range(INPUTS)
        )
    )
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
        clock=VirtualClock(),
    )
    world.drive("smu", 0.1)
    boards = NiPort()
    boards.attach(
        "Dev1",
        NiBoardTwin(
            name="daq",
            resource="Dev1",
            options=NiBoardTwin.options_model(block_samples=10_000),
            world=world,
            inputs=wiring.inputs("daq"),
            outputs=(),
        ),
    )
    return boards


def _reading(task: Any, count: int) -> Callable[[], object]:
    task.ai_channels.add_ai_voltage_chan(f"Dev1/ai0:{INPUTS - 1}", min_val=-1, max_val=1)
    task.timing.cfg_samp_clk_timing(
        RATE_HZ, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=10 * count
    )
    reader = AnalogMultiChannelReader(task.in_stream)
    reader.verify_array_shape = False
    scan_v = np.empty((INPUTS, count))
    task.start()
    return lambda: reader.read_many_sample(scan_v, count)


def _writing(task: Any) -> Callable[[], object]:
    task.ao_channels.add_ao_voltage_chan(f"Dev1/ao0:{OUTPUTS - 1}")
    task.timing.cfg_samp_clk_timing(RATE_HZ, samps_per_chan=10_000)
    writer = AnalogMultiChannelWriter(task.out_stream, auto_start=False)
    writer.verify_array_shape = False
    waveform_v = np.zeros((OUTPUTS, 10_000))
    return lambda: writer.write_many_sample(waveform_v)


if __name__ == "__main__":
    with NiServer(_boards()) as ni_server:
        print(ni_server.address, flush=True)
        sys.stdin.read()
