"""Calls of nidaqmx that register a function of the user's: every N samples, and at the end.

See `sim_backend.twins.ni_events` for when they are made.
"""

from collections.abc import Callable
from typing import Any

from nidaqmx._base_interpreter import BaseEventHandler
from nidaqmx.constants import EveryNSamplesEventType

from sim_backend.ports.ni_attributes import Session
from sim_backend.ports.ni_settings import SettingCalls
from sim_backend.twins.ni_events import What

_KINDS: dict[int, What] = {
    EveryNSamplesEventType.ACQUIRED_INTO_BUFFER.value: "acquired",
    EveryNSamplesEventType.TRANSFERRED_FROM_BUFFER.value: "transferred",
}


class _Handler(BaseEventHandler):  # type: ignore[misc]  # nidaqmx has no types
    """What nidaqmx closes when it has unregistered."""

    __slots__ = ()

    def close(self) -> None:
        """Holds nothing."""


class EventCalls(SettingCalls):
    """With events; arguments and results are those of nidaqmx's interpreter."""

    def register_every_n_samples_event(
        self,
        task: Session,
        every_n_samples_event_type: int,
        n_samples: int,
        options: int,
        callback_function: Callable[..., object],
        callback_data: Any,
    ) -> BaseEventHandler:
        """Call with (task, type, n, data) at every N-th sample of each run."""

        def call() -> object:
            return callback_function(task, every_n_samples_event_type, n_samples, callback_data)

        with self.answering(task):
            kind = _KINDS[every_n_samples_event_type]
            self.events.register(self.on_board(task), kind, n_samples, call)
        return _Handler()

    def unregister_every_n_samples_event(
        self, task: Session, every_n_samples_event_type: int
    ) -> None:
        """Call no more."""
        with self.answering(task):
            self.events.unregister(self.on_board(task), _KINDS[every_n_samples_event_type])

    def register_done_event(
        self,
        task: Session,
        options: int,
        callback_function: Callable[..., object],
        callback_data: Any,
    ) -> BaseEventHandler:
        """Call with (task, status 0, data) when a finite task is over."""

        def call() -> object:
            return callback_function(task, 0, callback_data)

        with self.answering(task):
            self.events.register(self.on_board(task), "done", 0, call)
        return _Handler()

    def unregister_done_event(self, task: Session) -> None:
        """Call no more."""
        with self.answering(task):
            self.events.unregister(self.on_board(task), "done")
