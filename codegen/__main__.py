"""The build's steps: `python -m codegen --out DIR` emits the sources; the subcommands are called by CMake."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from codegen.compile.cubin import CubinError, Job, compile_kernel
from codegen.compile.cutlass import CutlassError
from codegen.compile.facts import write_facts
from codegen.compile.includes import MissingHeaderError, write_includes
from codegen.compile.names import UnstableNameError
from codegen.compile.take import take_kernel
from codegen.compile.toolchain import Toolchain, ToolchainError, find_toolchain, write_toolchain
from codegen.matrix import all_specs
from codegen.spec import KernelSpec
from codegen.write.emit import IllegalSpecError, emit
from codegen.write.gemm_families import write_gemm_families
from codegen.write.inventory import write_inventory
from codegen.write.manifest import write_manifest
from codegen.write.sbom import SbomInputs, write_sbom
from codegen.write.shared_objects import NoSharedObjectError
from codegen.write.tile_rates import TileRateError, write_tile_rates

ERRORS = (
    CubinError, CutlassError, IllegalSpecError, MissingHeaderError, NoSharedObjectError, TileRateError,
    ToolchainError, UnstableNameError,
)  # fmt: skip


def _emit(arguments: argparse.Namespace) -> None:
    emit(all_specs(), arguments.out)
    write_tile_rates(all_specs(), arguments.out)
    write_gemm_families(arguments.out)


def _depends(arguments: argparse.Namespace) -> None:
    write_includes(all_specs(), arguments.kernels, arguments.out)
    write_facts(all_specs(), arguments.out)


def _toolchain(arguments: argparse.Namespace) -> None:
    found = find_toolchain(arguments.nvcc, arguments.allow_other_nvcc, arguments.host_compiler, arguments.cutlass)
    write_toolchain(found, arguments.out)


def _cubin(arguments: argparse.Namespace) -> None:
    spec = next((spec for spec in all_specs() if spec.name() == arguments.name), None)
    if spec is None:
        raise CubinError(f"no kernel {arguments.name!r} in the matrix")
    compile_kernel(_job(spec, arguments))


def _take(arguments: argparse.Namespace) -> None:
    for spec in all_specs():
        take_kernel(_job(spec, arguments), arguments.folder)


def _job(spec: KernelSpec, arguments: argparse.Namespace) -> Job:
    return Job(spec, Toolchain.read(arguments.toolchain), arguments.kernels, arguments.generated, arguments.out)


def _inventory(arguments: argparse.Namespace) -> None:
    write_inventory(all_specs(), arguments.cubins, arguments.out)
    write_manifest(all_specs(), arguments.cubins, arguments.version, arguments.out / "manifest.json")


def _sbom(arguments: argparse.Namespace) -> None:
    inputs = SbomInputs(**{field.name: getattr(arguments, field.name) for field in fields(SbomInputs)})
    write_sbom(all_specs(), inputs, arguments.out)


def _add_toolchain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nvcc", default="", help="this nvcc; default: the nvidia packages, then PATH")
    parser.add_argument("--allow-other-nvcc", action="store_true", help="accept another version than the pinned one")
    parser.add_argument("--host-compiler", required=True)
    parser.add_argument("--cutlass", default="", help="this folder of CUTLASS's headers; default: of nvidia-cutlass")


def _add_depends(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernels", type=Path, required=True)


def _add_job(parser: argparse.ArgumentParser) -> None:
    for folder in ("toolchain", "kernels", "generated"):
        parser.add_argument(f"--{folder}", type=Path, required=True)


def _add_cubin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    _add_job(parser)


def _add_take(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="folder", type=Path, required=True, help="the cubins of another build")
    _add_job(parser)


def _add_inventory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cubins", type=Path, required=True)
    parser.add_argument("--version", required=True)


def _add_sbom(parser: argparse.ArgumentParser) -> None:
    for path in ("cubins", "kernels", "generated", "pyproject", "library"):
        parser.add_argument(f"--{path}", type=Path, required=True)
    parser.add_argument("--module", type=Path, help="the installed Python module, where there is one")
    parser.add_argument("--nanobind", type=Path, help="the package that is linked into it")
    parser.add_argument("--version", required=True)
    parser.add_argument("--host-compiler", required=True, help="its name and version")


STEPS = (
    ("toolchain", "find nvcc, ptxas, nvdisasm and cuda.h", _add_toolchain, _toolchain),
    ("depends", "write what each emitted kernel is made from, for CMake", _add_depends, _depends),
    ("cubin", "compile one kernel", _add_cubin, _cubin),
    ("take", "copy every kernel from another build, where that compiled the same sources", _add_take, _take),
    ("inventory", "write the tables of specs and cubins, and the manifest", _add_inventory, _inventory),
    ("sbom", "write the bill of materials of what is installed", _add_sbom, _sbom),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the generated sources")
    parser.set_defaults(step=_emit)
    steps = parser.add_subparsers(title="steps of the build")
    for name, purpose, add_arguments, step in STEPS:
        added = steps.add_parser(name, help=purpose)
        add_arguments(added)
        added.add_argument("--out", type=Path, required=True)
        added.set_defaults(step=step)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one step; returns the exit status."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.out is None:
        parser.error("--out is required")
    try:
        parsed.step(parsed)
    except ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
