"""Writes what the device compiler reads: one .cu per spec, and the matrix instructions they use."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from codegen import geometry
from codegen.arch import SM_90A
from codegen.families import FAMILIES, kernels_of
from codegen.files import fill, write_if_changed
from codegen.legality import why_illegal
from codegen.spec import KernelSpec


class IllegalSpecError(ValueError):
    """The matrix holds a spec that cannot be built."""


def _joined(items: list[str], per_line: int, before: str, after: str) -> str:
    lines = [items[i : i + per_line] for i in range(0, len(items), per_line)]
    return "\n".join(f"            {before}{''.join(line).rstrip()}{after}" for line in lines)


def _wgmma_width(operand: str, width: int) -> str:
    count = width // 2
    registers = [f"partial%{i}" + (", " if i + 1 < count else "") for i in range(count)]
    lines = [registers[i : i + 8] for i in range(0, count, 8)]
    operands = [f'"n"(kFirst + {i}), ' for i in range(count)]
    return fill(
        f"sm90/wgmma_{operand}_width.cuh.in",
        width=width,
        registers="\n".join(f'            "{"".join(line)}"' for line in lines),
        operands=_joined(operands, 6 if count < 100 else 5, "", ""),
        rows=count,
        columns=count + 1,
        accumulate=count + 2,
        mn_rows=count + 3,
        mn_columns=count + 4,
        a=", ".join(f"fragment%{count + i}" for i in range(4)),
        columns_after_a=count + 4,
        accumulate_after_a=count + 5,
    )


def _uses_wgmma(spec: KernelSpec, operand: str) -> bool:
    multiplied = FAMILIES[spec.family].operand
    return spec.arch == SM_90A.name and multiplied is not None and multiplied.name == operand


def _instruction_n(spec: KernelSpec) -> int:
    columns = kernels_of(spec).columns
    return columns(spec) if columns else geometry.instruction_n(spec)


def wgmma_header(operand: str, specs: Iterable[KernelSpec]) -> str:
    """wgmma_OPERAND.cuh with exactly the instruction widths that `specs` use."""
    widths = sorted({_instruction_n(spec) for spec in specs if _uses_wgmma(spec, operand)})
    return fill(f"sm90/wgmma_{operand}.cuh.in", widths="".join(_wgmma_width(operand, width) for width in widths))


CPP_OUTPUTS = {"bf16": "uint16_t", "fp32": "float", "": ""}  # "": where the family has no choice of it


def _cpp(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def kernel_source(spec: KernelSpec) -> str:
    """The .cu that instantiates `spec`: marks are its fields, `name`, `out`, its block and those of its family."""
    kernels = kernels_of(spec)
    block = asdict(kernels.block(spec)) if kernels.block else {}
    common = {"name": spec.name(), "out": CPP_OUTPUTS[spec.out_dtype], **block}
    marks = {**asdict(spec), **common, **kernels.marks(spec)}
    return fill(kernels.template, **{mark: _cpp(value) for mark, value in marks.items()})


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
    for operand in SM_90A.mnemonics:
        write_if_changed(out / f"wgmma_{operand}.cuh", wgmma_header(operand, specs))
    write_if_changed(out / "kernels.txt", "".join(f"{spec.name()}\n" for spec in specs))
    wanted = {f"{spec.name()}.cu" for spec in specs}
    for stale in sorted((out / "kernels").glob("*.cu")):
        if stale.name not in wanted:
            stale.unlink()
