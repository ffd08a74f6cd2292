"""The link: whole transactions, no stale reply, settings by permit, aborts, our errors."""

import threading

import pytest
from pymeasure.instruments.keithley import Keithley2400 as PyMeasure2400
from pyvisa import errors
from pyvisa.constants import StatusCode

from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.messages import understand
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    InstrumentError,
    LimitError,
    NotFound,
    Timeout,
)

SILENCE = None
IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1,C30"


@pytest.fixture
def link_to(function_library, opening, closing):
    def make(instrument, settings=None):
        library = function_library.around(instrument)
        link = closing(Link(opening(library), settings or LinkSettings(timeout_s=0.5)))
        return link, library

    return make


@pytest.mark.parametrize(
    ("text", "only_asks", "has_reply", "acquires"),
    [
        ("*IDN?", True, True, False),
        (":SOUR:VOLT?;:OUTP?", True, True, False),
        ("MEAS:VOLT:DC? DEF,DEF", True, True, False),
        (":SOUR:VOLT 1;:SOUR:VOLT?", False, True, False),
        (":SOUR:VOLT 0.1", False, False, False),
        (":read?", True, True, True),
        (":DISP:TEXT 'really?;*RST'", False, False, False),
        ("", False, False, False),
    ],
)
def test_a_message_is_understood_from_its_text(text, only_asks, has_reply, acquires):
    message = understand(text)
    assert (message.only_asks, message.has_reply, message.acquires) == (
        only_asks,
        has_reply,
        acquires,
    )


def test_a_question_is_one_transaction_and_drops_the_termination(link_to):
    link, library = link_to(lambda message: (b"+1.0E-01\n",))
    assert link.ask(":SOUR:VOLT?") == "+1.0E-01"
    assert library.sent == [":SOUR:VOLT?"]


def test_a_reply_late_by_several_slices_is_still_read(link_to):
    link, _ = link_to(lambda message: (SILENCE, SILENCE, SILENCE, b"1\n"))
    assert link.ask("OUTPUT?") == "1"


def test_a_long_reply_in_pieces_is_one_reply(link_to):
    text = ",".join(["+1.000000E-05"] * 500)
    link, _ = link_to(
        lambda message: [text[i : i + 7].encode() for i in range(0, 7000, 7)] + [b"\n"]
    )
    assert link.ask(":TRACE:DATA?") == text


def test_no_reply_is_a_timeout_that_says_what_to_check(link_to):
    link, library = link_to(lambda message: ())
    waits = []
    library.on_silence = lambda: waits.append(1)
    with pytest.raises(Timeout, match=r"smu \(GPIB0::24::INSTR\).*'\*IDN\?' within 500 ms.*Check"):
        link.ask("*IDN?")
    assert len(waits) == 10, "the time-out is counted in slices, so that virtual time works"


def test_the_library_waits_one_slice_for_a_reply_and_the_whole_time_out_for_a_message(link_to):
    link, library = link_to(lambda message: (b"1\n",))
    link.ask("OUTPUT?")
    assert library.timeouts_ms == [500, 50]


def test_a_reply_that_breaks_off_is_never_half_a_number(link_to):
    """The library has lost the bytes before the time-out; what follows would read as 1.0."""
    link, _ = link_to(lambda message: (b"+2.000", SILENCE, b"1.0\n"))
    with pytest.raises(Timeout, match="only"):
        link.ask(":SOUR:VOLT?")


def test_a_stale_reply_never_answers_the_next_question(link_to):
    """Without device clear: late replies come in order, and the greeting swallows them."""
    replies = {"*IDN?": IDN, ":SOUR:VOLT?": "0.1", "OUTPUT?": "1"}
    slow = [True]

    def instrument(message):
        reply = replies[message].encode() + b"\n"
        if message == ":SOUR:VOLT?" and slow.pop() if slow else False:
            return (SILENCE,) * 10 + (reply,)
        return (reply,)

    link, library = link_to(instrument)
    library.clear_status = StatusCode.error_nonsupported_operation
    link.expect("*IDN?", IDN)
    with pytest.raises(Timeout):
        link.ask(":SOUR:VOLT?")
    assert link.ask("OUTPUT?") == "1"
    assert library.sent == [":SOUR:VOLT?", "*IDN?", "OUTPUT?"]


def test_a_device_clear_empties_the_reply_queue_after_an_error(link_to):
    late = [(SILENCE,) * 10 + (b"9.9\n",)]
    link, library = link_to(lambda message: late.pop() if late else (b"0.5\n",))
    with pytest.raises(Timeout):
        link.ask(":SOUR:VOLT?")
    assert link.ask(":SOUR:VOLT?") == "0.5"
    assert library.clears == 1


def test_a_late_greeting_does_not_pass_for_the_new_one(link_to):
    """Without device clear, and with the greeting itself unanswered in time."""
    late = [(SILENCE,) * 10 + (f"{IDN}\n".encode(),)]

    def instrument(message):
        if message == "*IDN?":
            return late.pop() if late else (f"{IDN}\n".encode(),)
        return (b"0.25\n",)

    link, library = link_to(instrument)
    library.clear_status = StatusCode.error_nonsupported_operation
    link.expect("*IDN?", IDN)
    with pytest.raises(Timeout):
        link.ask("*IDN?")
    assert [link.ask(":SOUR:VOLT?") for _ in range(2)] == ["0.25", "0.25"]


def test_a_reply_that_makes_no_sense_puts_the_next_one_in_doubt(link_to):
    link, library = link_to(lambda message: (b"0.25\n",))
    with pytest.raises(BadReply), link.held():
        raise BadReply("not a number")
    link.ask(":SOUR:VOLT?")
    assert library.clears == 1


