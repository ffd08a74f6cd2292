"""The 2400 behind real wires, its world in another process: our driver, PyMeasure, pyserial."""

import signal
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import pytest
import pyvisa
import serial
from pymeasure.instruments.keithley import Keithley2400 as Pymeasure2400

from drivers.keithley2400 import Keithley2400
from mtjlab.bench.served import served
from mtjlab.core.clock import WallClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import InstrumentError, Timeout
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.permit import WritePermit
from mtjlab.testing import source_meter

WAYS = ("tcp", "hislip", "serial")
VOLTAGE = SourceSettings("voltage", range=0.3, compliance=200e-6, nplc=0.01)
BENCH = """
[bench]
name = "wires"

[chip]
id = "none"

[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3

[twin.instruments]
{options}

[instruments]
{instruments}

[twin.serve]
{ways}

{singles}
"""


@pytest.fixture(scope="module")
def resources(tmp_path_factory):
    """One 2400 for each way in, on one world in another process: name -> resource."""
    lines = {
        "options": "\n".join(f"{way} = {{latency_s = 0.0}}" for way in WAYS),
        "instruments": "\n".join(
            f'{way} = {{driver = "keithley2400", resource = "GPIB0::{i}::INSTR"}}'
            for i, way in enumerate(WAYS, 1)
        ),
        "ways": "\n".join(f'{way} = {{way = "{way}"}}' for way in WAYS),
        "singles": "\n".join(
            f'[[wiring.singles]]\nrow = {i}\ncolumns = 0\nsource = "{way}"\nseries = "10k"\n'
            for i, way in enumerate(WAYS)
        ),
    }
    bench = tmp_path_factory.mktemp("wires") / "wires.toml"
    bench.write_text(BENCH.format(**lines))
    with served(str(bench)) as loaded:
        assert loaded.file.twin is None
        yield {name: entry.resource for name, entry in loaded.file.instruments.items()}


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def permit():
    return WritePermit()


@pytest.fixture
def open_driver(resources, permit):
    def open_(way):
        return Keithley2400.open(
            Opening(
                name="smu",
                resource=resources[way],
                options={},
                ports=Ports(visa_library="@py"),
                clock=WallClock(),
                permit=permit,
            )
        )

    return open_


@pytest.fixture
def manager():
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()


def test_the_resources_are_what_they_say(resources):
    assert resources["tcp"].endswith("::SOCKET")
    assert "::hislip0," in resources["hislip"]
    assert resources["serial"].startswith("ASRL/dev/")


@pytest.mark.slow
@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
def test_the_2400_conforms_over_the_wire(open_driver, permit, way, check):
    with closing(open_driver(way)) as source:
        check(source_meter.SourceUnderTest(source, VOLTAGE, level=0.15, allowed=permit.opened))


def test_a_reply_that_came_too_late_is_not_taken_for_the_next(open_driver, permit, way):
    with closing(open_driver(way)) as source, permit.opened():
        source.configure(SourceSettings("voltage", range=0.3, compliance=200e-6, nplc=10))
        source.output(True)
        source.set_level(0.1)
        link = source._link
        # 200 ms of integration, for which this reader does not wait.
        settings, link._settings = link._settings, replace(link._settings, timeout_s=0.05)
        with link.acquiring(0.0), pytest.raises(Timeout):
            link.ask(":READ?")
        link._settings = settings
        assert "2400" in source.identify().model
        assert source.measure().voltage_v == pytest.approx(0.1, rel=1e-2)
        source.shutdown()


@pytest.mark.parametrize("way", ["tcp", "hislip"])
def test_pymeasure_unmodified(resources, way):
    options = {"read_termination": "\n"} if way == "tcp" else {}
    smu = Pymeasure2400(resources[way], visa_library="@py", timeout=10_000, **options)
    assert smu.id.startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400")
    smu.reset()
    smu.source_mode = "voltage"
    smu.source_voltage_range = 2
    smu.compliance_current = 1e-3
    smu.source_voltage = 0.1
    smu.enable_source()
    assert 0.1 / 25e3 < smu.current < 0.1 / 14e3
    smu.source_voltage = 0
    smu.disable_source()
    assert smu.next_error[0] == 0
    smu.adapter.close()


