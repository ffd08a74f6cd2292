"""A computation with outputs on can be ended wherever it is."""

import threading
from pathlib import Path

import pytest

import protocols.telegraph.recipe as telegraph
from mtjlab.core.errors import Aborted
from mtjlab.core.events import BenchSeen, Event
from mtjlab.runner import Run, plan


def test_an_analysis_with_outputs_on_is_left_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse, analysed, released = telegraph.analyse_trace, [], threading.Event()

    def one(*args: object, **kwargs: object) -> object:
        analysed.append(1)
        if len(analysed) == 2:
            run.abort()
            released.wait(60)
        return analyse(*args, **kwargs)

    monkeypatch.setattr(telegraph, "analyse_trace", one)
    told: list[Event] = []
    parameters = {"duration_s": 0.4, "analyse_s": 0.1, "cells": [[0, c] for c in range(6)]}
    run = Run(
        plan("telegraph", "twin", parameters=parameters, seed=1, runs_dir=tmp_path), [told.append]
    )
    run.start()
    try:
        assert run.wait(30)
        assert isinstance(run.outcome.error, Aborted)
        assert len(analysed) == 2
        seen = [event for event in told if isinstance(event, BenchSeen)]
        assert not seen[-1].energised
    finally:
        released.set()
