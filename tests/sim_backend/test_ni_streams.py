"""Outputs without an end, events in bench time, and what a state may not forget."""

from typing import Any

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType, RegenerationMode
from nidaqmx.errors import DaqError, DaqReadError, DaqWriteError

from mtjlab.core.errors import BenchError

V_P = 0.36161  # share of the source voltage
LSB = 2.0 / 65536  # on the 1 V range
AO_LSB = 20.0 / 65536


def continuous(task: nidaqmx.Task, rate_hz: float = 10e3, n: int = 1000, source: str = "") -> None:
    task.timing.cfg_samp_clk_timing(
        rate_hz, source=source, sample_mode=AcquisitionType.CONTINUOUS, samps_per_chan=n
    )


class TestRegeneration:
    def test_a_block_is_played_over_and_over_until_it_is_stopped(self, ni: Any) -> None:
        wave_v = np.linspace(-0.3, 0.3, 70)
        with ni.task("Dev1/ao0") as out, ni.task("Dev1/ai4") as into:
            continuous(out)
            into.timing.cfg_samp_clk_timing(
                10e3, source="/Dev1/ao/SampleClock", samps_per_chan=1000
            )
            out.write(wave_v)
            into.start()
            out.start()
            data = np.array(into.read(1000))
            assert not out.is_task_done()
            with pytest.raises(DaqError) as error:
                out.wait_until_done(1.0)
            assert error.value.error_code == -200560
            assert out.out_stream.total_samp_per_chan_generated == 11_000
            out.stop()
        expected = V_P * np.resize(wave_v, 1000)
        assert np.allclose(data, expected, atol=LSB + AO_LSB)
        assert np.abs(wave_v - ni.board.held_v["ao0"]).min() < AO_LSB

    def test_a_buffer_that_is_being_played_cannot_be_written(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out:
            continuous(out)
            out.write(np.zeros(100))
            out.start()
            with pytest.raises(DaqWriteError) as error:
                out.write(np.zeros(100))
        assert error.value.error_code == -200479

    def test_it_may_be_longer_than_the_memory_of_the_board(self, ni: Any) -> None:
        with ni.task("Dev1/ao0") as out:
            continuous(out)
            out.write(np.zeros(100_000), auto_start=True)
            assert out.out_stream.output_buf_size == 100_000


class TestStream:
    def open(self, ni: Any, first_v: np.ndarray, buffer: int = 1000) -> nidaqmx.Task:
        out = ni.task("Dev1/ao0")
        continuous(out)
        out.out_stream.regen_mode = RegenerationMode.DONT_ALLOW_REGENERATION
        out.out_stream.output_buf_size = buffer
        out.write(first_v, auto_start=False)
        return out

    def test_every_value_is_played_once_and_in_order(self, ni: Any) -> None:
        wave_v = np.random.default_rng(2).uniform(-0.4, 0.4, 5000)
        with self.open(ni, wave_v[:800]) as out, ni.task("Dev1/ai4") as into:
            continuous(into, source="/Dev1/ao/SampleClock")
            into.start()
            out.start()
            written, rows = 800, []
            while written < len(wave_v):
                written += out.write(wave_v[written : written + 600])
                rows.append(into.read(into.in_stream.avail_samp_per_chan))
            rows.append(into.read(5000 - sum(map(len, rows))))
            out.stop()
        assert np.allclose(np.concatenate(rows), V_P * wave_v, atol=LSB + AO_LSB)

    def test_a_writer_waits_in_bench_time_for_room(self, ni: Any) -> None:
        with self.open(ni, np.zeros(1000)) as out:
            out.start()
            began_s = ni.world.clock.now_s()
            assert out.out_stream.space_avail == 0
            out.write(np.zeros(400))
            assert ni.world.clock.now_s() - began_s == pytest.approx(0.04, abs=2e-4)
            assert out.out_stream.curr_write_pos == 1400
            with pytest.raises(DaqWriteError) as error:
                out.write(np.zeros(1000), timeout=0.01)
            assert error.value.error_code == -200292

    def test_one_that_comes_too_late_finds_it_stopped(self, ni: Any) -> None:
        with self.open(ni, np.linspace(0, 0.3, 500)) as out:
            out.start()
            ni.world.clock.sleep(1.0)
            for late in (
                lambda: out.write(np.zeros(10)),
                lambda: out.wait_until_done(1.0),
                out.is_task_done,
            ):
                with pytest.raises(DaqError, match="was given no more in time") as error:
                    late()
                assert error.value.error_code == -200621
            assert ni.board.held_v["ao0"] == pytest.approx(0.3, abs=AO_LSB)
            assert out.out_stream.total_samp_per_chan_generated == 500
            out.stop()
            out.write(np.zeros(500))
            out.start()
            assert out.out_stream.total_samp_per_chan_generated == 0

    def test_memory_stays_flat(self, ni: Any) -> None:
        piece_v = np.zeros(500)
        with self.open(ni, piece_v) as out:
            out.start()
            task = ni.board.running[0]
            for _ in range(400):
                out.write(piece_v)
                assert task.part._data.shape[1] <= 1000
            assert task.part.written == 401 * 500


class TestEvents:
    def watched(self, ni: Any, every: int, call: Any, rate_hz: float = 10e3) -> nidaqmx.Task:
        task = ni.task("Dev1/ai0:1")
        continuous(task, rate_hz)
        task.register_every_n_samples_acquired_into_buffer_event(every, call)
        return task

    def test_every_n_samples_at_their_bench_time(self, ni: Any) -> None:
        seen = []

        def call(handle: Any, kind: int, count: int, data: Any) -> int:
            rows = task.read(count)
            seen.append((ni.world.clock.now_s(), kind, np.shape(rows)))
            return 0

        with self.watched(ni, 400, call) as task:
            task.start()
            began_s = ni.world.clock.now_s()
            with pytest.raises(DaqError):
                task.wait_until_done(1.0)
        times_s = [t - began_s - ni.board.options.read_s for t, _, _ in seen]
        assert times_s == pytest.approx(0.04 * np.arange(1, 26), abs=1e-9)
        assert {(kind, shape) for _, kind, shape in seen} == {(1, (2, 400))}

    def test_a_callback_may_stop_its_task(self, ni: Any) -> None:
        calls = []

        def call(*about: Any) -> int:
            calls.append(about)
            if len(calls) == 3:
                task.stop()
            return 0

        with self.watched(ni, 100, call) as task:
            task.start()
            task.wait_until_done(1.0)
            assert task.is_task_done()
            calls.clear()
            task.start()
            with pytest.raises(DaqError):
                task.wait_until_done(0.015)
            assert len(calls) == 1

    def test_calls_missed_while_the_clock_ran_are_made_at_the_next_chance(self, ni: Any) -> None:
        calls: list[Any] = []
        with self.watched(ni, 100, lambda *about: calls.append(about)) as task:
            task.start()
            ni.world.clock.sleep(0.0501)
            assert task.in_stream.avail_samp_per_chan == 501
            assert len(calls) == 5

    def test_a_callback_that_fails_says_so_and_the_task_goes_on(
        self, ni: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def call(*about: Any) -> int:
            raise RuntimeError("mine")

        with self.watched(ni, 100, call) as task:
            task.start()
            assert len(task.read(250)[0]) == 250
        assert capsys.readouterr().err.count("RuntimeError: mine") == 2

    def test_the_end_of_a_finite_task(self, ni: Any) -> None:
        seen = []
        with ni.task("Dev1/ai0") as task:
            task.timing.cfg_samp_clk_timing(10e3, samps_per_chan=500)
            task.register_done_event(
                lambda handle, status, data: seen.append((status, ni.world.clock.now_s())) or 0
            )
            task.start()
            began_s = ni.world.clock.now_s()
            task.wait_until_done(10.0)
            task.wait_until_done(10.0)
        assert seen == [(0, pytest.approx(began_s + 0.05))]

    def test_values_played(self, ni: Any) -> None:
        calls: list[Any] = []
        with ni.task("Dev1/ao0") as out:
            continuous(out)
            out.write(np.zeros(100))
            out.register_every_n_samples_transferred_from_buffer_event(
                100, lambda *about: calls.append(about)
            )
            out.start()
            with pytest.raises(DaqError):
                out.wait_until_done(0.105)
        assert [about[1:3] for about in calls] == [(2, 100)] * 10

    @pytest.mark.parametrize(
        ("register", "code"),
        [
            (lambda t: t.register_every_n_samples_acquired_into_buffer_event(0, print), -200880),
            (
                lambda t: t.register_every_n_samples_transferred_from_buffer_event(9, print),
                -200965,
            ),
        ],
    )
    def test_impossible_wishes(self, ni: Any, register: Any, code: int) -> None:
        with ni.task("Dev1/ai0") as task, pytest.raises(DaqError) as error:
            register(task)
        assert error.value.error_code == code

    def test_twice_while_running_and_no_more(self, ni: Any) -> None:
        calls: list[Any] = []
        with self.watched(ni, 100, lambda *about: calls.append(about)) as task:
            with pytest.raises(DaqError) as twice:
                task.register_every_n_samples_acquired_into_buffer_event(100, print)
            task.register_every_n_samples_acquired_into_buffer_event(100, None)
            task.start()
            with pytest.raises(DaqError) as running:
                task.register_done_event(print)
            task.read(500)
        assert not calls
        assert [e.value.error_code for e in (twice, running)] == [-200966, -200960]


class TestAfterAnOverrun:
    def test_it_fails_until_it_is_stopped_and_counts_on(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            continuous(task)
            task.in_stream.input_buf_size = 2000
            task.start()
            task.read(500)
            ni.world.clock.sleep(1.0)
            for _ in range(2):
                with pytest.raises(DaqReadError) as error:
                    task.read(10)
                assert error.value.error_code == -200279
            lost = task.in_stream.total_samp_per_chan_acquired - 2000 - 500
            assert lost == pytest.approx(10_500 - 2500, abs=10)
            assert len(ni.board.running[0].part._pieces) == 0
            task.stop()
            assert len(task.read(10)) == 10


class TestState:
    def test_a_task_under_way_is_not_forgotten_silently(self, ni: Any) -> None:
        with ni.task("Dev1/ai0", name="mine") as task:
            task.timing.cfg_samp_clk_timing(10e3, samps_per_chan=1000)
            task.start()
            with pytest.raises(BenchError, match=r"daq: task 'mine' is under way.*Stop the task"):
                ni.board.state()
            task.stop()
            assert ni.board.state()["held_v/ao0"] == 0.0

    def test_a_stream_goes_on_in_a_restored_board(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as task:
            continuous(task)
            task.start()
            task.read(500)
            world, board = ni.world.state(), ni.board.state()
            expected = task.read(300)
        ni.world.restore(world)
        ni.board.restore(board)
        with ni.task("Dev1/ai0") as task:
            continuous(task)
            before_s = ni.world.clock.now_s()
            task.start()
            assert ni.world.clock.now_s() == before_s
            assert task.in_stream.curr_read_pos == 500
            assert task.read(300) == expected
        # Nobody gets it a second time, nor who asks for something else.
        with ni.task("Dev1/ai0") as task:
            continuous(task)
            task.start()
            assert task.in_stream.curr_read_pos == 0

    def test_finished_and_waiting_for_nobody(self, ni: Any) -> None:
        with ni.task("Dev1/ai0") as finished, ni.task("Dev1/ao0") as on_demand:
            finished.timing.cfg_samp_clk_timing(10e3, samps_per_chan=10)
            finished.start()
            finished.wait_until_done()
            on_demand.start()
            ni.board.state()
