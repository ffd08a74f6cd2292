"""A computation with outputs on can be ended where it says that it is busy."""

from pathlib import Path

import pytest

import protocols.telegraph.recipe as telegraph
from mtjlab.core.errors import Aborted
from mtjlab.core.events import BenchSeen, Event
from mtjlab.runner import Run, plan


def test_an_analysis_of_many_junctions_ends_between_two_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse, analysed = telegraph.analyse_trace, []

    def one(*args: object, **kwargs: object) -> object:
        analysed.append(1)
        if len(analysed) == 2:
            run.abort()
        return analyse(*args, **kwargs)

    monkeypatch.setattr(telegraph, "analyse_trace", one)
    told: list[Event] = []
    parameters = {"duration_s": 0.4, "analyse_s": 0.1, "cells": [[0, c] for c in range(6)]}
    run = Run(
        plan("telegraph", "twin", parameters=parameters, seed=1, runs_dir=tmp_path), [told.append]
    )
    run.start()
    assert run.wait(60)
    assert isinstance(run.outcome.error, Aborted)
    assert len(analysed) == 2
    seen = [event for event in told if isinstance(event, BenchSeen)]
    assert not seen[-1].energised
