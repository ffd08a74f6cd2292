"""Bits of the twin's junctions against what these junctions truly do, and what is made of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from mtjlab.analysis.randomness.entropy import (
    correlation_of_pairs,
    min_entropy,
    most_common_value,
    share_of_ones,
)
from mtjlab.analysis.randomness.whitening import von_neumann, xored
from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.pictures import picture

QUICK = ("bits=20000", "survey_s=0.05")
FEW = "cells=[[0,0],[0,1],[0,2],[0,3]]"


def unpacked(lab, outcome, count):
    """Raw bits, (times, junctions), and the bits made of them."""
    run = lab.reader(outcome)
    used = len(outcome.results["used_cells"])
    raw = run.stream("raw").reshape(-1, used)
    return np.unpackbits(raw, axis=0), np.unpackbits(run.stream("bits"))[:count]


def test_raw_bits_have_the_share_and_memory_of_the_true_junctions(lab, single_points):
    outcome = lab.run(
        "randomness", "twin", *QUICK, "xor_depth=0", "sample_spacing=1.0", "bits=100000"
    )
    assert outcome.status == "finished", outcome.error
    results = outcome.results
    table = lab.table(outcome, "junctions")
    used = table["used"] == 1
    true = single_points("twin", 0.1)
    columns = table["column"][used].astype(int)
    assert set(table["column"][~used]) == {11.0, 23.0}, "stuck, and slow"
    share = true.rates.occupancy[columns]
    memory = np.exp(-results["sample_spacing_s"] * true.rates.total_hz[columns])
    for name, value in (("ones", share), ("correlation", memory)):
        outside = (table[f"{name}_low"][used] > value) | (value > table[f"{name}_high"][used])
        # 30 intervals of 95 %: more than 5 outside come with a chance of 0.3 %.
        assert outside.sum() <= 5, (name, outside.sum())
    raw, bits = unpacked(lab, outcome, results["bits"])
    np.testing.assert_array_equal(raw.ravel()[: len(bits)], bits)
    np.testing.assert_allclose(table["ones"][used], raw.mean(axis=0))
    assert results["failed"] > 0
    assert any("not random by" in note for note in results["notes"])


def test_the_xor_of_eight_junctions_passes_and_costs_what_it_should(lab):
    outcome = lab.run("randomness", "twin", *QUICK, "sequences=4")
    assert outcome.status == "finished", outcome.error
    results = outcome.results
    assert (results["xor_depth"], results["junctions"]) == (3, 24)
    assert results["failed"] == 0
    assert results["ones"]["low"] < 0.5 < results["ones"]["high"]
    assert 0.96 < results["min_entropy_90b"] < 1.0
    raw, bits = unpacked(lab, outcome, results["bits"])
    assert len(bits) == 20_000
    np.testing.assert_array_equal(xored(raw, 3, "junctions").ravel()[: len(bits)], bits)
    # About 42 mV at 5.8 uA in each of 24 junctions, for three bits every spacing, and latency.
    about_j = 24 / 3 * 0.0421 * 5.79e-6 * results["sample_spacing_s"]
    assert 0.9 * about_j < results["energy_per_bit_j"]["value"] < 1.2 * about_j
    assert results["energy_per_bit_with_resistors_j"] > 2 * results["energy_per_bit_j"]["value"]
    assert results["bit_rate_hz"] < 3 / results["sample_spacing_s"]
    tests = {one["test"]: one for one in results["tests"]}
    assert tests["runs"]["sequences"] == 4
    assert tests["matrix_rank"]["verdict"] == "not run"
    assert tests["matrix_rank"]["reason"] == "few_bits"
    notes = " ".join(results["notes"])
    for words in ("matrix_rank (38912)", "pseudo-random generator", "spare", "0.5"):
        assert words in notes
    p_values = lab.table(outcome, "p_values")
    assert (np.isfinite(p_values["p"]) == (p_values["reason"] == 0)).all()
    assert picture(outcome.run_file).stat().st_size > 30_000


@pytest.mark.parametrize(
    ("settings", "cut"),
    [((), 2), (("von_neumann=true", "xor_of=consecutive", "xor_depth=1"), 12)],
)
def test_a_stopped_run_gone_on_with_is_the_whole_one(lab, settings, cut):
    every = ("bits=20000", "survey_s=0.05", FEW, *settings)
    whole = lab.run("randomness", "twin", *every)
    part = lab.run("randomness", "twin", *every, stop_after=cut)
    assert (whole.status, part.status) == ("finished", "aborted"), whole.error
    lab.same(whole, lab.go_on(part))


def test_what_there_is_when_time_is_up_is_tested(lab):
    outcome = lab.run("randomness", "twin", FEW, "xor_depth=2", "max_duration_s=1.0")
    assert outcome.status == "finished", outcome.error
    assert 5000 < outcome.results["bits"] < 20_000
    assert any("max_duration_s" in note for note in outcome.results["notes"])


def test_biases_may_come_from_operating_point(lab):
    biases = "biases=[[0,0,0.101],[0,1,0.101]]"
    outcome = lab.run("randomness", "twin", biases, *QUICK)
    assert outcome.status == "finished", outcome.error
    assert outcome.results["xor_depth"] == 1
    assert lab.table(outcome, "junctions")["bias_v"].tolist() == [0.101, 0.101]


@pytest.mark.parametrize(
    ("bench", "settings", "error", "match"),
    [
        ("twin", ("bias_v=0.1", "biases=[[0,0,0.1]]"), ParameterError, "give one of them"),
        ("twin", ("bias_v=0",), ParameterError, "> 0"),
        ("twin", (FEW, "xor_depth=3"), BenchError, "there are 4"),
        ("twin", ("biases=[[0,99,0.1]]",), BenchError, "not wired"),
        ("twin", (FEW, "biases=[[0,1,0.09]]"), BenchError, "they share it"),
        ("array", ("cells=[[0,0]]",), BenchError, "in an array"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, match):
    def refused():
        outcome = lab.run("randomness", bench, *settings)
        assert outcome.run_file is None
        raise outcome.error

    with pytest.raises(error, match=match):
        refused()


def test_junctions_that_cannot_serve_are_named(lab):
    settings = ("cells=[[0,11],[0,0]]", "xor_depth=1", "survey_s=0.05")
    outcome = lab.run("randomness", "twin", *settings)
    assert isinstance(outcome.error, BenchError)
    assert "1 one_level, such as (0, 11)" in str(outcome.error)


def test_xor_takes_bias_as_its_law_has_it_and_correlation_becomes_bias():
    rng = np.random.default_rng(3)
    raw = (rng.random((200_000, 4)) < 0.3).astype(np.uint8)
    for depth, left in ((1, 0.4**2), (2, 0.4**4)):
        share = xored(raw, depth, "junctions").mean()
        assert abs(1 - 2 * share - left) < 5 / math.sqrt(200_000)
    memory = 0.2
    chain = (np.cumsum(rng.random(200_000) < 0.5 * (1 - memory)) % 2).astype(np.uint8)
    share = xored(chain[:, np.newaxis], 1, "consecutive").mean()
    assert abs(1 - 2 * share - memory) < 5 / math.sqrt(100_000)


@given(st.lists(st.integers(0, 1), max_size=30), st.integers(0, 2))
def test_von_neumann_and_xor_against_plain_loops(bits, depth):
    column = np.array(bits, dtype=np.uint8)[:, np.newaxis]
    pairs = zip(bits[::2], bits[1::2], strict=False)
    assert von_neumann(column).tolist() == [a for a, b in pairs if a != b]
    many = 2**depth
    whole = [sum(bits[i : i + many]) % 2 for i in range(0, len(bits) // many * many, many)]
    assert xored(column, depth, "consecutive").ravel().tolist() == whole
    assert xored(column.repeat(many, axis=1), depth, "junctions").shape == (len(bits), 1)


def test_intervals_cover_what_they_should():
    n, p = 400, 0.6
    chances = binom.pmf(np.arange(n + 1), n, p)
    shares = [share_of_ones(k, n) for k in range(n + 1)]
    entropies = [min_entropy(k, n) for k in range(n + 1)]
    assert chances @ [one.covers(p) for one in shares] >= 0.95
    assert chances @ [one.covers(-math.log2(p)) for one in entropies] >= 0.95
    bounds = [most_common_value(k, n) for k in range(n + 1)]
    assert chances @ [bound <= -math.log2(p) for bound in bounds] > 0.99
    assert most_common_value(n, n) == 0.0
    assert not correlation_of_pairs(5, 5, 5, 5).known
    assert not share_of_ones(0, 0).known
    rng = np.random.default_rng(4)
    flips = rng.random((300, 2000)) < 0.4
    chains = np.cumsum(flips, axis=1) % 2
    found = [
        correlation_of_pairs(int(a.sum()), int(b.sum()), int((a & b).sum()), len(a))
        for a, b in ((c[:-1], c[1:]) for c in chains)
    ]
    # A share of 300 at 95 %: 0.91 to 0.99 with 99.9 %.
    assert 0.91 <= np.mean([one.covers(0.2) for one in found]) <= 0.99
