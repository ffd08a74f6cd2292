"""Every test of the window runs without a screen, and collects garbage as the window does."""

import gc
import os
from collections.abc import Iterator

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"


@pytest.fixture(scope="package", autouse=True)
def rubbish_of_all() -> Iterator[None]:
    """In this thread only; see `mtjlab.gui.rubbish`."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def rubbish_of_each(rubbish_of_all: None) -> Iterator[None]:
    """What a test has left, before the next one."""
    yield
    gc.collect(1)
