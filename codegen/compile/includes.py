"""Which files of this project a generated .cu is compiled from: what to rebuild after a change, and its source hash."""

import hashlib
import re
from pathlib import Path

from codegen.compile.cutlass import PINNED_CUTLASS, includes_cutlass
from codegen.files import write_if_changed
from codegen.spec import KernelSpec

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


class MissingHeaderError(ValueError):
    """A header that is included but in no folder of headers."""


def included_headers(source: Path, folders: list[Path]) -> dict[str, Path]:
    """Every header that `source` includes in quotes, directly or not, by its name in the include line, sorted."""
    found: dict[str, Path] = {}
    waiting = [source]
    while waiting:
        including = waiting.pop()
        for name in _INCLUDE.findall(including.read_text(encoding="utf-8")):
            if name not in found:
                found[name] = _find(name, including, folders)
                waiting.append(found[name])
    return dict(sorted(found.items()))


def _find(name: str, including: Path, folders: list[Path]) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise MissingHeaderError(f"{including} includes {name!r}, which is in none of {', '.join(map(str, folders))}")


def source_hash(source: Path, folders: list[Path]) -> str:
    """sha256 over names and contents of `source` and of all that it includes; no folder name in it.

    Of CUTLASS, where that is among them, the pinned version stands for its headers.
    """
    digest = hashlib.sha256()
    files = {source.name: source, **included_headers(source, folders)}
    for name, path in files.items():
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    if any(includes_cutlass(path.read_text(encoding="utf-8")) for path in files.values()):
        digest.update(f"cutlass\0{PINNED_CUTLASS}\n".encode())
    return digest.hexdigest()


def write_includes(specs: list[KernelSpec], kernels: Path, generated: Path) -> None:
    """Writes includes.cmake under `generated`: for each kernel a list includes_NAME of its headers."""
    lines = []
    for spec in specs:
        source = generated / "kernels" / f"{spec.name()}.cu"
        headers = included_headers(source, [kernels, generated]).values()
        lines.append(f"set(includes_{spec.name()}" + "".join(f' "{path.as_posix()}"' for path in headers) + ")\n")
    write_if_changed(generated / "includes.cmake", "".join(lines))
