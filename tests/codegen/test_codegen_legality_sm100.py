"""why_illegal for family bf16_gemm on sm_100a: each rule of its kernels there turns away a spec."""

from dataclasses import replace

from legality import rule_tests

from codegen.spec import KernelSpec
from codegen.tcgen05_geometry import allocated_columns

NORMAL = KernelSpec("sm_100a", "bf16_gemm", "dense", "nt", "bf16", 128, 256, 64, 6, cluster_m=2)
SWAPPED = replace(NORMAL, block_m=16, block_n=128, cluster_m=1, cluster_n=2, swap_ab=True)
ALONE = replace(NORMAL, layout="tn", out_dtype="fp32", block_n=128, cluster_m=1)

CASES = [
    ("groups", replace(SWAPPED, grouping="contiguous", block_m=48), "block_m is 48; groups start"),
    ("groups", replace(NORMAL, grouping="psum"), "block_m is 128 and cluster_m 2; groups start"),
    ("groups", replace(NORMAL, grouping="contiguous"), "block_m is 128 and cluster_m 2; groups start"),
    ("_partial_sums", replace(ALONE, grouping="batch_reduced", out_dtype="bf16"), "partial sums of batch_reduced"),
    ("no_promotion", replace(NORMAL, in_flight=1), "in_flight is 1; family bf16_gemm promotes no partial sums"),
    ("_block_k", replace(NORMAL, block_k=32), "block_k is 32; a stage holds 64 or 128 K elements"),
    ("rows", replace(NORMAL, block_m=64), "block_m is 64; the instruction's M side takes 128 rows of each block"),
    ("rows", replace(SWAPPED, block_n=64), r"block_n \(swap_ab\) is 64; the instruction's M side takes 128 rows"),
    ("columns", replace(NORMAL, block_n=272), "block_n is 272; allowed are multiples of 16 up to 256"),
    ("columns", replace(SWAPPED, block_m=8), r"block_m \(swap_ab\) is 8; allowed are multiples of 16 up to 256"),
    ("pair", replace(NORMAL, cluster_m=1, cluster_n=2), "cluster is 1x2; allowed are 1x1 and 2x1"),
    ("pair", replace(SWAPPED, cluster_m=2, cluster_n=1), "cluster is 2x1; allowed with swap_ab are 1x1 and 1x2"),
    ("_mn_major_boxes", replace(NORMAL, layout="nn", block_n=192), "layout nn and 2 blocks loading the tile"),
    ("two_stages", replace(NORMAL, stages=1), "stages is 1; one is multiplied while another is filled"),
    ("_shared_memory", replace(NORMAL, stages=7), "bytes of shared memory; a block has 232448"),
]

test_legal, test_illegal, test_every_rule_has_a_case = rule_tests((NORMAL, SWAPPED, ALONE), CASES)


def test_tensor_memory_is_allocated_in_powers_of_two() -> None:
    assert [allocated_columns(columns) for columns in (1, 32, 33, 256, 257, 512)] == [32, 32, 64, 256, 512, 512]
