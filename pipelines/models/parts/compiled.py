"""Kernels: loops over arrays, made into machine code at their first call and kept on disk from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


FREE_SUMS = frozenset({"contract", "reassoc", "nsz", "arcp"})
"""What numba may do to sums of a kernel that says so: take them in the order that suits the processor."""


def compiled(kernel: Kernel, fastmath: frozenset[str] = frozenset()) -> Kernel:
    """Let numba compile ``kernel`` when it is first called; importing the module costs nothing.

    The kernel releases the interpreter's lock, so threads may share the work. What is compiled is cached beside the
    source (or in ``NUMBA_CACHE_DIR``) and made anew when the source changes.
    """

    @functools.cache
    def machine_code() -> Callable[..., Any]:
        import numba

        compiled_kernel: Callable[..., Any] = numba.njit(cache=True, nogil=True, fastmath=set(fastmath))(kernel)
        return compiled_kernel

    @functools.wraps(kernel)
    def call(*arguments: Any) -> Any:
        return machine_code()(*arguments)

    return call  # type: ignore[return-value]
