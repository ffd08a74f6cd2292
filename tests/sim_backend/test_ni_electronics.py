"""What a board's converters and terminals do to a voltage, and what no board can be."""

from typing import Any

import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType, TerminalConfiguration
from nidaqmx.errors import DaqError
from pydantic import ValidationError

from mtjlab.core.errors import BenchError
from sim_backend.twins.converter import Converters
from sim_backend.twins.ni_options import NiBoardOptions
from sim_backend.twins.ni_products import PRODUCTS

V_P, V_AP = 0.36161, 0.48024  # shares of the source voltage
LSB = 2.0 / 65536  # on the 1 V range
AO_LSB = 20.0 / 65536


def read(ni: Any, channels: str, *, range_v: float = 1.0, terminal: str = "DIFF") -> np.ndarray:
    with ni.port.task() as task:
        task.ai_channels.add_ai_voltage_chan(
            channels,
            min_val=-range_v,
            max_val=range_v,
            terminal_config=TerminalConfiguration[terminal],
        )
        return np.atleast_1d(task.read())


class TestConverters:
    def converters(self, **given: float) -> Converters:
        of = {"range_v": 1.0, "gain": 1.0, "offset_v": 0.0, "noise_v": 0.0} | given
        return Converters(16, *(np.array([of[k]]) for k in of))

    def test_a_reading_is_gain_times_voltage_and_offset_in_whole_codes(self) -> None:
        converters = self.converters(gain=1.01, offset_v=0.02)
        volts = np.linspace(-0.9, 0.9, 37)[:, np.newaxis]
        got = converters.read(volts.copy(), None)
        assert np.allclose(got, 1.01 * volts + 0.02, atol=LSB / 2)
        assert np.allclose(got / LSB, np.rint(got / LSB), atol=1e-6)

    def test_beyond_full_scale_it_ends_whatever_the_errors(self) -> None:
        ends = self.converters(gain=1.5, offset_v=0.3).read(np.array([[2.0], [-2.0]]), None)
        assert ends.ravel().tolist() == [1 - LSB, -1.0]

    def test_noise_comes_before_the_codes(self) -> None:
        sigma_v = 3 * LSB
        got = self.converters(noise_v=sigma_v).read(
            np.zeros((100_000, 1)), np.random.default_rng(3)
        )
        assert np.allclose(got / LSB, np.rint(got / LSB), atol=1e-6)
        # 4.5 sigma of the standard deviation of a normal sample; rounding adds LSB^2 / 12.
        expected = np.hypot(sigma_v, LSB / np.sqrt(12))
        assert abs(got.std() / expected - 1) < 4.5 / np.sqrt(2 * 100_000)


class TestErrorsOfChannels:
    def test_given_ones_are_used_and_others_are_perfect(self, make_ni: Any) -> None:
        ni = make_ni(offset_v={"ai1": 5e-3, "ao0": -1e-3}, gain_error={"ai0": 0.02, "ao1": -0.01})
        ni.world.drive("smu", 0.1)
        values = read(ni, "Dev1/ai0:3")
        expected = [0.1 * V_P * 1.02, 0.1 * V_AP + 5e-3, 0.1 * V_P, 0.1 * V_AP]
        assert np.allclose(values, expected, atol=LSB)
        with ni.task("Dev1/ao0:1") as task:
            task.write([0.2, 0.2])
        assert ni.board.held_v["ao0"] == pytest.approx(0.199, abs=AO_LSB / 2)
        assert ni.board.held_v["ao1"] == pytest.approx(0.198, abs=AO_LSB / 2)

    def test_drawn_ones_belong_to_the_board_and_not_to_the_run(self, make_ni: Any) -> None:
        wide = {"input_offset_v": [1e-2] * 5, "input_gain_error": [1e-3] * 5}
        boards = [make_ni(seed=s, **wide) for s in (1, 2)] + [make_ni(seed=1, **wide, inputs=64)]
        values = [read(ni, "Dev1/ai0:7") for ni in boards]
        assert np.array_equal(values[0], values[1])
        assert np.array_equal(values[0], values[2])
        assert len(np.unique(values[0])) == 8
        other = NiBoardOptions.model_validate(wide | {"seed": 7})
        assert other.seed == 7

    def test_their_spread_is_what_was_asked_for(self, make_ni: Any) -> None:
        ni = make_ni(inputs=256, input_offset_v=[1e-2] * 5, input_gain_error=[0] * 5)
        values = read(ni, "Dev1/ai8:255")
        # 248 of them: 4.5 sigma of mean and standard deviation.
        assert abs(values.mean()) < 4.5 * 1e-2 / np.sqrt(248)
        assert abs(values.std() / 1e-2 - 1) < 4.5 / np.sqrt(2 * 248)

    def test_noise_of_an_output_is_drawn_at_each_update(self, make_ni: Any) -> None:
        ni = make_ni(noise=True, output_noise_v=1e-3, input_noise_v=[0] * 5)
        n = 5000
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/_ao0_vs_aognd", range_v=1.0) as back:
            out.timing.cfg_samp_clk_timing(100e3, samps_per_chan=n)
            back.timing.cfg_samp_clk_timing(100e3, source="/Dev1/ao/SampleClock", samps_per_chan=n)
            out.write(np.full(n, 0.1))
            back.start()
            out.start()
            data = np.array(back.read(n))
        assert abs(data.std() / np.hypot(1e-3, LSB / np.sqrt(12)) - 1) < 4.5 / np.sqrt(2 * n)
        assert ni.board.held_v["ao0"] == pytest.approx(data[-1], abs=LSB)


