"""The table of kinds of call holds every call of the library, each once."""

from aotgemm import _core
from aotgemm.problems.kinds import KINDS, kernels_of, words_of


def test_every_combination_in_the_specs_has_a_kind_of_its_own():
    own = {kind.words for kind in KINDS.values() if kind.kernels is None}
    assert own == {words_of(spec) for spec in _core.specs()}


def test_every_kernel_is_run_by_a_kind_and_every_kind_has_kernels():
    kernels = {name: {spec["kernel"] for spec in kernels_of(kind)} for name, kind in KINDS.items()}
    assert all(kernels.values())
    assert set().union(*kernels.values()) == {spec["kernel"] for spec in _core.specs()}


def test_kinds_on_kernels_of_another_call():
    assert {name: kind.kernel_words for name, kind in KINDS.items() if kind.kernels} == {
        "fp8_gemm_1d2d_skip_head_mid": ("fp8_gemm_1d2d", "dense", "nt", "bf16"),
        "fp8_fp4_gemm_skip_head_mid": ("fp8_fp4_gemm", "dense", "nt", "bf16"),
        "fp8_gemm_1d1d_k_grouped_fp32": ("fp8_gemm_1d1d", "dense", "nt", "fp32"),
        "bf16_gemm_batch_reduced": ("bf16_gemm", "batch_reduced", "nt", "fp32"),
    }


def test_names_and_words_tell_kinds_apart():
    assert len({kind.words for kind in KINDS.values()}) == len({str(kind) for kind in KINDS.values()}) == len(KINDS)
    assert {"fp8_gemm_1d2d", "fp8_gemm_1d2d_masked", "bf16_gemm", "bf16_gemm_nn", "bf16_gemm_tt_fp32"} <= set(KINDS)


def test_kernels_of_some_specs():
    some = _core.specs()[:3]
    assert kernels_of(KINDS["fp8_gemm_1d2d"], some) == some and kernels_of(KINDS["bf16_gemm"], some) == []
