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


def _wgmma_width(family: str, width: int) -> str:
    count = width // 2
    registers = [f"partial%{i}" + (", " if i + 1 < count else "") for i in range(count)]
    lines = [registers[i : i + 8] for i in range(0, count, 8)]
    operands = [f'"n"(kFirst + {i}), ' for i in range(count)]
    return fill(
        f"sm90/wgmma_{family}_width.cuh.in",
        width=width,
        registers="\n".join(f'            "{"".join(line)}"' for line in lines),
        operands=_joined(operands, 6 if count < 100 else 5, "", ""),
        rows=count,
        columns=count + 1,
        accumulate=count + 2,
        mn_rows=count + 3,
        mn_columns=count + 4,
    )


WGMMA_HEADERS = {
    "fp8": ("fp8_gemm_1d2d", "fp8_gemm_1d1d"),
    "bf16": ("bf16_gemm",),
}  # operand type: the families that use its instructions


def wgmma_header(operand: str, specs: Iterable[KernelSpec]) -> str:
    """wgmma_OPERAND.cuh with exactly the instruction widths that `specs` use."""
    widths = sorted({geometry.instruction_n(spec) for spec in specs if spec.family in WGMMA_HEADERS[operand]})
    return fill(f"sm90/wgmma_{operand}.cuh.in", widths="".join(_wgmma_width(operand, width) for width in widths))


CPP_OUTPUTS = {"bf16": "uint16_t", "fp32": "float"}
CPP_INPUTS = {"bf16": "aotgemm::Bf16", "fp32": "float"}
BLOCK_ROWS = {"token": 1, "block": 128}


def _gemm_marks(spec: KernelSpec) -> dict[str, object]:
    derived = {"shared_bytes": geometry.shared_bytes(spec), "threads": geometry.threads(spec)}
    layout = {"mn_a": _cpp_bool(spec.layout[0] == "t"), "mn_b": _cpp_bool(spec.layout[1] == "n")}
    text = {"name": spec.name(), "swap_ab": _cpp_bool(spec.swap_ab), "out": CPP_OUTPUTS[spec.out_dtype]}
    return {**asdict(spec), **derived, **layout, **text}


def _cpp_bool(value: bool) -> str:
    return str(value).lower()


def _conversion_marks(spec: KernelSpec) -> dict[str, object]:
    types = {"input": CPP_INPUTS[spec.in_dtype], "out": CPP_OUTPUTS.get(spec.out_dtype)}
    return {"name": spec.name(), "block_rows": BLOCK_ROWS.get(spec.scaling), **types}


def kernel_source(spec: KernelSpec) -> str:
    """The .cu that instantiates `spec`."""
    marks = _gemm_marks(spec) if spec.is_gemm else _conversion_marks(spec)
    return fill(f"{'sm90' if spec.is_gemm else 'common'}/{spec.family}.cu.in", **marks)


def _check(specs: list[KernelSpec]) -> None:
    for spec in specs:
        if (reason := why_illegal(spec)) is not None:
            raise IllegalSpecError(f"{spec.name()}: {reason}")
    names = [spec.name() for spec in specs]
    if len(names) != len(set(names)):
        raise IllegalSpecError(f"the matrix names a kernel twice: {sorted({n for n in names if names.count(n) > 1})}")


def emit(specs: list[KernelSpec], out: Path) -> None:
    """Writes kernels/NAME.cu, wgmma_OPERAND.cuh and kernels.txt (the names, in order) under `out`."""
    _check(specs)
    for spec in specs:
        write_if_changed(out / "kernels" / f"{spec.name()}.cu", kernel_source(spec))
    for operand in WGMMA_HEADERS:
        write_if_changed(out / f"wgmma_{operand}.cuh", wgmma_header(operand, specs))
    write_if_changed(out / "kernels.txt", "".join(f"{spec.name()}\n" for spec in specs))
    wanted = {f"{spec.name()}.cu" for spec in specs}
    for stale in sorted((out / "kernels").glob("*.cu")):
        if stale.name not in wanted:
            stale.unlink()
