"""Writes the software bill of materials: CycloneDX 1.6, one component for each cubin beside all that it is made from.

Nothing in it depends on the folder or the day: its serial number is made from its own contents.
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.compile.includes import included_headers
from codegen.files import write_if_changed
from codegen.spec import KernelSpec
from codegen.write.inventory import read_sidecars

Component = dict[str, Any]
_PINNED = re.compile(r'^\s*"([A-Za-z0-9_.-]+)==([0-9.]+)"', re.MULTILINE)
COMPILERS = ("nvidia-cuda-nvcc", "nvidia-cuda-crt", "nvidia-nvvm")  # what turns a source into a cubin
VENDORED = {"dlpack": "Apache-2.0"}  # folders of cpp/third_party, each with the header NAME.h, and their licences
_VERSION = re.compile(r"^#define \w+_(MAJOR|MINOR)_VERSION (\d+)$", re.MULTILINE)
FIGURES = ("registers", "static_shared_bytes", "shared_bytes", "threads", "stack_bytes", "instructions_total")


@dataclass(frozen=True)
class SbomInputs:
    """Where the parts are: `generated` has kernels/NAME.cu, `kernels` the sources they include."""

    cubins: Path
    kernels: Path
    generated: Path
    pyproject: Path
    version: str
    host_compiler: str  # name and version

    @property
    def third_party(self) -> Path:
        """Other people's headers, beside the kernels."""
        return self.kernels.parent / "third_party"


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _properties(values: dict[str, Any]) -> list[dict[str, str]]:
    """CycloneDX's name-value pairs; text values as they are, others as JSON."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return [{"name": f"aotgemm:{name}", "value": text} for name, text in texts.items()]


def _cubin(sidecar: dict[str, Any]) -> Component:
    facts = {"spec": sidecar["spec"], **{name: sidecar[name] for name in FIGURES if name in sidecar}}
    facts |= {name: sidecar[name] for name in ("instructions", "source_sha256", "compiler", "flags", "bytes")}
    return {
        "type": "file",
        "bom-ref": f"cubin:{sidecar['name']}",
        "name": f"{sidecar['name']}.cubin",
        "description": f"machine code for {sidecar['spec']['arch']}, embedded in libaotgemm.so",
        "hashes": _hashes(sidecar["sha256"]),
        "licenses": [{"license": {"id": "MIT"}}],
        "properties": _properties(facts),
    }


def _source(name: str, path: Path) -> Component:
    return {
        "type": "file",
        "bom-ref": f"source:{name}",
        "name": name,
        "scope": "excluded",
        "hashes": _hashes(hashlib.sha256(path.read_bytes()).hexdigest()),
        "licenses": [{"license": {"id": "MIT"}}],
    }


def _vendored(name: str, licence: str, folder: Path) -> Component:
    """A header that is not ours and is compiled into the library, at the version that its macros state."""
    header = folder / name / f"{name}.h"
    versions = dict(_VERSION.findall(header.read_text(encoding="utf-8")))
    return {
        "type": "library",
        "bom-ref": f"header:{name}",
        "name": name,
        "version": f"{versions['MAJOR']}.{versions['MINOR']}",
        "hashes": _hashes(hashlib.sha256(header.read_bytes()).hexdigest()),
        "licenses": [{"license": {"id": licence}}],
    }


def _tool(name: str, version: str) -> Component:
    """A package that the build takes from the registry and does not ship."""
    return {
        "type": "application",
        "bom-ref": f"tool:{name}",
        "name": name,
        "version": version,
        "scope": "excluded",
        "purl": f"pkg:pypi/{name}@{version}",
    }


def _host_compiler(text: str) -> Component:
    name, _, version = text.partition(" ")
    return {
        "type": "application",
        "bom-ref": "tool:host-compiler",
        "name": name,
        "version": version,
        "scope": "excluded",
    }


def pinned_tools(pyproject: str) -> list[tuple[str, str]]:
    """Name and version of every requirement of the build that pyproject.toml pins."""
    build_system = pyproject.split("[project]")[0]
    return _PINNED.findall(build_system)


def _sources_of(spec: KernelSpec, inputs: SbomInputs) -> dict[str, Path]:
    source = inputs.generated / "kernels" / f"{spec.name()}.cu"
    return {source.name: source, **included_headers(source, [inputs.kernels, inputs.generated])}


def _serial_number(document: dict[str, Any]) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))}"


def sbom(specs: list[KernelSpec], inputs: SbomInputs) -> dict[str, Any]:
    """The whole document."""
    sources = {spec.name(): _sources_of(spec, inputs) for spec in specs}
    files = {name: path for parts in sources.values() for name, path in parts.items()}
    tools = [_tool(*pair) for pair in pinned_tools(inputs.pyproject.read_text(encoding="utf-8"))]
    compilers = [f"tool:{name}" for name in COMPILERS]
    wheel = {
        "type": "library",
        "bom-ref": "aotgemm",
        "name": "aotgemm",
        "version": inputs.version,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": f"pkg:pypi/aotgemm@{inputs.version}",
    }
    cubins = [_cubin(sidecar) for sidecar in read_sidecars(specs, inputs.cubins).values()]
    vendored = [_vendored(name, licence, inputs.third_party) for name, licence in VENDORED.items()]
    shipped = [part["bom-ref"] for part in cubins + vendored]
    made_from = [
        {"ref": f"cubin:{name}", "dependsOn": [f"source:{part}" for part in sorted(parts)] + compilers}
        for name, parts in sources.items()
    ]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": wheel},
        "components": cubins
        + vendored
        + [_source(*part) for part in sorted(files.items())]
        + tools
        + [_host_compiler(inputs.host_compiler)],
        "dependencies": [{"ref": "aotgemm", "dependsOn": shipped}, *made_from],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "serialNumber": _serial_number(document),
        **document,
    }


def write_sbom(specs: list[KernelSpec], inputs: SbomInputs, out: Path) -> None:
    write_if_changed(out, json.dumps(sbom(specs, inputs), indent=1) + "\n")