def test_pyserial_on_the_line(resources):
    device = resources["serial"].removeprefix("ASRL").removesuffix("::INSTR")
    with serial.Serial(device, timeout=10) as port:
        port.write(b"*IDN?\n")
        assert b"MODEL 2400" in port.readline()


@pytest.mark.parametrize("way", ["tcp", "hislip"])
def test_clients_at_once_get_their_own_replies(resources, manager, way):
    wrong = []

    def client(number):
        with manager.open_resource(resources[way], read_termination="\n", timeout=20_000) as own:
            for i in range(100):
                value = round(number + i / 1000, 3)
                reply = own.query(f":TRIG:DEL {value};DEL?;*OPC?;:SYST:VERS?")
                count = reply.split(";")
                if len(count) != 3 or float(count[0]) != value or count[2] != "1996.0":
                    wrong.append((number, i, reply))

    threads = [threading.Thread(target=client, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("way", ["tcp", "hislip"])
def test_a_client_killed_in_a_message_leaves_the_world_as_it_is(resources, manager, way):
    dying = (
        "import pyvisa, sys, os, signal\n"
        f"r = pyvisa.ResourceManager('@py').open_resource({resources[way]!r})\n"
        "r.read_termination = r.write_termination = '\\n'\n"
        "r.write(':SOUR:VOLT 0.05;:OUTP ON')\n"
        "assert r.query('OUTP?').strip() == '1'\n"
        "r.write_raw(b':SOUR:VOLT 0.2' if 'SOCKET' in r.resource_name else b'')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with manager.open_resource(resources[way], read_termination="\n") as other:
        other.write("*RST")
        done = subprocess.run([sys.executable, "-c", dying], check=False, capture_output=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
        # Nothing is switched off because a program died.
        assert other.query("OUTP?") == "1"
        assert float(other.query(":SOUR:VOLT?")) == 0.05
        other.write(":SOUR:VOLT 0;:OUTP OFF")
        assert other.query("SYST:ERR?").startswith("0,")


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_in_order_when_told(tmp_path, signal_number):
    written = tmp_path / "served.toml"
    server = subprocess.Popen(
        [sys.executable, "-m", "mtjlab", "serve", "twin", "--write-bench", str(written)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        lines = []
        for line in server.stdout:
            lines.append(line.split())
            if line == "ready\n":
                break
        assert [line[0] for line in lines] == ["smu", "daq", "ready"]
        assert written.exists()
        manager = pyvisa.ResourceManager("@py")
        client = manager.open_resource(lines[0][1], read_termination="\n", timeout=1000)
        assert "2400" in client.query("*IDN?")
        server.send_signal(signal_number)
        assert server.wait(20) == 0
        with pytest.raises((pyvisa.VisaIOError, OSError)):
            client.query("*IDN?")
        manager.close()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["tcp", "hislip"])
def test_a_server_that_goes_is_an_instrument_error(tmp_path, permit, way):
    text = (
        BENCH.replace("{options}", "smu = {latency_s = 0.0}")
        .replace("{instruments}", 'smu = {driver = "keithley2400", resource = "GPIB::1"}')
        .replace("{ways}", f'smu = {{way = "{way}"}}')
        .replace(
            "{singles}",
            '[[wiring.singles]]\nrow = 0\ncolumns = 0\nsource = "smu"\nseries = "10k"\n',
        )
    )
    bench = tmp_path / f"{way}.toml"
    bench.write_text(text)
    with served(str(bench)) as loaded:
        opening = Opening(
            name="smu",
            resource=loaded.file.instruments["smu"].resource,
            options={},
            ports=Ports(visa_library="@py"),
            clock=WallClock(),
            permit=permit,
        )
        source = Keithley2400.open(opening)
    with pytest.raises(InstrumentError):
        source.state()
    source.close()