class TestPowerOn:
    def test_outputs_come_up_where_the_board_says_and_reset_brings_them_back(
        self, make_ni: Any
    ) -> None:
        ni = make_ni(power_on_v=0.5)
        assert list(ni.board.held_v.values()) == pytest.approx([0.5] * 4, abs=AO_LSB / 2)
        assert read(ni, "Dev1/ai4")[0] == pytest.approx(0.5 * V_P, abs=2 * AO_LSB)
        with ni.task("Dev1/ao0") as task:
            task.write(0.0)
        assert read(ni, "Dev1/ai4")[0] == 0
        ni.port.device("Dev1").reset_device()
        assert ni.board.held_v["ao0"] == pytest.approx(0.5, abs=AO_LSB / 2)

    def test_outputs_may_be_finer_or_coarser_than_inputs(self, make_ni: Any) -> None:
        ni = make_ni(output_bits=8)
        with ni.task("Dev1/ao0") as task:
            task.write(0.1)
            assert task.ao_channels[0].ao_resolution == 8
        assert ni.board.held_v["ao0"] == pytest.approx(20 / 256)

    def test_a_value_outlives_its_task_and_its_program(self, make_ni: Any) -> None:
        ni = make_ni()
        task = ni.task("Dev1/ao0")
        task.write(0.3)
        task.close()
        assert read(ni, "Dev1/_ao0_vs_aognd")[0] == pytest.approx(0.3, abs=AO_LSB)


