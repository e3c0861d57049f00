"""Cubins of another build are taken only where they are what this build would have compiled."""

import hashlib
import json
import shutil
from dataclasses import asdict, replace

import pytest

import codegen.__main__ as steps
from codegen.compile.cubin import NVCC_FLAGS, PTXAS_FLAGS, CubinError, Job
from codegen.compile.includes import source_hash
from codegen.compile.take import take_kernel
from codegen.compile.toolchain import PINNED_NVCC, Toolchain
from codegen.matrix import all_specs

SPEC = all_specs()[0]


@pytest.fixture
def job(tmp_path):
    tools = Toolchain(nvcc="", ptxas="", nvdisasm="", cuda_h="", cutlass="", version=PINNED_NVCC, host_compiler="")
    made = Job(SPEC, tools, tmp_path / "headers", tmp_path / "generated", tmp_path / "out")
    made.source.parent.mkdir(parents=True)
    made.source.write_text("// a kernel\n")
    return made


@pytest.fixture
def finished(job, tmp_path):
    """The folder of a finished build of the job's kernel."""
    folder = tmp_path / "finished"
    folder.mkdir()
    sidecar = {
        "name": SPEC.name(),
        "sha256": hashlib.sha256(b"machine code").hexdigest(),
        "source_sha256": source_hash(job.source, [job.kernels, job.generated]),
        "compiler": f"nvcc {PINNED_NVCC}",
        "flags": {"nvcc": list(NVCC_FLAGS), "ptxas": list(PTXAS_FLAGS)},
    }
    (folder / f"{SPEC.name()}.cubin").write_bytes(b"machine code")
    (folder / f"{SPEC.name()}.json").write_text(json.dumps(sidecar))
    (folder / f"{SPEC.name()}.ptx").write_text("// PTX\n")
    return folder


def test_takes_cubin_sidecar_and_ptx(job, finished):
    take_kernel(job, finished)
    for suffix in (".cubin", ".json", ".ptx"):
        assert job.output(suffix).read_bytes() == (finished / f"{SPEC.name()}{suffix}").read_bytes()


def test_ptx_may_be_absent(job, finished):
    (finished / f"{SPEC.name()}.ptx").unlink()
    take_kernel(job, finished)
    assert job.output(".cubin").is_file() and not job.output(".ptx").exists()


@pytest.mark.parametrize("suffix", [".cubin", ".json"])
def test_refuses_a_folder_without_the_kernel(job, finished, suffix):
    (finished / f"{SPEC.name()}{suffix}").unlink()
    with pytest.raises(CubinError, match=f"holds no {SPEC.name()}{suffix}"):
        take_kernel(job, finished)


def test_refuses_other_sources(job, finished):
    job.source.write_text("// a kernel that was changed\n")
    with pytest.raises(CubinError, match="source_sha256"):
        take_kernel(job, finished)


def test_refuses_other_bytes(job, finished):
    (finished / f"{SPEC.name()}.cubin").write_bytes(b"machine c0de")
    with pytest.raises(CubinError, match="is of another build: sha256"):
        take_kernel(job, finished)


def test_refuses_another_compiler(job, finished):
    older = replace(job, toolchain=replace(job.toolchain, version="12.9.41"))
    with pytest.raises(CubinError, match="compiler is 'nvcc 13.0.88', not 'nvcc 12.9.41'"):
        take_kernel(older, finished)


@pytest.mark.parametrize("key, value", [("flags", {"nvcc": []}), ("name", "another kernel")])
def test_refuses_another_kernel(job, finished, key, value):
    path = finished / f"{SPEC.name()}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(CubinError, match=f"{key} is"):
        take_kernel(job, finished)
    assert not job.output(".cubin").exists()


def test_the_step_takes_every_kernel_of_the_matrix(job, finished, monkeypatch, capsys, tmp_path):
    toolchain = tmp_path / "toolchain.json"
    toolchain.write_text(json.dumps(asdict(job.toolchain)))
    folders = ["--kernels", str(job.kernels), "--generated", str(job.generated), "--out", str(job.out)]
    command = ["take", "--from", str(finished), "--toolchain", str(toolchain), *folders]
    monkeypatch.setattr(steps, "all_specs", lambda: [SPEC])
    assert steps.main(command) == 0
    assert job.output(".cubin").read_bytes() == b"machine code"
    monkeypatch.setattr(steps, "all_specs", lambda: all_specs()[:2])
    shutil.copy(job.source, job.source.with_name(f"{all_specs()[1].name()}.cu"))
    assert steps.main(command) == 1
    assert f"holds no {all_specs()[1].name()}.cubin" in capsys.readouterr().err
