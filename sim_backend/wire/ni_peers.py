"""Which clients of a port are still connected, as Linux sees it; elsewhere nobody is missed."""

from collections.abc import Iterator
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def connected_ports(port: int, tables: tuple[Path, ...] = _TABLES) -> set[int] | None:
    """Remote ports of the connections that are established with the local `port`.

    A client that has died is missing here as soon as the system has closed its sockets.

    Returns:
        None where the system has no such tables.
    """
    found: set[int] = set()
    seen = False
    for table in tables:
        try:
            lines = table.read_text().splitlines()
        except OSError:
            continue
        seen = True
        found |= set(_remote_ports(lines[1:], port))
    return found if seen else None


def _remote_ports(lines: list[str], port: int) -> Iterator[int]:
    for line in lines:
        _, local, remote, state, *_ = line.split()
        if state == _ESTABLISHED and _port(local) == port:
            yield _port(remote)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
