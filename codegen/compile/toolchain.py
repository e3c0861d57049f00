"""Finds the device compiler and its companions, and refuses any version but the pinned one."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from codegen.compile.cutlass import find_cutlass
from codegen.files import write_if_changed

PINNED_NVCC = "13.0.88"
PINNED_DISASSEMBLER = "nvidia-cuda-nvdisasm==13.2.78"


class ToolchainError(RuntimeError):
    """No device compiler, an incomplete one, or one of another version than the pinned one."""


@dataclass(frozen=True)
class Toolchain:
    """Absolute paths of the tools, and the compiler's version."""

    nvcc: str
    ptxas: str
    nvdisasm: str
    cuda_h: str
    cutlass: str  # its folder of headers
    version: str
    host_compiler: str

    @staticmethod
    def read(path: Path) -> "Toolchain":
        return Toolchain(**json.loads(path.read_text(encoding="utf-8")))


def package_folders() -> Iterator[Path]:
    """bin folders of the nvidia packages this Python imports."""
    found = find_spec("nvidia")
    for folder in found.submodule_search_locations or () if found else ():
        yield Path(folder) / "cu13" / "bin"


def _find(tool: str, folders: list[Path]) -> Path | None:
    for folder in folders:
        if (folder / tool).is_file():
            return folder / tool
    on_path = shutil.which(tool)
    return Path(on_path) if on_path else None


def _require(tool: str, folders: list[Path], package: str) -> Path:
    found = _find(tool, folders)
    if found is None:
        places = ", ".join(map(str, folders)) or "no nvidia package"
        raise ToolchainError(f"{tool} not found: looked in {places} and on PATH; `pip install {package}` provides it")
    return found


def tool_version(tool: Path) -> str:
    """The version a CUDA tool prints, as 13.0.88."""
    text = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
    match = re.search(r"\bV(\d+\.\d+\.\d+)", text)
    if match is None:
        raise ToolchainError(f"{tool} --version names no version: {text.strip()!r}")
    return match[1]


def _check_version(tool: Path, allow_other: bool) -> str:
    version = tool_version(tool)
    if version != PINNED_NVCC and not allow_other:
        raise ToolchainError(
            f"{tool} is version {version}; the kernels are pinned to {PINNED_NVCC}, so that the same source gives the "
            f"same bytes everywhere. `pip install nvidia-cuda-nvcc=={PINNED_NVCC}` provides it; to build with another "
            "one all the same, configure with -DAOTGEMM_ALLOW_OTHER_NVCC=ON"
        )
    return version


def _cuda_h(nvcc: Path) -> Path:
    top = nvcc.resolve().parent.parent
    folders = [top / "include", *sorted(top.glob("targets/*/include"))]
    for folder in folders:
        if (folder / "cuda.h").is_file():
            return folder / "cuda.h"
    raise ToolchainError(
        f"cuda.h not found in {', '.join(map(str, folders))}; "
        f"`pip install nvidia-cuda-runtime=={PINNED_NVCC}` provides it"
    )


def find_toolchain(nvcc: str, allow_other: bool, host_compiler: str, cutlass: str = "") -> Toolchain:
    """The toolchain at `nvcc`, or where that is "": the nvidia packages of this Python first, then PATH.

    cutlass: CUTLASS's headers, or "": those of the package nvidia-cutlass.
    """
    packages = list(package_folders())
    compiler = Path(nvcc) if nvcc else _require("nvcc", packages, f"nvidia-cuda-nvcc=={PINNED_NVCC}")
    beside = [compiler.parent]
    ptxas = _require("ptxas", beside, f"nvidia-cuda-nvcc=={PINNED_NVCC}")
    version = _check_version(compiler, allow_other)
    _check_version(ptxas, allow_other)
    cuda_h = _cuda_h(compiler)
    return Toolchain(
        nvcc=str(compiler),
        ptxas=str(ptxas),
        nvdisasm=str(_require("nvdisasm", beside + packages, PINNED_DISASSEMBLER)),
        cuda_h=str(cuda_h),
        cutlass=str(find_cutlass(cutlass, cuda_h)),
        version=version,
        host_compiler=host_compiler,
    )


def write_toolchain(toolchain: Toolchain, out: Path) -> None:
    """Writes toolchain.json (where the tools are), toolchain.version (what makes cubins differ) and cuda/cuda.h.

    An isolated build finds the same tools in a new folder each time, so build rules depend on the version alone, and
    host code includes the copy of cuda.h.
    """
    write_if_changed(out / "toolchain.json", json.dumps(asdict(toolchain), indent=1) + "\n")
    write_if_changed(out / "toolchain.version", toolchain.version + "\n")
    write_if_changed(out / "cuda" / "cuda.h", Path(toolchain.cuda_h).read_text(encoding="utf-8"))
    print(f"nvcc {toolchain.version}: {toolchain.nvcc}", file=sys.stderr)
