"""The TSP core: its Lua, its error queue, its conversations; an instrument of three attributes."""

import json
import math
import operator
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_backend.tsp import Machine, RuntimeFault, Session, Status, TspError, between, one_of, own
from sim_backend.tsp.errors import SyntaxFault
from sim_backend.tsp.parser import parse

EMPTY = "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00"
IDENTITY = "Nobody, Model 0, 1, 1.0"


class Box:
    """`box.level` from -1 to 1, `box.mode` 0 or 1, `box.serial` read only, `box.double(x)`."""

    identity = IDENTITY

    def __init__(self):
        self.machine = Machine(Status())
        self.level, self.mode, self.passed = 0.0, 0, 0
        node = self.machine.root.node("box")
        own(node, "level", self, "level", between(-1.0, 1.0))
        own(node, "mode", self, "mode", one_of(0, 1))
        node.attribute("serial", lambda: "77")
        node.constants(ON=1)
        node.function("double", lambda a: (2 * a[0],))
        node.function("both", lambda a: (self.level, float(self.mode)))
        node.columns("readings", lambda: [1.0, 2.0, 3.0])
        self.session = self.converse()

    def converse(self):
        return Session(self, message_passes=self._passes)

    def _passes(self):
        self.passed += 1

    def reset(self):
        self.level, self.mode = 0.0, 0

    def trigger(self):
        self.level = 1.0

    def say(self, text, session=None):
        session = session or self.session
        session.feed(text.encode("latin-1") + b"\n")
        reply = bytes(session.out)
        session.out.clear()
        return reply.decode("latin-1").removesuffix("\n")

    def errors(self):
        found = []
        self.machine.reset()
        while (entry := self.say("print(errorqueue.next())")) != EMPTY:
            code, text, severity, node = entry.split("\t")
            assert float(severity) in (20, 30)
            assert float(node) == 1
            found.append((int(float(code)), text))
        return found


@pytest.fixture
def box():
    return Box()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2*-3", -6),
        ("1-2-3", -4),
        ("8/4/2", 1),
        ("1e-7*1E7", 1),
        (".5+1.", 1.5),
        ("'2'*'3'", 6),
        ("(-8)^0.5", math.nan),
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("10^400", math.inf),
        ("nil or 3", 3),
        ("false and 1 or 2", 2),
        ("box.ON and 5", 5),
        ("({4,5,6})[2]", 5),
        ("({a=7}).a", 7),
        ("box.readings[3]", 3),
        ("box.double(box.double(2))", 8),
        ("tonumber('0x') or 1", 1),
        ("table.getn({1,2,3})", 3),
    ],
)
def test_arithmetic_is_that_of_lua(box, expression, value):
    got = float(box.say(f"print({expression})"))
    assert got == pytest.approx(value, nan_ok=True)
    assert box.errors() == []


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("nil", "nil"),
        ("true,false", "true\tfalse"),
        ("not nil", "true"),
        ("1==1,1~=1,'a'=='a',1=='1'", "true\tfalse\ttrue\tfalse"),
        ("1<2,2<=2,1>2,'a'<'b'", "true\ttrue\tfalse\ttrue"),
        ("'a'..1 ..'b'", "a1b"),
        ('"tab\\t\\"quoted\\""', 'tab\t"quoted"'),
        ("box.serial", "77"),
        ("box.readings[9]", "nil"),
        ("box.nothing", "nil"),
        ("nothing", "nil"),
        ("box.both()", "0.00000e+00\t0.00000e+00"),
        ("box.both(),1", "0.00000e+00\t1.00000e+00"),
        ("(box.both())", "0.00000e+00"),
        ("type(box),type(1),type('x'),type(print)", "userdata\tnumber\tstring\tfunction"),
        ("{},box", "table\tuserdata"),
        ("", ""),
    ],
)
def test_what_is_printed(box, expression, shown):
    assert box.say(f"print({expression})") == shown
    assert box.errors() == []


SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@given(
    st.recursive(
        st.integers(0, 9).map(lambda n: (str(n), float(n))),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
            lambda t: (f"({t[0][0]} {t[1]} {t[2][0]})", SIGNS[t[1]](t[0][1], t[2][1]))
        ),
        max_leaves=12,
    )
)
@settings(deadline=None)
def test_any_sum_is_right(both):
    text, value = both
    assert float(Box().say(f"format.asciiprecision=16 print({text})")) == value


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [
        ("for i=1,3 do print(i) end", [1, 2, 3]),
        ("for i=3,1,-1 do print(i) end", [3, 2, 1]),
        ("for i=1,9 do if i==3 then break end print(i) end", [1, 2]),
        ("n=3 while n>0 do print(n) n=n-1 end", [3, 2, 1]),
        ("if x then print(1) elseif 2>1 then print(2) else print(3) end", [2]),
        ("if nil then print(1) else print(3) end", [3]),
        ("a,b=1,2 a,b=b,a print(a) print(b)", [2, 1]),
        ("local a=1 do local a=2 end print(a)", [1]),
        ("a=1 do a=2 end print(a)", [2]),
        ("t={} for i=1,3 do t[i]=i*i end print(t[3])", [9]),
        ("t={1,2} t[2]=nil print(table.getn(t))", [1]),
        ("a=1;b=2;;print(a+b)".replace(";;", ";"), [3]),
        ("print(1) -- and nothing else", [1]),
    ],
)
def test_statements(box, chunk, shown):
    assert [float(line) for line in box.say(chunk).split("\n")] == shown
    assert box.errors() == []


def test_variables_outlive_a_message_and_locals_do_not(box):
    box.say("a=5 local b=6")
    assert box.say("print(a,b)") == "5.00000e+00\tnil"


@pytest.mark.parametrize(
    "chunk",
    [
        "box.level=",
        "box.level 1",
        "box.level=1)",
        "box..level=1",
        "print(",
        "x=1 box.level==1",
        "for i=1 do end",
        "if true print(1) end",
        "box.level=0.5x",
        "box.level=@",
        "'open",
        "break",
        "end",
        "1=2",
        "(box.level)=1",
        "box.double(1)=2",
        ":SOUR:VOLT 1",
        "SYST:ERR?",
        "(" * 500,
        "box.level=0.5 }",
    ],
)
def test_a_chunk_that_is_none_leaves_an_error_and_changes_nothing(box, chunk):
    box.say(f"box.mode=1 {chunk}" if chunk != "box.level 1" else chunk)
    assert (box.level, box.mode) == (0.0, 0)
    ((code, text),) = box.errors()
    assert code == -285
    assert text.startswith("TSP Syntax error at line 1: ")


@pytest.mark.parametrize(
    ("chunk", "text"),
    [
        ("nobody.level=1", "attempt to index global `nobody' (a nil value)"),
        ("print(box.child.x)", "attempt to index field `child' (a nil value)"),
        ("box.go()", "attempt to call field `go' (a nil value)"),
        ("go()", "attempt to call global `go' (a nil value)"),
        ("x=1+nil", "attempt to perform arithmetic on value (a nil value)"),
        ("x=box.serial+true", "attempt to perform arithmetic on value (a boolean value)"),
        ("x=1<'2'", "attempt to compare number with string"),
        ("x='a'..nil", "attempt to concatenate value (a nil value)"),
        ("box.nothing=1", "cannot assign to field `nothing'"),
        ("box.ON=2", "cannot assign to field `ON'"),
        ("box.serial='1'", "field `serial' is read only"),
        ("box.level='x'", "number expected, got string"),
        ("box.level=nil", "number expected, got nil"),
        ("box.level=0/0", "number expected, got not a number"),
        ("while true do end", "script ended after half a million steps"),
        ("for i='a',2 do end", "`for' initial value must be a number"),
        ("t={} t[nil]=1", "index is nil"),
    ],
)
def test_a_chunk_that_cannot_go_on(box, chunk, text):
    box.say(f"box.mode=1 {chunk} box.mode=0")
    assert box.mode == 1, "what came before stands, what comes after does not happen"
    assert box.errors() == [(-286, f"TSP Runtime error at line 1: {text}")]


