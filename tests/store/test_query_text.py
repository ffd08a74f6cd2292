"""One line of text narrows the list, and says in words what it does not understand."""

import pytest

from mtjlab.core.errors import UsageError
from mtjlab.store import Query, narrowed, query_of, text_of


def test_conditions_and_words_in_any_order() -> None:
    text = "moons protocol:telegraph bench:array status:died tag:x junction:3,14 since:2026-11 slow"
    assert query_of(text) == Query(
        protocol="telegraph",
        bench="array",
        status="died",
        tag="x",
        junction=(3, 14),
        since="2026-11",
        text="moons slow",
    )
    assert query_of("  ") == Query()
    assert query_of("Protocol:drift") == Query(protocol="drift")


def test_quotes_keep_blanks_and_make_words_of_conditions() -> None:
    assert query_of('bench:"rack 2" "csv:moons"') == Query(bench="rack 2", text="csv:moons")


@pytest.mark.parametrize(
    "text", ["", "protocol:drift junction:3,14 words", 'bench:"rack 2" "csv:moons"', "tag:a b c"]
)
def test_a_query_can_be_written_down_again(text: str) -> None:
    assert text_of(query_of(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("statu:died", "did you mean 'status'"),
        ("statu:died", 'write "statu:died" with quotes'),
        ("status:ended", "no status 'ended'; one of running"),
        ("status:", "status: needs a value right behind the colon"),
        ("since:yesterday", "expected 2026-11-24"),
        ("junction:7", "expected row and column"),
        ("tag:a tag:b", "tag: is there twice"),
        ('bench:"rack', "a quote has no end"),
    ],
)
def test_what_is_not_understood_is_said(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        query_of(text)


def test_options_stand_above_the_line() -> None:
    line = query_of("protocol:drift slow")
    assert narrowed(line, Query(protocol="telegraph", text="hot", limit=3)) == Query(
        protocol="telegraph", text="slow hot", limit=3
    )
