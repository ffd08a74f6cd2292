"""What the board refuses, with NI's numbers, and the arrays that NI's library would not take."""

import ctypes
from typing import Any

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType
from nidaqmx.errors import DaqError, DaqReadError, DaqWriteError
from nidaqmx.stream_readers import AnalogMultiChannelReader

V_P, V_AP = 0.36161, 0.48024  # shares of the source voltage
LSB = 2.0 / 65536  # on the 1 V range


def finite(task: nidaqmx.Task, n: int, rate_hz: float = 200e3, source: str = "") -> None:
    task.timing.cfg_samp_clk_timing(
        rate_hz, source=source, sample_mode=AcquisitionType.FINITE, samps_per_chan=n
    )


def code(error: pytest.ExceptionInfo[DaqError]) -> int:
    return int(error.value.error_code)


class TestErrors:
    @pytest.mark.parametrize("channels", ["Dev1/ai32", "Dev2/ai0", "Dev1/_ao9_vs_aognd", "ai0"])
    def test_no_such_input(self, ni: Any, channels: str) -> None:
        with ni.task() as task, pytest.raises(DaqError) as error:
            task.ai_channels.add_ai_voltage_chan(channels)
        assert code(error) == -200170

    def test_no_such_output(self, ni: Any) -> None:
        with ni.task() as task, pytest.raises(DaqError) as error:
            task.ao_channels.add_ao_voltage_chan("Dev1/ao4")
        assert code(error) == -200170

    def test_no_such_range(self, ni: Any) -> None:
        with ni.task() as task, pytest.raises(DaqError, match=r"ranges are \+-0\.2") as error:
            task.ai_channels.add_ai_voltage_chan("Dev1/ai0", min_val=-20, max_val=20)
        assert code(error) == -200077

    def test_two_running_tasks_on_one_half_of_the_board(self, ni: Any) -> None:
        with ni.task("Dev1/ai0", name="first") as first, ni.task("Dev1/ai1") as second:
            finite(first, 10)
            first.start()
            with pytest.raises(DaqError, match="'first'") as error:
                second.read()
            first.stop()
            assert second.read() == pytest.approx(0.1 * V_AP, abs=LSB)
        assert code(error) == -50103

    def test_outputs_on_demand_share_the_board_but_no_channel(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as first, ni.task("Dev1/ao1") as second:
            first.start()
            second.write(0.1)
            with ni.task("Dev1/ao0") as third, pytest.raises(DaqError) as error:
                third.write(0.1)
        assert code(error) == -50103

    def test_a_name_is_taken_until_its_task_is_closed(self, ni: Any) -> None:
        with ni.task(name="mine") as task:
            assert task.name == "mine"
            with pytest.raises(DaqError) as error:
                ni.port.task("mine")
        assert code(error) == -200089
        ni.port.task("mine").close()

    def test_too_fast(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task, pytest.raises(DaqError, match="500000") as error:
            finite(task, 10, rate_hz=600e3)
        assert code(error) == -200332

    def test_more_than_the_output_memory(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as task:
            finite(task, 10_000)
            assert task.out_stream.output_onbrd_buf_size == 8191
            with pytest.raises(DaqWriteError, match="8191") as error:
                task.write(np.zeros(10_000))
        assert code(error) == -200341

    def test_beyond_the_last_sample(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            finite(task, 10)
            task.start()
            task.read(7)
            with pytest.raises(DaqReadError, match="3 of 10 remain") as error:
                task.read(4)
        assert code(error) == -200278

    def test_not_done_in_time(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            finite(task, 200_000)
            task.start()
            with pytest.raises(DaqError) as error:
                task.wait_until_done(0.5)
            assert ni.world.clock.now_s() == pytest.approx(0.501)
        assert code(error) == -200560

    def test_start_without_channels_data_or_twice(self, ni: Any) -> None:
        with ni.task() as task, pytest.raises(DaqError) as empty:
            task.start()
        with ni.task("Dev1/ao0") as task:
            finite(task, 10)
            with pytest.raises(DaqError) as no_data:
                task.start()
        with ni.task("Dev1/ai0") as task:
            finite(task, 10)
            task.start()
            with pytest.raises(DaqError) as twice:
                task.start()
        assert [code(e) for e in (empty, no_data, twice)] == [-200478, -200462, -200479]

    def test_a_waveform_needs_a_clock(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as task, pytest.raises(DaqError) as error:
            task.write([0.0, 0.1], auto_start=True)
        assert code(error) == -200547

    def test_terminals_that_the_board_does_not_have(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task, pytest.raises(DaqError, match="PFI0") as error:
            finite(task, 10, source="/Dev1/PFI0")
        assert code(error) == -89120

    def test_arrays_that_the_real_library_cannot_take(self, ni: Any) -> None:
        with ni.task("Dev1/ai0:1") as task:
            finite(task, 10)
            reader = AnalogMultiChannelReader(task.in_stream)
            for array in (np.empty((2, 10), np.float32), np.empty((10, 2)).T):
                with pytest.raises(ctypes.ArgumentError, match="C-contiguous float64"):
                    reader.read_many_sample(array, 10)

    def test_counters_and_digital_lines_are_channels_that_are_not_there(self, ni: Any) -> None:
        asked_for = {
            "Dev1/ctr0": lambda task: task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0"),
            "Dev1/ctr1": lambda task: task.co_channels.add_co_pulse_chan_freq("Dev1/ctr1"),
            "Dev1/port0": lambda task: task.di_channels.add_di_chan("Dev1/port0"),
            "Dev1/port0/line3": lambda task: task.do_channels.add_do_chan("Dev1/port0/line3"),
        }
        for channel, ask in asked_for.items():
            with (
                ni.task() as task,
                pytest.raises(DaqError, match=f"'{channel}'.*no count") as error,
            ):
                ask(task)
            assert code(error) == -200170

    def test_what_the_twin_cannot_do_says_its_name(self, ni: Any) -> None:
        with ni.task() as task, pytest.raises(NotImplementedError, match="thrmcpl_chan"):
            task.ai_channels.add_ai_thrmcpl_chan("Dev1/ai0")
