"""Builds one kernel again from source, to see whether it is what its library holds."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..bounded_files import DAMAGED
from ..errors import PlanError
from .library import Cubin
from .unpack import unpack

STEPS = 3  # how often `rebuild` calls `step`


@contextmanager
def source_tree(source: Path) -> Iterator[Path]:
    """The folder of the sources: the one given, or that in a source distribution (.tar.gz), unpacked."""
    if source.is_dir():
        yield source.resolve()
        return
    with TemporaryDirectory() as folder:
        try:
            unpack(source, Path(folder))
        except DAMAGED as error:
            raise PlanError(f"--source: {source} is neither a folder nor a source distribution: {error}") from error
        tops = [entry for entry in Path(folder).iterdir() if entry.is_dir()]
        yield tops[0] if len(tops) == 1 else Path(folder)


def _codegen(tree: Path, *arguments: str | Path) -> None:
    """One step of the build. Raises PlanError with what it says where it fails."""
    command = [sys.executable, "-B", "-m", "codegen", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise PlanError(f"rebuild: {' '.join(command[3:])} failed: {done.stderr.strip() or done.stdout.strip()}")


def _host_compiler() -> str:
    """nvcc preprocesses with it; it compiles nothing of a kernel."""
    found = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
    if found is None:
        raise PlanError("rebuild: there is no C++ compiler on PATH, which nvcc preprocesses with")
    return found


def rebuild(cubin: Cubin, source: Path, step: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Compiles the kernel of that name from the sources, with the compiler they pin, and compares the bytes.

    `step` is called with a word before each of STEPS steps. Raises PlanError where the sources cannot be built.
    """
    with source_tree(source) as tree, TemporaryDirectory() as work:
        if not (tree / "codegen" / "__main__.py").is_file():
            raise PlanError(f"--source: {source} has no folder codegen, allowed is a checkout or a source distribution")
        generated, out = Path(work) / "generated", Path(work) / "cubins"
        step("compiler")
        _codegen(tree, "toolchain", "--host-compiler", _host_compiler(), "--out", generated)
        step("sources")
        _codegen(tree, "--out", generated)
        step("kernel")
        folders = ("--kernels", tree / "cpp" / "kernels", "--generated", generated, "--out", out)
        _codegen(tree, "cubin", cubin.name, "--toolchain", generated / "toolchain.json", *folders)
        data = (out / f"{cubin.name}.cubin").read_bytes()
        compiler = (generated / "toolchain.version").read_text(encoding="utf-8").strip()
    again = Cubin(cubin.name, cubin.arch, cubin.stated_sha256, data)
    return {
        "name": cubin.name,
        "compiler": f"nvcc {compiler}",
        "library_sha256": cubin.sha256,
        "rebuilt_sha256": again.sha256,
        "equal": again.sha256 == cubin.sha256,
        "code_equal": again.code_sha256 == cubin.code_sha256,
    }
