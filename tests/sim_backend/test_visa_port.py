"""PyVISA and PyMeasure, unmodified, on simulated instruments."""

import threading
import warnings

import numpy as np
import pytest
import pyvisa
from pymeasure.adapters import VISAAdapter
from pymeasure.instruments.keithley import Keithley2400
from pyvisa import constants
from pyvisa.constants import StatusCode

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.twins.keithley2400 import Keithley2400Twin
from sim_backend.twins.keithley2400_settings import Keithley2400Options
from sim_backend.world.world import World

RESOURCE = "GPIB0::24::INSTR"
JUNCTION = JunctionParameters(tau_p_s=0.05, tau_ap_s=0.05, slope_p_per_v=0, slope_ap_per_v=0)


class Echo:
    """The least that a library can be given: answers every message with itself."""

    def __init__(self):
        self.out = bytearray()
        self.fed = b""
        self.status = 0
        self.cleared = 0
        self.callers, self.closed = [], False

    def feed(self, data):
        self.fed += data
        if data.endswith(b"\n"):
            self.out += self.fed
            self.fed = b""

    def clear(self):
        self.out.clear()
        self.cleared += 1

    def status_byte(self):
        return self.status

    def starved(self):
        pass

    def converse(self):
        self.callers.append(Echo())
        return self.callers[-1]

    def close(self):
        self.closed = True


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def library(clock):
    library = visa.make(clock)
    yield library
    if library.resource_manager is not None:
        library.resource_manager.close()


@pytest.fixture
def echo(library):
    twin = Echo()
    library.attach(RESOURCE, twin)
    return twin


@pytest.fixture
def manager(library):
    return pyvisa.ResourceManager(library)


@pytest.fixture
def smu():
    world = World(
        Wiring((SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None),)),
        junction=JUNCTION,
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(2),
        instrument_noise=False,
    )
    twin = Keithley2400Twin(
        name="smu", resource=RESOURCE, options=Keithley2400Options(), world=world
    )
    library = visa.make(world.clock)
    library.attach(RESOURCE, twin)
    instrument = Keithley2400(RESOURCE, visa_library=library)
    yield instrument
    instrument.adapter.close()
    pyvisa.ResourceManager(library).close()


def test_libraries_of_two_worlds_are_two(clock):
    one, two = visa.make(clock), visa.make(clock)
    assert one is not two
    assert "unset" not in (one.library_path, two.library_path)


def test_resources_are_listed_and_found_by_any_spelling(library, echo, manager):
    library.attach("TCPIP0::twin::inst0::INSTR", Echo())
    library.attach("ASRL3::INSTR", Echo())
    assert set(manager.list_resources("?*")) == {
        RESOURCE,
        "TCPIP0::twin::inst0::INSTR",
        "ASRL3::INSTR",
    }
    assert manager.list_resources("GPIB?*") == (RESOURCE,)
    assert manager.resource_info("GPIB::24").resource_name == RESOURCE
    with manager.open_resource("gpib::24") as instrument:
        assert instrument.query("hello") == "hello\r\n"
        assert manager.list_opened_resources() == [instrument]


def test_sessions_over_a_network_have_each_their_own_replies(library, manager):
    twin = Echo()
    library.attach("TCPIP0::twin::hislip0::INSTR", twin)
    one, two = (manager.open_resource("TCPIP::twin::hislip0") for _ in range(2))
    one.write("first")
    two.write("second")
    assert (two.read(), one.read()) == ("second\r\n", "first\r\n")
    one.close()
    assert [caller.closed for caller in twin.callers] == [True, False]
    two.close()


def test_sessions_on_one_bus_share_its_replies(manager, echo):
    one, two = (manager.open_resource(RESOURCE) for _ in range(2))
    one.write("first")
    assert two.read() == "first\r\n"
    one.close()
    two.close()
    assert not echo.closed


def test_an_instrument_out_of_reach_is_a_lost_connection(manager, echo):
    def gone(data):
        raise ConnectionResetError

    echo.feed = gone
    with manager.open_resource(RESOURCE) as instrument:
        with pytest.raises(pyvisa.VisaIOError) as caught:
            instrument.write("hello")
        assert caught.value.error_code == StatusCode.error_connection_lost


