"""The shipped bench `wire`: its twin in a process of its own, used as a rack is."""

import pytest

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import LimitError
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings


@pytest.mark.slow
def test_a_served_bench_is_a_rack_with_a_supervisor(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path))
    notices: list[str] = []
    with OpenBench(
        load("wire"),
        generators=Generators(3),
        notice=lambda level, text: notices.append(f"{level}: {text}"),
    ) as bench:
        assert bench.twin
        assert bench.watched
        assert bench.simulated is None
        assert set(bench.sources()) == {"smu", "dual.a", "dual.b"}
        rig = bench.rig(lambda _stream, _rows: None)
        smu, board = rig.sources["smu"], rig.daqs["board"]
        smu.configure(SourceSettings("voltage", 0.2, 1e-3))
        smu.output(True)
        smu.set_level(0.1)
        # 14 junctions of 5.7 to 9.2 kohm, each behind 10 kohm.
        assert 14 * 0.1 / 19.5e3 * 0.8 < smu.measure().current_a < 14 * 0.1 / 15.6e3 * 1.2
        volts = board.read([f"ai{n}" for n in range(14)])
        assert (volts > 0.02).all()
        assert (volts < 0.06).all()
        with pytest.raises(LimitError):
            rig.sources["dual.a"].configure(SourceSettings("current", 1e-5, 2.0))
        made = bench.make_safe()
    assert {m.name for m in made} >= {"smu", "dual.a", "dual.b", "board"}
    assert not notices
    assert not (tmp_path / "chips").exists(), "a twin has no chip whose life is to be kept"


def test_the_same_bench_can_be_simulated_in_memory() -> None:
    loaded = load("wire", overrides={"pace": "virtual"})
    with OpenBench(loaded, generators=Generators(3), notice=lambda _l, _t: None) as bench:
        assert bench.simulated is not None
        assert len(bench.make_safe()) == 4
