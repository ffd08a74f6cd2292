"""NI's unmodified client against the server: the same answers as in memory, and its own errors."""

import contextlib
import threading

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nidaqmx.constants import AcquisitionType, RegenerationMode
from nidaqmx.errors import DaqError, DaqReadError, DaqWriteError, RpcError
from nidaqmx.system import Device, System

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError
from sim_backend.ports import ni_rpc
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.wire.ni_grpc import NiServer
from sim_backend.wire.ni_peers import connected_ports

CONTINUOUS = AcquisitionType.CONTINUOUS


def acquire(task, count=2000, rate_hz=200e3):
    task.timing.cfg_samp_clk_timing(rate_hz, samps_per_chan=count)
    return np.array(task.read(count))


def test_the_same_seed_gives_the_same_samples_as_in_memory(make_served, connect):
    twin, server = make_served(VirtualClock(), frozen=False)
    with connect(server.address).task("Dev1/ai0:3", range_v=1.0) as task:
        over_the_wire = acquire(task)
    other, _ = make_served(VirtualClock(), frozen=False)
    port = NiPort()
    port.attach("Dev1", other)
    with port.task() as task:
        task.ai_channels.add_ai_voltage_chan("Dev1/ai0:3", min_val=-1, max_val=1)
        np.testing.assert_array_equal(over_the_wire, acquire(task))
    assert twin.world.clock.now_s() == other.world.clock.now_s()


def test_the_board_describes_itself(make_served, connect):
    _, server = make_served()
    options = connect(server.address).options
    assert System.remote(options).devices.device_names == ["Dev1"]
    device = Device("Dev1", grpc_options=options)
    assert device.product_type.startswith("mtjlab twin")
    assert device.ao_physical_chans.channel_names == [f"Dev1/ao{i}" for i in range(4)]
    assert device.ao_voltage_rngs == [-10.0, 10.0]


def test_a_block_larger_than_grpcs_own_limit(make_served, connect):
    _, server = make_served(VirtualClock())
    client = connect(server.address)
    client.write("Dev1/ao0:3", [0.1, 0.1, 0.2, 0.2])
    with client.task("Dev1/ai0:3", range_v=1.0) as task:
        samples_v = acquire(task, 150_000, 500e3)
    assert samples_v.nbytes > 4 << 20
    assert (np.ptp(samples_v, axis=1) == 0).all()
    assert samples_v[2, 0] == pytest.approx(2 * samples_v[0, 0], abs=1e-4)


def test_errors_are_the_vendors_own_with_what_was_moved(make_served, connect):
    _, server = make_served()
    client = connect(server.address)
    with pytest.raises(DaqError, match="ai99") as no_channel:
        client.task("Dev1/ai99")
    assert no_channel.value.error_code == -200170
    with client.task("Dev1/ao0") as task, pytest.raises(DaqWriteError) as beyond:
        task.write(11.0)
    assert (beyond.value.error_code, beyond.value.samps_per_chan_written) == (-200561, 0)
    with client.task("Dev1/ai0") as task:
        task.timing.cfg_samp_clk_timing(1e3, samps_per_chan=1000)
        task.start()
        with pytest.raises(DaqReadError) as late:
            client.read(task, np.empty((1, 1000)), 1000, timeout=0.1)
        assert late.value.error_code == -200284
        assert 90 <= late.value.samps_per_chan_read < 1000
    with client.task("Dev1/ai0") as task:
        task.timing.cfg_samp_clk_timing(100e3, sample_mode=CONTINUOUS, samps_per_chan=1000)
        task.in_stream.input_buf_size = 1000
        task.start()
        with client.task("Dev1/ao0") as other:
            other.timing.cfg_samp_clk_timing(10.0, samps_per_chan=100)
            other.write(np.zeros(100))
            other.start()
            with pytest.raises(DaqError, match=r"within 0\.1 s") as waited:
                other.wait_until_done(0.1)
        assert waited.value.error_code == -200560
        with pytest.raises(DaqReadError) as overrun:
            client.read(task, np.empty((1, 10)), 10)
        assert overrun.value.error_code == -200279


def test_what_the_board_does_not_do_is_unimplemented_by_name(make_served, connect):
    _, server = make_served()
    client = connect(server.address)
    with client.task() as task, pytest.raises(RpcError) as caught:
        task.ai_channels.add_ai_thrmcpl_chan("Dev1/ai0")
    assert caught.value.rpc_code == grpc.StatusCode.UNIMPLEMENTED
    with client.task() as task, pytest.raises(DaqError, match="no counters") as absent:
        task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0")
    assert absent.value.error_code == -200170
    for name in ("CreateAIThrmcplChan", "CfgInputBuffer", "GetAIChanCalCalDate", "NoSuchThing"):
        call = client.channel.unary_unary(f"/nidaqmx_grpc.NiDAQmx/{name}")
        with pytest.raises(grpc.RpcError) as raw:
            call(b"")
        wanted = grpc.StatusCode.UNIMPLEMENTED
        # A request without a task fails at that first.
        assert raw.value.code() == wanted or "cleared" in raw.value.details()