@pytest.mark.parametrize("resource", ["GPIB0::25::INSTR", "TCPIP0::host::5025::SOCKET"])
def test_nobody_there(manager, echo, resource):
    with pytest.raises(pyvisa.VisaIOError) as caught:
        manager.open_resource(resource)
    assert caught.value.error_code == StatusCode.error_resource_not_found


def test_attaching_refuses_nonsense_and_the_same_place_twice(library, echo):
    with pytest.raises(BenchError, match="two instruments"):
        library.attach("GPIB::24", Echo())
    with pytest.raises(BenchError, match=r"Dev1.*GPIB0::24::INSTR"):
        library.attach("Dev1", Echo())


def test_a_silent_instrument_times_out_on_the_virtual_clock(manager, echo, clock):
    with manager.open_resource(RESOURCE, timeout=30_000) as instrument:
        with pytest.raises(pyvisa.VisaIOError) as caught:
            instrument.read()
        assert caught.value.error_code == StatusCode.error_timeout
        assert instrument.last_status == StatusCode.error_timeout
        assert clock.now_s() == 30.0
        instrument.timeout = None
        with pytest.raises(pyvisa.VisaIOError):
            instrument.read()
        assert clock.now_s() == 30.0


def test_long_replies_come_in_pieces_and_termination_is_kept(manager, echo):
    with manager.open_resource(RESOURCE, chunk_size=7) as instrument:
        text = "x" * 100
        assert instrument.query(text) == text + "\r\n"
        instrument.write_termination = instrument.read_termination = "\n"
        assert instrument.query(text) == text
        # A termination character ends a read before the message does.
        instrument.write_raw(b"one\x00two\n")
        instrument.read_termination = "\x00"
        assert instrument.read() == "one"
        assert instrument.last_status == StatusCode.success_termination_character_read
        assert instrument.read_bytes(4) == b"two\n"


def test_the_end_line_ends_a_message_where_there_is_one(library, manager, echo):
    serial = Echo()
    library.attach("ASRL3::INSTR", serial)
    with manager.open_resource(RESOURCE, write_termination="") as instrument:
        assert instrument.query("abc") == "abc\n"
        instrument.send_end = False
        instrument.write("de")
        assert instrument.query("f\n") == "def\n"
    with manager.open_resource("ASRL3::INSTR", write_termination="") as instrument:
        instrument.write("abc")
        assert serial.fed == b"abc"
        assert instrument.bytes_in_buffer == 0
        instrument.baud_rate = 115_200
        assert instrument.baud_rate == 115_200


def test_clear_poll_trigger_flush(manager, echo):
    with manager.open_resource(RESOURCE) as instrument:
        instrument.write("left over")
        echo.status = 0x41
        assert instrument.read_stb() == instrument.stb == 0x41
        instrument.flush(constants.BufferOperation.discard_read_buffer)
        assert not echo.out
        instrument.clear()
        assert echo.cleared == 1
        instrument.assert_trigger()
        assert instrument.read() == "*TRG\n"
        instrument.control_ren(constants.RENLineOperation.asrt)


def test_service_requests_can_be_waited_for(manager, echo, clock):
    with manager.open_resource(RESOURCE) as instrument:
        echo.status = 0x40
        instrument.wait_for_srq(timeout=1000)
        assert clock.now_s() == 0
        echo.status = 0
        instrument.enable_event(constants.EventType.service_request, constants.EventMechanism.queue)
        answer = instrument.wait_on_event(
            constants.EventType.service_request, 500, capture_timeout=True
        )
        assert answer.timed_out
        assert clock.now_s() == 0.5


def test_attributes_are_those_of_the_resource(manager, echo):
    with manager.open_resource(RESOURCE) as instrument:
        assert instrument.resource_name == RESOURCE
        assert instrument.interface_type == constants.InterfaceType.gpib
        assert instrument.primary_address == 24
        assert instrument.timeout == 2000
        with pytest.raises(pyvisa.VisaIOError) as caught:
            instrument.set_visa_attribute(constants.ResourceAttribute.asrl_baud_rate, 9600)
        assert caught.value.error_code == StatusCode.error_nonsupported_attribute
        with pytest.raises(pyvisa.VisaIOError) as caught:
            instrument.set_visa_attribute(constants.ResourceAttribute.interface_number, 3)
        assert caught.value.error_code == StatusCode.error_attribute_read_only
    with pytest.raises(pyvisa.errors.InvalidSession):
        instrument.read()


