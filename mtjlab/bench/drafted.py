"""Answers as the text of a bench file, with comments; and what is wrong with them, by answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mtjlab.bench.answers import (
    Answers,
    ArrayAnswer,
    LimitAnswers,
    SinglesAnswer,
    demanded_options,
)
from mtjlab.bench.file import mistakes_in
from mtjlab.bench.mistakes import Key
from mtjlab.core.errors import BenchError
from mtjlab.core.toml_value import toml_key, toml_value

_COLUMN = 36
_WHOLE = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
# Keys whose values are numbers and not quantities.
_NUMBERS = ("row", "divider")

_SINGLES = {
    "row": ("0", "row of these junctions on the chip, from 0"),
    "columns": ("0:7", "a range is first:last, both included"),
    "source": ("smu", "one terminal for all of them, or one for each: daq/ao0:7"),
    "series": ("10 kohm", "before each junction, with the source's own resistance"),
    "divider": ("", "open-circuit voltage behind it over that of the source"),
    "read": ("daq/ai0:7", "across each junction; as many inputs as columns"),
    "range": ("1 V", "the input is read on -range .. +range; at least limits.soft_v"),
    "bias": ("", "operating bias of each, open-circuit volts behind the divider"),
}
_ARRAYS = {
    "rows": ("0:7", "in the order of their sources"),
    "columns": ("0:7", "in the order of their inputs"),
    "source": ("daq/ao0:7", "one terminal for each row, or one for all"),
    "series": ("50 ohm", "between a source and its row"),
    "divider": ("0.0175", "open-circuit voltage behind it over that of the source"),
    "row_wire": ("", "of one segment between neighbouring junctions"),
    "column_wire": ("", "the same of a column"),
    "tia": ("20 kohm", "feedback resistor of each amplifier"),
    "tia_input": ("", "between the end of a column and virtual ground"),
    "read": ("daq/ai0:7", "the input at each amplifier; as many as columns"),
    "range": ("10 V", "the input is read on -range .. +range"),
}
_LIMITS = {
    "junction_v": ("0.5 V", "hard: the guard refuses whatever could exceed it"),
    "junction_a": ("50 uA", "hard, likewise"),
    "soft_v": ("0.3 V", "largest operating voltage; time above it is booked"),
    "r_min": ("", "smallest resistance a junction may have; left out: it may be shorted"),
    "r_max": ("", "largest; left out: it may be open"),
}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one answer.

    Attributes:
        key: where it is in the bench file: `("wiring", "singles", 0, "series")`.
        sentence: what was expected.
    """

    key: Key
    sentence: str


def draft(answers: Answers, *, beside: Sequence[str] = ()) -> str:
    """The text of the bench file. What was not answered stands in it as a comment to fill in.

    Args:
        answers: as far as there are any.
        beside: what else was found, a line each, for a comment.
    """
    lines = [*_head(answers), *_instruments(answers)]
    if beside:
        lines += ["", "# Also found, without a driver here:", *(f"#   {_plain(b)}" for b in beside)]
    return "\n".join([*lines, *_wiring(answers), *_end(answers)])


def mistakes_of(answers: Answers) -> list[Wrong]:
    """What the tables of a bench file say of these answers; nothing: `draft` gives a good file."""
    wrong: list[Wrong] = []
    names = [one.name for one in answers.instruments]
    for name in sorted({name for name in names if names.count(name) > 1}):
        sentence = f"{names.count(name)} instruments are called {name!r}; expected a name for each"
        wrong.append(Wrong(("instruments", name), sentence))
    return wrong or wrong_in(draft(answers))


def wrong_in(text: str) -> list[Wrong]:
    """The same of a text, which somebody may have edited."""
    try:
        told = mistakes_in(text, source="draft").told
    except BenchError as error:
        return [Wrong((), str(error).removeprefix("bench file draft: "))]
    return [Wrong(key, sentence) for key, sentence in told]


