"""The components of the bill of materials: what is shipped, what it is linked to, and what it was made with."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Component = dict[str, Any]
SUPPLIER = {"name": "the aotgemm authors"}
FIGURES = ("registers", "static_shared_bytes", "shared_bytes", "threads", "stack_bytes", "instructions_total")
DRIVER = "libcuda.so.1"  # cpp/dispatch/runtime/driver.cpp opens it when a device is first named
_VERSION = re.compile(r"^#define \w+_(MAJOR|MINOR|PATCH)(?:_VERSION)? (\d+) *$", re.MULTILINE)


@dataclass(frozen=True)
class ThirdParty:
    """Another project's code that is compiled into what is shipped. Its licence is cpp/third_party/NAME/LICENSE.

    header: states the version in macros; its place is under cpp/third_party, or in the `package` that brings it.
    of_cubins: it is compiled into kernels, not into the Python module.
    """

    licence: str
    header: str
    purl: str
    package: str = ""
    of_cubins: bool = False


THIRD_PARTY = {
    "dlpack": ThirdParty("Apache-2.0", "dlpack/dlpack.h", "pkg:github/dmlc/dlpack@v{}"),
    "nanobind": ThirdParty("BSD-3-Clause", "include/nanobind/nanobind.h", "pkg:pypi/nanobind@{}", "nanobind"),
    "robin_map": ThirdParty(
        "MIT", "ext/robin_map/include/tsl/robin_growth_policy.h", "pkg:github/Tessil/robin-map@v{}", "nanobind"
    ),
    "cutlass": ThirdParty(
        "BSD-3-Clause", "cutlass/version.h", "pkg:github/NVIDIA/cutlass@v{}", "nvidia-cutlass", of_cubins=True
    ),
}


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _of_file(path: Path) -> list[dict[str, str]]:
    return _hashes(hashlib.sha256(path.read_bytes()).hexdigest())


def _licence(name: str) -> list[dict[str, Any]]:
    return [{"license": {"id": name}}]


def _properties(values: dict[str, Any]) -> list[dict[str, str]]:
    """CycloneDX's name-value pairs; text values as they are, others as JSON."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return [{"name": f"aotgemm:{name}", "value": text} for name, text in texts.items()]


def package(version: str) -> Component:
    """What the bill is of."""
    return {
        "type": "library",
        "bom-ref": "aotgemm",
        "supplier": SUPPLIER,
        "name": "aotgemm",
        "version": version,
        "licenses": _licence("MIT"),
        "purl": f"pkg:pypi/aotgemm@{version}",
    }


def binary(path: Path) -> Component:
    """A shared object that is installed."""
    return {
        "type": "library",
        "bom-ref": f"binary:{path.name}",
        "supplier": SUPPLIER,
        "name": path.name,
        "hashes": _of_file(path),
        "licenses": _licence("MIT"),
    }


def cubin(sidecar: dict[str, Any]) -> Component:
    facts = {"spec": sidecar["spec"], **{name: sidecar[name] for name in FIGURES if name in sidecar}}
    facts |= {name: sidecar[name] for name in ("instructions", "source_sha256", "compiler", "flags", "bytes")}
    return {
        "type": "file",
        "bom-ref": f"cubin:{sidecar['name']}",
        "name": f"{sidecar['name']}.cubin",
        "description": f"machine code for {sidecar['spec']['arch']}, embedded in libaotgemm.so",
        "hashes": _hashes(sidecar["sha256"]),
        "licenses": _licence("MIT"),
        "properties": _properties(facts),
    }


def source(name: str, path: Path) -> Component:
    return {
        "type": "file",
        "bom-ref": f"source:{name}",
        "name": name,
        "scope": "excluded",
        "hashes": _of_file(path),
        "licenses": _licence("MIT"),
    }


def linked(name: str, folder_of: Callable[[ThirdParty], Path]) -> Component:
    """Third-party code in a shipped file, at the version that its macros state, with that header's hash."""
    part = THIRD_PARTY[name]
    header = folder_of(part) / part.header
    found = dict(_VERSION.findall(header.read_text(encoding="utf-8")))
    version = ".".join(found[field] for field in ("MAJOR", "MINOR", "PATCH") if field in found)
    return {
        "type": "library",
        "bom-ref": f"linked:{name}",
        "name": name,
        "version": version,
        "hashes": _of_file(header),
        "licenses": _licence(part.licence),
        "purl": part.purl.format(version),
    }


def system_library(name: str) -> Component:
    """A shared object that is not shipped: what the dynamic linker, or the driver's user, finds on the machine."""
    driver = name == DRIVER
    words = "opened when a CUDA device is first named" if driver else "found by the dynamic linker"
    return {
        "type": "library",
        "bom-ref": f"system:{name}",
        "name": name,
        "description": f"of the machine it runs on, {words}",
        "scope": "optional" if driver else "required",
    }


def requirement(name: str) -> Component:
    """A package that the installed one requires, in whatever version the installer takes."""
    return {
        "type": "library",
        "bom-ref": f"requires:{name}",
        "name": name,
        "scope": "required",
        "purl": f"pkg:pypi/{name.lower().replace('_', '-')}",
    }


def tool(name: str, version: str) -> Component:
    """A package that the build takes from the registry and does not ship."""
    return {
        "type": "application",
        "bom-ref": f"tool:{name}",
        "name": name,
        "version": version,
        "scope": "excluded",
        "purl": f"pkg:pypi/{name}@{version}",
    }


def host_compiler(text: str) -> Component:
    name, _, version = text.partition(" ")
    return {
        "type": "application",
        "bom-ref": "tool:host-compiler",
        "name": name,
        "version": version,
        "scope": "excluded",
    }
