"""One converter for all inputs: rates, the delay from channel to channel, the charge left over."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nidaqmx.constants import AcquisitionType
from nidaqmx.errors import DaqError

from sim_backend.physics.electronics.pickup import Pickup
from sim_backend.twins.ni_multiplexer import Multiplexer

V_P, V_AP = 0.36161, 0.48024  # shares of the source voltage
R_P, R_AP = 1 / (1 / 10e3 + 1 / 5664.3), 1 / (1 / 10e3 + 1 / 9239.5)  # what an input sees
LSB = 2.0 / 65536  # on the 1 V range
SCANNED = {"simultaneous": False, "rate_hz": 2e6, "aggregate_rate_hz": 1e6}


def clocked(ni: Any, channels: str, rate_hz: float, n: int, convert_hz: float = 0.0) -> np.ndarray:
    with ni.task(channels) as task:
        task.timing.cfg_samp_clk_timing(
            rate_hz, sample_mode=AcquisitionType.FINITE, samps_per_chan=n
        )
        if convert_hz:
            task.timing.ai_conv_rate = convert_hz
        return np.array(task.read(n)).reshape(-1, n)


def step_by_step(
    volts: np.ndarray, ohm: np.ndarray, tau_per_ohm_s: float, first_s: float, other_s: float
) -> np.ndarray:
    """The charge of one capacitor, conversion after conversion; the oracle."""
    held, seen = 0.0, np.empty_like(volts)
    for scan, row in enumerate(volts):
        for column, value in enumerate(row):
            selected_s = first_s if column == 0 else other_s
            share = np.exp(-selected_s / (ohm[column] * tau_per_ohm_s))
            held = value + (held - value) * share
            seen[scan, column] = held
    return seen


class TestRates:
    def test_the_board_says_what_it_is(self, make_ni: Any) -> None:
        device = make_ni(**SCANNED).port.device("Dev1")
        assert not device.ai_simultaneous_sampling_supported
        assert (device.ai_max_single_chan_rate, device.ai_max_multi_chan_rate) == (2e6, 1e6)

    def test_one_channel_alone_is_faster_than_two(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED)
        assert clocked(ni, "Dev1/ai0", 2e6, 10).shape == (1, 10)
        assert clocked(ni, "Dev1/ai0:1", 500e3, 10).shape == (2, 10)
        with pytest.raises(DaqError, match="at most 500000 Hz") as error:
            clocked(ni, "Dev1/ai0:1", 510e3, 10)
        assert error.value.error_code == -200332

    def test_channels_added_after_the_timing_are_counted_at_the_start(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED)
        with ni.task("Dev1/ai0") as task:
            task.timing.cfg_samp_clk_timing(1e6, samps_per_chan=10)
            task.ai_channels.add_ai_voltage_chan("Dev1/ai1", min_val=-1, max_val=1)
            with pytest.raises(DaqError) as error:
                task.start()
        assert error.value.error_code == -200332

    def test_the_convert_clock_is_ten_microseconds_slower_where_there_is_time(
        self, make_ni: Any
    ) -> None:
        ni = make_ni(**SCANNED)
        with ni.task("Dev1/ai0:3") as task:
            task.timing.cfg_samp_clk_timing(1e3, samps_per_chan=10)
            assert 1 / task.timing.ai_conv_rate == pytest.approx(11e-6)
            task.timing.cfg_samp_clk_timing(50e3, samps_per_chan=10)
            assert 1 / task.timing.ai_conv_rate == pytest.approx(5e-6)
            assert task.timing.ai_conv_max_rate == 1e6

    @pytest.mark.parametrize("convert_hz", [1.1e6, 150e3])
    def test_conversions_that_do_not_fit_are_refused(self, make_ni: Any, convert_hz: float) -> None:
        ni = make_ni(**SCANNED)
        with pytest.raises(DaqError, match="convert rate") as error:
            clocked(ni, "Dev1/ai0:3", 50e3, 10, convert_hz)
        assert error.value.error_code == -200081

    def test_a_simultaneous_board_has_no_convert_clock(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            task.timing.cfg_samp_clk_timing(1e3, samps_per_chan=10)
            with pytest.raises(DaqError) as asked:
                _ = task.timing.ai_conv_rate
            with pytest.raises(DaqError) as told:
                task.timing.ai_conv_rate = 1e6
        assert asked.value.error_code == told.value.error_code == -200452


class TestSkew:
    def test_channels_are_converted_one_after_the_other(self, make_ni: Any) -> None:
        """The same hum on four inputs: its phase tells when each was looked at."""
        hum_hz, rate_hz, convert_hz, n = 10e3, 50e3, 250e3, 400
        hums = {f"daq/ai{i}": (Pickup(0.1, hum_hz, 0.0),) for i in range(4)}
        ni = make_ni(**SCANNED, mux_f=0.0, pickup=hums)
        data = clocked(ni, "Dev1/ai0:3", rate_hz, n, convert_hz)
        t = np.arange(n) / rate_hz
        phase = np.angle(data @ np.exp(-2j * np.pi * hum_hz * t))
        late_s = np.unwrap(phase - phase[0]) / (2 * np.pi * hum_hz)
        assert late_s == pytest.approx(np.arange(4) / convert_hz, abs=1e-8)

    def test_simultaneous_inputs_see_one_instant(self, make_ni: Any) -> None:
        hums = {f"daq/ai{i}": (Pickup(0.1, 10e3, 0.0),) for i in range(4)}
        data = clocked(make_ni(pickup=hums), "Dev1/ai0:3", 50e3, 100)
        assert np.abs(data - data[0]).max() <= LSB


class TestCharge:
    def test_every_reading_starts_from_the_one_before(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED, mux_f=1e-9, mux_ohm=0.0)
        ni.world.drive("smu", 0.5)
        data = clocked(ni, "Dev1/ai0:3", 50e3, 20, 250e3).T
        true_v = np.tile(0.5 * np.array([V_P, V_AP, V_P, V_AP]), (20, 1))
        ohm = np.array([R_P, R_AP, R_P, R_AP])
        expected = step_by_step(true_v, ohm, 1e-9, 20e-6 - 3 * 4e-6, 4e-6)
        assert np.abs(expected - true_v).max() > 100 * LSB
        assert np.allclose(data, expected, atol=LSB)

    def test_time_to_settle_makes_it_vanish(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED, mux_f=200e-12)
        ni.world.drive("smu", 0.5)
        errors = [
            np.abs(clocked(ni, "Dev1/ai0:1", rate_hz, 10)[:, 1:].T - 0.5 * np.array([V_P, V_AP]))
            for rate_hz in (250e3, 100e3, 1e3)
        ]
        worst = [error.max() for error in errors]
        assert worst[0] > 10 * worst[1] > 10 * LSB
        assert worst[2] <= 2 * LSB

    def test_an_input_on_nothing_reads_its_predecessor(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED)
        ni.world.drive("smu", 0.5)
        data = clocked(ni, "Dev1/ai0, Dev1/ai20, Dev1/ai1", 1e3, 5)
        assert np.allclose(data[1], 0.5 * V_P, atol=2 * LSB)

    def test_reads_on_demand_scan_like_any_other(self, make_ni: Any) -> None:
        ni = make_ni(**SCANNED, mux_f=2e-9, mux_ohm=0.0)
        ni.world.drive("smu", 0.5)
        with ni.task("Dev1/ai0:1") as task:
            before_s = ni.world.clock.now_s()
            data = np.array(task.read(3)).T
            passed_s = ni.world.clock.now_s() - before_s
        true_v = np.tile(0.5 * np.array([V_P, V_AP]), (3, 1))
        expected = step_by_step(true_v, np.array([R_P, R_AP]), 2e-9, 11e-6, 11e-6)
        assert np.allclose(data, expected, atol=LSB)
        assert passed_s == pytest.approx(ni.board.options.read_s + 6 * 11e-6)

    def test_pieces_are_one_scan_after_another(self, make_ni: Any) -> None:
        rows = []
        for sizes in ((600,), (1, 99, 500)):
            ni = make_ni(**SCANNED, frozen=False, noise=True, mux_f=5e-9)
            ni.world.drive("smu", 0.1)
            with ni.task("Dev1/ai0:3") as task:
                task.timing.cfg_samp_clk_timing(
                    100e3, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=1000
                )
                task.start()
                rows.append(np.concatenate([task.read(n) for n in sizes], axis=1))
        assert np.array_equal(*rows)

    def test_it_is_part_of_the_state(self, make_ni: Any) -> None:
        original, fresh = (make_ni(**SCANNED, mux_f=5e-9, seed=s) for s in (1, 2))
        original.world.drive("smu", 0.5)
        clocked(original, "Dev1/ai0:3", 100e3, 10)
        fresh.world.restore(original.world.state())
        fresh.board.restore(original.board.state())
        again = [clocked(ni, "Dev1/ai0:3", 100e3, 3) for ni in (original, fresh)]
        assert np.array_equal(*again)


@settings(max_examples=60, deadline=None)
@given(
    volts=st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=1, max_size=12),
    ohm=st.lists(st.floats(1, 1e9), min_size=3, max_size=3),
    convert_s=st.floats(1e-7, 1e-4),
    idle_s=st.floats(0, 1e-3),
)
def test_the_closed_form_is_the_capacitor(
    volts: list[list[float]], ohm: list[float], convert_s: float, idle_s: float
) -> None:
    true_v = np.array(volts)
    multiplexer = Multiplexer(1e-9, 0.0)
    seen = true_v.copy()
    multiplexer.scan(seen, np.array(ohm), dt_s=3 * convert_s + idle_s, convert_s=convert_s)
    expected = step_by_step(true_v, np.array(ohm), 1e-9, convert_s + idle_s, convert_s)
    assert np.allclose(seen, expected, atol=1e-9)
    assert multiplexer.held_v == seen[-1, -1]
