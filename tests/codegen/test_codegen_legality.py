"""why_illegal: each rule turns away a spec, with a reason that names what came and what is allowed."""

from dataclasses import replace

import pytest
from legality import check_turned_away, covered, each_case, each_spec, names_of

from codegen.legality import rules_of, why_illegal
from codegen.spec import KernelSpec

NORMAL = KernelSpec("sm_90a", "fp8_gemm_1d2d", "dense", "nt", "bf16", 128, 128, 128, 5, 2)
SWAPPED = replace(NORMAL, block_m=16, block_n=64, in_flight=4, stages=12, swap_ab=True)
CAST = KernelSpec("sm_90a", "cast_fp8", scaling="token", in_dtype="bf16")

CASES = [
    ("_arch", replace(NORMAL, arch="sm_80"), "arch is 'sm_80'; known are sm_90a, sm_100a"),
    (
        "_arch_of_family",
        replace(NORMAL, arch="sm_100a"),
        "family fp8_gemm_1d2d has a kernel for sm_90a alone, not for sm_100a",
    ),
    ("_choices", replace(NORMAL, layout="nn"), "layout is 'nn'; family fp8_gemm_1d2d has 'nt' alone"),
    (
        "_choices",
        replace(NORMAL, out_dtype="fp32"),
        "out_dtype is 'fp32'; family fp8_gemm_1d2d has 'bf16' alone",
    ),
    ("_choices", replace(NORMAL, scaling="token"), "scaling is 'token'; family fp8_gemm_1d2d has none"),
    ("_choices", replace(NORMAL, grouping="ragged"), "grouping is 'ragged'; family fp8_gemm_1d2d has dense, batched"),
    (
        "aligned_groups",
        replace(NORMAL, grouping="psum", block_m=256, block_n=64),
        "block_m is 256; groups start at multiples",
    ),
    (
        "_pairs",
        replace(NORMAL, grouping="batched", cluster_m=2),
        "cluster_m is 2; tiles of different groups share no B",
    ),
    (
        "_pairs",
        replace(NORMAL, grouping="masked", block_k=256, cluster_m=2),
        "cluster_m is 2; pairs of masked tiles have block_k 128, no swap_ab",
    ),
    ("scale_blocks", replace(NORMAL, block_k=64), "block_k is 64; a stage holds 128 or 256 K elements"),
    (
        "scale_blocks_of_passes",
        replace(NORMAL, block_m=256, block_n=64, block_k=256),
        "with 2 passes over a stage it must be 128",
    ),
    ("rows", replace(NORMAL, block_m=96), "block_m is 96; the instruction's M side takes 64, 128, 192, 256 rows"),
    ("rows", replace(SWAPPED, block_n=96), r"block_n \(swap_ab\) is 96"),
    ("rows", replace(SWAPPED, block_n=192), r"block_n \(swap_ab\) is 192; .* takes 64, 128, 256 rows"),
    ("_columns", replace(NORMAL, block_n=100), "block_n is 100; allowed are 16, 32"),
    ("_columns", replace(SWAPPED, block_m=96), r"block_m \(swap_ab\) is 96; allowed are 8, 16, 24, 32, 48, 64, 128"),
    ("_scales_b", replace(NORMAL, block_n=176), "block_n is 176; a tile would touch 3 scales of B, over 2"),
    ("_split_columns", replace(NORMAL, block_m=64, block_n=192), "block_n is 192; two warpgroups split 64 rows"),
    ("cluster", replace(NORMAL, cluster_m=2, cluster_n=2), "cluster is 2x2; allowed are 1x1, 2x1 and 1x2"),
    ("cluster", replace(SWAPPED, block_m=8, cluster_n=2), "the cluster shares has 8 rows; each half"),
    ("in_flight", replace(NORMAL, in_flight=0), "in_flight is 0; it must be 1 or a multiple of the 1 passes"),
    ("in_flight", replace(NORMAL, block_m=256, block_n=64, in_flight=3), "multiple of the 2 passes"),
    ("registers", replace(NORMAL, block_n=160), "240 registers a thread for sums and partial sums; at most 200"),
    ("registers", replace(NORMAL, block_m=192), "192 registers a thread for sums and partial sums; at most 128"),
    ("stages_in_flight", replace(NORMAL, stages=2), "stages is 2; in_flight 2 needs 3"),
    ("_shared_memory", replace(NORMAL, stages=6), "232736 bytes of shared memory; a block has 232448"),
    (
        "_family",
        replace(CAST, family="transpose"),
        "family is 'transpose'; known are fp8_gemm_1d2d, fp8_gemm_1d1d, bf16_gemm, fp8_fp4_gemm, fp8_fp4_gemm_1d1d, "
        "transpose_sf",
    ),
    ("_choices", replace(CAST, in_dtype="fp16"), "in_dtype is 'fp16'; family cast_fp8 has bf16, fp32"),
    ("_choices", replace(CAST, scaling="row"), "scaling is 'row'; family cast_fp8 has token, block, channel"),
    ("_choices", replace(CAST, out_dtype="bf16"), "out_dtype is 'bf16'; family cast_fp8 has none"),
]


@each_spec(NORMAL, SWAPPED, CAST)
def test_legal(spec: KernelSpec) -> None:
    assert why_illegal(spec) is None


@each_case(CASES)
def test_illegal(rule: str, spec: KernelSpec, reason: str) -> None:
    check_turned_away(rule, spec, reason)


def test_every_rule_has_a_case() -> None:
    assert names_of(rules_of(NORMAL) + rules_of(CAST)) == covered(CASES)


@pytest.mark.parametrize("block_n", range(16, 257, 16))
def test_two_b_scales_at_most(block_n: int) -> None:
    """The closed form against every tile start."""
    touched = max(-(-(start % 128 + block_n) // 128) for start in range(0, 128 * block_n, block_n))
    reason = why_illegal(replace(NORMAL, block_n=block_n, in_flight=1, stages=2)) or ""
    assert ("touch 3 scales of B" in reason) == (touched > 2)
