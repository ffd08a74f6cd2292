"""The unmodified nidaqmx package on a simulated board, as a user of NI's examples would use it."""

import threading
from typing import Any

import nidaqmx
import nidaqmx.system
import numpy as np
import pytest
from nidaqmx.constants import READ_ALL_AVAILABLE, AcquisitionType
from nidaqmx.errors import DaqError, DaqWriteError
from nidaqmx.stream_readers import AnalogMultiChannelReader

from mtjlab.core.errors import BenchError
from sim_backend.twins.nidaqmx import NiBoardOptions

V_P, V_AP = 0.36161, 0.48024  # shares of the source voltage
LSB = 2.0 / 65536  # on the 1 V range
AO_LSB = 20.0 / 65536


def finite(task: nidaqmx.Task, n: int, rate_hz: float = 200e3, source: str = "") -> None:
    task.timing.cfg_samp_clk_timing(
        rate_hz, source=source, sample_mode=AcquisitionType.FINITE, samps_per_chan=n
    )


def code(error: pytest.ExceptionInfo[DaqError]) -> int:
    return int(error.value.error_code)


class TestFiniteInput:
    def test_a_task_is_a_real_task_and_reads_the_physics(self, ni: Any) -> None:
        with ni.task("Dev1/ai0:3") as task:
            assert isinstance(task, nidaqmx.Task)
            finite(task, 50)
            data = np.array(task.read(READ_ALL_AVAILABLE))
        expected = 0.1 * np.array([V_P, V_AP, V_P, V_AP])
        assert data.shape == (4, 50)
        assert np.allclose(data, expected[:, np.newaxis], atol=LSB)
        assert np.allclose(data / LSB, np.rint(data / LSB), atol=1e-9)

    def test_flips_of_the_reference_device(self, make_ni: Any) -> None:
        ni = make_ni(frozen=False, seed=5)
        ni.world.drive("smu", 0.1)
        buffer = np.empty((4, 20_000))
        with ni.task("Dev1/ai0:3") as task:
            finite(task, 20_000)
            task.start()
            AnalogMultiChannelReader(task.in_stream).read_many_sample(buffer, 20_000)
        flips = np.diff(buffer > 0.0421, axis=1).mean()
        # Neighbouring flips are uncorrelated in a symmetric chain: binomial.
        assert abs(flips - 0.0809) < 4.5 * np.sqrt(0.0809 * 0.919 / 80_000)

    def test_order_of_channels_is_the_tasks(self, ni: Any) -> None:
        with ni.task("Dev1/ai3, Dev1/ai0") as task:
            finite(task, 2)
            assert task.channel_names == ["Dev1/ai3", "Dev1/ai0"]
            data = np.array(task.read(2))
        assert np.allclose(data[:, 0], [0.1 * V_AP, 0.1 * V_P], atol=LSB)

    def test_nothing_is_wired_to_an_input(self, ni: Any) -> None:
        with ni.task("Dev1/ai20") as task:
            assert task.read() == 0.0

    def test_the_rate_becomes_what_the_time_base_can_make(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            finite(task, 10, rate_hz=150e3)
            assert task.timing.samp_clk_rate == pytest.approx(1e8 / 667)

    def test_bench_time_passes_as_on_the_real_board(self, ni: Any) -> None:
        options = ni.board.options
        with ni.task("Dev1/ai0") as task:
            finite(task, 20_000)
            task.start()
            t0 = ni.world.clock.now_s()
            assert t0 == pytest.approx(options.task_start_s)
            assert not task.is_task_done()
            task.wait_until_done(1.0)
            assert task.is_task_done()
            assert ni.world.clock.now_s() - t0 == pytest.approx(0.1)
            assert len(task.read(20_000)) == 20_000
            assert ni.world.clock.now_s() - t0 == pytest.approx(0.1 + options.read_s)

    def test_a_task_started_by_reading_can_be_read_again(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            finite(task, 5)
            assert len(task.read(5)) == len(task.read(5)) == 5
            assert task.is_task_done()

    def test_another_instrument_in_the_middle_is_seen_at_its_sample(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            finite(task, 100)
            task.start()
            ni.world.clock.sleep(40.5 * 5e-6)
            ni.world.drive("smu", 0.2)
            data = np.array(task.read(100))
        assert np.allclose(data[:41], 0.1 * V_P, atol=LSB)
        assert np.allclose(data[41:], 0.2 * V_P, atol=LSB)

    def test_beyond_the_range_the_converter_ends(self, ni: Any) -> None:
        ni.world.drive("smu", 0.9)
        with ni.task("Dev1/ai1", range_v=0.2) as task:
            assert task.read() == pytest.approx(0.2 - 0.4 / 65536)

    def test_noise_belongs_to_the_range(self, make_ni: Any) -> None:
        ni = make_ni(noise=True)
        for range_v, noise_v in ((0.2, 12e-6), (10.0, 305e-6)):
            with ni.task("Dev1/ai0", range_v=range_v) as task:
                finite(task, 20_000)
                data = np.array(task.read(20_000))
            # Rounding to a code adds its own variance, LSB^2 / 12.
            sd = np.hypot(noise_v, 2 * range_v / 65536 / np.sqrt(12))
            assert data.std() == pytest.approx(sd, rel=0.03)
            assert abs(data.mean()) < 5 * sd / np.sqrt(20_000)


class TestOutput:
    def test_on_demand_it_holds_even_after_the_task(self, ni: Any) -> None:
        with ni.task("Dev1/ao0:1") as task:
            task.write([0.1, 0.2])
        with ni.task("Dev1/ai4:5") as task:
            assert np.allclose(task.read(), [0.1 * V_P, 0.2 * V_AP], atol=LSB + AO_LSB / 2)

    def test_read_back_through_the_internal_channel(self, ni: Any) -> None:
        with ni.task("Dev1/_ao0_vs_aognd, Dev1/_ao1_vs_aognd", range_v=10.0) as back:
            assert back.read() == [0.0, 0.0]
            with ni.task("Dev1/ao1") as out:
                out.write(0.7)
            assert back.read() == pytest.approx([0.0, 0.7], abs=AO_LSB)

    def test_values_are_codes_of_the_converter(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as task:
            task.write(0.1)
        assert ni.board.held_v["ao0"] == pytest.approx(round(0.1 / AO_LSB) * AO_LSB)

    @pytest.mark.parametrize("volts", [10.5, -11.0, float("nan"), float("inf")])
    def test_outside_the_range_nothing_moves(self, ni: Any, volts: float) -> None:
        with ni.task("Dev1/ao0") as task:
            task.write(0.1)
            with pytest.raises(DaqWriteError) as error:
                task.write(volts)
        assert code(error) == -200561
        assert ni.board.held_v["ao0"] == pytest.approx(0.1, abs=AO_LSB)

    def test_a_reading_of_an_output_task_is_refused_by_nidaqmx(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as task, pytest.raises(DaqError) as error:
            task.read()
        assert code(error) == -200460

    def test_reset_device_brings_everything_to_zero(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as task:
            task.write(0.3)
        ni.port.device("Dev1").reset_device()
        assert ni.board.held_v["ao0"] == 0.0


class TestBoard:
    def test_it_describes_itself_and_cannot_be_mistaken_for_hardware(self, ni: Any) -> None:
        device = ni.port.device("Dev1")
        assert isinstance(device, nidaqmx.system.Device)
        assert device.is_simulated
        assert "twin" in device.product_type
        assert device.ai_simultaneous_sampling_supported
        assert len(device.ai_physical_chans) == 32
        assert [c.name for c in device.ao_physical_chans] == [f"Dev1/ao{i}" for i in range(4)]
        assert device.ai_max_single_chan_rate == device.ai_max_multi_chan_rate == 500e3
        assert device.ai_voltage_rngs[:4] == [-0.2, 0.2, -1.0, 1.0]
        assert device.ao_voltage_rngs == [-10.0, 10.0]
        assert "/Dev1/ao/SampleClock" in device.terminals
        device.self_test_device()

    def test_an_absent_device(self, ni: Any) -> None:
        with pytest.raises(DaqError, match="present: Dev1") as error:
            _ = ni.port.device("Dev7").product_type
        assert code(error) == -200220

    def test_wiring_that_the_board_does_not_have(self, make_ni: Any) -> None:
        with pytest.raises(BenchError, match=r"the wiring uses ao2, ao3.*ao0 \.\. ao1"):
            make_ni(outputs=2)

    @pytest.mark.parametrize(
        "options",
        [{"colour": "red"}, {"input_noise_v": [1e-6]}, {"rate_hz": 0}, {"read_s": "1 V"}],
    )
    def test_options_are_checked(self, options: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="validation error"):
            NiBoardOptions.model_validate(options)

    def test_options_with_units(self) -> None:
        assert NiBoardOptions.model_validate({"task_start_s": "2 ms"}).task_start_s == 2e-3

    def test_a_restored_bench_goes_on_bit_by_bit(self, make_ni: Any) -> None:
        def use(ni: Any) -> bytes:
            with ni.task("Dev1/ai0:7, Dev1/_ao2_vs_aognd") as task:
                finite(task, 100)
                return np.array(task.read(100)).tobytes()

        original, fresh = (make_ni(frozen=False, noise=True, seed=s) for s in (1, 2))
        original.world.drive("smu", 0.1)
        with original.task("Dev1/ao2") as task:
            task.write(0.12)
        use(original)
        saved = original.world.state(), original.board.state()
        expected = use(original)
        fresh.world.restore(saved[0])
        fresh.board.restore(saved[1])
        assert use(fresh) == expected


def test_calls_from_two_threads_do_not_meet(ni: Any) -> None:
    failures: list[BaseException] = []

    def read(channel: str, expected: float) -> None:
        try:
            for _ in range(100):
                with ni.task(f"Dev1/{channel}") as task:
                    assert task.read() == pytest.approx(expected, abs=LSB)
        except BaseException as failure:
            failures.append(failure)

    threads = [
        threading.Thread(target=read, args=("ai0", 0.1 * V_P)),
        threading.Thread(target=read, args=("ai1", 0.1 * V_AP)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_private_names_of_nidaqmx_are_still_there() -> None:
    """If this fails after an update, the port has to be looked at before anything else."""
    from nidaqmx._base_interpreter import BaseInterpreter
    from nidaqmx.system.device import _DeviceAlternateConstructor
    from nidaqmx.task._task import _TaskAlternateConstructor

    assert nidaqmx.__version__.startswith("1.7.")
    assert issubclass(_TaskAlternateConstructor, nidaqmx.Task)
    assert issubclass(_DeviceAlternateConstructor, nidaqmx.system.Device)
    assert {"create_task", "read_analog_f64", "write_analog_f64", "driver_version"} <= set(
        BaseInterpreter.__abstractmethods__
    )
