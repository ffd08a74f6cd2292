"""The checks themselves: our drivers pass them on the twins, a bad instrument does not."""

from contextlib import closing

import pytest

from drivers.keithley2400 import Keithley2400
from drivers.nidaqmx import NiDaq
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import (
    SourceSettings,
)
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from mtjlab.testing import daq, source_meter, verdict
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.keithley2400 import Keithley2400Twin
from sim_backend.twins.nidaqmx import NiBoardTwin
from sim_backend.world.world import World

VOLTAGE = SourceSettings("voltage", range=0.3, compliance=200e-6)
CURRENT = SourceSettings(
    "current", range=20e-6, compliance=1.0, four_wire=True, off_state="zero", nplc=0.1
)


def read_by(column):
    return InputWire("daq", f"ai{column}", 1.0, "differential")


@pytest.fixture
def permit():
    return WritePermit()


@pytest.fixture
def bench(permit):
    """A 2400 and a board on one world, through the unmodified PyVISA and nidaqmx packages."""
    wiring = Wiring(
        tuple(SingleJunction(Cell(0, i), "smu", 10e3, 1.0, read_by(i)) for i in range(4))
        + tuple(
            SingleJunction(Cell(1, i), f"daq/ao{i}", 10e3, 1.0, read_by(4 + i)) for i in range(2)
        )
    )
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    library, port = visa.make(world.clock), NiPort()
    smu = Keithley2400Twin(
        name="smu",
        resource="GPIB0::24::INSTR",
        options=Keithley2400Twin.options_model(),
        world=world,
    )
    board = NiBoardTwin(
        name="daq",
        resource="Dev1",
        options=NiBoardTwin.options_model(),
        world=world,
        inputs=wiring.inputs("daq"),
        outputs=wiring.outputs("daq"),
    )
    library.attach("GPIB0::24::INSTR", smu)
    port.attach("Dev1", board)
    ports = Ports(visa_library=library, ni=port, virtual=True)

    def opening(name, resource):
        return Opening(
            name=name,
            resource=resource,
            options={},
            ports=ports,
            clock=world.clock,
            permit=permit,
            inputs=wiring.inputs(name),
            outputs=wiring.outputs(name),
        )

    with (
        closing(Keithley2400.open(opening("smu", "GPIB0::24::INSTR"))) as source,
        closing(NiDaq.open(opening("daq", "Dev1"))) as recorder,
    ):
        yield source, recorder


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("settings", [VOLTAGE, CURRENT], ids=lambda s: s.function)
def test_the_2400_conforms(bench, permit, settings, check):
    source, _ = bench
    check(
        source_meter.SourceUnderTest(
            source, settings, level=settings.range / 2, allowed=permit.opened
        )
    )


@pytest.mark.parametrize("check", daq.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("outputs", [(), ("ao0",), ("ao0", "ao1")], ids=len)
def test_the_ni_board_conforms(bench, permit, outputs, check):
    _, recorder = bench
    check(daq.DaqUnderTest(recorder, ("ai0", "ai4"), outputs, level_v=0.2, allowed=permit.opened))


def test_every_check_is_in_its_list():
    for module in (source_meter, daq):
        named = {n for n in dir(module) if n.startswith("check_")}
        assert {check.__name__ for check in module.CHECKS} == named


class Clipping:
    """A source-meter that clips instead of refusing, and turns itself on when it is read."""

    def __init__(self, source):
        self._source = source

    def __getattr__(self, name):
        return getattr(self._source, name)

    def set_level(self, level):
        try:
            self._source.set_level(level)
        except LimitError:
            self._source.set_level(0.3)

    def measure(self):
        if not self._source.state().output_on:
            self._source.output(True)
        return self._source.measure()


class Deaf(Clipping):
    """A source-meter whose shutdown does nothing."""

    def shutdown(self):
        pass


def test_a_source_that_clips_or_turns_itself_on_is_found_out(bench, permit):
    source, _ = bench
    subject = source_meter.SourceUnderTest(Clipping(source), VOLTAGE, 0.15, permit.opened)
    faults = {v.check: v.fault for v in verdict.run(source_meter.CHECKS, subject)}
    assert "LimitError was expected" in faults["check_limit_is_refused"]
    assert "reading was given with the output off" in faults["check_off_measures_nothing"]
    assert faults["check_shutdown_is_safe_and_idempotent"] is None


def test_a_shutdown_that_does_nothing_is_found_out(bench, permit):
    source, _ = bench
    subject = source_meter.SourceUnderTest(Deaf(source), VOLTAGE, 0.15, permit.opened)
    verdicts = verdict.run((source_meter.check_shutdown_is_safe_and_idempotent,), subject)
    assert "the output is on after shutdown" in verdicts[0].fault


class Stuck:
    """A board whose outputs stay, and whose blocks are one step short."""

    def __init__(self, recorder):
        self._recorder = recorder

    def __getattr__(self, name):
        return getattr(self._recorder, name)

    def play_and_record(self, outputs_v, *, steps=None, **timing):
        short = None if steps is None else max(1, steps - 1)
        return self._recorder.play_and_record(outputs_v, steps=short, **timing)

    def shutdown(self):
        self._recorder._abort.clear()


def test_a_board_that_does_not_rest_is_found_out(bench, permit):
    _, recorder = bench
    subject = daq.DaqUnderTest(Stuck(recorder), ("ai0",), ("ao0",), 0.2, allowed=permit.opened)
    faults = {v.check: v.fault for v in verdict.run(daq.CHECKS, subject)}
    assert "expected 0 V" in faults["check_shutdown_is_safe_and_idempotent"]
    assert "expected (7, 3, 1)" in faults["check_block_has_its_shape_and_times"]


def test_a_vendors_exception_is_a_fault_not_a_crash():
    def check(subject):
        raise KeyError(subject)

    assert verdict.run((check,), "x") == [verdict.Verdict("check", "KeyError: 'x'")]


def test_the_checks_do_not_depend_on_asserts():
    with pytest.raises(verdict.NotConforming, match="why"):
        verdict.require(False, "why")
