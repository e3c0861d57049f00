"""Writes the software bill of materials: CycloneDX 1.6, with the installed shared objects, every cubin in them, what
they are linked to, and all that they are made from.

Nothing in it depends on the folder or the day: its serial number is made from its own contents.
"""

import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.compile.cutlass import includes_cutlass
from codegen.compile.includes import included_headers
from codegen.compile.toolchain import Toolchain
from codegen.files import write_if_changed
from codegen.spec import KernelSpec
from codegen.write import components
from codegen.write.components import DRIVER, THIRD_PARTY, Component, ThirdParty
from codegen.write.inventory import read_sidecars
from codegen.write.shared_objects import needed

_PINNED = re.compile(r'^\s*"([A-Za-z0-9_.-]+)==([0-9.]+)"', re.MULTILINE)
_REQUIREMENTS = re.compile(r"^dependencies = \[(.*?)\]", re.MULTILINE | re.DOTALL)
LINKED_PACKAGES = {part.package for part in THIRD_PARTY.values()}  # of them code is shipped; they are no tools
COMPILERS = ("nvidia-cuda-nvcc", "nvidia-cuda-crt", "nvidia-nvvm")  # what turns a source into a cubin
MODULE = "nanobind"  # is linked into the Python module, so that it is shipped


@dataclass(frozen=True)
class SbomInputs:
    """Where the parts are: `generated` has kernels/NAME.cu, `kernels` the sources they include.

    library, module: the installed libaotgemm.so, and the Python module where one is; nanobind: its package's folder.
    """

    cubins: Path
    kernels: Path
    generated: Path
    pyproject: Path
    version: str
    host_compiler: str  # name and version
    library: Path
    module: Path | None = None
    nanobind: Path | None = None

    def folder_of(self, part: ThirdParty) -> Path:
        """Of a third party's headers."""
        if part.of_cubins:
            return Path(Toolchain.read(self.generated / "toolchain.json").cutlass)
        if part.package and self.nanobind is not None:
            return self.nanobind
        return self.kernels.parent / "third_party"

    def linked(self) -> list[str]:
        """Names of the third parties whose code is shipped."""
        return [name for name, part in THIRD_PARTY.items() if part.of_cubins or self.module is not None]


def pinned_tools(pyproject: str) -> list[tuple[str, str]]:
    """Name and version of every requirement of the build that pyproject.toml pins, but for what is linked in."""
    build_system = pyproject.split("[project]")[0]
    return [(name, version) for name, version in _PINNED.findall(build_system) if name not in LINKED_PACKAGES]


def requirements(pyproject: str) -> list[str]:
    """Names of the packages that the installed one requires."""
    return re.findall(r'"([A-Za-z0-9_.-]+)', _REQUIREMENTS.search(pyproject)[1])


def _sources_of(spec: KernelSpec, inputs: SbomInputs) -> dict[str, Path]:
    source = inputs.generated / "kernels" / f"{spec.name()}.cu"
    return {source.name: source, **included_headers(source, [inputs.kernels, inputs.generated])}


def _linked_into(sources: dict[str, Path]) -> list[str]:
    """References of the third parties whose code is in a kernel of these sources."""
    uses = any(includes_cutlass(path.read_text(encoding="utf-8")) for path in sources.values())
    return ["linked:cutlass"] * uses


def _serial_number(document: dict[str, Any]) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))}"


def _refs(parts: list[Component]) -> list[str]:
    return [part["bom-ref"] for part in parts]


def _systems(inputs: SbomInputs) -> dict[str, list[str]]:
    """What each shipped file asks of the machine, or of the file shipped beside it, by its name."""
    found = {inputs.library.name: [*needed(inputs.library), DRIVER]}
    return found | ({inputs.module.name: needed(inputs.module)} if inputs.module else {})


def _edges(inputs: SbomInputs, cubins: list[Component], needs: list[str]) -> dict[str, Any]:
    """What the package and the files in it consist of and ask for, by reference."""
    shipped, of_files = _systems(inputs), {inputs.library.name: _refs(cubins)}
    if inputs.module:
        of_files[inputs.module.name] = [f"linked:{name}" for name in inputs.linked() if not THIRD_PARTY[name].of_cubins]
    edges = {"aotgemm": [f"binary:{name}" for name in shipped] + needs}
    for name, wanted in shipped.items():
        links = [f"{'binary' if one in shipped else 'system'}:{one}" for one in wanted]
        edges[f"binary:{name}"] = of_files[name] + links
    return edges


def sbom(specs: list[KernelSpec], inputs: SbomInputs) -> dict[str, Any]:
    """The whole document."""
    pyproject = inputs.pyproject.read_text(encoding="utf-8")
    sources = {spec.name(): _sources_of(spec, inputs) for spec in specs}
    files = {name: path for parts in sources.values() for name, path in parts.items()}
    cubins = [components.cubin(sidecar) for sidecar in read_sidecars(specs, inputs.cubins).values()]
    linked = [components.linked(name, inputs.folder_of) for name in inputs.linked()]
    needs = [components.requirement(name) for name in requirements(pyproject)] if inputs.module else []
    binaries = [components.binary(path) for path in (inputs.library, inputs.module) if path]
    systems = {name for wanted in _systems(inputs).values() for name in wanted} - {part["name"] for part in binaries}
    edges = _edges(inputs, cubins, _refs(needs))
    compilers = [f"tool:{name}" for name in COMPILERS]
    for name, parts in sources.items():
        edges[f"cubin:{name}"] = [f"source:{part}" for part in sorted(parts)] + compilers + _linked_into(parts)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": components.package(inputs.version), "supplier": components.SUPPLIER},
        "components": binaries
        + cubins
        + linked
        + needs
        + [components.system_library(name) for name in sorted(systems)]
        + [components.source(*part) for part in sorted(files.items())]
        + [components.tool(*pair) for pair in pinned_tools(pyproject)]
        + [components.host_compiler(inputs.host_compiler)],
        "dependencies": [{"ref": ref, "dependsOn": parts} for ref, parts in edges.items()],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "serialNumber": _serial_number(document),
        **document,
    }


def write_sbom(specs: list[KernelSpec], inputs: SbomInputs, out: Path) -> None:
    write_if_changed(out, json.dumps(sbom(specs, inputs), indent=1) + "\n")
