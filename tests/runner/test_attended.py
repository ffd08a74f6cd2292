"""The bench between runs: connected, looked at, made safe, released for a run and taken back."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtjlab.bench.file import parse
from mtjlab.bench.serve import BenchServer
from mtjlab.core.generators import Generators
from mtjlab.runner.attended import Attended
from mtjlab.runner.bench_state import BenchChecked, BenchEvent, BenchState, InstrumentState

TIMEOUT_S = 30.0

HEAD = """
[bench]
name = "two"
[chip]
id = "attended"
[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"
"""
SMU = """
[instruments.{name}]
driver = "keithley{model}"
resource = "{resource}"
[[wiring.singles]]
row = 0
columns = {column}
source = "{name}"
series = "10 kohm"
"""
PORT = """
[twin.serve.{name}]
port = {port}
"""
ANY = "TCPIP0::127.0.0.1::5025::SOCKET"


def server(name: str, model: int, port: int | None = None) -> BenchServer:
    """One instrument, in real time, on a socket."""
    text = HEAD + SMU.format(name=name, model=model, resource=ANY, column=0) + "[twin]\n"
    text += PORT.format(name=name, port=port) if port else ""
    return BenchServer(parse(text, source=name), generators=Generators(0))


class Watched:
    """An attended bench and everything that it told."""

    def __init__(self, poll_every_s: float = 3600.0) -> None:
        self.events: list[BenchEvent] = []
        self.bench = Attended(self._heard, poll_every_s=poll_every_s)
        self._changed = threading.Condition()

    def _heard(self, event: BenchEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def until(self, name: str, state: str) -> None:
        """Wait until a poll has found this."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: of(self.bench.state, name).state == state, TIMEOUT_S
            ), self.bench.state


def of(state: BenchState, name: str) -> InstrumentState:
    return {one.name: one for one in state.instruments}[name]


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    assert made.bench.close(TIMEOUT_S)


def test_a_twin_is_connected_and_every_instrument_says_who_it_is(watched: Watched) -> None:
    state = watched.bench.connect("everything").result(TIMEOUT_S)
    assert (state.bench, state.phase, state.twin) == ("everything", "connected", True)
    assert not state.energised
    assert of(state, "k2602b.b").identity.startswith("Keithley Instruments Inc. 2602B")
    assert of(state, "k2400").state == "off, set to 0 V"
    assert of(state, "board").state == "2 outputs at 0 V"
    assert of(state, "switch").state == "all open"
    assert state.limits[0].startswith("junctions: at most ")
    assert any(line.startswith("k2400") and "up to" in line for line in state.limits)
    assert state.words == "connected; every instrument answers"
    phases = [event.phase for event in watched.events if isinstance(event, BenchState)]
    assert phases == ["opening", "connected"]
    after = watched.bench.disconnect().result(TIMEOUT_S)
    assert (after.phase, after.instruments) == ("closed", ())
    assert after.limits == state.limits


def test_what_is_wrong_with_a_bench_file_becomes_words_and_the_bench_before_stays(
    watched: Watched, tmp_path: Path
) -> None:
    watched.bench.connect("twin").result(TIMEOUT_S)
    state = watched.bench.connect(str(tmp_path / "missing.toml")).result(TIMEOUT_S)
    assert state.wrong
    assert "does not exist" in state.words
    assert (state.bench, state.phase) == ("twin", "connected")


def test_check_tells_the_table_of_mtjlab_check_and_its_absence(watched: Watched) -> None:
    watched.bench.check().result(TIMEOUT_S)
    watched.bench.connect("twin").result(TIMEOUT_S)
    watched.bench.check().result(TIMEOUT_S)
    nothing, table = (event for event in watched.events if isinstance(event, BenchChecked))
    assert nothing.error == "no bench is connected"
    assert {row.section for row in table.rows} >= {"instruments", "limits", "wiring"}