class TestTerminals:
    def test_only_a_single_ended_input_reads_the_ground_of_the_junctions(
        self, make_ni: Any
    ) -> None:
        ni = make_ni(ground_offset_v=0.05, cmrr_db=40.0)
        ni.world.drive("smu", 0.1)
        seen = {t: read(ni, "Dev1/ai0", terminal=t)[0] for t in ("RSE", "DIFF", "NRSE")}
        assert seen["RSE"] == pytest.approx(0.1 * V_P + 0.05, abs=LSB)
        for terminal in ("DIFF", "NRSE"):
            assert seen[terminal] == pytest.approx(0.1 * V_P + 0.05 / 100, abs=LSB)

    def test_modes_of_a_multiplexed_product(self, make_ni: Any) -> None:
        ni = make_ni(product="PXIe-6363")
        channels = ni.port.device("Dev1").ai_physical_chans
        assert TerminalConfiguration.DIFF in channels["ai7"].ai_term_cfgs
        assert channels["ai8"].ai_term_cfgs == [
            TerminalConfiguration.RSE,
            TerminalConfiguration.NRSE,
        ]
        with pytest.raises(DaqError, match="ai8 cannot be read as differential") as error:
            read(ni, "Dev1/ai8")
        assert error.value.error_code == -200077
        with ni.port.task() as task:
            added = task.ai_channels.add_ai_voltage_chan("Dev1/ai8")
            assert added.ai_term_cfg is TerminalConfiguration.RSE


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"product": "PCIe-6336"}, "did you mean 'PCIe-6363'"),
            ({"simultaneous": True, "aggregate_rate_hz": 1e6}, "multiplexed board"),
            ({"inputs": 0, "outputs": 0}, "inputs or outputs"),
            ({"power_on_v": 11}, "within output_range_v"),
            ({"input_ranges_v": [1, 1], "input_noise_v": [0, 0]}, "each range once"),
            ({"input_gain_error": [0.1]}, "one per range"),
            ({"offset_v": {"ai99": 0.1}}, "offset_v and gain_error"),
            ({"loopback": {"ao0": "out/ao1"}}, "loopback"),
            ({"terminals": []}, "terminals must not be empty"),
            ({"mux_f": -1e-12}, "greater than or equal to 0"),
            ({"mux_ohm": "-1 ohm"}, "greater than or equal to 0"),
            ({"bits": 4}, "greater than or equal to 8"),
            ({"output_gain_error": 1.0}, "less than or equal to 0.5"),
            ({"rate_hz": 1e12}, "less than or equal to"),
            ({"output_range_v": 0}, "greater than 0"),
            ({"input_noise_v": [float("nan")] * 5}, "finite"),
        ],
    )
    def test_the_impossible_is_refused(self, options: dict[str, Any], says: str) -> None:
        with pytest.raises(ValidationError, match=says):
            NiBoardOptions.model_validate(options)

    def test_explicit_options_win_over_those_of_a_product(self) -> None:
        options = NiBoardOptions.model_validate({"product": "PXIe-6363", "inputs": 16})
        assert (options.inputs, options.rate_hz, options.aggregate_rate_hz) == (16, 2e6, 1e6)

    def test_an_input_cannot_read_a_junction_and_an_output(self, make_ni: Any) -> None:
        with pytest.raises(BenchError, match="ai0 reads a junction"):
            make_ni(loopback={"ai0": "daq/ao0"})

    @pytest.mark.parametrize("product", PRODUCTS)
    def test_no_product_can_be_mistaken_for_hardware(self, product: str, make_ni: Any) -> None:
        options = NiBoardOptions.model_validate({"product": product})
        assert options.product == f"mtjlab twin of {product}"
        assert len(options.input_noise_v) == len(options.input_ranges_v)
        if options.inputs and options.outputs >= 4:
            device = make_ni(product=product).port.device("Dev1")
            assert device.product_type == options.product
            assert device.is_simulated

    def test_rates_of_the_data_sheets(self) -> None:
        multiplexed = NiBoardOptions.model_validate({"product": "PXIe-6363"})
        assert multiplexed.input_rate_limit_hz(1) == 2e6
        assert multiplexed.input_rate_limit_hz(8) == pytest.approx(125e3)
        rates = [multiplexed.output_rate_limit_hz(n) for n in (1, 2, 3, 4)]
        assert rates == pytest.approx([2.857e6, 2.0e6, 1.538e6, 1.25e6], rel=1e-3)
        assert multiplexed.memory(4) == 8191 // 4
        simultaneous = NiBoardOptions.model_validate({"product": "PXIe-6368"})
        assert simultaneous.input_rate_limit_hz(16) == 2e6
        outputs = NiBoardOptions.model_validate({"product": "PXIe-6738"})
        assert (outputs.inputs, outputs.outputs) == (0, 32)
        assert outputs.output_rate_limit_hz(8) == 1e6
        assert outputs.output_rate_limit_hz(32) == 350e3


def test_a_finite_run_on_a_product_is_what_a_user_of_ni_expects(make_ni: Any) -> None:
    ni = make_ni(product="PXIe-6368", noise=True)
    ni.world.drive("smu", 0.1)
    with ni.task("Dev1/ai0:1") as task:
        task.timing.cfg_samp_clk_timing(
            2e6, sample_mode=AcquisitionType.FINITE, samps_per_chan=1000
        )
        data = np.array(task.read(1000))
    assert data.mean(axis=1) == pytest.approx([0.1 * V_P, 0.1 * V_AP], abs=1e-4)
