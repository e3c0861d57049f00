"""The bill of materials: valid CycloneDX, complete, and the same for the same source."""

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import files as distribution_files
from importlib.metadata import metadata
from importlib.resources import files
from pathlib import Path

import pytest
from aotgemm import _core
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from codegen.compile.toolchain import PINNED_DISASSEMBLER, PINNED_NVCC, find_toolchain
from codegen.files import write_if_changed
from codegen.matrix import all_specs
from codegen.write.components import DRIVER, THIRD_PARTY
from codegen.write.sbom import SbomInputs, pinned_tools, requirements, sbom
from codegen.write.shared_objects import NoSharedObjectError, needed

ROOT = Path(__file__).parents[2]
(WHERE,) = [path for path in distribution_files("aotgemm") if path.name == "sbom.cdx.json"]  # once
TEXT = WHERE.read_text()
SBOM = json.loads(TEXT)
COMPONENTS = {component["bom-ref"]: component for component in SBOM["components"]}
EDGES = {edge["ref"]: edge["dependsOn"] for edge in SBOM["dependencies"]}
PACKAGE = files("aotgemm")


def sha256(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]


def refs(kind):
    return {ref for ref in COMPONENTS if ref.startswith(f"{kind}:")}


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


def test_shared_objects_are_those_installed():
    shipped = {path.name: sha256(path) for path in PACKAGE.iterdir() if path.name.endswith(".so")}
    assert len(shipped) == 2
    assert {COMPONENTS[ref]["name"]: COMPONENTS[ref]["hashes"] for ref in refs("binary")} == shipped
    assert all(COMPONENTS[ref]["supplier"]["name"] == "the aotgemm authors" for ref in refs("binary"))
    assert set(EDGES["binary:libaotgemm.so"]) == refs("cubin") | {f"system:{name}" for name in of_library()}


def of_library():
    """What libaotgemm.so asks the machine for: the dynamic linker, and once there is a device, the driver."""
    wanted = needed(PACKAGE / "libaotgemm.so")
    assert "libc.so.6" in wanted and DRIVER not in wanted
    assert DRIVER.encode() in (PACKAGE / "libaotgemm.so").read_bytes()
    return [*wanted, DRIVER]


def test_the_module_names_what_is_linked_into_it():
    (module,) = refs("binary") - {"binary:libaotgemm.so"}
    wanted = needed(PACKAGE / module.removeprefix("binary:"))
    systems = {f"system:{name}" for name in wanted if name != "libaotgemm.so"}
    linked = {f"linked:{name}" for name, part in THIRD_PARTY.items() if not part.of_cubins}
    assert set(EDGES[module]) == linked | systems | {"binary:libaotgemm.so"}
    assert refs("linked") == {f"linked:{name}" for name in THIRD_PARTY}
    assert COMPONENTS[f"system:{DRIVER}"]["scope"] == "optional"


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_licences_of_what_is_linked_are_in_the_wheel(name):
    """Each folder of cpp/third_party is a component, with its licence where installers put it."""
    ours = ROOT / "cpp" / "third_party" / name / "LICENSE"
    (installed,) = [path for path in distribution_files("aotgemm") if path.match(f"licenses/*/*/{name}/LICENSE")]
    assert installed.read_text() == ours.read_text()
    words = {"Apache-2.0": "Apache License", "BSD-3-Clause": "Neither the name", "MIT": "Permission is hereby granted"}
    (stated,) = COMPONENTS[f"linked:{name}"]["licenses"]
    assert stated["license"]["id"] == THIRD_PARTY[name].licence and words[THIRD_PARTY[name].licence] in ours.read_text()
    assert {path.name for path in (ROOT / "cpp" / "third_party").iterdir()} == set(THIRD_PARTY)


def test_versions_of_what_is_linked():
    header = ROOT / "cpp" / "third_party" / THIRD_PARTY["dlpack"].header
    major, minor = COMPONENTS["linked:dlpack"]["version"].split(".")
    assert COMPONENTS["linked:dlpack"]["hashes"] == sha256(header)
    assert f"#define DLPACK_MAJOR_VERSION {major}\n" in header.read_text()
    assert f"#define DLPACK_MINOR_VERSION {minor}\n" in header.read_text()
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert f'"nanobind=={COMPONENTS["linked:nanobind"]["version"]}"' in pyproject
    assert COMPONENTS["linked:robin_map"]["version"].count(".") == 2


