"""Calls of nidaqmx that change how a task runs, by the vendor's numbers of its properties."""

from nidaqmx.constants import RegenerationMode

from sim_backend.ports.ni_attributes import Session
from sim_backend.ports.ni_calls import TaskCalls


class SettingCalls(TaskCalls):
    """With settings; arguments and results are those of nidaqmx's interpreter."""

    def set_buffer_attribute_uint32(self, task: Session, attribute: int, value: int) -> None:
        """The size of the buffer that waits for a reader, or for the outputs of a stream."""
        with self.answering(task):
            simulated = self.on_board(task)
            if attribute != {"ai": 0x186C, "ao": 0x186D}[simulated.channel_kind]:
                raise NotImplementedError(f"setting the buffer attribute {attribute:#x}")
            simulated.demand_stopped("its buffer cannot change")
            simulated.buffer_samples = value

    def set_write_attribute_int32(self, task: Session, attribute: int, value: int) -> None:
        """Whether a continuous output plays old values again."""
        with self.answering(task):
            if attribute != 0x1453:
                raise NotImplementedError(f"setting the write attribute {attribute:#x}")
            simulated = self.on_board(task)
            simulated.demand_stopped("its regeneration mode cannot change")
            mode = RegenerationMode(value)
            simulated.regenerates = mode is RegenerationMode.ALLOW_REGENERATION

    def set_timing_attribute_double(self, task: Session, attribute: int, value: float) -> None:
        """The rate of conversions within a scan of a multiplexed board."""
        with self.answering(task):
            if attribute != 0x1848:
                raise NotImplementedError(f"setting the timing attribute {attribute:#x}")
            self.on_board(task).convert_at(value)
