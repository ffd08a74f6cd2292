"""Events as bytes: a length, a line of JSON, and the raw bytes of the arrays it names.

Only our own two processes speak this, always of one version; it is no file format.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from mtjlab.core import errors
from mtjlab.core.errors import MtjlabError
from mtjlab.core.events import (
    BenchSeen,
    Event,
    Notice,
    Rows,
    RunEnded,
    RunStarted,
    StateChanged,
    StepDone,
)
from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Stream
from mtjlab.store.json_text import to_json

_HEAD = struct.Struct("<II")
_PLAIN = {kind.__name__: kind for kind in (StepDone, StateChanged, Notice, RunEnded)}


def write(pipe: IO[bytes], kind: str, fields: Mapping[str, Any], raw: bytes = b"") -> None:
    """One frame."""
    text = to_json({"kind": kind, **fields}, what=kind).encode()
    pipe.write(_HEAD.pack(len(text), len(raw)))
    pipe.write(text)
    if raw:
        pipe.write(raw)


def read(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None at the end, also one in the middle of a frame."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    lengths = _HEAD.unpack(head)
    text, raw = pipe.read(lengths[0]), pipe.read(lengths[1])
    if len(text) < lengths[0] or len(raw) < lengths[1]:
        return None
    return json.loads(text), raw


def write_event(pipe: IO[bytes], event: Event) -> None:
    """An event as a frame."""
    if isinstance(event, Rows):
        rows = np.ascontiguousarray(event.rows)
        about = {"stream": event.stream, "index0": event.index0}
        about |= {"dtype": rows.dtype.str, "shape": rows.shape}
        write(pipe, "Rows", about, rows.tobytes())
    elif isinstance(event, RunStarted | BenchSeen):
        write(pipe, type(event).__name__, asdict(event))
    else:
        write(pipe, type(event).__name__, vars(event))


def event_of(fields: Mapping[str, Any], raw: bytes) -> Event | None:
    """The event of a frame; None for a frame of another kind."""
    kind = fields["kind"]
    given = {name: value for name, value in fields.items() if name != "kind"}
    if kind == "Rows":
        rows = np.frombuffer(raw, given["dtype"]).reshape(given["shape"])
        return Rows(given["stream"], given["index0"], rows)
    if kind == "RunStarted":
        streams = tuple(
            Stream(**one | {"shape": tuple(one["shape"])}) for one in given.pop("streams")
        )
        return RunStarted(**given, streams=streams)
    if kind == "BenchSeen":
        readings = {name: Reading(**one) for name, one in given.pop("readings").items()}
        currents = tuple(given.pop("currents"))
        return BenchSeen(**given, readings=readings, currents=currents)
    made = _PLAIN.get(kind)
    return None if made is None else made(**given)


def error_fields(error: BaseException | None) -> dict[str, str] | None:
    """Class and message."""
    return None if error is None else {"class": type(error).__name__, "message": str(error)}


def error_of(fields: Mapping[str, str] | None) -> MtjlabError | None:
    """The same error, of the nearest class that can be made of a message alone."""
    if fields is None:
        return None
    kind = getattr(errors, fields["class"], None)
    if kind is errors.Overrun:
        kind = errors.InstrumentError
    if isinstance(kind, type) and issubclass(kind, MtjlabError):
        made: MtjlabError = kind(fields["message"])
        return made
    return MtjlabError(f"{fields['class']}: {fields['message']}")