def test_the_line_of_an_error_in_a_script(box):
    for line in ("loadandrunscript", "x=1", "", "for i=1,2 do", " y=x.z.w", "end", "endscript"):
        box.say(line)
    assert box.errors()[0][1].startswith("TSP Runtime error at line 4: attempt to index global")


def test_what_an_attribute_refuses_ends_nothing(box):
    box.say("box.level=2 box.level=-2 box.mode=7 box.mode=1")
    assert (box.level, box.mode) == (0.0, 1)
    assert [code for code, _ in box.errors()] == [1101, 1102, 1101]


def test_the_error_queue(box):
    assert box.say("print(errorqueue.count)") == "0.00000e+00"
    for _ in range(120):
        box.say("x x")
    assert float(box.say("print(errorqueue.count)")) == 100
    assert len(box.errors()) == 100
    box.say("x x")
    box.say("errorqueue.clear()")
    assert box.say("print(errorqueue.next())") == EMPTY
    assert box.say("local code,text=errorqueue.next() print(text)") == "Queue Is Empty"


def test_common_commands(box):
    assert box.say("*IDN?") == IDENTITY
    assert box.say("*ESR?") == "128", "power on"
    box.say("x x")
    assert box.say("*STB?") == "4"
    box.say("*ESE 32")
    box.say("*SRE 100")
    assert (box.say("*ESE?"), box.say("*SRE?")) == ("32", "36"), "bit 6 cannot be enabled"
    assert box.say("*STB?") == str(4 + 32 + 64)
    assert box.session.status_byte() == 100
    box.say("*CLS")
    assert (box.say("*STB?"), box.say("*ESR?")) == ("0", "0")
    assert (box.say("*OPC?"), box.say("*TST?")) == ("1", "0")
    box.say("*OPC")
    assert box.say("*esr?") == "1"
    box.say("*TRG")
    assert box.level == 1
    box.say("*RST")
    assert box.level == 0
    box.say("*WAI")
    assert box.errors() == []
    for wrong in ("*FOO", "*IDN", "*ESE", "*ESE x", "*RST 1"):
        box.say(wrong)
        assert [code for code, _ in box.errors()] == [-285], wrong


def test_numbers_in_ascii_and_binary(box):
    box.say("format.asciiprecision=3")
    assert box.say("print(2.5) printnumber(1,2)") == "2.50e+00\n1.00e+00, 2.00e+00"
    assert box.say("printbuffer(1,9,box.readings)") == "1.00e+00, 2.00e+00, 3.00e+00"
    assert box.say("printbuffer(2,3,box.readings,{7,8,9})") == (
        "2.00e+00, 8.00e+00, 3.00e+00, 9.00e+00"
    )
    for form, kind in (("REAL32", "f"), ("REAL64", "d"), ("SREAL", "f"), ("DREAL", "d")):
        for order, sign in (("LITTLEENDIAN", "<"), ("NORMAL", ">")):
            box.say(f"format.data=format.{form} format.byteorder=format.{order}")
            reply = box.say("printbuffer(1,3,box.readings)").encode("latin-1")
            assert reply[:2] == b"#0"
            assert struct.unpack(f"{sign}3{kind}", reply[2:]) == (1, 2, 3)
    assert box.say("print(1)") == "1.00e+00", "print is always text"
    for wrong in ("0", "17", "'x'"):
        box.say(f"format.asciiprecision={wrong}")
    assert [code for code, _ in box.errors()] == [1102, 1101, -286]


