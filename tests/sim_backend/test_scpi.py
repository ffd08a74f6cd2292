"""The SCPI core, with a little instrument of its own that knows no physics."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_backend.scpi import (
    Boolean,
    Channels,
    Choice,
    Either,
    ErrorQueue,
    EventGroup,
    Integer,
    Named,
    Number,
    Quoted,
    ScpiError,
    Session,
    Status,
    Vocabulary,
    block,
    declare_group,
    open_block,
)

WORDS = Vocabulary()


class Box:
    identity = "ACME,BOX,7,1.0"

    def __init__(self):
        self.status = Status(ErrorQueue(4), {"OPER": EventGroup(0x80)})
        self.values = {"volts": 0.0, "on": False, "shape": "SIN", "channels": (), "text": ""}
        self.triggers = 0
        self.messages = 0
        self.session = Session(self, WORDS, message_passes=self._count)

    def _count(self):
        self.messages += 1

    def reset(self):
        self.values["volts"] = 0.0

    def trigger(self):
        self.triggers += 1

    def put(self, name):
        return lambda value: self.values.__setitem__(name, value)

    def send(self, text):
        """Send a message, take the reply."""
        self.session.feed(text.encode("latin-1") + b"\n")
        reply = bytes(self.session.out)
        self.session.out.clear()
        return reply.decode("latin-1").removesuffix("\n")

    def errors(self):
        found = []
        while len(self.status.errors):
            found.append(self.status.errors.pop()[0])
        return found


def _setting(name):
    return {
        "query": lambda box: box.values[name],
        "set": lambda box, value: box.values.__setitem__(name, value),
    }


WORDS.declare(
    "[:SOURce[1]]:VOLTage[:LEVel][:IMMediate][:AMPLitude]",
    **_setting("volts"),
    takes=(Number(-10, 10, 0.5),),
)
WORDS.declare("[:SOURce[1]]:VOLTage:STATe", **_setting("on"), takes=(Boolean(),))
WORDS.declare(":OUTPut<1:3>:LEVel", query=lambda box, n: 10 * n)
WORDS.declare(":CALCulate3:DATA", query=lambda box: (1.0, -2.5))
WORDS.declare(":FUNCtion:SHAPe", **_setting("shape"), takes=(Choice("SINusoid", "SQUare"),))
WORDS.declare(":ROUTe:CLOSe", **_setting("channels"), takes=(Channels(101, 110),))
WORDS.declare(":DISPlay:TEXT", **_setting("text"), takes=(Quoted(),))
WORDS.declare(
    ":LIST", set=lambda box, *v: box.values.update(volts=v), takes=(Number(),), repeat=True
)
WORDS.declare(":CURVe", query=lambda box: block([1.0, 2.0], "<f4"))
WORDS.declare(":SILent", query=lambda box: None)
WORDS.declare(":PK2Pk", query=lambda box: 22)
WORDS.declare(":FUNCtion:STATe", query=lambda box, word: word == "SIN", asks=(Choice("SINusoid"),))
WORDS.declare(
    ":READ",
    query=lambda box, buffer="none", *words: f"{buffer}:{'/'.join(words)}",
    asks=(Quoted(), Choice("SOURce", "READing")),
    asks_optional=2,
    asks_repeat=True,
)
declare_group(WORDS, "OPERation")


@pytest.fixture
def box():
    return Box()


@pytest.mark.parametrize(
    "header",
    [
        "VOLT",
        "volt",
        ":VOLTage",
        ":SOUR:VOLT",
        "SOURCE1:VOLTAGE:LEVEL:IMMEDIATE:AMPLITUDE",
        ":sour1:volt:ampl",
        "SOUR:VOLT:IMM",
    ],
)
def test_short_long_optional_and_numbered_forms_are_one_command(box, header):
    box.send(f"{header} 1.25\r")
    assert box.send(f"{header}?") == "1.250000E+00"
    assert box.errors() == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("VOLTA 1", -113),  # neither short nor long
        ("SOU:VOLT 1", -113),
        ("VOLT:SHAP?", -113),
        ("CURVE 1", -113),  # a query only
        ("LIST?", -113),  # a command only
        ("::VOLT 1", -113),
        (":", -113),
        ("VOLT? ?", -104),
        ("VOLT", -109),
        ("VOLT 1,2", -108),
        ("CURVE? 1", -108),
        ("FUNC:STAT?", -109),
        ("FUNC:STAT? SIN,SIN", -108),
        ("SOUR2:VOLT 1", -114),
        ("OUTP4:LEV?", -114),
        ("VOLT ON", -104),
        ("VOLT 'one'", -104),
        ("VOLT 1V", -121),
        ("VOLT 11", -222),
        ("VOLT 1e400", -222),
        ("VOLT NAN", -104),
        ("FUNC:SHAP TRI", -224),
        ("FUNC:SHAP 3", -104),
        ("VOLT:STAT MAYBE", -224),
        ("DISP:TEXT 'open", -151),
        ("DISP:TEXT 'a'b'", -151),
        ("DISP:TEXT bare", -104),
        ("ROUT:CLOS (@100)", -222),
        ("ROUT:CLOS (@101:102:103)", -104),
        ("ROUT:CLOS 101", -104),
        ("VOLT 5\xe9", -101),
    ],
)
def test_malformed_commands_queue_their_error_and_change_nothing(box, message, code):
    before = dict(box.values)
    assert box.send(message) == ""
    assert box.errors() == [code]
    assert box.values == before


def test_numbers_have_names_and_other_bases(box):
    assert [float(box.send(f"VOLT? {word}")) for word in ("MIN", "MAXIMUM", "DEF")] == [
        -10,
        10,
        0.5,
    ]
    box.send("VOLT MAX")
    assert box.values["volts"] == 10
    box.send("*ESE #H1F")
    assert box.send("*ESE?") == "31"
    box.send("*ESE 2.6")
    assert box.send("*ESE?") == "3"
    assert Number(infinite=True).read("inf") == float("inf")
    assert Integer(0, 255).read("#b101") == 5


def test_booleans_words_and_strings(box):
    for text, value in (("ON", True), ("0", False), ("1", True), ("off", False), ("2.7", True)):
        box.send(f"VOLT:STAT {text}")
        assert box.values["on"] is value
    assert box.send("VOLT:STAT?") == "1"
    box.send("FUNC:SHAP square")
    assert box.send("FUNC:SHAP?;STAT? sinusoid") == "SQU;1"
    box.send('DISP:TEXT "a;b,c ""d"" \'e\'"')
    assert box.values["text"] == "a;b,c \"d\" 'e'"
    assert Named(Choice("VOLTage")).read("'volt'") == "VOLT"
    assert Either(Boolean(), Choice("ONCE")).read("once") == "ONCE"


def test_a_query_may_take_optional_and_repeated_parameters(box):
    assert box.send(":READ?;:READ? 'one';:READ? 'two', SOUR, READING,sour") == (
        "none:;one:;two:SOUR/READ/SOUR"
    )
    for refused in (":READ? one", ":READ? 'one', TIME", ":READ? 'one',"):
        assert box.send(refused) == ""
    assert box.errors() == [-104, -224, -104]


def test_channel_lists_may_run_both_ways(box):
    box.send("ROUT:CLOS (@101, 103:105,110:108)")
    assert box.values["channels"] == (101, 103, 104, 105, 110, 109, 108)


def test_suffixes_reach_the_handler(box):
    assert [box.send(f"OUTP{n}:LEV?") for n in ("", 1, 2, 3)] == ["10", "10", "20", "30"]
    assert box.send("CALCULATE3:DATA?") == "1.000000E+00,-2.500000E+00"
    assert box.send("PK2P?;PK2PK?") == "22;22"
    assert box.send("CALC:DATA?") == ""
    assert box.errors() == [-113]


def test_compound_messages_carry_the_path_on(box):
    assert box.send("SOUR:VOLT:LEV 2;STAT ON;*ESE 4;STAT?;:VOLT?;:FUNC:SHAP?") == (
        "1;2.000000E+00;SIN"
    )
    assert box.errors() == []
    # The path is the one that was written: there is no SOUR:SHAP.
    assert box.send("FUNC:SHAP SQU;SOUR:VOLT 1") == ""
    assert box.errors() == [-113]
    assert box.values["shape"] == "SQU"


def test_a_command_error_loses_the_rest_of_the_message_another_error_does_not(box):
    assert box.send("VOLT 1;:VOLT 99;:VOLT?;:NONSENSE;:VOLT 3") == "1.000000E+00"
    assert box.errors() == [-222, -113]
    assert box.values["volts"] == 1.0


def test_the_error_queue_overflows_into_its_last_place_and_cls_empties_it(box):
    for _ in range(6):
        box.send("NONSENSE")
    assert box.send("SYST:ERR:COUN?") == "4"
    assert box.send(":SYSTem:ERRor:NEXT?") == '-113,"Undefined header"'
    assert box.send("SYST:ERR:ALL?").endswith('-350,"Queue overflow"')
    assert box.send("SYST:ERR?") == '0,"No error"'
    box.send("NONSENSE")
    box.send(":*CLS")
    assert box.send("STAT:QUE?") == '0,"No error"'
    assert box.send("SYST:ERR:CODE?") == "0"


def test_status_byte_sums_up(box):
    assert int(box.send("*ESR?")) == 0x80  # power on
    box.send("*ESE 32;*SRE 164")
    box.send("NONSENSE")
    assert int(box.send("*STB?")) == 0x04 | 0x20 | 0x40
    assert int(box.send("*ESR?")) == 0x20
    box.send("*CLS;*OPC")
    assert int(box.send("*ESR?")) == 0x01
    box.send("STAT:OPER:ENAB 1024")
    box.status.groups["OPER"].update(1024, 1024)
    assert box.session.status_byte() == 0x80 | 0x40
    assert box.send("STAT:OPER:COND?;EVEN?;EVEN?") == "1024;1024;0"
    box.send("STAT:PRES")
    assert box.send("STAT:OPER:ENAB?") == "0"
    box.session.feed(b"*IDN?\n")
    assert box.session.status_byte() & 0x10


def test_power_on_forgets_everything_but_itself(box):
    box.send("*ESE 32;*SRE 32;:STAT:OPER:ENAB 1;:NONSENSE")
    box.status.groups["OPER"].update(1, 1)
    box.status.power_on()
    assert box.send("*ESR?;*ESE?;*SRE?;:STAT:OPER:COND?;EVEN?;ENAB?;:SYST:ERR:COUN?") == (
        "128;0;0;0;0;0;0"
    )


def test_common_commands(box):
    assert box.send("*IDN?") == "ACME,BOX,7,1.0"
    assert box.send("*OPC?;*TST?;*WAI;*SRE?") == "1;0;0"
    box.send("VOLT 3;*TRG;*RST")
    assert (box.values["volts"], box.triggers) == (0.0, 1)


def test_an_unread_reply_is_lost_to_the_next_message(box):
    box.session.feed(b"*IDN?\n")
    assert box.send("VOLT?") == "0.000000E+00"
    assert box.errors() == [-410]
    box.session.starved()
    assert box.errors() == [-420]


def test_messages_may_be_cut_anywhere_and_clear_forgets_the_beginning(box):
    for byte in b":VOLT 1.5;:VOLT?\r\n":
        box.session.feed(bytes([byte]))
    assert bytes(box.session.out) == b"1.500000E+00\n"
    box.session.out.clear()
    box.session.feed(b"VOLT 9")
    box.session.clear()
    assert box.send("VOLT?") == "1.500000E+00"
    assert box.send("SIL?") == ""
    assert box.send("") == box.send(";;") == ""
    assert box.errors() == []


def test_a_message_without_end_is_thrown_away(box):
    box.session.feed(b"x" * 1_100_000)
    assert box.errors() == [-363]
    assert box.send("*TST?") == "0"


def test_each_message_and_each_reply_passes_the_wire_once(box):
    box.send("VOLT 1;VOLT 2")
    assert box.messages == 1
    box.send("VOLT?;*IDN?")
    assert box.messages == 3


def test_binary_blocks(box):
    assert box.send("CURV?").encode("latin-1") == b"#18" + struct.pack("<2f", 1, 2)
    assert open_block(np.arange(2), ">f4") == b"#0" + struct.pack(">2f", 0, 1)


def test_a_vocabulary_refuses_what_could_mean_two_things():
    words = Vocabulary()
    words.declare(":SENSe:DATA[:LATest]", query=lambda box: 1)
    with pytest.raises(ValueError, match="share"):
        words.declare(":SENSe:DATA", query=lambda box: 2)
    words.declare(":SENSe2:DATA2", query=lambda box: 2)
    with pytest.raises(ValueError, match="already another word"):
        words.declare(":OTHer:SENSe<1:4>", query=lambda box: 3)
    with pytest.raises(ValueError, match="not a header"):
        words.declare(":sense", query=lambda box: 1)


def test_session_and_status_are_restored(box):
    box.session.feed(b"*IDN?\nVOLT 4")
    box.send("")
    box.status.groups["OPER"].update(3, 3)
    box.status.refuse(ScpiError(803, "Not now"))
    other = Box()
    other.session.restore(box.session.state())
    other.status.restore(box.status.state())
    assert other.session.state() == box.session.state()
    assert other.status.state() == box.status.state()


@given(st.binary(max_size=60))
def test_no_bytes_ever_break_the_parser(data):
    box = Box()
    box.session.feed(data + b"\n*TST?\n")
    assert bytes(box.session.out) == b"0\n"


_UNITS = st.sampled_from(
    [
        "VOLT",
        "VOLT?",
        ":VOLT",
        "SOUR:",
        "STAT",
        "*CLS",
        "1",
        "'",
        '"',
        ",",
        ";",
        " ",
        "(@",
        ")",
        "ON",
    ]
)


@given(st.lists(_UNITS, max_size=12).map("".join))
def test_values_stay_legal_whatever_is_sent(text):
    box = Box()
    box.send(text)
    assert -10 <= box.values["volts"] <= 10
    assert isinstance(box.values["on"], bool)


@given(st.floats(-10, 10))
def test_every_number_python_writes_is_read(value):
    box = Box()
    box.send(f"VOLT {value!r}")
    assert box.values["volts"] == value
