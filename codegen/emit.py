"""Writes what the device compiler reads: one .cu per spec, and the matrix instructions they use."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from codegen import geometry
from codegen.files import fill, write_if_changed
from codegen.legality import why_illegal
from codegen.spec import KernelSpec


class IllegalSpecError(ValueError):
    """The matrix holds a spec that cannot be built."""


def _joined(items: list[str], per_line: int, before: str, after: str) -> str:
    lines = [items[i : i + per_line] for i in range(0, len(items), per_line)]
    return "\n".join(f"            {before}{''.join(line).rstrip()}{after}" for line in lines)


def _wgmma_width(width: int) -> str:
    count = width // 2
    registers = [f"partial%{i}" + (", " if i + 1 < count else "") for i in range(count)]
    lines = [registers[i : i + 8] for i in range(0, count, 8)]
    operands = [f'"n"(kFirst + {i}), ' for i in range(count)]
    return fill(
        "wgmma_fp8_width.cuh.in",
        width=width,
        registers="\n".join(f'            "{"".join(line)}"' for line in lines),
        operands=_joined(operands, 6, "", ""),
        rows=count,
        columns=count + 1,
        accumulate=count + 2,
    )


def wgmma_header(specs: Iterable[KernelSpec]) -> str:
    """wgmma_fp8.cuh with exactly the instruction widths that `specs` use."""
    widths = sorted({geometry.instruction_n(spec) for spec in specs if spec.is_gemm})
    return fill("wgmma_fp8.cuh.in", widths="".join(_wgmma_width(width) for width in widths))


CPP_INPUTS = {"bf16": "aotgemm::Bf16", "fp32": "float"}
BLOCK_ROWS = {"token": 1, "block": 128}


def _gemm_marks(spec: KernelSpec) -> dict[str, object]:
    derived = {"shared_bytes": geometry.shared_bytes(spec), "threads": geometry.threads(spec)}
    return {**asdict(spec), **derived, "name": spec.name(), "swap_ab": str(spec.swap_ab).lower()}


def _conversion_marks(spec: KernelSpec) -> dict[str, object]:
    return {"name": spec.name(), "input": CPP_INPUTS[spec.in_dtype], "block_rows": BLOCK_ROWS.get(spec.scaling)}


def kernel_source(spec: KernelSpec) -> str:
    """The .cu that instantiates `spec`."""
    marks = _gemm_marks(spec) if spec.is_gemm else _conversion_marks(spec)
    return fill(f"{spec.family}.cu.in", **marks)


def _check(specs: list[KernelSpec]) -> None:
    for spec in specs:
        if (reason := why_illegal(spec)) is not None:
            raise IllegalSpecError(f"{spec.name()}: {reason}")
    names = [spec.name() for spec in specs]
    if len(names) != len(set(names)):
        raise IllegalSpecError(f"the matrix names a kernel twice: {sorted({n for n in names if names.count(n) > 1})}")


def emit(specs: list[KernelSpec], out: Path) -> None:
    """Writes kernels/NAME.cu, wgmma_fp8.cuh and kernels.txt (the names, in order) under `out`."""
    _check(specs)
    for spec in specs:
        write_if_changed(out / "kernels" / f"{spec.name()}.cu", kernel_source(spec))
    write_if_changed(out / "wgmma_fp8.cuh", wgmma_header(specs))
    write_if_changed(out / "kernels.txt", "".join(f"{spec.name()}\n" for spec in specs))
    wanted = {f"{spec.name()}.cu" for spec in specs}
    for stale in sorted((out / "kernels").glob("*.cu")):
        if stale.name not in wanted:
            stale.unlink()