def test_scripts(box):
    for line in ("loadscript twice", "box.level=0.25", "print(box.level)", "endscript"):
        assert box.say(line) == ""
    assert box.level == 0
    assert box.say("twice()") == "2.50000e-01"
    for line in ("loadandrunscript named", "print(3)"):
        box.say(line)
    assert box.say("endscript") == "3.00000e+00"
    assert box.say("named() abort=1 print(abort)") == "3.00000e+00\n1.00000e+00"
    assert box.say("abort") == ""
    for line in ("loadscript loop", "loop()", "endscript", "loop()"):
        box.say(line)
    assert box.errors() == [(-286, "TSP Runtime error at line 1: stack overflow")]


def test_replies_pile_up_until_they_are_read(box):
    box.session.feed(b"print(1)\npri")
    box.session.feed(b"nt(2)\r\nprint(3)")
    assert bytes(box.session.out) == b"1.00000e+00\n2.00000e+00\n"
    box.session.clear()
    box.session.feed(b"\n")
    assert not box.session.out
    box.session.starved()
    assert box.errors() == [(-420, "Query UNTERMINATED")]


def test_clients_have_their_own_replies_and_the_same_variables(box):
    other = box.converse()
    box.session.feed(b"x=4 print(1)\n")
    other.feed(b"print(x)\nloadscript\n")
    assert (bytes(box.session.out), bytes(other.out)) == (b"1.00000e+00\n", b"4.00000e+00\n")
    other.close()
    assert not other.out
    box.session.out.clear()
    assert box.say("print(2)") == "2.00000e+00", "the script of the other one is not ours"


def test_each_message_passes_the_wire(box):
    box.say("x=1")
    assert box.passed == 1
    box.say("print(1) print(2)")
    assert box.passed == 4


def test_a_message_without_end_is_dropped(box):
    box.session.feed(b"x" * 1_000_001)
    box.session.feed(b"\n")
    assert [code for code, _ in box.errors()] == [-363]


def test_state_and_restore(box):
    box.say("format.asciiprecision=9 a={1,{b='x'},n=true} f=box.double node=box col=box.readings")
    box.say("loop={} loop.loop=loop")
    for line in ("loadscript s", "print('s')", "endscript", "x x", "loadscript half", "print(9)"):
        box.say(line)
    box.session.feed(b"prin")
    saved = json.loads(
        json.dumps([box.machine.state(), box.machine.status.state(), box.session.state()])
    )
    copy = Box()
    copy.machine.restore(saved[0])
    copy.machine.status.restore(saved[1])
    copy.session.restore(saved[2])
    copy.say("t('half')")
    copy.say("endscript")
    assert copy.say("half()") == "9.00000000e+00\nhalf"
    assert copy.say("print(a[2].b,a.n,f(2),node.serial,col[2])") == (
        "x\ttrue\t4.00000000e+00\t77\t2.00000000e+00"
    )
    assert copy.say("s()") == "s"
    assert len(copy.machine.status.errors) == 1


VOCABULARY = (
    "box . level mode serial double = == 1 0.5 1e9 - ( ) , ; print for i do end if then local nil "
    "true { } [ ] .. 'x' \" * ? loadscript endscript errorqueue next while break not"
)
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=14).map(" ".join)


@given(st.one_of(WORDS, st.text(max_size=40)))
@settings(deadline=None, max_examples=300)
def test_whatever_comes_the_instrument_goes_on(text):
    """A chunk either runs or leaves an error; the core never fails, and limits hold."""
    box = Box()
    try:
        parse(text)
        is_lua = True
    except SyntaxFault:
        is_lua = False
    plain = text.encode("latin-1", "replace").decode("latin-1").strip()
    box.say(plain.replace("\n", " "))
    box.session.clear()
    assert -1 <= box.level <= 1
    assert box.mode in (0, 1)
    if not is_lua:
        assert (box.level, box.mode) == (0, 0)
    assert box.say("*IDN?") == IDENTITY


def test_faults_and_errors_are_told_apart():
    assert TspError(-285, "x").event == 0x20
    assert TspError(-286, "x").event == 0x10
    assert TspError(-350).event == 0x08
    assert TspError(-420).event == 0x04
    assert TspError(1101, "x").event == 0x08
    assert RuntimeFault("x").error.code == -286
