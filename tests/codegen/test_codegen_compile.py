"""The compile step's parts: names made fixed, ptxas's words read, instructions counted, versions checked."""

from dataclasses import replace
from pathlib import Path

import pytest

from codegen.compile import cutlass, toolchain
from codegen.compile.cubin import CubinError, refuse_bad
from codegen.compile.facts import write_facts
from codegen.compile.names import UnstableNameError, normalise
from codegen.compile.ptxas_log import Usage, complaints, read_usage
from codegen.compile.sass import count_instructions
from codegen.families import FAMILIES
from codegen.family import FP8
from codegen.matrix import all_specs, gemm_specs
from codegen.spec import KernelSpec

CLEAN_LOG = """\
ptxas info    : 24 bytes gmem
ptxas info    : Compiling entry function 'k' for 'sm_90a'
ptxas info    : Function properties for k
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 168 registers, used 9 barriers, 128 bytes smem
ptxas info    : Compile time = 4.872 ms
"""

SASS = """\
        .global         k
.text.k:
        /*0000*/                   LDC R1, c[0x0][0x28] ;
        /*0010*/              @!P0 QGMMA.64x64x32.F32.E4M3.E4M3 R24, gdesc[UR4], R24 ;
        /*0020*/             @UP1 UTMALDG.2D [UR8], [UR4] ;
.L_x_1:
        /*10030*/                  QGMMA.64x64x32.F32.E4M3.E4M3 R24, gdesc[UR4], R24, gsb0 ;
"""


@pytest.mark.parametrize(
    "name",
    [
        "_ZN27_INTERNAL_{}_4_k_cu_k29_GLOBAL__N__{}_4_k_cu_k5tableE",
        "_Z2ktIN29_GLOBAL__N__{}_4_k_cu_k1QEEvT_Pf_param_0",
        "__nv_static_18__{}_4_k_cu_k_counter",
    ],
)
def test_normalise(name: str) -> None:
    first, second = (normalise(f"call {name.replace('{}', path_hash)};") for path_hash in ("9a624727", "1cf63589"))
    assert first == second == f"call {name.replace('{}', '00000000')};"


def test_normalise_leaves_other_text_alone() -> None:
    entry = ".visible .entry sm90_fp8_gemm_1d2d_dense(\n\t.param .b8 INTERNAL_9a624727_4_x[8]\n)\n"
    ptx = f"{entry}mov.b32 %r1, 0x9a624727;\n"
    assert normalise(ptx) == ptx


def test_normalise_refuses_a_process_number() -> None:
    with pytest.raises(UnstableNameError, match="process number"):
        normalise("_ZN40_INTERNAL_adbcb715_4_n_cu_b4f8b79c_1095942_GLOBAL__N__adbcb715_4_n_cu_b4f8b79c_109591fEi")


def test_read_usage() -> None:
    assert read_usage(CLEAN_LOG) == Usage(168, 128, 0, 0, 0)
    assert complaints(CLEAN_LOG) == []


def test_read_usage_sees_stack_and_spills() -> None:
    log = CLEAN_LOG.replace("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads",
                            "16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads")  # fmt: skip
    assert read_usage(log) == Usage(168, 128, 16, 8, 4)


def test_read_usage_sees_a_called_functions_stack() -> None:
    called = "Function properties for f\n    32 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"
    assert read_usage(CLEAN_LOG + called).stack_bytes == 32


def test_read_usage_of_silence() -> None:
    with pytest.raises(ValueError, match="no figures"):
        read_usage("ptxas info    : nothing to say")


@pytest.mark.parametrize(
    "line",
    [
        "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to ...",
        "ptxas info    : (C7519) Some other remark",
        "ptxas warning : Value of threads per SM is out of range",
        "ptxas info    : setmaxnreg ignored to maintain minimum register requirements.",
    ],
)
def test_complaints(line: str) -> None:
    assert complaints(f"{CLEAN_LOG}{line}\n") == [line]


