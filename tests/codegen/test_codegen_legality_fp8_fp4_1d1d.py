"""why_illegal for family fp8_fp4_gemm_1d1d: each of its rules turns away a spec."""

from dataclasses import replace

from legality import rule_tests

from codegen.spec import KernelSpec

DENSE = KernelSpec("sm_90a", "fp8_fp4_gemm_1d1d", "dense", "nt", "bf16", 16, 128, 256, 4, 2, swap_ab=True)
CONTIGUOUS = replace(DENSE, grouping="contiguous", block_m=32)

CASES = [
    ("_choices", replace(DENSE, grouping="batched"), "grouping is 'batched'; family fp8_fp4_gemm_1d1d has dense"),
    ("groups", replace(CONTIGUOUS, block_m=48), "block_m is 48; groups start at multiples of 128 rows"),
    ("_swapped", replace(DENSE, swap_ab=False), "swap_ab is False; family fp8_fp4_gemm_1d1d has True alone"),
    ("_rows", replace(DENSE, block_n=192), "block_n is 192; one or two warpgroups have 64 rows"),
    ("_columns", replace(DENSE, block_m=24), r"block_m \(swap_ab\) is 24; allowed are 8, 16, 32, 64"),
    ("_in_flight", replace(DENSE, in_flight=1), "in_flight is 1 and block_k 256; the two K blocks of a stage"),
    ("_in_flight", replace(DENSE, block_k=128), "in_flight is 2 and block_k 128; the two K blocks of a stage"),
    ("_one_block", replace(DENSE, cluster_n=2), "cluster is 1x2; family fp8_fp4_gemm_1d1d has no clusters"),
    ("_padding", replace(CONTIGUOUS, block_m=64), "block_m is 64; a warp zeroes the padding of 32 rows"),
    ("two_stages", replace(DENSE, stages=1), "stages is 1; one is multiplied while another is filled"),
    ("_shared_memory", replace(DENSE, stages=20), "bytes of shared memory; a block has 232448"),
]

test_legal, test_illegal, test_every_rule_has_a_case = rule_tests((DENSE, CONTIGUOUS), CASES)
