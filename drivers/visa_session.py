"""Opening a VISA resource, with our errors and a list of what is there instead."""

import warnings
from typing import Any

import pyvisa
from pyvisa import errors

from mtjlab.core.errors import NotFound


def opened(library: Any, resource: str, termination: str, where: str) -> tuple[Any, Any]:
    """Resource manager and resource; sends nothing.

    Args:
        library: what `ResourceManager` is given.
        resource: VISA name.
        termination: ends every reply.
        where: name and resource of the instrument.

    Raises:
        NotFound: no such library or resource; the text lists what is there.
    """
    try:
        manager = pyvisa.ResourceManager(library)
    # Each library fails in its own way: OSError, ValueError, bare Exception.
    except Exception as error:
        raise NotFound(
            f"{where}: the VISA library {str(library) or '(default)'!r} does not load: "
            f"{error}. Install a VISA library, or correct the bench file"
        ) from error
    try:
        connection: Any = manager.open_resource(resource)
        # Sets the termination character and its enabling, not only PyVISA's own stripping.
        connection.read_termination = termination
    except Exception as error:
        raise NotFound(
            f"{where} cannot be opened through {manager.visalib}: {error}. "
            f"There are: {present(manager)}. Check power, cable and address, and `resource` "
            "in the bench file"
        ) from error
    return manager, connection


def present(manager: Any) -> str:
    """The resources that the library lists."""
    try:
        # pyvisa-py warns of every kind of resource that it has no helper installed for.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ", ".join(manager.list_resources("?*")) or "no resources"
    except (errors.Error, OSError):
        return "resources that cannot be listed"