@pytest.mark.parametrize(
    ("log", "instructions", "reason"),
    [
        (CLEAN_LOG, {"FFMA": 8}, "no tensor-core instruction"),
        (CLEAN_LOG.replace("0 bytes spill stores", "8 bytes spill stores"), {"QGMMA": 4}, "stack or spills"),
        (CLEAN_LOG.replace("0 bytes stack", "16 bytes stack"), {"QGMMA": 4}, "stack or spills"),
        (f"{CLEAN_LOG}ptxas info    : (C7510) wgmma serialized", {"QGMMA": 4}, "C7510"),
    ],
)
def test_a_bad_kernel_fails_the_build(log: str, instructions: dict[str, int], reason: str) -> None:
    spec = gemm_specs()[0]
    with pytest.raises(CubinError, match=f"{spec.name()}.*{reason}"):
        refuse_bad(spec, log, instructions)


def first_spec(family: str, arch: str) -> KernelSpec:
    return FAMILIES[family].kernels[arch].specs[0]


def test_a_good_kernel_passes() -> None:
    refuse_bad(gemm_specs()[0], CLEAN_LOG, {"QGMMA": 4})
    refuse_bad(first_spec("bf16_gemm", "sm_90a"), CLEAN_LOG, {"HGMMA": 4})
    refuse_bad(first_spec("transpose_sf", "sm_100a"), CLEAN_LOG, {"LDG": 1})


def test_another_types_instruction_is_not_enough() -> None:
    with pytest.raises(CubinError, match=r"no tensor-core instruction \(HGMMA\)"):
        refuse_bad(first_spec("bf16_gemm", "sm_90a"), CLEAN_LOG, {"QGMMA": 4})


def test_facts_follow_the_family_and_are_rewritten_only_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = all_specs()
    write_facts(specs, tmp_path)
    paths = {path.stem: path for path in (tmp_path / "facts").glob("*.json")}
    assert set(paths) == {spec.name() for spec in specs}
    before = {name: (path.read_text(), path.stat().st_mtime_ns) for name, path in paths.items()}
    monkeypatch.setitem(FAMILIES, "bf16_gemm", replace(FAMILIES["bf16_gemm"], operand=FP8))
    write_facts(specs, tmp_path)
    after = {name: (path.read_text(), path.stat().st_mtime_ns) for name, path in paths.items()}
    changed = {spec.name() for spec in specs if before[spec.name()] != after[spec.name()]}
    assert changed == {spec.name() for spec in specs if spec.family == "bf16_gemm"}


def test_count_instructions() -> None:
    assert count_instructions(SASS) == {"LDC": 1, "QGMMA": 2, "UTMALDG": 1}


def fake_tools(folder: Path, version: str) -> Path:
    """A toolkit of that version in which every tool does nothing but say so."""
    (folder / "bin").mkdir()
    (folder / "include").mkdir()
    (folder / "include" / "cuda.h").write_text("")
    (folder / "include" / "cccl" / "cuda" / "std").mkdir(parents=True)
    (folder / "include" / "cccl" / "cuda" / "std" / "version").write_text("")
    for tool in ("nvcc", "ptxas", "nvdisasm"):
        path = folder / "bin" / tool
        path.write_text(f"#!/bin/sh\necho 'Cuda compilation tools, release 0.0, V{version}'\n")
        path.chmod(0o755)
    return folder / "bin" / "nvcc"


def test_toolchain_of_the_pinned_version(tmp_path: Path) -> None:
    nvcc = fake_tools(tmp_path, toolchain.PINNED_NVCC)
    found = toolchain.find_toolchain(str(nvcc), False, "c++")
    assert (found.nvcc, found.version) == (str(nvcc), toolchain.PINNED_NVCC)


