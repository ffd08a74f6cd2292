"""Outputs and inputs on one clock, and acquisitions without an end, in virtual time."""

from typing import Any

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import READ_ALL_AVAILABLE, AcquisitionType
from nidaqmx.errors import DaqError, DaqReadError
from nidaqmx.stream_readers import AnalogMultiChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter

V_P, V_AP = 0.36161, 0.48024  # shares of the source voltage
LSB = 2.0 / 65536  # on the 1 V range
AO_LSB = 20.0 / 65536


def finite(task: nidaqmx.Task, n: int, rate_hz: float = 200e3, source: str = "") -> None:
    task.timing.cfg_samp_clk_timing(
        rate_hz, source=source, sample_mode=AcquisitionType.FINITE, samps_per_chan=n
    )


def code(error: pytest.ExceptionInfo[DaqError]) -> int:
    return int(error.value.error_code)


class TestOneClock:
    """Outputs and inputs of one block: the data are the physics of the waveform, exactly."""

    def block(self, ni: Any, wave: np.ndarray, *, source: str, trigger: str) -> np.ndarray:
        n = wave.shape[1]
        data = np.empty((4, n))
        with ni.task("Dev1/ao0:3") as out, ni.task("Dev1/ai4:7") as into:
            finite(out, n)
            finite(into, n, source=source)
            if trigger:
                into.triggers.start_trigger.cfg_dig_edge_start_trig(trigger)
            AnalogMultiChannelWriter(out.out_stream, auto_start=False).write_many_sample(wave)
            into.start()
            out.start()
            into.wait_until_done(1.0)
            AnalogMultiChannelReader(into.in_stream).read_many_sample(data, n)
        return data

    @pytest.mark.parametrize(
        ("source", "trigger"), [("/Dev1/ao/SampleClock", ""), ("", "/Dev1/ao/StartTrigger")]
    )
    def test_equals_the_closed_form(self, ni: Any, source: str, trigger: str) -> None:
        wave = np.random.default_rng(3).uniform(-0.2, 0.2, (4, 500))
        data = self.block(ni, wave, source=source, trigger=trigger)
        played = np.rint(wave / AO_LSB) * AO_LSB
        expected = played * np.array([V_P, V_AP, V_P, V_AP])[:, np.newaxis]
        assert np.abs(data - expected).max() < LSB
        assert list(ni.board.held_v.values()) == pytest.approx(list(played[:, -1]))

    def test_inputs_may_be_a_multiple_faster(self, ni: Any) -> None:
        wave = np.array([[0.1, 0.2, 0.0]])
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            finite(out, 3, rate_hz=50e3)
            finite(into, 16, rate_hz=200e3)
            into.triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/ao/StartTrigger")
            out.write(wave[0].tolist())
            into.start()
            out.start()
            data = np.array(into.read(16)) / V_P
        # Twelve samples of the waveform, then the last value holds.
        assert np.allclose(data, [0.1] * 4 + [0.2] * 4 + [0.0] * 8, atol=3 * AO_LSB)

    def test_rates_that_do_not_fit_are_refused(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            finite(out, 3, rate_hz=70e3)
            finite(into, 16, rate_hz=200e3)
            into.triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/ao/StartTrigger")
            out.write([0.1, 0.2, 0.3])
            into.start()
            with pytest.raises(DaqError, match="whole multiples") as error:
                out.start()
        assert code(error) == -200077

    def test_the_inputs_may_be_the_master(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4, Dev1/_ao0_vs_aognd") as into:
            finite(into, 4)
            finite(out, 4, source="/Dev1/ai/SampleClock")
            out.write([0.1, 0.2, 0.3, 0.0])
            out.start()
            data = np.array(into.read(4))
        assert np.allclose(data[1], [0.1, 0.2, 0.3, 0.0], atol=AO_LSB)
        assert np.allclose(data[0], data[1] * V_P, atol=2 * LSB)

    def test_clocks_are_passed_on_as_the_task_names_them(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            finite(into, 4)
            assert into.timing.samp_clk_term == "/Dev1/ai/SampleClock"
            finite(out, 4, source=into.timing.samp_clk_term)
            out.triggers.start_trigger.cfg_dig_edge_start_trig(into.triggers.start_trigger.term)
            assert out.timing.samp_clk_term == "/Dev1/ai/SampleClock"
            out.write([0.1, 0.2, 0.3, 0.0])
            out.start()
            data = np.array(into.read(4))
        assert np.allclose(data, V_P * np.array([0.1, 0.2, 0.3, 0.0]), atol=LSB + AO_LSB)

    def test_no_clock_no_samples(self, ni: Any) -> None:
        with ni.task("Dev1/ai4") as into:
            finite(into, 4, source="/Dev1/ao/SampleClock")
            into.start()
            before = ni.world.clock.now_s()
            with pytest.raises(DaqReadError) as error:
                into.read(4, timeout=0.5)
            assert ni.world.clock.now_s() - before == pytest.approx(0.5, abs=1e-3)
            with pytest.raises(DaqError) as not_done:
                into.wait_until_done(0.1)
        assert code(error) == -200284
        assert code(not_done) == -200560

    def test_the_clock_ends_with_the_outputs(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            finite(out, 3)
            finite(into, 4, source="/Dev1/ao/SampleClock")
            out.write([0.1, 0.2, 0.3])
            into.start()
            out.start()
            with pytest.raises(DaqReadError) as error:
                into.read(4, timeout=0.5)
            assert error.value.samps_per_chan_read == 3
            assert len(into.read(3)) == 3
        assert code(error) == -200284

    def test_tasks_started_one_after_the_other_see_each_other(self, ni: Any) -> None:
        """Nothing ties the clocks together, and the inputs still see what the outputs did."""
        latency = ni.board.options.task_start_s
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            finite(out, 3, rate_hz=1e3)
            finite(into, 1000, rate_hz=200e3)
            out.write([0.1, 0.2, 0.3])
            into.start()
            out.start()
            data = np.array(into.read(1000)) / V_P
        edge = round(latency * 200e3)
        expected = np.repeat([0.0, 0.1, 0.2, 0.3], [edge, 200, 200, 600 - edge])
        # An input edge that falls on an output's sees the value before it.
        assert np.count_nonzero(np.abs(data - expected) > 2 * AO_LSB) <= 3

    def test_stopping_half_way_holds_what_was_reached(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out:
            finite(out, 1000)
            out.write(np.linspace(0, 1, 1000))
            out.start()
            ni.world.clock.sleep(500.5 * 5e-6)
        assert ni.board.held_v["ao0"] == pytest.approx(500 / 999, abs=AO_LSB)


class TestContinuous:
    def start(self, task: nidaqmx.Task, rate_hz: float = 200e3, n: int = 1000) -> None:
        task.timing.cfg_samp_clk_timing(
            rate_hz, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=n
        )
        task.start()

    def test_pieces_follow_each_other_without_a_gap(self, make_ni: Any) -> None:
        rows = []
        for sizes in ((4000,), (1, 999, 3000)):
            ni = make_ni(frozen=False, noise=True, seed=8)
            ni.world.drive("smu", 0.1)
            with ni.task("Dev1/ai0:1") as task:
                self.start(task)
                rows.append(np.concatenate([task.read(n) for n in sizes], axis=1))
                assert task.in_stream.total_samp_per_chan_acquired >= 4000
        assert np.array_equal(*rows)

    def test_what_is_available_grows_with_bench_time(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            self.start(task)
            assert task.in_stream.avail_samp_per_chan == 0
            ni.world.clock.sleep(100 * 5e-6)
            assert task.in_stream.avail_samp_per_chan == 100
            assert len(task.read(READ_ALL_AVAILABLE)) == 100
            assert task.in_stream.avail_samp_per_chan == 20  # while the read took its 100 us
            with pytest.raises(DaqReadError) as error:
                task.read(100_000, timeout=0.01)
        assert code(error) == -200284

    def test_a_reader_that_comes_too_late_loses_samples(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            task.timing.cfg_samp_clk_timing(200e3, sample_mode=AcquisitionType.CONTINUOUS)
            task.in_stream.input_buf_size = 2000
            task.start()
            task.read(500)
            ni.world.clock.sleep(3600.0)
            for _ in range(2):
                with pytest.raises(DaqReadError, match="samples from 500 on") as error:
                    task.read(10)
                assert code(error) == -200279
            task.stop()
            assert len(task.read(10)) == 10

    def test_a_waiting_reader_may_want_more_than_the_buffer_holds(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            task.timing.cfg_samp_clk_timing(200e3, sample_mode=AcquisitionType.CONTINUOUS)
            task.in_stream.input_buf_size = 100
            assert len(task.read(1050)) == 1050

    def test_hours_later_positions_are_still_whole_numbers(self, ni: Any) -> None:
        ni.world.clock.sleep(20_000.0)
        with ni.task("Dev1/ai0") as task:
            self.start(task)
            for piece in range(1, 50):
                assert len(task.read(777)) == 777
                assert task.in_stream.total_samp_per_chan_acquired == pytest.approx(
                    777 * piece, abs=21
                )
