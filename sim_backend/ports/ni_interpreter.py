"""The one object through which the nidaqmx package does all its work, on simulated boards.

A board without counters and digital lines refuses them as NI does, -200170. What the boards
cannot do otherwise raises `NotImplementedError` with name and arguments.
"""

import re
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from nidaqmx._base_interpreter import BaseInterpreter

from sim_backend.ports.ni_attributes import CHANNEL, DEVICE, PHYSICAL, SESSION, TASK, Session
from sim_backend.ports.ni_callbacks import EventCalls
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.nidaqmx import NiBoardTwin

# nidaqmx asks the driver's version before it uses newer calls; of 2025, update 0.
_DRIVER_VERSION = (25, 5, 0)

# Channels of counters and of digital lines.
_ABSENT = re.compile(r"create_(ci|cigps|co|di|do)_")


def interpreter(boards: Mapping[str, NiBoardTwin]) -> Any:
    """An interpreter for boards by NI's device name; boards may be added later.

    Returns:
        an instance of nidaqmx's `BaseInterpreter`, typed as Any because nidaqmx has no types.
    """
    missing = {
        name: _no_such_channels(name) if _ABSENT.match(name) else _not_simulated(name)
        for name in BaseInterpreter.__abstractmethods__
        if not hasattr(_Calls, name)
    }
    made: Callable[[Mapping[str, NiBoardTwin]], Any] = type(
        "TwinInterpreter", (_Calls, BaseInterpreter), missing
    )
    return made(boards)


def _no_such_channels(name: str) -> Callable[..., Any]:
    taken = list(signature(getattr(BaseInterpreter, name)).parameters)[1:]

    def refuse(self: "_Calls", task: Session, *arguments: Any, **named: Any) -> Any:
        asked_for = dict(zip(taken[1:], arguments, strict=False)) | named
        with self.answering(task):
            raise NiError(
                NiCode.NO_SUCH_CHANNEL,
                f"{asked_for[taken[1]]!r} is not there: a simulated board has analogue inputs and "
                "outputs, no counters and no digital lines",
            )

    return refuse


def _not_simulated(name: str) -> Callable[..., Any]:
    def refuse(self: Any, *arguments: Any) -> Any:
        raise NotImplementedError(
            f"the simulated NI board does not do {name}; it was called with {arguments!r}"
        )

    return refuse


class _Calls(EventCalls):
    """With attributes; their getters are added below, from the tables."""

    @property
    def driver_version(self) -> tuple[int, int, int]:
        return _DRIVER_VERSION

    def get_system_info_attribute_string(self, attribute: int) -> str:
        with self.answering():
            if attribute != 0x193B:
                raise NotImplementedError(f"the system attribute {attribute:#x}")
            return ", ".join(self._boards)

    def get_system_info_attribute_uint32(self, attribute: int) -> int:
        version = dict(zip((0x1272, 0x1923, 0x2F22), _DRIVER_VERSION, strict=True))
        if attribute not in version:
            raise NotImplementedError(f"the system attribute {attribute:#x}")
        return version[attribute]

    def get_error_string(self, error_code: int) -> str:
        known = error_code in NiCode.__members__.values()
        return NiCode(error_code).name if known else f"NI-DAQmx error {error_code}"

    def self_test_device(self, device_name: str) -> None:
        with self.answering():
            self.board(device_name)

    def reset_device(self, device_name: str) -> None:
        with self.answering():
            self.board(device_name).reset()

    def _attribute(self, getter: str, whose: Any, *about: Any) -> Any:
        """One of the getters below; the last of `about` is the attribute's number."""
        *channel, number = about
        of_session = isinstance(whose, Session)
        with self.answering(whose if of_session else None):
            if getter in SESSION:
                return _pick(SESSION, getter, number)(whose)
            if getter in TASK:
                return _pick(TASK, getter, number)(self.on_board(whose))
            if getter in CHANNEL:
                position = _position(whose, channel[0])
                return _pick(CHANNEL, getter, number)(self.on_board(whose), position)
            if getter in PHYSICAL:
                device, _, channel = whose.rpartition("/")
                return _pick(PHYSICAL, getter, number)(self.board(device), channel)
            return _pick(DEVICE, getter, number)(self.board(whose))


def _pick(tables: Mapping[str, Mapping[int, Any]], getter: str, number: int) -> Any:
    if number not in tables[getter]:
        raise NotImplementedError(f"the simulated NI board has no {number:#x} for {getter}")
    return tables[getter][number]


def _position(session: Session, channels: str) -> int:
    """Of the first channel named; nidaqmx says "" for all of them."""
    first = re.split(r"[,:]", channels)[0].strip()
    return list(session.labels).index(first) if first in session.labels else 0


def _getter(name: str) -> Callable[..., Any]:
    channel = name in CHANNEL

    def get(self: _Calls, whose: Any, *about: Any, **hints: Any) -> Any:
        # A size hint may follow the attribute; only a C library needs it.
        return self._attribute(name, whose, *about[: 2 if channel else 1])

    return get


for _name in (*SESSION, *TASK, *CHANNEL, *PHYSICAL, *DEVICE):
    setattr(_Calls, _name, _getter(_name))
