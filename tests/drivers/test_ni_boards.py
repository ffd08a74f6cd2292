"""The NI driver on other boards than the default one: multiplexed, outputs only, two in a rack."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from drivers.nidaqmx import NiDaq
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import BenchError, LimitError, NotSafeError, Overrun, WrongIdentity
from mtjlab.core.generators import Generators
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardOptions, NiBoardTwin
from sim_backend.world.world import World


@dataclass
class Rack:
    """`Dev1` reads four junctions, `Dev2` drives them; both under drivers of ours."""

    world: World
    daq: NiDaq
    out: NiDaq
    player: NiBoardTwin


@pytest.fixture
def rack() -> Iterator[Callable[..., Rack]]:
    with ExitStack() as closing:

        def make(
            reader: dict[str, Any] | None = None,
            player: dict[str, Any] | None = None,
            *,
            daq: dict[str, Any] | None = None,
            out: dict[str, Any] | None = None,
        ) -> Rack:
            wiring = Wiring(
                tuple(
                    SingleJunction(
                        Cell(0, i),
                        f"out/ao{i}",
                        10e3,
                        1.0,
                        InputWire("daq", f"ai{i}", 1.0, "differential"),
                    )
                    for i in range(4)
                )
            )
            world = World(
                wiring,
                junction=JunctionParameters(),
                spread=Spread(),
                faults=(),
                chip_seed=1,
                generators=Generators(1),
            )
            port, permit = NiPort(), WritePermit()
            closing.enter_context(permit.opened())
            drivers, boards = [], []
            for name, device, twin, options in (
                ("daq", "Dev1", reader, daq),
                ("out", "Dev2", {"product": "PXIe-6738"} | (player or {}), out),
            ):
                board = NiBoardTwin(
                    name=name,
                    resource=device,
                    options=NiBoardOptions.model_validate(twin or {}),
                    world=world,
                    inputs=wiring.inputs(name),
                    outputs=wiring.outputs(name),
                )
                port.attach(device, board)
                boards.append(board)
                driver = NiDaq.open(
                    Opening(
                        name=name,
                        resource=device,
                        options=options or {},
                        ports=Ports(ni=port, virtual=True),
                        clock=world.clock,
                        permit=permit,
                        inputs=wiring.inputs(name),
                        outputs=wiring.outputs(name),
                    )
                )
                closing.callback(driver.close)
                drivers.append(driver)
            return Rack(world, *drivers, boards[1])

        yield make


def record(daq: NiDaq, ai: tuple[str, ...], rate_hz: float, steps: int = 20) -> np.ndarray:
    block = daq.play_and_record(
        None, ao=(), ai=ai, step_rate_hz=rate_hz, settle=0, keep=1, rest_v=(), steps=steps
    )
    return block.samples_v[:, 0]


class TestMultiplexed:
    def test_abilities(self, rack: Any) -> None:
        abilities = rack({"product": "PXIe-6363"}).daq.abilities
        assert not abilities.simultaneous
        assert (abilities.input_rate_hz, abilities.aggregate_rate_hz) == (2e6, 1e6)
        limits = [abilities.rate_limit_hz(n) for n in (1, 2, 8)]
        assert limits == pytest.approx([2e6, 500e3, 125e3])
        assert abilities.input_ranges_v == (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

    def test_the_rate_limit_falls_with_the_number_of_inputs(self, rack: Any) -> None:
        daq = rack({"product": "PXIe-6363"}).daq
        assert record(daq, ("ai0",), 2e6).shape == (20, 1)
        assert record(daq, ("ai0", "ai1", "ai2", "ai3"), 250e3).shape == (20, 4)
        with pytest.raises(LimitError, match=r"reaches 250 kS/s with 4 inputs.*nothing was sent"):
            record(daq, ("ai0", "ai1", "ai2", "ai3"), 260e3)

    def test_charge_of_the_channel_before_is_seen_at_high_rates(self, rack: Any) -> None:
        made = rack({"product": "PXIe-6363", "mux_f": "300 pF"})
        made.out.write({"ao0": 0.5, "ao1": 0.0})
        fast, slow = (record(made.daq, ("ai0", "ai1"), hz)[1:, 1] for hz in (500e3, 50e3))
        # ai1 is at 0 V, ai0 at 0.18 or 0.24 V; a time constant is 1.4 us, a conversion 1 us or 10.
        assert fast.min() > 0.04
        assert slow.max() < 0.002
        made.out.write({"ao0": 0.0})

    def test_a_wiring_that_the_inputs_cannot_follow_is_refused_at_opening(self, rack: Any) -> None:
        with pytest.raises(BenchError, match=r"ai0 is wired as 'differential'; it can be rse, nr"):
            rack({"terminals": ["rse", "nrse"]})


class TestOutputsOnly:
    def test_abilities(self, rack: Any) -> None:
        abilities = rack().out.abilities
        assert abilities.inputs == abilities.input_ranges_v == ()
        assert len(abilities.outputs) == 32
        assert abilities.output_bits == 16
        # Four outputs are wired and share the memory.
        assert abilities.block_samples == 65535 // 4

    def test_a_block_without_inputs_is_played_in_time(self, rack: Any) -> None:
        made = rack()
        before_s = made.world.clock.now_s()
        block = made.out.play_and_record(
            np.linspace(0, 0.3, 100)[:, np.newaxis],
            ao=("ao2",),
            ai=(),
            step_rate_hz=1e3,
            settle=0,
            keep=1,
            rest_v=(0.1,),
        )
        assert block.samples_v.shape == (100, 1, 0)
        assert made.world.clock.now_s() - before_s == pytest.approx(0.102, abs=2e-3)
        assert made.player.held_v["ao2"] == pytest.approx(0.1, abs=1e-3)

    def test_what_it_cannot_read_back_is_not_safe(self, rack: Any) -> None:
        made = rack()
        made.out.write({"ao0": 0.1})
        with pytest.raises(NotSafeError, match=r"cannot read back ao0.*name that in read_back"):
            made.out.shutdown()
        # It was told to go to 0 V all the same.
        assert made.player.held_v["ao0"] == pytest.approx(0, abs=1e-3)

    def test_an_input_of_the_other_board_reads_it_back(self, rack: Any) -> None:
        made = rack(
            {"loopback": {f"ai{10 + i}": f"out/ao{i}" for i in range(4)}},
            out={"read_back": {f"ao{i}": f"Dev1/ai{10 + i}" for i in range(4)}},
        )
        made.out.write({"ao0": 0.1, "ao3": -0.2})
        assert made.out.read(("ao0", "ao3")) == pytest.approx([0.1, -0.2], abs=1e-3)
        made.out.shutdown()
        assert list(made.player.held_v.values()) == pytest.approx([0] * 32, abs=1e-3)

    def test_a_wire_to_another_output_does_not_pass_for_zero(self, rack: Any) -> None:
        made = rack(
            {"loopback": {"ai10": "out/ao5"} | {f"ai{10 + i}": f"out/ao{i}" for i in (1, 2, 3)}},
            {"power_on_v": 0.1},
            out={"read_back": {f"ao{i}": f"Dev1/ai{10 + i}" for i in range(4)}},
        )
        with pytest.raises(NotSafeError, match=r"ao0 reads back \d+\.?\d* mV after 0 V"):
            made.out.shutdown()

    def test_read_back_of_an_output_that_is_not_there(self, rack: Any) -> None:
        with pytest.raises(BenchError, match="read_back names 'ao77'"):
            rack(out={"read_back": {"ao77": "Dev1/ai0"}})


class TestProducts:
    def test_a_twin_stands_in_for_its_product(self, rack: Any) -> None:
        made = rack({"product": "PXIe-6363"}, daq={"product": "PXIe-6363"})
        assert made.daq.identify().model == "mtjlab twin of PXIe-6363"

    def test_but_for_no_other(self, rack: Any) -> None:
        with pytest.raises(WrongIdentity, match="a PXIe-6368 was expected"):
            rack({"product": "PXIe-6363"}, daq={"product": "PXIe-6368"})


def test_an_overrun_says_how_many_samples_were_lost(rack: Any) -> None:
    made = rack()
    stream = made.daq.stream(("ai0",), 10e3, 100)
    next(stream)
    made.world.clock.sleep(60.0)
    with pytest.raises(Overrun) as caught:
        next(stream)
    buffer = 2 * 10_000
    assert caught.value.first_lost == 100
    assert caught.value.count == pytest.approx(60 * 10_000 - buffer, abs=2)
