"""Both channels of the 2602B behind a raw socket, their world in another process."""

import socket
import warnings
from contextlib import closing

import pytest
from pymeasure.instruments.keithley import Keithley2600 as Pymeasure2600

from drivers.keithley2600 import Keithley2600
from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.bench.served import served
from mtjlab.core.clock import WallClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.permit import WritePermit
from mtjlab.testing import source_meter

SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6, nplc=0.01)
BENCH = """
[bench]
name = "two channels"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[twin.instruments]
smu = {latency_s = 0.0}
[instruments]
smu = {driver = "keithley2600", resource = "TCPIP0::127.0.0.1::5025::SOCKET"}
[[wiring.singles]]
row = 0
columns = 0
source = "smu.a"
series = "10k"
[[wiring.singles]]
row = 0
columns = 1
source = "smu.b"
series = "20k"
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    bench = tmp_path_factory.mktemp("two") / "two.toml"
    bench.write_text(BENCH)
    with served(str(bench)) as found:
        yield found


@pytest.fixture
def resource(loaded):
    return loaded.file.instruments["smu"].resource


@pytest.mark.parametrize("channel", ["a", "b"])
def test_each_channel_conforms_over_tcp(resource, channel):
    permit = WritePermit()
    opening = Opening(
        name="smu",
        resource=resource,
        options={},
        ports=Ports(visa_library="@py"),
        clock=WallClock(),
        permit=permit,
    )
    with closing(Keithley2600.open(opening)) as box:
        subject = source_meter.SourceUnderTest(
            box.faces()[channel], SETTINGS, 0.15, allowed=permit.opened
        )
        for check in source_meter.CHECKS:
            check(subject)


def test_pymeasure_and_a_plain_socket_see_the_same_instrument(resource):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        smu = Pymeasure2600(
            resource, visa_library="@py", read_termination="\n", write_termination="\n"
        )
    smu.ChB.apply_voltage(1, 1e-3)
    smu.ChB.source_voltage = 0.125
    smu.ChB.source_output = "ON"
    port = int(resource.split("::")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        lines = wire.makefile("rwb")
        lines.write(b"print(smub.source.output)\nprint(smub.source.levelv) x x\n")
        lines.write(b"print(smub.source.levelv)\n")
        lines.flush()
        assert float(lines.readline()) == 1
        assert float(lines.readline()) == 0.125
        lines.close()
    assert smu.next_error[0] == -285
    assert smu.ChB.current == pytest.approx(0.125 / 30e3, rel=0.3)
    smu.ChB.source_voltage = 0
    smu.ChB.source_output = "OFF"
    smu.adapter.close()


def test_a_bench_guards_each_channel():
    """In memory: terminals `smu.a` and `smu.b` from the file to the guard and the world."""
    with OpenBench(
        parse(BENCH, source="two.toml"), generators=Generators(1), notice=lambda _level, _text: None
    ) as opened:
        rig = opened.rig(lambda *_: None)
        assert sorted(rig.sources) == ["smu.a", "smu.b"]
        # 50 uA through a short junction: 0.5 V behind 10 kohm, and 0.5 V on an open one.
        settings = SourceSettings("voltage", range=1.0, compliance=1e-3)
        for name, source in rig.sources.items():
            source.configure(settings)
            source.output(True)
            source.set_level(0.2)
            assert opened.guard.setpoints[name] == 0.2
            with pytest.raises(LimitError, match=name):
                source.set_level(0.51)
        currents = [source.measure().current_a for source in rig.sources.values()]
        assert currents[0] > 1.2 * currents[1], "10 and 20 kohm"
        opened.make_safe()
        assert not any(source.state().output_on for source in rig.sources.values())
