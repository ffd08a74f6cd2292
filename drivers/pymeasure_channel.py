"""Any instrument that PyMeasure knows, as a channel that is read and recorded, and never set.

The class of PyMeasure is made on our link, which lets questions pass and refuses settings: a
property that sets something on the way to its value is refused, and so is a class that does so
when it is made (one in ten; `docs/add-an-instrument.md` lists them) unless the bench allows it.
"""

import importlib
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pymeasure.instruments import Instrument as PymeasureInstrument

from drivers.link import Link
from drivers.link_settings import LinkSettings
from drivers.preload import visa
from mtjlab.core.driver import Opening
from mtjlab.core.errors import BadReply, LimitError, MtjlabError, nearest
from mtjlab.core.interfaces import Identity, Instrument

_TIMEOUT_S = 5.0
# 9.9E37 and 9.91E37 are what SCPI says for an overflow and for nothing measured.
_NO_VALUE = 9e37
_SOURCES = ("source_enabled", "enable_source", "source_voltage", "source_current")
_ENERGISES = "On a source it may switch the output on; a source is read through a driver of ours"


class PymeasureOptions(BaseModel):
    """What `[instruments.NAME]` says of it.

    Attributes:
        pymeasure: module and class, from `pymeasure.instruments` or from anywhere.
        read: its properties to record; `ch_1.voltage` for one of a channel.
        options: keyword arguments of the class.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pymeasure: str
    read: Annotated[tuple[str, ...], Field(min_length=1, validate_default=True)] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("pymeasure")
    @classmethod
    def _known(cls, path: str) -> str:
        find(path)
        return path

    @field_validator("read")
    @classmethod
    def _there(cls, read: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "pymeasure" in info.data:
            kind = find(info.data["pymeasure"])
            there = [name for name in dir(kind) if not name.startswith("_")]
            for name in read:
                if "." not in name and name not in there:
                    raise ValueError(f"{kind.__name__} has no {name!r}; {_near(name, there)}")
        return read


def _near(name: str, there: list[str]) -> str:
    hint = nearest(name, there)
    return hint if hint.startswith("did") else "see its page in PyMeasure's documentation"


def find(path: str) -> type[Any]:
    """The class at `keithley.Keithley2182`, or at a full path.

    Raises:
        ValueError: there is none.
    """
    module, _, name = path.rpartition(".")
    for home in (f"pymeasure.instruments.{module}", module) if module else ():
        try:
            kind = getattr(importlib.import_module(home), name, None)
        except ImportError:
            continue
        if isinstance(kind, type) and issubclass(kind, PymeasureInstrument):
            return kind
    raise ValueError(
        f"no instrument of PyMeasure {path!r}; expected maker and class as keithley.Keithley2182, "
        "or the full path of a class of your own"
    )


class PymeasureChannel:
    """Satisfies `Channel` and `Driver`.

    Attributes:
        columns: the properties that are read.
        instrument: the object of PyMeasure; it asks, and sets only where the guard lets it.
    """

    options_model: ClassVar[type[Any]] = PymeasureOptions
    host_loss: ClassVar[str] = "no output of ours: it is only read"

    def __init__(self, opening: Opening, options: PymeasureOptions, link: Link) -> None:
        self.columns = options.read
        self._where = f"{opening.name} ({opening.resource})"
        self._link = link
        kind = find(options.pymeasure)
        self._class = kind.__name__
        with self._words(f"connecting as {self._class}"), warnings.catch_warnings():
            # PyMeasure asks its users which of its older classes speak SCPI.
            warnings.simplefilter("ignore", FutureWarning)
            try:
                self.instrument = kind(link, **options.options)
            except LimitError as error:
                raise LimitError(
                    f"{self._where}: PyMeasure's {self._class} sets the instrument when it "
                    f"connects, and only reading is allowed: {error}. With `allow_raw = true` "
                    "in [bench] it may"
                ) from error

    @staticmethod
    def preload() -> None:
        """For the supervisor."""
        visa()

    @classmethod
    def open(cls, opening: Opening) -> Self:
        """Connect, and read everything once; sets nothing.

        Raises:
            LimitError: the class would set something; NotFound, InstrumentError: no answer.
        """
        options = PymeasureOptions.model_validate(dict(opening.options))
        refused = {"MEAS": _ENERGISES, "CONF": _ENERGISES, "READ": _ENERGISES}
        energises = any(hasattr(find(options.pymeasure), name) for name in _SOURCES)
        settings = LinkSettings(timeout_s=_TIMEOUT_S, refused=refused if energises else {})
        link = Link(opening, settings)
        try:
            link.clear()
            channel = cls(opening, options, link)
            channel.values()
        except BaseException:
            link.close()
            raise
        return channel

    def faces(self) -> Mapping[str, Instrument]:
        """The driver is its only face."""
        return {"": self}

    def close(self) -> None:
        """Release the link."""
        self._link.close()

    def identify(self) -> Identity:
        """What it answers to *IDN?, or the class where it knows no such question."""
        try:
            with self._words("identify"):
                reply = str(self.instrument.id)
        except BadReply:
            return Identity("PyMeasure", self._class, "", "")
        parts = [part.strip() for part in reply.split(",", 3)]
        return Identity(*(*parts, "", "", "")[:4])

    def values(self) -> NDArray[np.float64]:
        """As `Channel.values`."""
        with self._link.held(), self._link.acquiring(0.0):
            return np.array([self._value(name) for name in self.columns])

    def abort(self) -> None:
        """As `Channel.abort`."""
        self._link.abort.set()

    def shutdown(self) -> None:
        """As `Channel.shutdown`."""
        self._link.abort.clear()

    def _value(self, name: str) -> float:
        with self._words(name):
            got = attrgetter(name)(self.instrument)
        plain = isinstance(got, int | float | np.integer | np.floating)
        if not plain or not math.isfinite(got) or abs(got) > _NO_VALUE:
            raise BadReply(f"{self._where}: {name} reads {got!r}; expected one finite number")
        return float(got)

    @contextmanager
    def _words(self, what: str) -> Iterator[None]:
        """Errors of ours as they are; everything else that PyMeasure raises is a bad reply."""
        try:
            yield
        except MtjlabError:
            raise
        except Exception as error:
            raise BadReply(
                f"{self._where}: {what}: PyMeasure's {self._class} fails: "
                f"{type(error).__name__}: {error}"
            ) from error
