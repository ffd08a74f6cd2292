"""Driver, twin and test of docs/add-an-instrument.md are taken from the page and run."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from drivers.pymeasure_channel import find
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import WrongIdentity
from mtjlab.core.permit import WritePermit
from mtjlab.testing import source_meter
from sim_backend.ports import visa
from sim_backend.twins.keithley2450 import Keithley2450Twin

PAGE = (Path(__file__).parents[2] / "docs" / "add-an-instrument.md").read_text(encoding="utf-8")
DRIVER, TWIN, TEST = re.findall(r"^```py\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> Iterator[dict[str, ModuleType]]:
    made = {}
    for name, code in (("acme24", DRIVER), ("acme24_twin", TWIN), ("test_acme24", TEST)):
        sys.modules[name] = made[name] = ModuleType(name)
        exec(compile(code, f"docs/{name}.py", "exec"), made[name].__dict__)
    yield made
    for name in made:
        del sys.modules[name]


@pytest.fixture
def acme(page: Any, small_world: Any) -> Iterator[source_meter.SourceUnderTest]:
    yield from page["test_acme24"].acme.__wrapped__(small_world)


def test_it_is_as_short_as_promised() -> None:
    assert len([line for line in DRIVER.splitlines() if line.strip()]) < 60
    assert TEST.count("@pytest.fixture") == 1


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
def test_it_does_what_a_source_meter_promises(page: Any, acme: Any, check: Any) -> None:
    page["test_acme24"].test_it_does_what_a_source_meter_promises(acme, check)


def test_it_refuses_another_instrument(page: Any, small_world: Any) -> None:
    kind = Keithley2450Twin
    twin = kind(
        name="smu", resource="GPIB::1", options=kind.options_model(), world=small_world,
        inputs={}, outputs=(),
    )  # fmt: skip
    library = visa.make(small_world.clock)
    library.attach("GPIB::1", twin)
    ports = Ports(visa_library=library, virtual=True)
    opening = Opening("smu", "GPIB::1", {}, ports, small_world.clock, WritePermit())
    with pytest.raises(WrongIdentity, match="Acme 24 was expected"):
        page["acme24"].Acme24.open(opening)


def test_the_meter_of_the_page_is_there() -> None:
    (path,) = re.findall(r'^pymeasure = "(.*)"', PAGE, re.MULTILINE)
    (name,) = re.findall(r'^read = \["(.*)"\]', PAGE, re.MULTILINE)
    assert hasattr(find(path), name)
