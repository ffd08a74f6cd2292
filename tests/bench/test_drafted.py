"""From answers to a bench file: sensible ones give a good bench, silly ones get words."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.bench.answers import (
    REFERENCE_LIMITS,
    Answers,
    ArrayAnswer,
    InstrumentAnswer,
    LimitAnswers,
    SinglesAnswer,
    instruments_of,
)
from mtjlab.bench.checked import checked
from mtjlab.bench.drafted import draft, mistakes_of, wrong_in
from mtjlab.bench.file import parse
from mtjlab.bench.worst import worst_cases
from mtjlab.core.found import Found
from mtjlab.core.units import si

SMU = InstrumentAnswer("smu", "keithley2400", "GPIB0::24::INSTR", "KEITHLEY,MODEL 2400,1,C30")
DAQ = InstrumentAnswer("daq", "nidaqmx", "Dev1")
SINGLES = SinglesAnswer(
    row="0", columns="0:7", source="smu", series="10 kohm", read="daq/ai0:7", range="1 V"
)
OWN = SinglesAnswer(
    row="1", columns="0:1", source="daq/ao0:1", series="10k", divider="0.04", read="daq/ai8:9",
    range="1",
)  # fmt: skip
ARRAY = ArrayAnswer(
    rows="4:5", columns="0:3", source="daq/ao2:3", series="1 kohm", divider="0.004",
    tia="20 kohm", read="daq/ai10:13", range="10 V",
)  # fmt: skip
RACK = Answers(
    "rack", "ours", "w7-d12", (SMU, DAQ), (SINGLES, OWN), (ARRAY,), REFERENCE_LIMITS, twin=True
)


@st.composite
def sensible(draw: st.DrawFn) -> Answers:
    """Benches of one source-meter and one board, as a careful person would describe them."""
    hard_v = draw(st.floats(0.1, 1.0))
    hard_a = draw(st.floats(10e-6, 1e-3))
    series_ohm = draw(st.floats(1e3, 1e5))
    limits = LimitAnswers(
        si(hard_v, "V"), repr(hard_a), si(hard_v * draw(st.floats(0.1, 0.9)), "V")
    )
    common = draw(st.integers(1, 12))
    own = draw(st.integers(0, 4))
    # Rounded down by a percent, so that no last digit of a text decides.
    divider = 0.99 * min(1.0, hard_v / 10, hard_a * series_ohm / 10)
    groups = [
        replace(
            SINGLES,
            columns=f"0:{common - 1}",
            read=f"daq/ai0:{common - 1}",
            series=si(series_ohm, "ohm", digits=12),
        )
    ]
    if own:
        groups.append(
            SinglesAnswer(
                row=str(draw(st.integers(1, 20))),
                columns=f"0:{own - 1}",
                source=f"daq/ao0:{own - 1}",
                series=repr(series_ohm),
                divider=repr(divider),
                read=f"daq/ai{common}:{common + own - 1}",
                range="2 V",
            )
        )
    name = draw(st.text(min_size=1, max_size=20).filter(lambda text: text.strip()))
    note = draw(st.text(max_size=20))
    return Answers(
        name=name,
        description=draw(st.text(max_size=20)),
        chip=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z", fullmatch=True)),
        instruments=(replace(SMU, note=note), DAQ),
        singles=tuple(groups),
        limits=limits,
        twin=draw(st.booleans()),
    )


@settings(max_examples=20, deadline=None)
@given(answers=sensible())
def test_sensible_answers_give_a_bench_whose_check_finds_nothing_bad(answers: Answers) -> None:
    assert mistakes_of(answers) == []
    loaded = parse(draft(answers), source="draft")
    assert loaded.file.chip.id == answers.chip
    found = checked(loaded, pretend=not answers.twin)
    assert found.twin
    assert found.bad == ()
    assert {worst.verdict for worst in worst_cases(draft(answers))} == {"ok"}


def test_both_kinds_of_wiring() -> None:
    assert mistakes_of(RACK) == []
    file = parse(draft(RACK), source="draft").file
    assert file.wiring.singles[1].divider == 0.04
    assert file.wiring.arrays[0].tia == 20e3
    assert file.limits.r_max == math.inf
    assert checked(parse(draft(RACK), source="draft")).bad == ()


def single(**changed: str) -> Answers:
    return replace(RACK, singles=(replace(SINGLES, **changed), OWN))


AT = ("wiring", "singles", 0)


@pytest.mark.parametrize(
    ("answers", "key", "words"),
    [
        (replace(RACK, name=""), ("bench", "name"), "missing"),
        (replace(RACK, chip="w 7"), ("chip", "id"), "expected letters, digits"),
        (replace(RACK, instruments=()), ("instruments",), "missing"),
        (
            replace(RACK, instruments=(SMU, replace(DAQ, name="smu"))),
            ("instruments", "smu"),
            "2 instruments are called 'smu'",
        ),
        (
            replace(RACK, instruments=(SMU, replace(DAQ, driver="nidaq"))),
            ("instruments", "daq", "driver"),
            "did you mean",
        ),
        (
            replace(RACK, instruments=(SMU, replace(DAQ, resource=" gpib::24 "))),
            ("instruments", "daq", "resource"),
            "already used",
        ),
        (replace(RACK, singles=(), arrays=()), ("wiring",), "missing"),
        (single(row="first"), (*AT, "row"), "valid integer"),
        (single(columns="7:0"), (*AT, "columns"), "counts down"),
        (single(series="10 kV"), (*AT, "series"), "expected a value in ohm"),
        (single(series="0"), (*AT, "series"), "> 0"),
        (single(source="smuu"), (*AT, "source"), "did you mean"),
        (single(source="daq/ao2:3"), (*AT, "source"), "8"),
        (single(read="daq/ai0:6"), (*AT, "read"), "8"),
        (single(range=""), (*AT, "range"), "missing"),
        (single(range="0.1"), (*AT, "range"), "clip"),
        (single(divider="lots"), (*AT, "divider"), "number"),
        (
            replace(RACK, singles=(replace(OWN, divider=""),)),
            (*AT, "source"),
            "unfenced output",
        ),
        (
            replace(RACK, limits=replace(REFERENCE_LIMITS, junction_a="")),
            ("limits", "junction_a"),
            "missing",
        ),
        (
            replace(RACK, limits=replace(REFERENCE_LIMITS, soft_v="0.6 V")),
            ("limits", "soft_v"),
            "500 mV",
        ),
    ],
)
def test_a_silly_answer_is_told_at_its_place(
    answers: Answers, key: tuple[str | int, ...], words: str
) -> None:
    told = [wrong.sentence for wrong in mistakes_of(answers) if wrong.key == key]
    assert [sentence for sentence in told if words in sentence], told


def test_nothing_answered_is_a_file_to_fill_in() -> None:
    text = draft(Answers())
    assert text.count("FILL IN") >= 6
    assert "reference device of 60 nm" in text
    wanted = {wrong.key[0] for wrong in mistakes_of(Answers())}
    assert wanted == {"bench", "chip", "instruments", "wiring", "limits"}
    assert wrong_in("not [ toml")[0].sentence.startswith("not TOML")


def test_found_instruments_get_short_names() -> None:
    smu = Found("VISA", "GPIB0::24::INSTR", drivers=("keithley2400",))
    found = [smu, smu, Found("NI", "Dev1", drivers=("nidaqmx",)), Found("VISA", "GPIB0::2::INSTR")]
    names = [one.name for one in instruments_of(found, taken=("smu",))]
    assert names == ["smu2", "smu3", "daq", "instrument"]


def test_the_worst_case_is_told_as_soon_as_it_can_be() -> None:
    assert worst_cases("not [ toml") == []
    assert worst_cases(draft(replace(RACK, limits=LimitAnswers()))) == []
    # Nothing else of this bench is good yet.
    early = Answers(instruments=(SMU, DAQ), singles=(SINGLES, OWN), limits=REFERENCE_LIMITS)
    held, fenced = worst_cases(draft(early))
    assert (held.sources, held.verdict) == ("smu", "ok")
    assert "full scale 210 V would put up to 210 V and 21 mA" in held.sentence
    assert "500 mV or less" in held.sentence
    assert (fenced.sources, fenced.verdict) == ("daq/ao0:1", "ok")
    (bare,) = worst_cases(draft(replace(early, singles=(replace(OWN, divider="0.21"),))))
    assert bare.verdict == "bad"
    assert "up to 2.1 V and 210 uA on a junction" in bare.sentence
    assert "it needs a fence. A divider of 0.05 or less" in bare.sentence


def test_two_rows_of_an_array_may_be_opposite() -> None:
    wide = replace(ARRAY, divider="0.005", source="daq/ao2:3", series="10 kohm")
    (judged,) = worst_cases(draft(replace(RACK, singles=(), arrays=(wide,))))
    # Of the twin, 10 V x 0.005, twice.
    assert "100 mV" in judged.sentence


def test_who_does_not_answer_is_a_bad_row() -> None:
    loaded = parse(draft(RACK) + '[[twin.scenario]]\ninstrument = "smu"\nkind = "timeout"\n'
                   'message = 1\ntimes = "always"\n', source="draft")  # fmt: skip
    found = checked(loaded)
    assert found.bad[0] == "smu"
    assert (found.rows[0].value, found.rows[0].verdict) == ("no answer", "bad")
    assert "nothing answers" in found.rows[0].note