def test_requirements_are_those_of_the_package():
    stated = metadata("aotgemm").get_all("Requires-Dist")
    wanted = {text for text in stated if ";" not in text}
    assert {COMPONENTS[ref]["name"] for ref in refs("requires")} == wanted
    assert set(EDGES["aotgemm"]) == refs("requires") | refs("binary")


def test_metadata_is_complete():
    found = metadata("aotgemm")
    assert {"Summary", "Author", "Keywords", "License-Expression", "Requires-Python"} <= set(found)
    assert found["Author"] == SBOM["metadata"]["supplier"]["name"] and found["License-Expression"] == "MIT"
    assert len(found.get_all("Classifier")) > 8 and len(found.get_all("License-File")) == 1 + len(THIRD_PARTY)


def test_dependencies_name_components():
    cubins = {f"cubin:{spec.name()}" for spec in all_specs()}
    assert set(EDGES) == {"aotgemm"} | refs("binary") | cubins
    assert {target for targets in EDGES.values() for target in targets} <= COMPONENTS.keys()
    for spec in all_specs():
        assert {f"source:{spec.name()}.cu", "tool:nvidia-cuda-nvcc"} <= set(EDGES[f"cubin:{spec.name()}"])


def test_build_inputs_are_the_pinned_ones():
    assert COMPONENTS["tool:nvidia-cuda-nvcc"]["version"] == PINNED_NVCC
    name, version = PINNED_DISASSEMBLER.split("==")
    assert COMPONENTS[f"tool:{name}"]["version"] == version
    tools = pinned_tools((ROOT / "pyproject.toml").read_text())
    assert {f"tool:{name}" for name, _ in tools} < COMPONENTS.keys()
    assert COMPONENTS["tool:host-compiler"]["name"] and COMPONENTS["tool:host-compiler"]["version"]


def test_the_wheel_has_it_once_where_installers_look():
    assert WHERE.parent.name == "sboms" and WHERE.parent.parent.name.endswith(".dist-info")
    assert not (PACKAGE / "sbom.cdx.json").is_file()


def test_what_is_no_shared_object(tmp_path):
    for content in (b"", b"\x7fELF\x02\x01", (PACKAGE / "libaotgemm.so").read_bytes()[:100_000]):
        (tmp_path / "x.so").write_bytes(content)
        with pytest.raises(NoSharedObjectError, match="x.so: is no shared object"):
            needed(tmp_path / "x.so")


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
    tools = asdict(find_toolchain("", True, "c++"))
    write_if_changed(tmp_path / "generated" / "toolchain.json", json.dumps(tools))
    write_if_changed(
        tmp_path / "pyproject.toml",
        '[build-system]\nrequires = [\n    "a==1.2",\n    "b>=3",\n]\n[project]\ndependencies = ["c==4", "d_e"]\n',
    )
    return specs, SbomInputs(
        cubins=tmp_path / "cubins",
        kernels=tmp_path / "kernels",
        generated=tmp_path / "generated",
        pyproject=tmp_path / "pyproject.toml",
        version="9.9",
        host_compiler="GNU 1.2",
        library=Path(str(PACKAGE / "libaotgemm.so")),
    )


def test_the_folder_does_not_matter_and_the_contents_do(inputs, tmp_path):
    specs, where = inputs
    first = sbom(specs, where)
    assert str(tmp_path) not in json.dumps(first)
    assert sbom(specs, where) == first
    assert [c["bom-ref"] for c in first["components"] if c["type"] == "application"] == ["tool:a", "tool:host-compiler"]
    assert requirements(where.pyproject.read_text()) == ["c", "d_e"]
    parts = [c["bom-ref"] for c in first["components"] if c["bom-ref"].startswith(("linked:", "requires:"))]
    assert parts == ["linked:cutlass"]  # without a module
    (tmp_path / "kernels" / "common.cuh").write_text("// something\n")
    assert sbom(specs, where)["serialNumber"] != first["serialNumber"]
