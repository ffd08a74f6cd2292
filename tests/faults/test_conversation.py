"""A conversation over a bad line, against an instrument that echoes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from sim_backend.faults import FaultyInstrument, Incident, Scenario, matches, possible


def fault(kind, **more):
    return Incident("smu", kind, **more)


class Echo:
    """Answers every question with its text and a count; the count is all of its state."""

    port = "visa"

    def __init__(self):
        self.out = bytearray()
        self.count = 0
        self.happened = []
        self._line = bytearray()

    def feed(self, data):
        self._line += data
        while (end := self._line.find(b"\n")) >= 0:
            text = self._line[:end].decode()
            del self._line[: end + 1]
            if self.out:
                self.out.clear()
                self.happened.append("-410")
            self.count += 1
            if text.endswith("?"):
                self.out += f"{text}{self.count}\n".encode()

    def converse(self):
        return Echo()

    def clear(self):
        self._line.clear()
        self.out.clear()

    def status_byte(self):
        return 0x10 if self.out else 0

    def starved(self):
        self.happened.append("-420")

    def report(self, code, text):
        self.happened.append((code, text))

    def trip(self, tripped):
        self.happened.append(tripped)

    def power_cycle(self):
        self.happened.append("power")

    def state(self):
        return {"count": self.count}

    def restore(self, state):
        self.count = state["count"]


def rig(*incidents, seed=1):
    clock, twin = VirtualClock(), Echo()
    made = Scenario(
        incidents,
        ["smu", "other"],
        clock=clock,
        generators=Generators(seed),
    )
    return FaultyInstrument(twin, made.of["smu"]), twin, clock, made


def ask(line, text="A?"):
    line.feed(text.encode() + b"\n")
    return take(line)


def take(line):
    reply = bytes(line.out)
    line.out.clear()
    return reply


@given(st.lists(st.sampled_from(["A?", "B?", "SET 1", ""]), max_size=12), st.data())
@settings(max_examples=60)
def test_where_nothing_goes_wrong_nothing_is_different(messages, data):
    faulty, _, _, _ = rig(fault(kind="timeout", at_s=1e9))
    plain = Echo()
    stream = "".join(m + "\n" for m in messages).encode()
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        for line in (faulty, plain):
            line.feed(stream[:cut])
        stream = stream[cut:]
        assert faulty.status_byte() == plain.status_byte()
        if data.draw(st.booleans()):
            assert take(faulty) == take(plain)
    assert faulty.happened == plain.happened


def test_a_lost_reply_never_comes_and_the_instrument_knows_nothing_of_it():
    line, twin, _, _ = rig(fault(kind="timeout", message=2))
    assert ask(line) == b"A?1\n"
    assert ask(line) == b""
    line.starved()
    assert ask(line) == b"A?3\n"
    assert twin.happened == []


def test_a_late_reply_comes_when_its_time_has_come_and_is_not_overtaken():
    line, _, clock, _ = rig(fault(kind="late_reply", message=1, delay_s=3.0))
    assert ask(line) == b""
    assert line.due_s() == 3.0
    clock.sleep(1.0)
    assert ask(line, "B?") == b""
    clock.sleep(2.0)
    assert take(line) == b"A?1\nB?2\n"
    assert ask(line) == b"A?3\n"


def test_a_device_clear_drops_what_is_late():
    line, _, clock, _ = rig(fault(kind="late_reply", message=1, delay_s=3.0))
    ask(line)
    line.clear()
    clock.sleep(9.0)
    assert take(line) == b""


def test_a_stale_reply_puts_all_that_follow_off_by_one_until_a_clear():
    line, twin, _, _ = rig(fault(kind="stale_reply", message=2))
    assert ask(line) == b"A?1\n"
    for expected in (b"A?1\n", b"A?2\n", b"A?3\n"):
        line.feed(b"A?\n")
        end = line.out.find(b"\n") + 1
        got = bytes(line.out[:end])
        del line.out[:end]
        assert got == expected
    line.clear()
    assert ask(line) == b"A?5\n"
    assert twin.happened == []


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
@given(seed=st.integers(0, 2**31))
@settings(max_examples=30)
def test_a_damaged_reply_is_another_one_and_only_that_one(kind, seed):
    line, _, _, _ = rig(fault(kind=kind, message=2), seed=seed)
    assert ask(line) == b"A?1\n"
    damaged = ask(line)
    assert damaged != b"A?2\n"
    assert kind == "garbage" or b"A?2".startswith(damaged.rstrip(b"\n"))
    assert ask(line) == b"A?3\n"


def test_a_link_that_drops_comes_back_but_a_connection_does_not():
    line, _, clock, _ = rig(fault(kind="disconnect", at_s=5.0, duration_s=2.0))
    connection = line.converse()
    assert ask(connection) == b"A?1\n"
    clock.sleep(5.0)
    for attempt in (
        lambda: ask(line),
        lambda: line.out,
        line.status_byte,
        line.clear,
        line.converse,
        lambda: ask(connection),
    ):
        with pytest.raises(ConnectionError):
            attempt()
    clock.sleep(2.0)
    assert ask(line) == b"A?1\n"
    with pytest.raises(ConnectionError):
        ask(connection)
    assert ask(line.converse()) == b"A?1\n"


def test_what_is_due_by_the_clock_happens_at_a_message_to_whomever():
    line, twin, clock, scenario = rig(
        fault(kind="compliance", at_s=1.0, duration_s=2.0), fault(kind="power_cycle", at_s=9.0)
    )
    for now_s, happened in ((1.5, [True]), (2.9, [True]), (3.0, [True, False])):
        clock.sleep(now_s - clock.now_s())
        scenario.of["other"].arrive("read")
        assert twin.happened == happened
    clock.sleep(9.0)
    ask(line)
    assert twin.happened == [True, False, "power"]


def test_an_entry_comes_after_the_message():
    line, twin, _, _ = rig(fault(kind="error_entry", command="SET", code=-222, text="Data"))
    assert ask(line) == b"A?1\n"
    line.feed(b"SET 3\n")
    assert twin.happened == [(-222, "Data")]


@pytest.mark.parametrize(("times", "lost"), [(1, 1), (3, 3), (None, 8)])
def test_how_often(times, lost):
    line, _, _, _ = rig(fault(kind="timeout", message=3, times=times))
    assert sum(ask(line) == b"" for _ in range(10)) == lost


def test_chance_is_that_of_the_seed():
    def missing(seed):
        line, _, _, _ = rig(fault(kind="timeout", probability=0.3, times=None), seed=seed)
        return [ask(line) == b"" for _ in range(400)]

    assert missing(1) == missing(1) != missing(2)
    # Binomial, 400 x 0.3: 120 +- 9.2; five standard deviations either way.
    assert 74 < sum(missing(1)) < 166


@given(stop=st.integers(0, 30), seed=st.integers(0, 1000))
@settings(max_examples=30)
def test_a_line_restored_goes_on_as_if_it_had_never_stopped(stop, seed):
    incidents = [
        fault(kind=kind, probability=0.15, times=None)
        for kind in ("garbage", "stale_reply", "late_reply", "truncated", "timeout")
    ]

    def talk(line, clock, messages):
        got = []
        for n in range(messages):
            line.feed(b"A?\n")
            clock.sleep(0.3)
            got.append(bytes(line.out[: 3 + n % 3]))
            del line.out[: 3 + n % 3]
        return got

    whole, _, clock, _ = rig(*incidents, seed=seed)
    talk(whole, clock, stop)
    saved, world = whole.state(), whole._faults.scenario.state()
    other, _, later, scenario = rig(*incidents, seed=99)
    later.sleep(clock.now_s())
    other.restore(saved)
    scenario.restore(world)
    assert talk(whole, clock, 20) == talk(other, later, 20)


@pytest.mark.parametrize(
    ("command", "message", "found"),
    [
        (":READ?", "read?;:FETCH?", True),
        ("SOUR:VOLT", ":OUTP 1;:SOURCE:VOLTAGE:LEVEL 0.1", True),
        ("SYST:ERR?", "SYSTEM:ERROR?", True),
        ("SYST:ERR?", "SYSTEM:ERROR:ALL?", False),
        ("OUTP?", ":OUTPUT 1", False),
        ("smua.measure", "print(smua.measure.i())", True),
    ],
)
def test_a_command_is_found_in_any_form(command, message, found):
    assert matches(command, message) is found


def test_what_an_instrument_can_have():
    assert "compliance" in possible(Echo)
    assert "overrun" not in possible(Echo)

    class Plain:
        port = "visa"

    assert not {"compliance", "power_cycle", "error_entry"} & set(possible(Plain))