def test_a_malformed_request_leaves_the_others_served(make_served, connect):
    twin, server = make_served()
    client = connect(server.address)
    client.write("Dev1/ao0", 0.1)
    for name in ("ReadAnalogF64", "WriteAnalogF64", "CreateTask", "CreateAIVoltageChan"):
        with pytest.raises(grpc.RpcError):
            client.channel.unary_unary(f"/nidaqmx_grpc.NiDAQmx/{name}")(b"\xff\x00garbage")
    with client.task("Dev1/ai0") as task, pytest.raises(DaqReadError) as caught:
        task._interpreter.read_analog_f64(task._handle, 1000, 1.0, 0, np.empty(1))
    assert caught.value.error_code == -200229
    assert client.held_v("ao0") == pytest.approx([0.1], abs=1e-3)
    assert not twin.running


def test_a_read_that_waits_for_its_trigger_lets_others_work(make_served, connect):
    twin, server = make_served()
    one, two = connect(server.address), connect(server.address)
    got = np.empty((1, 100))
    with one.task("Dev1/ai0", range_v=1.0) as inputs, two.task("Dev1/ao0") as outputs:
        inputs.timing.cfg_samp_clk_timing(10e3, source="/Dev1/ao/SampleClock", samps_per_chan=100)
        inputs.start()
        waiting = threading.Thread(target=one.read, args=(inputs, got, 100), kwargs={"timeout": 20})
        waiting.start()
        two.write("Dev1/ao1", 0.2)
        outputs.timing.cfg_samp_clk_timing(10e3, samps_per_chan=101)
        outputs.write(np.linspace(0.0, 0.3, 101))
        outputs.start()
        waiting.join()
        outputs.wait_until_done(5.0)
    assert (np.diff(got[0]) >= 0).all()
    assert got[0, -1] > 0.08
    assert two.held_v("ao0", "ao1") == pytest.approx([0.3, 0.2], abs=1e-3)
    assert not twin.running


def test_a_task_stopped_by_another_ends_the_read_that_waits_for_it(make_served, connect):
    _, server = make_served()
    one, two = connect(server.address), connect(server.address)
    caught = []

    def read(task):
        with pytest.raises(DaqReadError) as error:
            one.read(task, np.empty((1, 5)), 5, timeout=-1)
        caught.append(error.value.error_code)

    with one.task("Dev1/ai0", name="shared") as task:
        task.timing.cfg_samp_clk_timing(0.1, samps_per_chan=5)
        task.start()
        waiting = threading.Thread(target=read, args=(task,))
        waiting.start()
        two.task(name="shared").stop()
        waiting.join()
    assert caught == [-201452]


def test_names_are_attached_to_only_by_those_who_say_so(make_served, connect):
    _, server = make_served()
    one, two = connect(server.address), connect(server.address)
    unnamed = [one.task(), two.task()]
    assert unnamed[0].name != unnamed[1].name
    with one.task("Dev1/ai0", name="mine") as mine:
        # AUTO, NI's default: the same task, not closed at the end.
        with two.task(name="mine") as attached:
            assert attached.channel_names == mine.channel_names
        two.options.initialization_behavior = 1
        with pytest.raises(RpcError) as taken:
            two.task(name="mine")
        assert taken.value.rpc_code == grpc.StatusCode.ALREADY_EXISTS
    two.options.initialization_behavior = 2
    with pytest.raises(RpcError) as missing:
        two.task(name="mine")
    assert missing.value.rpc_code == grpc.StatusCode.NOT_FOUND
    for task in unnamed:
        task.close()


def test_events_tell_of_samples_and_of_the_end(make_served, connect):
    twin, server = make_served()
    client = connect(server.address)
    arrived, blocks, ends = threading.Semaphore(0), [], []
    with client.task("Dev1/ai0") as task:
        task.timing.cfg_samp_clk_timing(10e3, samps_per_chan=1000)

        def every(_task, _kind, count, _data):
            blocks.append(task.read(count))
            arrived.release()
            return 0

        def done(_task, status, _data):
            ends.append(status)
            arrived.release()
            return 0

        task.register_every_n_samples_acquired_into_buffer_event(100, every)
        task.register_done_event(done)
        with pytest.raises(DaqError) as twice:
            task._interpreter.register_every_n_samples_event(task._handle, 1, 100, 0, every, None)
        assert twice.value.error_code == -200966
        task.start()
        assert all(arrived.acquire(timeout=20) for _ in range(11))
        task.stop()
        # A callback that comes late must not start the task again.
        with pytest.raises(DaqReadError) as late:
            task.read(100)
        assert late.value.error_code == -200473
        task.register_every_n_samples_acquired_into_buffer_event(100, None)
        assert len(task.read(100)) == 100
    assert ends == [0]
    assert [len(block) for block in blocks] == [100] * 10
    assert not twin.running