def test_a_link_that_never_comes_back_to_its_greeting_says_so(link_to):
    link, _ = link_to(lambda message: (b"garbage\n",) * 100)
    link.expect("*IDN?", IDN)
    with pytest.raises(BadReply, match="something else than"):
        link.clear()


def test_abort_releases_a_waiting_caller_after_one_slice(link_to):
    link, library = link_to(lambda message: (SILENCE,) * 1000)
    waits = []

    def press_stop():
        waits.append(1)
        link.abort.set()

    library.on_silence = press_stop
    with pytest.raises(Aborted):
        link.ask(":SOUR:VOLT?")
    assert len(waits) == 1


def test_an_abort_from_another_thread_takes_no_lock(link_to):
    link, library = link_to(lambda message: (SILENCE,) * 10**6, LinkSettings(timeout_s=1e4))
    waiting = threading.Event()
    library.on_silence = waiting.set
    stopper = threading.Thread(target=lambda: waiting.wait(10) and link.abort.set())
    stopper.start()
    with pytest.raises(Aborted):
        link.ask(":SOUR:VOLT?")
    stopper.join()


def test_a_setting_needs_the_permit_and_a_question_does_not(link_to, permit):
    link, library = link_to(lambda message: (b"0\n",) if "?" in message else ())
    assert link.ask(":SOUR:VOLT?") == "0"
    for setting in (":SOUR:VOLT 1", "*RST", ":SOUR:VOLT 1;:SOUR:VOLT?", ":INIT"):
        with pytest.raises(LimitError, match="nothing was sent"):
            link.write(setting)
    with permit.opened():
        link.write(":SOUR:VOLT 1")
    assert library.sent == [":SOUR:VOLT?", ":SOUR:VOLT 1"]


def test_refused_messages_are_refused_with_the_reason_even_with_a_permit(link_to, permit):
    settings = LinkSettings(refused={"MEAS": "It turns the output on"})
    link, library = link_to(lambda message: (b"1\n",), settings)
    with permit.opened(), pytest.raises(LimitError, match="turns the output on"):
        link.ask(":MEASURE:CURRENT?")
    with permit.opened(), pytest.raises(LimitError):
        link.ask("*IDN?;:meas:volt?")
    assert library.sent == []


def test_readings_pass_only_where_the_driver_allows_them(link_to):
    link, library = link_to(lambda message: (SILENCE,) * 15 + (b"1,2,3,4,5\n",))
    with pytest.raises(LimitError, match=r"measure\(\)"):
        link.ask(":READ?")
    with link.acquiring(duration_s=1.0):
        assert link.ask(":READ?") == "1,2,3,4,5", "the wait grows with the integration time"
    with pytest.raises(LimitError):
        link.ask(":READ?")
    assert library.sent == [":READ?"]


def test_two_threads_on_one_unmodified_pymeasure_driver_never_interleave(link_to, permit):
    """The instrument answers its own question back; a mixed-up reply would be another number."""
    numbers = {":SOURCE:VOLTAGE?": "1.0", ":SENSE:CURRENT:RANGE?": "2.0", "OUTPUT?": "1"}
    link, _ = link_to(lambda message: (f"{numbers[message]}\n".encode(),) if "?" in message else ())
    with permit.opened():
        smu = PyMeasure2400(link)
    wrong: list[object] = []
    barrier = threading.Barrier(3)

    def ask(attribute: str, expected: object) -> None:
        barrier.wait()
        for _ in range(300):
            if getattr(smu, attribute) != expected:
                wrong.append(attribute)

    threads = [
        threading.Thread(target=ask, args=pair)
        for pair in (("source_voltage", 1.0), ("current_range", 2.0), ("source_enabled", True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_reading_without_asking_is_an_error_not_an_old_reply(link_to, permit):
    link, _ = link_to(lambda message: (b"1\n",) if "?" in message else ())
    link.write("OUTPUT?")
    with permit.opened():
        link.write(":SOUR:VOLT 0")
    with pytest.raises(InstrumentError, match="nothing was asked"):
        link.read()


def test_an_absent_resource_lists_what_is_there(function_library, opening):
    library = function_library.around(lambda message: ())
    with pytest.raises(NotFound, match=r"GPIB0::7::INSTR.*There are: GPIB0::24::INSTR.*Check"):
        Link(opening(library, "GPIB0::7::INSTR"), LinkSettings())


def test_an_absent_library_is_named(opening):
    with pytest.raises(NotFound, match=r"@nosuchlibrary.*Install"):
        Link(opening("@nosuchlibrary"), LinkSettings())


@pytest.mark.parametrize(
    "failure",
    [
        errors.VisaIOError(StatusCode.error_connection_lost),
        ConnectionResetError("reset by peer"),
        errors.InvalidSession(),
    ],
)
def test_no_error_of_a_vendor_escapes(link_to, failure):
    link, library = link_to(lambda message: (b"1\n",))

    def broken(session, data):
        raise failure

    library.write = broken
    with pytest.raises(InstrumentError, match=r"the link failed|nobody is there") as caught:
        link.ask("OUTPUT?")
    assert caught.value.__cause__ is failure


def test_a_closed_link_says_so_and_closes_again(link_to):
    link, library = link_to(lambda message: (b"1\n",))
    link.close()
    link.close()
    with pytest.raises(InstrumentError, match="is closed"):
        link.ask("OUTPUT?")
    assert library.sent == []
