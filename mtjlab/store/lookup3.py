"""The checksum of HDF5's metadata: Bob Jenkins' hash lookup3 (`hashlittle`), initial value 0.

Bob Jenkins, lookup3.c, May 2006, public domain; HDF5 File Format Specification, version 3.0,
appendix on checksums. Read as bytes, so that it does not depend on the machine.
"""

_MASK = 0xFFFFFFFF


def lookup3(data: bytes | bytearray) -> int:
    """32-bit hash of the bytes."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    rest = bytes(data)
    while len(rest) > 12:
        a, b, c = _mix(*_added(a, b, c, rest[:12]))
        rest = rest[12:]
    if not rest:
        return c
    return _final(*_added(a, b, c, rest.ljust(12, b"\0")))


def _added(a: int, b: int, c: int, twelve: bytes) -> tuple[int, int, int]:
    x, y, z = (int.from_bytes(twelve[i : i + 4], "little") for i in (0, 4, 8))
    return (a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for bits in (4, 6, 8, 16, 19, 4):
        # Each round uses the three words in turn: (a, b, c), (b, c, a), (c, a, b), ...
        a = ((a - c) & _MASK) ^ _rotated(c, bits)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _rotated(b, bits)) & _MASK
        a, b, c = b, c, a
    # Seven rounds leave the word that was changed last at the second place.
    return b
