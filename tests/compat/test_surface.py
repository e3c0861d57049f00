"""`import deep_gemm` finds aotgemm's calls under DeepGEMM's names and modules, and nothing that does not work."""

import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
from aotgemm.compat import deepgemm_modules
from aotgemm.compat.deepgemm_names import ALIASES, NAMES_OF_MODULE

SITE, COMPAT = Path(aotgemm.__file__).parents[1], Path(__file__).parents[2] / "compat"
MUST = (
    *("fp8_gemm_nt", "m_grouped_fp8_gemm_nt_contiguous", "m_grouped_fp8_gemm_nt_masked", "fp8_einsum", "bf16_gemm_nt"),
    *("fp8_m_grouped_gemm_nt_masked", "transform_sf_into_required_layout", "get_mn_major_tma_aligned_tensor"),
    *("get_num_sms", "set_num_sms", "set_pdl", "get_compile_mode", "per_block_cast_to_fp8", "gemm_fp8_fp8_bf16_nt"),
)
NOT_HERE = ("fp8_fp4_mega_moe", "SymmBuffer", "get_paged_sparse_mqa_logits_metadata", "mega_mhc")


@pytest.mark.parametrize("name", MUST)
def test_what_engines_cannot_do_without_is_there(deep_gemm, name):
    assert callable(getattr(deep_gemm, name))


@pytest.mark.parametrize("name", NOT_HERE)
def test_what_no_kernel_computes_is_absent(deep_gemm, name):
    assert not hasattr(deep_gemm, name)


@pytest.mark.parametrize("module", NAMES_OF_MODULE)
def test_modules_are_real_and_hold_what_aotgemm_has(deep_gemm, module):
    found = importlib.import_module(module)
    assert Path(found.__file__).is_relative_to(COMPAT) and importlib.util.find_spec(module) is not None
    members = deepgemm_modules.members_of(module)
    assert members and all(getattr(found, name) is member for name, member in members.items())
    assert set(members) <= set(found.__all__) and set(found.__all__) <= set(dir(found))


def test_a_call_that_aotgemm_gains_appears_by_itself(no_deep_gemm, monkeypatch):
    name = "fp8_fp4_paged_mqa_logits"
    monkeypatch.delattr(aotgemm, name, raising=False)
    assert name not in deepgemm_modules.members_of("deep_gemm")
    monkeypatch.setattr(aotgemm, name, len, raising=False)
    assert deepgemm_modules.members_of("deep_gemm")[name] is len


def test_aliases_lead_to_names_of_the_list():
    names = {name for module in NAMES_OF_MODULE.values() for name in module}
    assert set(ALIASES) <= names and set(ALIASES.values()) <= names and not set(ALIASES) & set(ALIASES.values())


def test_each_name_is_the_function_of_that_name():
    """Or what aotgemm itself calls so; a module's import under another name is no call of DeepGEMM's."""
    for module, names in NAMES_OF_MODULE.items():
        for name, member in deepgemm_modules.members_of(module).items():
            if callable(member):
                is_alias = member is getattr(aotgemm, name, None) or member.__name__ == ALIASES.get(name)
                assert member.__name__ == name or is_alias, f"{name}: is {member.__module__}.{member.__name__}"
        assert set(names) >= set(deepgemm_modules.members_of(module))


def test_no_module_lists_a_name_twice():
    for names in NAMES_OF_MODULE.values():
        assert len(set(names)) == len(names)


PROBE = """
import json, os, sys, time
start = time.process_time()  # other processes of the machine do not count
import deep_gemm
seconds = time.process_time() - start
modules = [name for name in ("torch", "numpy", "ml_dtypes") if name in sys.modules]
maps = open("/proc/self/maps").read()
print(json.dumps([seconds, modules, "libcuda.so" in maps, len(os.listdir("/proc/self/task"))]))
"""


