import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.store.log_lines import LogLine, from_records, to_records
from mtjlab.store.schema import LOG_TEXT_BYTES

LEVELS = st.sampled_from(["info", "warning", "error"])
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=900)


@given(st.lists(st.builds(LogLine, st.floats(0, 1e6), st.floats(0, 2e9), LEVELS, TEXTS)))
def test_lines_of_any_length_come_back(lines: list[LogLine]) -> None:
    if not lines:
        return
    assert from_records(np.concatenate([to_records(line) for line in lines])) == lines


def test_a_long_line_is_wrapped_between_characters() -> None:
    records = to_records(LogLine(1.0, 2.0, "info", "Ωµ" * 200))
    assert list(records["part"]) == list(range(len(records)))
    assert len(records) == -(-800 // LOG_TEXT_BYTES)
    assert all(set(bytes(r["text"]).decode()) == {"Ω", "µ"} for r in records)


def test_a_nul_becomes_its_picture_and_a_lone_surrogate_its_code() -> None:
    (line,) = from_records(to_records(LogLine(0.0, 0.0, "error", "a\0b\udcff")))
    assert line.text == "a␀b\\udcff"


def test_an_empty_line_is_one_record() -> None:
    assert len(to_records(LogLine(0.0, 0.0, "info", ""))) == 1


def test_a_line_cut_short_by_a_crash_keeps_its_beginning() -> None:
    records = to_records(LogLine(0.0, 0.0, "info", "x" * 600))
    (line,) = from_records(records[:2])
    assert line.text == "x" * 480
