"""Family: one numerics and one kernel template, and all that is particular to it. families/NAME.py states each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codegen.spec import KernelSpec

Rule = Callable[[KernelSpec], str | None]  # why a spec cannot be built, or None


@dataclass(frozen=True)
class Operand:
    """Type of A and B: its name in instruction headers and in Arch.mnemonics, and the bytes of one element."""

    name: str
    bytes: int


FP8 = Operand("fp8", 1)
FP8_FRAGMENTS = Operand("fp8_fragments", 1)  # A of the instruction is in registers
BF16 = Operand("bf16", 2)
TF32 = Operand("tf32", 4)


@dataclass(frozen=True)
class Block:
    """What one thread block of a kernel takes. shared_bytes: dynamic shared memory."""

    threads: int
    shared_bytes: int


def no_marks(spec: KernelSpec) -> dict[str, object]:
    """For templates that are filled from the spec and its block alone."""
    return {}


@dataclass(frozen=True)
class Kernels:
    """A family's kernels on one architecture.

    specs: every kernel, in the order of the library's tables.
    template: under codegen/templates, of a kernel's source.
    rules: what the family asks of a spec there, the first reason first.
    block: a kernel's thread block; None where the host's code states it beside the kernel.
    marks: marks of the template beyond the spec's fields, its block and the type of its output.
    columns: N of the tensor-core instruction; None where it follows from a tile, or there is none.
    frees_behind_loads: whether consumers free a stage by an arrival that must wait for loads (compile/load_order.py).
    """

    specs: tuple[KernelSpec, ...]
    template: str
    rules: tuple[Rule, ...] = ()
    block: Callable[[KernelSpec], Block] | None = None
    marks: Callable[[KernelSpec], dict[str, object]] = no_marks
    columns: Callable[[KernelSpec], int] | None = None
    frees_behind_loads: bool = False


@dataclass(frozen=True)
class Family:
    """A family and its kernels by architecture.

    choices: for each text field of its specs that says what is computed (KernelSpec.grouping, layout, out_dtype,
    scaling, in_dtype), the values there are; a field that is not named stays empty.
    A family with groupings is one of aotgemm_gemm: cpp/dispatch/ops/gemm/families/NAME.cpp says what it is to the host.
    operand: what the tensor cores multiply; None where they are not used.
    bytes_of_b: of device memory that an element of B takes, its scales included, where B is packed before the call.
    """

    name: str
    choices: Mapping[str, tuple[str, ...]]
    kernels: Mapping[str, Kernels]
    operand: Operand | None = None
    bytes_of_b: float | None = None
