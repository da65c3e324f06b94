"""Kernels: loops over arrays, made into machine code at their first call and kept on disk from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

FREE_SUMS = frozenset({"contract", "reassoc", "nsz", "arcp"})
"""What numba may do to sums of a kernel that says so: take them in the order that suits the processor."""


def compiled(kernel: Kernel, *, arguments: str = "", fastmath: frozenset[str] = frozenset()) -> Kernel:
    """Let numba compile ``kernel`` when it is first called; importing the module costs nothing.

    The kernel releases the interpreter's lock, so threads may share the work. What is compiled is cached beside the
    source (or in ``NUMBA_CACHE_DIR``) and made anew when the source changes.

    Parameters
    ----------
    arguments : str
        The arguments' types, ``i8:1 f4:2! b``: an array that is read, one that is written, a number. With them there is
        one machine code, made or loaded by `prepare`; without them one for each kind of arrays that comes.
    """

    @functools.cache
    def machine_code() -> Callable[..., Any]:
        import numba

        signature = _types(arguments) if arguments else None
        names = {name: _prefetch() for name, value in kernel.__globals__.items() if value is prefetch}
        own = FunctionType(kernel.__code__, {**kernel.__globals__, **names}, kernel.__name__)
        made: Callable[..., Any] = numba.njit(signature, cache=True, nogil=True, fastmath=set(fastmath))(own)
        return made

    @functools.wraps(kernel)
    def call(*values: Any) -> Any:
        return machine_code()(*values)

    call.prepare = machine_code  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def prepare(*kernels: Callable[..., Any]) -> None:
    """Compile or load kernels whose arguments' types are given, so that no request waits for it."""
    for kernel in kernels:
        kernel.prepare()  # type: ignore[attr-defined]


LINE = 16
"""Numbers of four bytes that the processor reads from memory together."""


def prefetch(array: Any, at: int) -> None:
    """Have the processor read ``array[at]`` and its neighbours now, for a kernel that is going to need them soon.

    Nothing waits for it. Only kernels may call it: outside of one there is nothing to be gained.
    """
    raise NotImplementedError("prefetch is an instruction of compiled code")


@functools.cache
def _prefetch() -> Any:
    """Return LLVM's instruction for numba: "llvm.prefetch" of the LLVM Language Reference, for reading, to stay."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    number, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])

    def instruction(_: Any, array: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, given[0]).data
            called = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
            address = builder.bitcast(builder.gep(data, [given[1]]), pointer)
            builder.call(called, [address, *(ir.Constant(number, value) for value in (0, 3, 1))])
            return context.get_dummy_value()

        return types.void(array, types.int64), generate

    return intrinsic(instruction)


def _types(arguments: str) -> Any:
    """Return numba's signature: ``i8:1`` is a read-only array of one dimension, ``f4:2!`` a written one of two."""
    from numba import types

    scalars = {"b": types.boolean, "i4": types.int32, "i8": types.int64, "f4": types.float32, "f8": types.float64}
    found = []
    for argument in arguments.split():
        name, _, shape = argument.partition(":")
        scalar = scalars[name]
        written = shape.endswith("!")
        dimensions = int(shape.rstrip("!") or 0)
        found.append(types.Array(scalar, dimensions, "C", readonly=not written) if dimensions else scalar)
    return types.void(*found)
