"""Functions compiled to machine code.

A kernel calls only kernels of its own file: the compiler's cache looks for changes in no other.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile at the first call and keep the result on disk where there is a place for it.

    Sums are made in the order they are written in: same trace, same bytes on any machine.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        cached: _Function = njit(cache=True, **options)(function)
    except RuntimeError:  # an installation that cannot be written to, without a home
        return njit(**options)(function)  # type: ignore[no-any-return]
    return cached
