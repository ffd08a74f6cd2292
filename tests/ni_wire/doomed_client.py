"""A program that is killed: does what its first argument says, prints a line, and goes on."""

import sys

import grpc
import nidaqmx
import numpy as np
from nidaqmx.constants import AcquisitionType
from nidaqmx.stream_readers import AnalogMultiChannelReader

what, address = sys.argv[1:]
channel = grpc.insecure_channel(address, options=(("grpc.enable_http_proxy", 0),))
options = nidaqmx.GrpcSessionOptions(channel, "")
task = nidaqmx.Task("doomed", grpc_options=options)
match what:
    case "hold":
        task.ao_channels.add_ao_voltage_chan("Dev1/ao0")
        task.start()
        task.write(0.1)
    case "play":
        task.ao_channels.add_ao_voltage_chan("Dev1/ao0")
        task.timing.cfg_samp_clk_timing(1e3, samps_per_chan=1200)
        task.write(np.linspace(0.0, 0.3, 1200))
        task.start()
    case "acquire":
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
        task.timing.cfg_samp_clk_timing(1e3, sample_mode=AcquisitionType.CONTINUOUS)
        task.register_done_event(lambda *_: 0)
        task.start()
print("ready", flush=True)
if what == "acquire":
    AnalogMultiChannelReader(task.in_stream).read_many_sample(np.empty((1, 10**6)), 10**6, -1)
sys.stdin.read()
