"""The instructions of a cubin as text, where NVIDIA's disassembler is at hand."""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..errors import KernelMissingError
from .library import Cubin
from .names import nearest

PACKAGE = "nvidia-cuda-nvdisasm"


def find_nvdisasm() -> str | None:
    """nvdisasm of the nvidia package that this Python has, else the one on PATH, else None."""
    found = find_spec("nvidia")
    for folder in found.submodule_search_locations or () if found else ():
        tool = Path(folder) / "cu13" / "bin" / "nvdisasm"
        if tool.is_file():
            return str(tool)
    return shutil.which("nvdisasm")


def find_cubin(cubins: dict[str, Cubin], name: str) -> Cubin:
    """By its name in any case. Raises KernelMissingError, with the names nearest to it, where there is none."""
    if found := cubins.get(name.lower()):
        return found
    raise KernelMissingError(f"kernel: is {name[:128]!r}, which the library lacks; {nearest(name, cubins)}")


def disassemble(cubin: Cubin) -> str:
    """Raises KernelMissingError where there is no disassembler, or it refuses the bytes."""
    tool = find_nvdisasm()
    if tool is None:
        raise KernelMissingError(
            f"sass: nvdisasm is neither installed nor on PATH; `pip install {PACKAGE}` provides it"
        )
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin.data)
        file.flush()
        done = subprocess.run([tool, "-c", file.name], capture_output=True, text=True)
    if done.returncode != 0:
        raise KernelMissingError(f"sass: nvdisasm refuses {cubin.name}: {done.stderr.strip()}")
    return done.stdout
