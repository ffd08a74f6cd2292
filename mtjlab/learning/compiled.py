"""Compiling a kernel when its module is imported: no step of a run waits for a compiler."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[_Function], _Function]:
    """Compile for these types, and keep the result on disk where there is a place for it.

    Sums keep their order and products are not fused with sums, so that the bits are those of the
    same expression in NumPy.

    Args:
        signature: of numba, such as `void(float32[::1], float32)`.
    """
    options = {"nogil": True, "error_model": "numpy"}

    def compile_it(function: _Function) -> _Function:
        try:
            cached: _Function = njit(signature, cache=True, **options)(function)
        except RuntimeError:  # an installation that cannot be written to, without a home
            return njit(signature, **options)(function)  # type: ignore[no-any-return]
        return cached

    return compile_it
