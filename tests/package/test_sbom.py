"""The bill of materials: valid CycloneDX, complete, and the same for the same source."""

import hashlib
import json
from importlib.metadata import files as distribution_files
from importlib.resources import files
from pathlib import Path

import pytest
from aotgemm import _core
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from codegen.compile.toolchain import PINNED_DISASSEMBLER, PINNED_NVCC
from codegen.files import write_if_changed
from codegen.matrix import all_specs
from codegen.write.sbom import VENDORED, SbomInputs, pinned_tools, sbom

ROOT = Path(__file__).parents[2]
TEXT = files("aotgemm").joinpath("sbom.cdx.json").read_text(encoding="utf-8")
SBOM = json.loads(TEXT)
COMPONENTS = {component["bom-ref"]: component for component in SBOM["components"]}


def test_it_is_valid():
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(TEXT) is None
    broken = json.dumps(SBOM | {"specVersion": 16})
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_every_cubin_is_a_component():
    stated = {ref: c["hashes"] for ref, c in COMPONENTS.items() if ref.startswith("cubin:")}
    assert stated == {f"cubin:{c['name']}": [{"alg": "SHA-256", "content": c["sha256"]}] for c in _core.cubins()}


def test_sources_are_those_of_the_checkout():
    """Every kernel header but those that no kernel includes, and the generated ones beside them."""
    kernels = ROOT / "cpp" / "kernels"
    stated = {c["name"]: c["hashes"][0]["content"] for ref, c in COMPONENTS.items() if ref.startswith("source:")}
    here = {path.relative_to(kernels).as_posix(): path for path in kernels.rglob("*") if path.is_file()}
    shared = stated.keys() & here.keys()
    assert {name: stated[name] for name in shared} == {
        name: hashlib.sha256(here[name].read_bytes()).hexdigest() for name in shared
    }
    assert {name for name in here if name.endswith(".cuh")} <= stated.keys()
    assert {f"{spec.name()}.cu" for spec in all_specs()} <= stated.keys()


def test_vendored_headers_are_those_of_the_checkout():
    """Each folder of cpp/third_party is a component with its header's version and hash; the wheel has its licence."""
    folders = {path.name: path for path in (ROOT / "cpp" / "third_party").iterdir()}
    assert set(VENDORED) == set(folders) == {ref.removeprefix("header:") for ref in COMPONENTS if ref[:7] == "header:"}
    dlpack = COMPONENTS["header:dlpack"]
    header = (folders["dlpack"] / "dlpack.h").read_bytes()
    assert dlpack["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(header).hexdigest()}]
    major, minor = dlpack["version"].split(".")
    assert f"#define DLPACK_MAJOR_VERSION {major}\n".encode() in header
    assert f"#define DLPACK_MINOR_VERSION {minor}\n".encode() in header
    assert dlpack["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (licence,) = [path for path in distribution_files("aotgemm") if path.match("licenses/*/*/dlpack/LICENSE")]
    assert licence.read_text() == (folders["dlpack"] / "LICENSE").read_text()
    assert "Apache License" in licence.read_text()


def test_dependencies_name_components():
    edges = {edge["ref"]: edge["dependsOn"] for edge in SBOM["dependencies"]}
    assert set(edges) == {"aotgemm", *(f"cubin:{spec.name()}" for spec in all_specs())}
    shipped = {ref for ref in COMPONENTS if ref.startswith(("cubin:", "header:"))}
    assert "header:dlpack" in shipped and set(edges["aotgemm"]) == shipped
    assert {target for targets in edges.values() for target in targets} <= COMPONENTS.keys()
    for spec in all_specs():
        assert {f"source:{spec.name()}.cu", "tool:nvidia-cuda-nvcc"} <= set(edges[f"cubin:{spec.name()}"])


def test_build_inputs_are_the_pinned_ones():
    assert COMPONENTS["tool:nvidia-cuda-nvcc"]["version"] == PINNED_NVCC
    name, version = PINNED_DISASSEMBLER.split("==")
    assert COMPONENTS[f"tool:{name}"]["version"] == version
    tools = pinned_tools((ROOT / "pyproject.toml").read_text())
    assert {f"tool:{name}" for name, _ in tools} < COMPONENTS.keys()
    assert COMPONENTS["tool:host-compiler"]["name"] and COMPONENTS["tool:host-compiler"]["version"]


def test_the_wheel_has_it_where_installers_look():
    entries = [path for path in distribution_files("aotgemm") if path.name == "sbom.cdx.json"]
    assert {path.parent.name for path in entries} == {"sboms", "aotgemm"}
    assert {path.read_text() for path in entries} == {TEXT}


@pytest.fixture
def inputs(tmp_path):
    """Two kernels, in the folders of a build."""
    specs = all_specs()[:2]
    for spec in specs:
        write_if_changed(tmp_path / "generated" / "kernels" / f"{spec.name()}.cu", '#include "common.cuh"\n')
        kernel = next(
            k
            for k in json.loads(files("aotgemm").joinpath("manifest.json").read_text())["kernels"]
            if k["name"] == spec.name()
        )
        write_if_changed(tmp_path / "cubins" / f"{spec.name()}.json", json.dumps(kernel))
    write_if_changed(tmp_path / "kernels" / "common.cuh", "// nothing\n")
    header = "#define DLPACK_MAJOR_VERSION 7\n#define DLPACK_MINOR_VERSION 8\n"
    write_if_changed(tmp_path / "third_party" / "dlpack" / "dlpack.h", header)
    write_if_changed(
        tmp_path / "pyproject.toml",
        '[build-system]\nrequires = [\n    "a==1.2",\n    "b>=3",\n]\n[project]\n    "c==4"\n',
    )
    return specs, SbomInputs(
        tmp_path / "cubins", tmp_path / "kernels", tmp_path / "generated", tmp_path / "pyproject.toml", "9.9", "GNU 1.2"
    )


def test_the_folder_does_not_matter_and_the_contents_do(inputs, tmp_path):
    specs, where = inputs
    first = sbom(specs, where)
    assert str(tmp_path) not in json.dumps(first)
    assert sbom(specs, where) == first
    assert [c["bom-ref"] for c in first["components"] if c["type"] == "application"] == ["tool:a", "tool:host-compiler"]
    assert [c["version"] for c in first["components"] if c["bom-ref"] == "header:dlpack"] == ["7.8"]
    (tmp_path / "kernels" / "common.cuh").write_text("// something\n")
    assert sbom(specs, where)["serialNumber"] != first["serialNumber"]