def test_many_clients_at_once_each_find_what_they_wrote(make_served, connect):
    twin, server = make_served()
    wrong = []

    def work(number):
        client, output = connect(server.address), f"ao{number % 4}"
        with client.task("Dev1/" + output) as task:
            for step in range(5):
                volts = (number // 4 * 10 + step) / 100
                with turn[number % 4]:
                    task.write(volts)
                    held_v = client.held_v(output)[0]
                    task.stop()
                if abs(held_v - volts) > 1e-3:
                    wrong.append((number, volts, held_v))

    turn = [threading.Lock() for _ in range(4)]
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not twin.running


def test_stopping_ends_what_waits_and_holds_the_outputs(make_served, connect):
    twin, server = make_served()
    client = connect(server.address)
    client.write("Dev1/ao0", 0.1)
    task = client.task("Dev1/ai0")
    task.timing.cfg_samp_clk_timing(1.0, samps_per_chan=100)
    task.start()
    caught = []

    def read():
        with pytest.raises(RpcError) as error:
            client.read(task, np.empty((1, 100)), 100, timeout=-1)
        caught.append(error.value)

    waiting = threading.Thread(target=read)
    waiting.start()
    server.stop()
    server.stop()
    waiting.join()
    assert caught
    assert twin.held_v["ao0"] == pytest.approx(0.1, abs=1e-3)
    with pytest.raises(RpcError):
        task.close()


def test_a_port_in_use_and_an_address_others_can_reach_are_refused(make_served):
    twin, server = make_served()
    port = NiPort()
    with pytest.raises(BenchError, match="no NI board"):
        NiServer(port)
    port.attach("Dev1", twin)
    with pytest.raises(BenchError, match="cannot be bound"):
        NiServer(port, port=int(server.address.rpartition(":")[2])).start()
    with pytest.raises(BenchError, match="this machine only"):
        NiServer(port, host="0.0.0.0")


def test_protobuf_in_pure_python_is_refused(make_served, monkeypatch):
    monkeypatch.setattr(ni_rpc.api_implementation, "Type", lambda: "python")
    with pytest.raises(BenchError, match="twenty times"):
        make_served()


def test_connections_are_read_from_the_systems_tables(tmp_path):
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    table = tmp_path / "tcp"
    table.write_text(
        head
        + "   0: 0100007F:1F90 00000000:0000 0A 0 0\n"
        + "   1: 0100007F:1F90 0100007F:C001 01 0 0\n"
        + "   2: 0100007F:1F90 0100007F:C002 08 0 0\n"
        + "   3: 0100007F:C001 0100007F:1F90 01 0 0\n"
        + "   4: 0100007F:1F91 0100007F:C003 01 0 0\n"
    )
    assert connected_ports(8080, (table,)) == {0xC001}
    assert connected_ports(8080, (tmp_path / "none",)) is None


def test_a_stream_of_outputs_waits_for_room_and_holds_nobody_up(make_served, connect):
    twin, server = make_served()
    one, two = connect(server.address), connect(server.address)
    ramp_v = np.linspace(0.0, 0.3, 13_000)  # the buffer holds 10 000
    with one.task("Dev1/ao0") as task:
        task.timing.cfg_samp_clk_timing(10e3, sample_mode=CONTINUOUS, samps_per_chan=1000)
        task.out_stream.regen_mode = RegenerationMode.DONT_ALLOW_REGENERATION
        task.write(ramp_v[:1000])
        task.start()
        done = threading.Thread(
            target=lambda: [task.write(piece) for piece in np.split(ramp_v[1000:], 6)]
        )
        done.start()
        held_v = [two.held_v("ao0")[0]]
        while done.is_alive():
            held_v.append(two.held_v("ao0")[0])
        done.join()
        held_v.append(two.held_v("ao0")[0])
    assert (np.diff(held_v) > -1e-3).all()
    assert 0.3 * 3 / 13 - 1e-3 < held_v[-1] < 0.3
    assert not twin.running


def test_looking_for_the_dead_does_not_make_a_world_look_busy(make_served, connect):
    twin, server = make_served()
    with connect(server.address).task():
        before_s = twin.world.clock.idle_s()
        assert not server._service.free_orphans()
        assert twin.world.clock.idle_s() > before_s


@given(st.sampled_from(sorted(ni_rpc.SERVICE.methods_by_name)), st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_no_request_whatever_moves_an_output_or_ends_the_server(lasting, name, content):
    twin, client = lasting
    call = client.channel.unary_unary(f"/nidaqmx_grpc.NiDAQmx/{name}")
    with contextlib.suppress(grpc.RpcError):
        call(content, timeout=5.0)
    assert set(twin.held_v.values()) == {0.0}
    assert System.remote(client.options).devices.device_names == ["Dev1"]
