"""Lists what VISA, the serial ports and NI's driver know of; sends nothing to an instrument.

A VISA library may look for instruments on the network by broadcast, and see who listens on a GPIB.
"""

import os
import re
import warnings
from typing import Any

import nidaqmx.system
import pyvisa
from pyvisa import errors as visa_errors
from serial.tools import list_ports

from drivers.ni_errors import translated
from drivers.serial_names import port_name
from mtjlab.core.errors import NotFound
from mtjlab.core.found import Found

# Controllers and memory have no instrument behind them that could be asked.
_INSTRUMENT = re.compile(r".*::(INSTR|SOCKET|RAW)\Z", re.IGNORECASE)
_COM = re.compile(r"COM(\d+)\Z", re.IGNORECASE)


def visa_resources(library: Any) -> list[Found]:
    """What a VISA library lists.

    Args:
        library: what PyVISA's `ResourceManager` is given; "" for the default.

    Raises:
        NotFound: it does not load, or cannot list.
    """
    try:
        # Never closed: PyVISA has one manager for each library, and others may be using it.
        manager = pyvisa.ResourceManager(library)
        # pyvisa-py warns of every kind of resource that it has no helper installed for.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = manager.list_resources("?*")
    except visa_errors.VisaIOError as error:
        raise NotFound(f"VISA cannot list its resources: {error}") from error
    # Each library fails in its own way: OSError, ValueError, bare Exception.
    except Exception as error:
        raise NotFound(
            f"the VISA library {str(library) or '(default)'!r} does not load: {error}. "
            "Install a VISA library"
        ) from error
    return [
        Found("serial" if name.upper().startswith("ASRL") else "VISA", name)
        for name in names
        if _INSTRUMENT.match(name)
    ]


def serial_ports() -> list[Found]:
    """What the operating system lists, under VISA's names."""
    return [
        Found("serial", _resource(port.device), _described(port))
        for port in sorted(list_ports.comports())
    ]


def _resource(device: str) -> str:
    com = _COM.match(device)
    return f"ASRL{com[1]}::INSTR" if com and os.name == "nt" else f"ASRL{device}::INSTR"


def _described(port: Any) -> str:
    told = (port.manufacturer, port.product or port.description, port.serial_number)
    return " ".join(text for text in told if text and text != "n/a")


def same_line(one: str, other: str) -> bool:
    """Whether two names of serial lines mean the same port."""
    return port_name(one) == port_name(other)


def ni_boards(port: Any) -> list[Found]:
    """What NI's driver lists.

    Args:
        port: as `Ports.ni`; None for NI's own driver.

    Raises:
        NotFound: it is not installed; InstrumentError: it does not answer.
    """
    with translated("NI boards", "listing"):
        if port is None:
            devices = list(nidaqmx.system.System.local().devices)
        else:
            devices = [port.device(name) for name in port.boards]
        return [
            Found("NI", str(d.name), f"{d.product_type}, serial {d.serial_num:X}", "", "", _NI)
            for d in devices
        ]


_NI = ("nidaqmx",)