def test_a_run_gets_the_instruments_and_gives_them_back(watched: Watched) -> None:
    watched.bench.connect("twin").result(TIMEOUT_S)
    state = watched.bench.release()
    assert state.phase == "in a run"
    assert {one.state for one in state.instruments} == {"lent to the run"}
    assert not state.energised
    asked = watched.bench.look().result(TIMEOUT_S)
    assert asked.wrong
    assert "a run has the instruments" in asked.words
    assert watched.bench.safe().result(TIMEOUT_S).phase == "in a run"
    assert watched.bench.take_back().result(TIMEOUT_S).phase == "connected"
    watched.bench.release()
    watched.bench.disconnect()
    assert watched.bench.take_back().result(TIMEOUT_S).phase == "closed"
    watched.bench.release()
    watched.bench.connect("array")
    assert watched.bench.take_back().result(TIMEOUT_S).bench == "array"


def test_a_listener_that_fails_keeps_nothing_from_being_done() -> None:
    def broken(_event: BenchEvent) -> None:
        raise RuntimeError("the listener fails here, as it was told to")

    bench = Attended(broken)
    assert bench.connect("twin").result(TIMEOUT_S).connected
    assert bench.safe().result(TIMEOUT_S).words == "safe: 0 V and off, read back"
    assert bench.close(TIMEOUT_S)
    assert bench.look().result(TIMEOUT_S).phase == "closed"


def say(resource: str, line: str) -> str:
    """By somebody else's hand, over a socket of its own."""
    with socket.create_connection(("127.0.0.1", int(resource.split("::")[2])), TIMEOUT_S) as wire:
        lines = wire.makefile("rwb")
        lines.write(f"{line};:OUTP?;:SOUR:VOLT?\n".encode())
        lines.flush()
        return lines.readline().decode().strip()


def test_an_output_that_was_found_on_is_told_and_untouched_until_safe(
    watched: Watched, tmp_path: Path
) -> None:
    with server("one", 2400) as running:
        resource = running.resources["one"]
        file = tmp_path / "bench.toml"
        running.write_bench(file)
        say(resource, ":SOUR:VOLT 0.05;:OUTP ON")
        state = watched.bench.connect(str(file)).result(TIMEOUT_S)
        assert state.energised
        assert of(state, "one").level == pytest.approx(0.05)
        assert state.words.startswith("one is on at 50 mV: nothing was touched")
        watched.bench.disconnect().result(TIMEOUT_S)
        assert say(resource, "*CLS").startswith("1;5")
        # Not connected: opened for it, and closed again.
        state = watched.bench.safe().result(TIMEOUT_S)
        assert (state.phase, state.energised) == ("closed", False)
        assert state.words == "safe: 0 V and off, read back"
        assert float(say(resource, "*CLS").split(";")[1]) == 0
        assert say(resource, "*CLS").startswith("0;")


def test_one_instrument_dies_and_the_others_stay_readable_until_it_is_back(
    tmp_path: Path,
) -> None:
    watched = Watched(poll_every_s=0.02)
    with server("one", 2400) as first, server("two", 2450) as second:
        file = tmp_path / "bench.toml"
        port = int(first.resources["one"].split("::")[2])
        file.write_text(
            HEAD
            + SMU.format(name="one", model=2400, resource=first.resources["one"], column=0)
            + SMU.format(name="two", model=2450, resource=second.resources["two"], column=1)
        )
        state = watched.bench.connect(str(file)).result(TIMEOUT_S)
        assert (state.twin, state.wrong) == (False, False)
        first.stop()
        watched.until("one", "no answer")
        assert "one" in of(watched.bench.state, "one").error
        assert of(watched.bench.state, "two").state == "off, set to 0 V"
        unsafe = watched.bench.safe().result(TIMEOUT_S)
        assert unsafe.wrong
        assert "one" in unsafe.words
        assert "by hand" in unsafe.words
        still = watched.bench.look().result(TIMEOUT_S)
        assert "no answer from one" in still.words
        with server("one", 2400, port):
            again = watched.bench.look().result(TIMEOUT_S)
            assert again.words == "connected; every instrument answers"
            assert of(again, "one").identity.startswith("KEITHLEY")
            assert watched.bench.close(TIMEOUT_S)