def _head(answers: Answers) -> Iterator[str]:
    yield "# A bench: instruments, wiring, and what a junction survives. Every key is explained in"
    yield "# docs/bench-file.md. `mtjlab check` on this file asks the instruments who they are,"
    yield "# computes the worst case at a junction, and energises nothing."
    yield ""
    yield "[bench]"
    yield from _key("name", answers.name, "rack", "what this bench is called")
    if answers.description:
        yield f"description = {toml_value(answers.description)}"
    yield ""
    yield "[chip]"
    yield from _key("id", answers.chip, "wafer7-die12", "which chip is in the socket")


def _instruments(answers: Answers) -> Iterator[str]:
    for one in answers.instruments:
        head = f"[instruments.{toml_key(one.name)}]"
        yield ""
        yield _beside(head, _plain(one.note))
        yield from _key("driver", one.driver, "keithley2400", "name of an installed driver")
        yield f"resource = {toml_value(one.resource)}"
        if options := demanded_options(one.driver):
            yield f"# FILL IN [instruments.{toml_key(one.name)}.options]: {', '.join(options)}"
    if not answers.instruments:
        yield from ("", "# FILL IN: one table for each instrument.")
        yield from ("# [instruments.smu]", '# driver = "keithley2400"')
        yield '# resource = "GPIB0::24::INSTR"'


def _wiring(answers: Answers) -> Iterator[str]:
    # Comments only in the first of each kind.
    needed: tuple[str, ...] = ("row", "columns", "source", "series")
    for index, single in enumerate(answers.singles):
        yield from ("", "[[wiring.singles]]")
        yield from _table(single, _SINGLES, required=needed, comments=index == 0)
    needed = ("rows", "columns", "source", "series", "tia")
    for index, array in enumerate(answers.arrays):
        yield from ("", "[[wiring.arrays]]")
        yield from _table(array, _ARRAYS, required=needed, comments=index == 0)
    if answers.singles or answers.arrays:
        return
    yield from ("", "# FILL IN: which terminal drives which junctions, and which input reads them.")
    yield "# Single junctions behind a series resistor each; repeat for every group that differs:"
    yield from ("#", "# [[wiring.singles]]", *_example(_SINGLES))
    yield from ("#", "# Or a passive crossbar, rows on sources, columns into amplifiers:")
    yield from ("#", "# [[wiring.arrays]]", *_example(_ARRAYS))


def _end(answers: Answers) -> Iterator[str]:
    yield from ("", "# What one junction survives; an open and a shorted one are reckoned with.")
    if answers.limits == LimitAnswers():
        yield "# Behind the # is what the reference device of 60 nm survives. Does yours?"
    yield "[limits]"
    yield from _table(answers.limits, _LIMITS, required=("junction_v", "junction_a", "soft_v"))
    if answers.twin:
        yield from ("", "# Its instruments are simulated. On a real bench leave this out.")
        yield "[twin]"
    yield ""


def _table(
    answer: SinglesAnswer | ArrayAnswer | LimitAnswers,
    keys: dict[str, tuple[str, str]],
    *,
    required: tuple[str, ...],
    comments: bool = True,
) -> Iterator[str]:
    for key, (example, comment) in keys.items():
        text = getattr(answer, key).strip()
        if text or key in required:
            yield from _key(key, text, example, comment if comments or not text else "")


def _key(key: str, text: str, example: str, comment: str) -> Iterator[str]:
    if text:
        yield _beside(f"{key} = {_value(key, text)}", comment)
    else:
        yield _beside(f"# {key} = {_value(key, example)}", f"FILL IN: {comment}")


def _value(key: str, text: str) -> str:
    # What is no number is written as it is, and refused by the table of the bench file.
    if key in _NUMBERS and _WHOLE.match(text):
        return text
    if key in _NUMBERS and _PLAIN.match(text):
        return toml_value(float(text))
    return toml_value(text)


def _example(keys: dict[str, tuple[str, str]]) -> Iterator[str]:
    for key, (example, comment) in keys.items():
        if example:
            yield "# " + _beside(f"{key} = {_value(key, example)}", comment)


def _plain(text: str) -> str:
    """As it may stand in a comment."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _beside(line: str, comment: str) -> str:
    return f"{line:<{_COLUMN - 1}} # {comment}" if comment else line