def in_a_process(code):
    command = [sys.executable, "-B", "-c", code]
    return subprocess.run(command, env={"PYTHONPATH": f"{COMPAT}:{SITE}"}, capture_output=True, text=True, check=False)


def test_an_import_is_quick_and_makes_no_context():
    done = [json.loads(in_a_process(PROBE).stdout) for _ in range(3)]
    assert min(seconds for seconds, *_ in done) < 0.1
    assert all(rest == [[], False, 1] for _, *rest in done)


@pytest.mark.parametrize(
    "present, message",
    [
        ([(8, 0)], "this machine's GPUs are sm_80, allowed is sm_100a, sm_90a"),
        ([(12, 0), (10, 3), (10, 3)], "this machine's GPUs are sm_103, sm_120, allowed is"),
    ],
)
def test_gpus_without_kernels_are_an_import_error(present, message):
    code = f"from aotgemm.compat import devices\ndevices.compute_capabilities = lambda: {present}\nimport deep_gemm"
    done = in_a_process(code)
    assert done.returncode == 1 and f"ImportError: deep_gemm: {message}" in done.stderr


@pytest.mark.parametrize("present", [[], [(9, 0)], [(8, 0), (9, 0)]], ids=str)
def test_a_hopper_gpu_among_them_or_none_at_all_is_enough(present):
    code = f"from aotgemm.compat import devices\ndevices.compute_capabilities = lambda: {present}\nimport deep_gemm"
    assert in_a_process(code).returncode == 0


def test_without_aotgemm_it_is_an_import_error():
    done = in_a_process("import sys; sys.modules['aotgemm'] = None\nimport deep_gemm")
    assert done.returncode == 1 and "ModuleNotFoundError" in done.stderr


def test_a_library_that_cannot_be_loaded_is_an_import_error(tmp_path):
    (tmp_path / "aotgemm").mkdir()
    (tmp_path / "aotgemm" / "__init__.py").write_text("raise OSError('libaotgemm.so: no such file')")
    done = in_a_process(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport deep_gemm")
    assert "ImportError: deep_gemm: aotgemm cannot be loaded: libaotgemm.so: no such file" in done.stderr


def test_installing_gives_the_same_modules(no_deep_gemm):
    installed = aotgemm.install_as_deep_gemm()
    assert installed is sys.modules["deep_gemm"] and aotgemm.install_as_deep_gemm() is installed
    for module in NAMES_OF_MODULE:
        found = importlib.import_module(module)
        assert all(getattr(found, name) is each for name, each in deepgemm_modules.members_of(module).items())
    from deep_gemm.utils.layout import get_mn_major_tma_aligned_tensor

    assert get_mn_major_tma_aligned_tensor is aotgemm.get_mn_major_tma_aligned_tensor
    assert installed.utils.layout is sys.modules["deep_gemm.utils.layout"]
    assert installed.testing.bench is installed.testing.bench_kineto.__globals__["bench"]


def test_modules_of_aotgemm_are_no_calls(no_deep_gemm):
    import aotgemm.bench

    assert aotgemm.bench is not deepgemm_modules.members_of("deep_gemm.testing")["bench"]
    assert callable(deepgemm_modules.members_of("deep_gemm.testing")["bench"])


def test_the_distribution_counts_as_installed(deep_gemm):
    assert aotgemm.install_as_deep_gemm() is deep_gemm


def test_another_deep_gemm_is_left_alone(no_deep_gemm, monkeypatch):
    monkeypatch.setitem(sys.modules, "deep_gemm", sys)
    with pytest.raises(ImportError, match="^deep_gemm: another one has been imported"):
        aotgemm.install_as_deep_gemm()
    assert sys.modules["deep_gemm"] is sys


def test_a_fork_after_the_import_imports_nothing_more(deep_gemm):
    code = "import os, deep_gemm\npid = os.fork()\nif pid == 0: os._exit(len(deep_gemm.__all__) > 60)\n"
    assert in_a_process(code + "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))").stdout == "1\n"
