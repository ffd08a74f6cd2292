"""The same seed gives the same run, also in another process and after a restore."""

import numpy as np

from mtjlab.core.generators import NAMES, Generators


def test_same_seed_same_numbers_and_names_are_independent() -> None:
    one, two = Generators(7), Generators(7)
    draws = {name: one[name].random(4) for name in NAMES}
    for name in NAMES:
        assert np.array_equal(two[name].random(4), draws[name])
    assert len({tuple(d) for d in draws.values()}) == len(NAMES)
    assert not np.array_equal(Generators(8)["noise"].random(4), draws["noise"])


def test_restore_continues_where_it_was() -> None:
    running = Generators(3)
    running["noise"].standard_normal(101, dtype=np.float32)
    saved = running.state()
    expected = running["noise"].standard_normal(50, dtype=np.float32)
    later = Generators(99)
    later.restore(saved)
    assert np.array_equal(later["noise"].standard_normal(50, dtype=np.float32), expected)


def test_restore_keeps_the_seed_sequence_so_that_children_agree() -> None:
    running = Generators(3)
    running["faults"].spawn(2)
    saved = running.state()
    expected = running["faults"].spawn(1)[0].random()
    later = Generators(3)
    later.restore(saved)
    assert later["faults"].spawn(1)[0].random() == expected
