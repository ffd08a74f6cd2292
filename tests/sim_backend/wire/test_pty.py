"""Serial lines, through pyserial and pyvisa-py."""

import os
import time

import pytest
import pyvisa
import serial


@pytest.fixture
def resource(served):
    return served.serve("serial")


@pytest.fixture
def device(resource):
    return resource.removeprefix("ASRL").removesuffix("::INSTR")


def ask(port, text):
    port.write(text.encode() + b"\r\n")
    return port.readline().decode().rstrip("\n")


@pytest.mark.parametrize("baud", [9600, 115200])
def test_pyserial_asks_and_takes_blocks(device, baud):
    with serial.Serial(device, baud, timeout=10) as port:
        assert ask(port, "*IDN?") == "ACME,BOX,7,1.0"
        port.write(b"BLOCK? 50000\n")
        assert port.read(7 + 50_000 + 1)[7:] == (bytes(range(256)) * 196)[:50_000] + b"\n"
        assert ask(port, "*OPC?") == "1"


def test_pyvisa_finds_it(resource):
    manager = pyvisa.ResourceManager("@py")
    with manager.open_resource(resource, timeout=10_000) as port:
        assert port.query("*IDN?").strip() == "ACME,BOX,7,1.0"
    manager.close()


def test_half_a_line_of_a_dead_program_is_still_there(served, device):
    with serial.Serial(device, timeout=10) as dying:
        dying.write(b"ECHO? 'ha")
    with serial.Serial(device, timeout=10) as port:
        port.write(b"lf'\n")
        assert port.readline() == b"half\n"
        # The next one may be glued on; an empty line first makes it clean.
        port.write(b"*ID")
    with serial.Serial(device, timeout=10) as port:
        port.write(b"\n*OPC?\n")
        assert port.readline() == b"1\n"
        assert served.box.errors == [-113]


def test_what_nobody_reads_is_lost_and_holds_nobody_up(served, device):
    other = served.client(served.serve("tcp"))
    with serial.Serial(device) as deaf:
        deaf.write(b"BLOCK? 100000\n")
        began_s = time.monotonic()
        assert other.ask("*OPC?") == "1"
        assert time.monotonic() - began_s < 0.9
    with serial.Serial(device, timeout=10) as port:
        port.write(b"ECHO? 'end'\n")
        assert port.read_until(b"end\n").endswith(b"end\n")


def test_stop_takes_the_line_down(served, resource, device):
    with serial.Serial(device, timeout=10) as port:
        assert ask(port, "*OPC?") == "1"
        served.server.stop()
        assert not os.path.exists(device) or port.is_open
