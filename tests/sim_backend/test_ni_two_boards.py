"""An output board beside a board with inputs: one world, one cable, or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType
from nidaqmx.errors import DaqError

from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardOptions, NiBoardTwin
from sim_backend.world.world import World

V_P = 0.36161  # share of the source voltage
LSB = 2.0 / 65536  # on the 1 V range
AO_LSB = 20.0 / 65536
CABLE = {"rtsi": "pxi"}


@dataclass
class TwoBoards:
    """`Dev1` reads four junctions in P that the outputs of `Dev2` drive."""

    world: World
    port: NiPort
    reader: NiBoardTwin
    player: NiBoardTwin

    def block(self, wave_v: np.ndarray, *, source: str = "", trigger: str = "") -> np.ndarray:
        n = wave_v.shape[1]
        with self.port.task() as out, self.port.task() as into:
            out.ao_channels.add_ao_voltage_chan(f"Dev2/ao0:{len(wave_v) - 1}")
            into.ai_channels.add_ai_voltage_chan("Dev1/ai0:3", min_val=-1, max_val=1)
            out.timing.cfg_samp_clk_timing(100e3, samps_per_chan=n)
            into.timing.cfg_samp_clk_timing(100e3, source=source, samps_per_chan=n)
            if trigger:
                into.triggers.start_trigger.cfg_dig_edge_start_trig(trigger)
            out.write(wave_v)
            into.start()
            out.start()
            return np.array(into.read(n))


def two_boards(reader: dict[str, Any], player: dict[str, Any]) -> TwoBoards:
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
        faults=[Fault(i, "stuck_p") for i in range(4)],
        chip_seed=1,
        generators=Generators(1),
        instrument_noise=False,
    )
    port = NiPort()
    boards = []
    for name, device, options in (("daq", "Dev1", reader), ("out", "Dev2", player)):
        board = NiBoardTwin(
            name=name,
            resource=device,
            options=NiBoardOptions.model_validate(options),
            world=world,
            inputs=wiring.inputs(name),
            outputs=wiring.outputs(name),
        )
        port.attach(device, board)
        boards.append(board)
    return TwoBoards(world, port, *boards)


@pytest.fixture
def joined() -> Iterator[TwoBoards]:
    made = two_boards(
        {"outputs": 0, "loopback": {"ai31": "out/ao3"}, **CABLE},
        {"product": "PXIe-6738", "output_noise_v": 0, "gain_error": {}, "seed": 1, **CABLE}
        | {"output_gain_error": 0, "output_offset_v": 0},
    )
    yield made
    assert not made.reader.running
    assert not made.player.running


class TestOutputBoard:
    def test_it_has_outputs_and_nothing_else(self, joined: TwoBoards) -> None:
        device = joined.port.device("Dev2")
        assert len(device.ao_physical_chans) == 32
        assert len(device.ai_physical_chans) == 0
        assert device.ai_voltage_rngs == []
        assert "/Dev2/ai/SampleClock" not in device.terminals
        assert "/Dev2/ao/SampleClock" in device.terminals
        for channel in ("Dev2/ai0", "Dev2/_ao0_vs_aognd"):
            with joined.port.task() as task, pytest.raises(DaqError) as error:
                task.ai_channels.add_ai_voltage_chan(channel)
            assert error.value.error_code == -200170

    def test_outputs_are_read_where_they_are_wired_to(self, joined: TwoBoards) -> None:
        with joined.port.task() as task:
            task.ao_channels.add_ao_voltage_chan("Dev2/ao3")
            task.write(0.7)
        with joined.port.task() as task:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai31", min_val=-1, max_val=1)
            assert task.read() == pytest.approx(0.7, abs=AO_LSB)

    def test_many_outputs_are_slower_than_few(self, joined: TwoBoards) -> None:
        for channels, fits in (("Dev2/ao0:7", True), ("Dev2/ao0:31", False)):
            with joined.port.task() as task:
                task.ao_channels.add_ao_voltage_chan(channels)
                if fits:
                    task.timing.cfg_samp_clk_timing(1e6, samps_per_chan=10)
                    continue
                with pytest.raises(DaqError, match="350000") as error:
                    task.timing.cfg_samp_clk_timing(1e6, samps_per_chan=10)
                assert error.value.error_code == -200332

    def test_outputs_of_a_task_share_the_memory(self, joined: TwoBoards) -> None:
        with joined.port.task() as task:
            task.ao_channels.add_ao_voltage_chan("Dev2/ao0:7")
            assert task.out_stream.output_onbrd_buf_size == 65535 // 8
            task.timing.cfg_samp_clk_timing(1e3, samps_per_chan=8192)
            with pytest.raises(DaqError) as error:
                task.write(np.zeros((8, 8192)))
        assert error.value.error_code == -200341


class TestOneCable:
    @pytest.mark.parametrize(
        "wiring",
        [{"source": "/Dev2/ao/SampleClock"}, {"trigger": "/Dev2/ao/StartTrigger"}],
    )
    def test_inputs_of_one_follow_the_outputs_of_the_other(
        self, joined: TwoBoards, wiring: dict[str, str]
    ) -> None:
        wave_v = np.random.default_rng(4).uniform(-0.4, 0.4, (4, 500))
        data = joined.block(wave_v, **wiring)
        assert np.allclose(data, V_P * wave_v, atol=V_P * AO_LSB / 2 + LSB)

    @pytest.mark.parametrize("cables", [({}, {}), (CABLE, {}), (CABLE, {"rtsi": "other"})])
    def test_without_it_there_is_no_way(self, cables: tuple[dict[str, str], ...]) -> None:
        boards = two_boards(*cables)
        with pytest.raises(DaqError, match="no trigger line leads from") as error:
            boards.block(np.zeros((1, 10)), source="/Dev2/ao/SampleClock")
        assert error.value.error_code == -89125

    @pytest.mark.parametrize("terminal", ["/Dev2/ai/SampleClock", "/Dev7/ao/SampleClock"])
    def test_terminals_that_are_nowhere(self, joined: TwoBoards, terminal: str) -> None:
        with pytest.raises(DaqError) as error:
            joined.block(np.zeros((1, 10)), source=terminal)
        assert error.value.error_code == -89120

    def test_outputs_of_both_boards_on_the_inputs_clock(self) -> None:
        boards = two_boards({"loopback": {"ai9": "daq/ao0"}, **CABLE}, CABLE)
        wave_v = np.linspace(-0.3, 0.3, 50)
        with (
            boards.port.task() as near,
            boards.port.task() as far,
            boards.port.task() as into,
        ):
            near.ao_channels.add_ao_voltage_chan("Dev1/ao0")
            far.ao_channels.add_ao_voltage_chan("Dev2/ao0")
            into.ai_channels.add_ai_voltage_chan("Dev1/ai0, Dev1/ai9", min_val=-1, max_val=1)
            into.timing.cfg_samp_clk_timing(10e3, samps_per_chan=50)
            for out, volts in ((near, wave_v), (far, -wave_v)):
                out.timing.cfg_samp_clk_timing(
                    10e3, source="/Dev1/ai/SampleClock", samps_per_chan=50
                )
                out.write(volts)
                out.start()
            into.start()
            data = np.array(into.read(50))
        assert np.allclose(data[0], -V_P * wave_v, atol=LSB + AO_LSB)
        assert np.allclose(data[1], wave_v, atol=LSB + AO_LSB)

    def test_without_a_common_clock_each_board_still_sees_the_other(self) -> None:
        boards = two_boards({}, {})
        with boards.port.task() as out, boards.port.task() as into:
            out.ao_channels.add_ao_voltage_chan("Dev2/ao0")
            into.ai_channels.add_ai_voltage_chan("Dev1/ai0", min_val=-1, max_val=1)
            for task, rate_hz, n in ((out, 1e3, 3), (into, 200e3, 1000)):
                task.timing.cfg_samp_clk_timing(
                    rate_hz, sample_mode=AcquisitionType.FINITE, samps_per_chan=n
                )
            out.write([0.1, 0.2, 0.3])
            into.start()
            out.start()
            data = np.array(into.read(1000)) / V_P
        edge = round(boards.player.options.task_start_s * 200e3)
        expected = np.repeat([0.0, 0.1, 0.2, 0.3], [edge, 200, 200, 600 - edge])
        assert np.count_nonzero(np.abs(data - expected) > 2 * AO_LSB + LSB / V_P) <= 3