def test_locks_keep_others_out(manager, echo, clock):
    with manager.open_resource(RESOURCE) as one, manager.open_resource(RESOURCE) as two:
        with one.lock_context(requested_key="exclusive"):
            with pytest.raises(pyvisa.VisaIOError) as caught:
                two.write("mine")
            assert caught.value.error_code == StatusCode.error_resource_locked
            with pytest.raises(pyvisa.VisaIOError) as caught:
                two.lock_excl(timeout=100)
            assert caught.value.error_code == StatusCode.error_timeout
        key = one.lock()
        two.lock(requested_key=key)
        assert two.query("shared") == "shared\r\n"
        one.unlock()
        two.unlock()
        with pytest.raises(pyvisa.VisaIOError) as caught:
            two.unlock()
        assert caught.value.error_code == StatusCode.error_session_not_locked
    assert clock.now_s() == pytest.approx(0.1)


def test_threads_may_share_a_library(library, manager, echo):
    library.attach("GPIB0::5::INSTR", Echo())
    failures = []

    def talk(resource):
        with manager.open_resource(resource) as instrument:
            for n in range(300):
                text = f"{resource} {n}"
                if instrument.query(text) != text + "\r\n":
                    failures.append(text)

    threads = [threading.Thread(target=talk, args=(r,)) for r in (RESOURCE, "GPIB0::5::INSTR")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# PyMeasure's Keithley2400, as it is installed ----------------------------------------------------


def test_pymeasure_source_and_measure(smu):
    smu.reset()
    assert smu.id.startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400")
    smu.source_mode = "voltage"
    smu.source_voltage_range = 20
    smu.compliance_current = 1e-3
    smu.current_range = 1e-3
    smu.current_nplc = 0.1
    smu.source_voltage = 0.2
    smu.enable_source()
    load_ohm = (15664.3, 10e3 + 5664.3 * 1.63119)
    assert load_ohm[0] * 0.999 < 0.2 / smu.current < load_ohm[1] * 1.001
    assert smu.compliance_current == 1.05e-4  # the side effect of :MEASure?
    assert smu.voltage == pytest.approx(0.2)
    everything = smu.measure_all()
    assert everything["resistance"] == pytest.approx(0.2 / everything["current"], rel=1e-4)
    smu.ramp_to_voltage(0.1, steps=3, pause=0)
    assert smu.source_voltage == pytest.approx(0.1)
    assert smu.check_errors() == []
    smu.ramp_to_voltage(0.0, steps=2, pause=0)
    smu.stop_buffer()
    smu.disable_source()
    assert smu.source_enabled is False
    assert [float(v) for v in smu.next_error[:1]] == [0]


def test_pymeasure_shutdown(smu, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    smu.source_voltage = 0.2
    smu.enable_source()
    smu.shutdown()
    assert (smu.source_enabled, smu.source_voltage) == (False, 0)
    smu.source_mode = "current"
    smu.source_current = 1e-6
    smu.shutdown()
    assert smu.source_current == 0
    assert smu.check_errors() == []


def test_pymeasure_buffer(smu):
    smu.source_voltage = 0.1
    smu.compliance_current = 1e-4
    smu.current_nplc = 0.01
    smu.enable_source()
    for points in (40, 10):
        smu.config_buffer(points, 0)
        smu.start_buffer()
        smu.wait_for_buffer(interval=0)
        assert smu.buffer_data.reshape(points, 5)[:, 1] == pytest.approx(5.8e-6, rel=0.12)
    assert smu.mean_current == pytest.approx(5.8e-6, rel=0.12)
    assert smu.min_current <= smu.mean_current <= smu.max_current
    smu.reset_buffer()
    assert not smu.is_buffer_full()
    smu.disable_buffer()
    smu.stop_buffer()
    assert smu.check_errors() == []


def test_pymeasure_sees_the_telegraph_with_short_integration(smu):
    smu.source_voltage_range = 0.2
    smu.source_voltage = 0.1
    smu.compliance_current = smu.current_range = 1e-4
    smu.current_nplc = 0.01
    smu.enable_source()
    readings = np.array([smu.values(":READ?")[1] for _ in range(1500)])
    p, ap = 0.1 / 15664.3, 0.1 / (10e3 + 5664.3 * 1.63119)
    in_p, in_ap = abs(readings - p) < 2e-9, abs(readings - ap) < 2e-9
    # 3 ms apart, 50 ms dwell: one reading in 17 lies after a flip, one in 250 holds a flip.
    assert (in_p | in_ap).mean() > 0.97
    assert 0.25 < in_p.mean() < 0.75
    flips = (in_p[1:] != in_p[:-1]).mean()
    assert flips == pytest.approx(0.5 * (1 - np.exp(-2 * 3.2e-3 / 50e-3)), rel=0.35)


def test_older_pymeasure_methods(smu):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        smu.apply_voltage(20, 1e-3)
        smu.measure_current(1, 1e-3, False)
        smu.measure_resistance()
        smu.apply_current(None, 0.2)
        smu.measure_voltage(0.1)
        smu.set_trigger_counts(2, 3)
        smu.set_timed_arm(0.5)
        smu.output_trigger_on_external(2)
        smu.disable_output_trigger()
    smu.trigger_on_bus()
    smu.sample_continuously()
    smu.auto_zero_once()
    smu.beep(440, 0.1)
    assert smu.trigger_count == 3
    assert smu.check_errors() == []


_PROPERTIES = {
    "source_mode": "current",
    "source_delay": 0.1,
    "source_delay_auto_enabled": False,
    "auto_zero_enabled": False,
    "output_off_state": "disconnected",
    "auto_output_off_enabled": True,
    "filter_enabled": True,
    "repeat_filter_enabled": False,
    "filter_count": 7,
    "current_range": 1.05e-6,
    "current_range_auto_enabled": False,
    "compliance_current": 0.01,
    "source_current": 0.002,
    "source_current_range": 0.0105,
    "source_current_range_auto_enabled": False,
    "compliance_voltage": 1.0,
    "source_voltage_range": 2.1,
    "resistance_range": 2100.0,
    "resistance_mode_auto_enabled": False,
    "resistance_nplc": 0.5,
    "trigger_delay": 0.5,
    "arm_timer": 1.0,
    "trigger_source": "trigger_link",
    "arm_source": "bus",
    "trigger_output_event": "delay",
    "arm_output_event": "trigger_exit",
    "trigger_input_line": 2,
    "arm_output_line": 3,
    "display_enabled": False,
    "wires": 4,
    "line_frequency": 60,
    "line_frequency_auto_enabled": False,
    "front_terminals_enabled": False,
    "arm_count": 3,
}


def test_pymeasure_properties_read_back(smu):
    for name, value in _PROPERTIES.items():
        smu.reset()
        setattr(smu, name, value)
        assert getattr(smu, name) == value, name
    assert smu.check_errors() == []


def test_an_adapter_leaves_the_manager_open(library, echo, manager):
    adapter = VISAAdapter(RESOURCE, visa_library=library)
    adapter.write("x")
    assert adapter.read() == "x\r\n"
    adapter.close()
    assert manager.session


# By name -----------------------------------------------------------------------------------------


def test_by_name():
    manager = pyvisa.ResourceManager("@mtjsim")
    try:
        resources = manager.list_resources("?*")
        assert resources
        for resource in resources:
            with manager.open_resource(resource) as instrument:
                reply = instrument.query("*IDN?")
                assert reply.endswith("\n")
                assert reply.count(",") >= 3
        assert pyvisa.ResourceManager("@mtjsim") is manager
        assert "mtjsim" in pyvisa.highlevel.list_backends()
    finally:
        manager.close()


def test_an_unknown_bench_says_what_there_is():
    with pytest.raises(BenchError, match=r"no_such_bench"):
        pyvisa.ResourceManager("no_such_bench@mtjsim")


def test_the_default_bench_is_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("MTJLAB_BENCH", "no_such_bench")
    with pytest.raises(OSError, match="no_such_bench"):
        pyvisa.ResourceManager("@mtjsim")
