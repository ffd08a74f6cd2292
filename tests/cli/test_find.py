"""`mtjlab find`: what is there, who says what, and a bench file to begin with."""

import os
import re
import threading
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from mtjlab.bench import search as searching
from mtjlab.bench.file import load
from mtjlab.cli.app import run_command_line
from mtjlab.core.errors import NotFound
from mtjlab.core.found import Found

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run_command_line(("find", *arguments))
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out, said.err

    return call


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with one serial port, which VISA lists too, and without NI's driver."""

    def absent(port: object) -> list[Found]:
        raise NotFound("NI boards: the NI-DAQmx driver is not installed on this computer")

    monkeypatch.setattr(
        "drivers.found.visa_resources", lambda library: [Found("serial", "ASRL/dev/ttyS7::INSTR")]
    )
    monkeypatch.setattr(
        "drivers.found.serial_ports",
        lambda: [Found("serial", "ASRL/dev/ttyS7::INSTR", "Acme Board 42")],
    )
    monkeypatch.setattr("drivers.found.ni_boards", absent)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every question that is sent, and to whom."""
    questions: list[tuple[str, str]] = []
    from drivers import asking

    really = asking.ask

    def noted(found: Found, question: str, *rest: object, **named: object) -> str:
        questions.append((found.resource, question))
        return really(found, question, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "ask", noted)
    return questions


def test_a_plain_listing_sends_nothing(cli: Cli, asked: list[tuple[str, str]]) -> None:
    code, out, _ = cli("--bench", "everything")
    assert (code, asked) == (0, [])
    assert "GPIB0::24::INSTR" in out
    assert "Dev1" in out
    assert "nothing was sent" in out


def test_asked_each_is_matched_with_its_driver(cli: Cli, asked: list[tuple[str, str]]) -> None:
    code, out, _ = cli("--bench", "everything", "--ask")
    assert code == 0
    drivers = {e.driver for e in load("everything").file.instruments.values()} - {"daq_board"}
    for driver in drivers:
        assert driver in out
    assert {question for _, question in asked} == {"*IDN?"}


def test_a_serial_line_is_asked_only_by_name(cli: Cli, asked: list[tuple[str, str]]) -> None:
    _, out, _ = cli("--bench", "everything", "--ask")
    assert "serial lines were not asked" in out
    assert not [who for who, _ in asked if who.startswith("ASRL")]
    code, out, _ = cli("--bench", "everything", "--ask", "ASRL1::INSTR")
    assert code == 0
    assert "daq_board" in out
    assert asked[-2:] == [("ASRL1::INSTR", "*IDN?"), ("ASRL1::INSTR", "SYST:SPEC?")]


def test_who_is_named_and_does_not_answer_is_an_error(cli: Cli, tmp_path: Path) -> None:
    dead = (Path(searching.__file__).parents[1] / "resources/benches/wire.toml").read_text()
    (tmp_path / "dead.toml").write_text(
        dead + '\n[[twin.scenario]]\ninstrument = "smu"\nkind = "timeout"\nmessage = 1\n'
        'times = "always"\n'
    )
    resource = "TCPIP0::127.0.0.1::hislip0::INSTR"
    code, out, err = cli("--bench", "dead.toml", "--ask", resource, "--timeout", "0.2")
    assert code == 3
    assert "no answer to *IDN? within 200 ms" in out
    assert resource in err
    # Among others it is only a line of the table.
    assert cli("--bench", "dead.toml", "--ask")[0] == 0


def test_this_computer(cli: Cli, nothing_here: None) -> None:
    code, out, _ = cli()
    assert code == 0
    assert out.count("ASRL/dev/ttyS7::INSTR") == 1
    assert "Acme Board 42" in out
    assert "the NI-DAQmx driver is not installed" in out
    code, _, err = cli("--ask", "/dev/ttyS7", "Dev9")
    assert code == 3
    assert "ASRL/dev/ttyS7::INSTR: does not open" in err
    assert "lists no board of that name" in err


def test_any_visa_library(cli: Cli, nothing_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    code, out, _ = cli("--library", "wire@mtjsim", "--ask", "TCPIP0::127.0.0.1::5025::SOCKET")
    assert code == 0
    assert "keithley2600" in out
    code, out, _ = cli("--library", "@nobody")
    assert code == 0
    assert "not looked: VISA: the VISA library '@nobody' does not load" in out


def test_the_beginning_of_a_bench_file(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("--bench", "twin", "--ask", "--write", "rack.toml")
    assert code == 0
    text = (tmp_path / "rack.toml").read_text()
    assert "[instruments.smu]                   # KEITHLEY INSTRUMENTS INC.,MODEL 2400" in text
    assert "5 things to fill in" in out
    # As a person does who takes the # away from what is there for example.
    before, _, after = text.partition("# Or a passive crossbar")
    kept = before + "# What one" + after.partition("# What one")[2]
    filled = re.sub(r"^# (?=\w+ = |\[\[wiring)", "", kept, flags=re.MULTILINE)
    (tmp_path / "rack.toml").write_text(filled)
    assert load(tmp_path / "rack.toml").file.name == "rack"


def test_nothing_is_overwritten(cli: Cli, tmp_path: Path, asked: list[tuple[str, str]]) -> None:
    (tmp_path / "rack.toml").write_text("mine")
    code, _, err = cli("--bench", "twin", "--ask", "--write", "rack.toml")
    assert (code, asked) == (2, [])
    assert "is not overwritten" in err
    assert (tmp_path / "rack.toml").read_text() == "mine"


def test_a_real_bench_is_on_this_computer(cli: Cli, tmp_path: Path) -> None:
    real = "".join(
        (Path(searching.__file__).parents[1] / "resources/benches/twin.toml")
        .read_text()
        .partition("# From here on")[0]
    )
    (tmp_path / "real.toml").write_text(real)
    code, _, err = cli("--bench", "real.toml")
    assert code == 2
    assert "look without a bench" in err


def test_a_line_that_is_named_is_asked_without_a_library(cli: Cli, nothing_here: None) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    heard: list[bytes] = []

    def answer() -> None:
        for reply in (b"KEITHLEY INSTRUMENTS INC.,MODEL 2400,7,C34\n", b""):
            heard.append(os.read(ours, 100))
            os.write(ours, reply)

    instrument = threading.Thread(target=answer)
    instrument.start()
    try:
        name = os.ttyname(theirs)
        code, out, _ = cli("--ask", name, "--baud", "9600")
        assert code == 0
        assert "keithley2400" in out
        code, out, _ = cli("--ask", name, "--timeout", "0.1")
        assert code == 3
        assert "no answer to *IDN? within 100 ms" in out
    finally:
        instrument.join(10)
        os.close(ours)
        os.close(theirs)
    assert heard == [b"*IDN?\n", b"*IDN?\n"]