def test_another_version_is_refused(tmp_path: Path) -> None:
    nvcc = fake_tools(tmp_path, "12.9.41")
    with pytest.raises(toolchain.ToolchainError, match="is version 12.9.41; .* pinned to 13.0.88.*ALLOW_OTHER"):
        toolchain.find_toolchain(str(nvcc), False, "c++")
    assert toolchain.find_toolchain(str(nvcc), True, "c++").version == "12.9.41"


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvcc = fake_tools(tmp_path, toolchain.PINNED_NVCC)
    (tmp_path / "bin" / "nvdisasm").unlink()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(toolchain, "package_folders", lambda: iter(()))
    with pytest.raises(toolchain.ToolchainError, match="nvdisasm not found.*nvidia-cuda-nvdisasm==13.2.78"):
        toolchain.find_toolchain(str(nvcc), False, "c++")
    with pytest.raises(toolchain.ToolchainError, match="nvcc not found.*nvidia-cuda-nvcc==13.0.88"):
        toolchain.find_toolchain("", False, "c++")


def test_a_missing_header_is_named(tmp_path: Path) -> None:
    nvcc = fake_tools(tmp_path, toolchain.PINNED_NVCC)
    (tmp_path / "include" / "cuda.h").unlink()
    with pytest.raises(toolchain.ToolchainError, match="cuda.h not found.*nvidia-cuda-runtime==13.0.88"):
        toolchain.find_toolchain(str(nvcc), False, "c++")


def cutlass_of_version(folder: Path, patch: int) -> Path:
    """Headers of CUTLASS 4.2.`patch`, but for all that is in them."""
    (folder / "cutlass").mkdir(parents=True)
    text = (
        f"#define CUTLASS_MAJOR 4\n#define CUTLASS_MINOR 2\n#define CUTLASS_PATCH {patch} \n#define CUTLASS_BUILD 9\n"
    )
    (folder / "cutlass" / "version.h").write_text(text)
    return folder


def test_cutlass_is_that_of_the_package_or_the_one_given(tmp_path: Path) -> None:
    nvcc = fake_tools(tmp_path, toolchain.PINNED_NVCC)
    assert (Path(toolchain.find_toolchain(str(nvcc), False, "c++").cutlass) / "cute").is_dir()
    given = str(cutlass_of_version(tmp_path / "theirs", 0))
    assert toolchain.find_toolchain(str(nvcc), False, "c++", given).cutlass == given


def test_cutlass_that_is_missing_or_of_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda_h = fake_tools(tmp_path, toolchain.PINNED_NVCC).parents[1] / "include" / "cuda.h"
    newer = cutlass_of_version(tmp_path / "newer", 1)
    with pytest.raises(cutlass.CutlassError, match="newer is CUTLASS 4.2.1; .* pinned to 4.2.0"):
        cutlass.find_cutlass(str(newer), cuda_h)
    with pytest.raises(cutlass.CutlassError, match="has no cutlass/version.h"):
        cutlass.find_cutlass(str(tmp_path), cuda_h)
    monkeypatch.setattr(cutlass, "find_spec", lambda name: None)
    with pytest.raises(cutlass.CutlassError, match="CUTLASS not found.*nvidia-cutlass==4.2.0.0.*AOTGEMM_CUTLASS"):
        cutlass.find_cutlass("", cuda_h)


def test_missing_headers_of_cccl_are_named(tmp_path: Path) -> None:
    cuda_h = fake_tools(tmp_path, toolchain.PINNED_NVCC).parents[1] / "include" / "cuda.h"
    (cuda_h.parent / "cccl" / "cuda" / "std" / "version").unlink()
    with pytest.raises(cutlass.CutlassError, match="cccl/cuda/std not found.*nvidia-cuda-cccl==13.0.85"):
        cutlass.find_cutlass("", cuda_h)


def test_pins_agree_with_pyproject() -> None:
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert pyproject.count(f'"{cutlass.PACKAGE}"') == pyproject.count(f'"{cutlass.CCCL_PACKAGE}"') == 3
    for package in ("nvcc", "crt", "runtime"):
        assert f'"nvidia-cuda-{package}=={toolchain.PINNED_NVCC}"' in pyproject
    assert f'"{toolchain.PINNED_DISASSEMBLER}"' in pyproject
