"""Real objects of the nidaqmx package on simulated boards; no global is patched.

Private names of nidaqmx that this rests on (the package is pinned to 1.7, and a test imports
them all): the alternate constructors of `Task` and `Device`, `_base_interpreter`.
"""

from collections.abc import Mapping
from typing import Any

import nidaqmx
import nidaqmx.system
from nidaqmx.system.device import _DeviceAlternateConstructor
from nidaqmx.task._task import _TaskAlternateConstructor

from sim_backend.ports.ni_interpreter import interpreter
from sim_backend.twins.nidaqmx import NiBoardTwin


class NiPort:
    """The boards of one world, as NI's driver would show them.

    What a driver of ours is handed as `Ports.ni`: with `task` and `device` instead of
    `nidaqmx.Task` and `nidaqmx.system.Device` it runs on the twin.
    """

    def __init__(self) -> None:
        self._boards: dict[str, NiBoardTwin] = {}
        self._interpreter = interpreter(self._boards)

    def attach(self, device: str, twin: NiBoardTwin) -> None:
        """Plug a board in under NI's name for it, such as `Dev1`."""
        self._boards[device] = twin

    @property
    def interpreter(self) -> Any:
        """What answers nidaqmx, for a server that gives others the same boards."""
        return self._interpreter

    @property
    def boards(self) -> Mapping[str, NiBoardTwin]:
        """By NI's name for them."""
        return self._boards

    def task(self, name: str = "") -> nidaqmx.Task:
        """A new `nidaqmx.Task`; close it like any other.

        Raises:
            nidaqmx.errors.DaqError: -200089, the name is taken.
        """
        handle, close_on_exit = self._interpreter.create_task(name)
        return _TaskAlternateConstructor(handle, self._interpreter, close_on_exit)

    def device(self, name: str) -> nidaqmx.system.Device:
        """A `nidaqmx.system.Device`; an absent one fails at its first question, -200220."""
        return _DeviceAlternateConstructor(name, self._interpreter)
