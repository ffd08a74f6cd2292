"""NI's remote procedures, each bound to the interpreter method of the same name.

A request has the fields that its method has arguments, so nearly all need no code of their own:
`ReadAnalogF64` is `read_analog_f64`. Enumerations come as a number or as a name of the vendor's
list; both are numbers here.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from google.protobuf import message_factory
from google.protobuf.internal import api_implementation
from nidaqmx._base_interpreter import BaseInterpreter
from nidaqmx._stubs import nidaqmx_pb2

from mtjlab.core.errors import BenchError

SERVICE = nidaqmx_pb2.DESCRIPTOR.services_by_name["NiDAQmx"]

_METHODS = {name.replace("_", ""): name for name in BaseInterpreter.__abstractmethods__}


class Procedure:
    """One remote procedure.

    Attributes:
        name: NI's, such as `ReadAnalogF64`.
        streams: one request is answered by many responses.
        request, response: message classes.
    """

    def __init__(self, name: str) -> None:
        described = SERVICE.methods_by_name[name]
        self.name = name
        self.streams = bool(described.server_streaming)
        self.request = message_factory.GetMessageClass(described.input_type)
        self.response = message_factory.GetMessageClass(described.output_type)

    def bound(self, interpreter: Any, handle: Callable[[Any], Any]) -> Callable[[Any], Any] | None:
        """Request -> response by way of the interpreter; None if the names do not match.

        Args:
            interpreter: on simulated boards.
            handle: a request's task -> the interpreter's handle.
        """
        method = _METHODS.get(self.name.lower())
        if method is None or self.streams:
            return None
        taken = [
            name
            for name, parameter in inspect.signature(
                getattr(BaseInterpreter, method)
            ).parameters.items()
            if name != "self" and parameter.default is inspect.Parameter.empty
        ]
        fields = self.request.DESCRIPTOR.fields_by_name
        if not all(name in fields for name in taken):
            return None
        getters = [self._getter(name, handle) for name in taken]
        outputs = self._outputs()
        call = getattr(interpreter, method)

        def answer(request: Any) -> Any:
            result = call(*(get(request) for get in getters))
            response = self.response()
            values = result if isinstance(result, tuple) else (result,)
            for fields, value in zip(outputs, values, strict=False):
                for field in fields:
                    _put(response, field, value)
            return response

        return answer

    def _getter(self, name: str, handle: Callable[[Any], Any]) -> Callable[[Any], Any]:
        described = self.request.DESCRIPTOR
        choice = f"{name}_enum"
        if name == "task":
            return lambda request: handle(request.task)
        if choice in described.oneofs_by_name:
            return lambda request: getattr(request, request.WhichOneof(choice) or name)
        field = described.fields_by_name[name]
        if not field.is_repeated:
            return lambda request: getattr(request, name)
        if field.type == field.TYPE_DOUBLE:
            return lambda request: np.array(getattr(request, name), dtype=np.float64)
        return lambda request: list(getattr(request, name))

    def _outputs(self) -> list[list[Any]]:
        """Fields of the response in order; an enumeration has two for one value."""
        fields = self.response.DESCRIPTOR.fields_by_name
        return [
            [fields[n] for n in (name, f"{name}_raw") if n in fields]
            for name in fields
            if name != "status" and not name.endswith("_raw")
        ]


def _put(response: Any, field: Any, value: Any) -> None:
    if field.is_repeated:
        getattr(response, field.name).extend(value)
    else:
        setattr(response, field.name, value)


def procedures() -> Mapping[str, Procedure]:
    """Every procedure of NI's service by name.

    Raises:
        BenchError: protobuf runs in pure Python, which takes 0.1 s for a block of 80 000 samples.
    """
    demand_native_protobuf()
    return {name: Procedure(name) for name in SERVICE.methods_by_name}


def demand_native_protobuf() -> None:
    """Refuse protobuf in pure Python.

    Raises:
        BenchError: with what to do.
    """
    kind = api_implementation.Type()
    if kind != "upb":
        raise BenchError(
            f"protobuf runs on its {kind!r} implementation; NI boards over the wire need 'upb', "
            "which is twenty times faster. Unset PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION, or "
            "reinstall protobuf 5 or later for this Python"
        )
