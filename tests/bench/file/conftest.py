"""Plug-ins that stand in for drivers and twins, and a bench file without a mistake."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict

from mtjlab.core import plugins
from mtjlab.core.parameters import Quantity

GOOD = """\
[bench]
name = "good"

[chip]
id = "chip-1"
seed = 7

[instruments.smu]
driver = "keithley2400"
resource = "GPIB0::24::INSTR"

[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"
accept_unfenced = false

[[wiring.singles]]
row = 0
columns = "0:7"
source = "smu"
series = "10 kohm"
read = "daq/ai0:7"
range = "1 V"

[[wiring.singles]]
row = 1
columns = "0:1"
source = "daq/ao0:1"
series = "20 kohm"
divider = 0.04
read = "daq/ai8:9"
range = "1 V"

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"

[twin]
instrument_noise = true

[twin.junction]
tmr = 0.6

[twin.spread]
r_sigma = 0.05

[[twin.faults]]
cell = [0, 5]
kind = "slow"
factor = 100

[twin.instruments.daq]
inputs = 16
"""


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    timeout_s: Annotated[float, Quantity("s")] = 1.0


class BoardTwinOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inputs: int = 32
    outputs: int = 4
    input_ranges_v: tuple[float, ...] = (1.0, 10.0)
    output_range_v: float = 10.0


class SourceDriver:
    options_model = Options
    largest_v: ClassVar[float] = 210.0
    largest_a: ClassVar[float] = 1.05


class BoardDriver:
    options_model = Options
    output_full_scale_v: ClassVar[float] = 10.0
    input_ranges_v: ClassVar[tuple[float, ...]] = (1.0, 10.0)


class SourceTwin:
    options_model = Options


class BoardTwin:
    options_model = BoardTwinOptions


@dataclass(frozen=True)
class Point:
    """As much of an entry point as `plugins` uses; a missing target fails as a real one does."""

    name: str
    target: Any

    value = "somewhere:Thing"

    def load(self) -> Any:
        if self.target is None:
            raise ModuleNotFoundError("No module named 'vendor'")
        return self.target


Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Replace the installed drivers and twins; None stands for one that does not load."""

    def use(drivers: dict[str, Any], twins: dict[str, Any]) -> None:
        found = {"mtjlab.drivers": drivers, "mtjlab.twins": twins}
        monkeypatch.setattr(
            plugins, "entry_points", lambda group: [Point(*item) for item in found[group].items()]
        )

    return use


@pytest.fixture
def stand_ins(install: Install) -> None:
    """A source-meter and a board, each with a twin, under the names that are shipped."""
    install(
        {"keithley2400": SourceDriver, "nidaqmx": BoardDriver},
        {"keithley2400": SourceTwin, "nidaqmx": BoardTwin},
    )


@pytest.fixture
def good() -> str:
    return GOOD
