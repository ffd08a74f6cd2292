"""The shipped bench `everything`: one of each instrument, by driver and by name."""

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.bench.served import served
from mtjlab.core import plugins
from mtjlab.core.generators import Generators


def test_it_has_one_of_each_instrument_that_has_a_twin_and_all_are_made_safe() -> None:
    loaded = load("everything")
    used = {entry.driver for entry in loaded.file.instruments.values()}
    simulated = set(plugins.names("twins")) & set(plugins.names("drivers"))
    assert used >= simulated - {"pymeasure"}
    with OpenBench(loaded, generators=Generators(1), notice=lambda _l, _t: None) as bench:
        assert {made.name for made in bench.make_safe()} == set(bench.instruments)


def test_each_instrument_answers_by_name_with_a_newline_at_the_end() -> None:
    manager = pyvisa.ResourceManager("everything@mtjsim")
    resources = manager.list_resources("?*")
    assert len(resources) == 7
    for resource in resources:
        session = manager.open_resource(resource)
        assert isinstance(session, MessageBasedResource)
        session.write_termination = "\n"
        session.write("*IDN?")
        assert session.read_raw().endswith(b"\n"), resource
        session.close()
    manager.close()


@pytest.mark.slow
def test_all_of_it_can_be_served_and_opened_over_the_wire() -> None:
    with (
        served("everything") as loaded,
        OpenBench(
            loaded, generators=Generators(1), notice=lambda _l, _t: None, watched=False
        ) as bench,
    ):
        identities = {name: str(face.identify()) for name, face in bench.instruments.items()}
    assert "2602B" in identities["k2602b.b"]
    assert "B2912A" in identities["b2912a.2"]
    assert "2700" in identities["switch"]
    assert len(set(identities.values())) == 8
