"""why_illegal for family fp8_gemm_1d1d: each of its rules turns away a spec."""

from dataclasses import replace

from legality import rule_tests

from codegen.spec import KernelSpec

NORMAL = KernelSpec("sm_90a", "fp8_gemm_1d1d", "dense", "nt", "fp32", 128, 128, 128, 4, 1)
THREE_CONSUMERS = replace(NORMAL, block_m=192, block_n=96)

CASES = [
    ("_choices", replace(NORMAL, grouping="masked"), "grouping is 'masked'; family fp8_gemm_1d1d has 'dense' alone"),
    ("_choices", replace(NORMAL, layout="nn"), "layout is 'nn'; family fp8_gemm_1d1d has 'nt' alone"),
    ("_choices", replace(NORMAL, out_dtype="fp16"), "out_dtype is 'fp16'; family fp8_gemm_1d1d has bf16, fp32"),
    ("_not_swapped", replace(NORMAL, swap_ab=True), "swap_ab is True; family fp8_gemm_1d1d has False alone"),
    ("scale_blocks", replace(NORMAL, block_k=64), "block_k is 64; a stage holds 128 or 256 K elements"),
    ("rows", replace(NORMAL, block_m=96), "block_m is 96; the instruction's M side"),
    ("_columns", replace(NORMAL, block_n=112), "block_n is 112; .* at most 256 and made of boxes of 32"),
    ("_columns", replace(THREE_CONSUMERS, out_dtype="bf16"), "block_n is 96; .* made of boxes of 64"),
    ("_columns", replace(NORMAL, block_m=64, block_n=320), "block_n is 320; a warpgroup's columns are at most 256"),
    (
        "scale_blocks_of_passes",
        replace(NORMAL, block_m=256, block_n=64, block_k=256),
        "block_k is 256; with 2 passes over a stage it must be 128",
    ),
    ("cluster", replace(NORMAL, cluster_m=2, cluster_n=2), "cluster is 2x2; allowed are 1x1, 2x1 and 1x2"),
    ("in_flight", replace(NORMAL, in_flight=0), "in_flight is 0; it must be 1 or a multiple of the 1 passes"),
    (
        "_registers",
        replace(NORMAL, in_flight=2),
        "224 registers a thread for sums, partial sums and scales of B; at most 200",
    ),
    ("stages_in_flight", replace(NORMAL, stages=1), "stages is 1; in_flight 1 needs 2"),
    ("_shared_memory", replace(NORMAL, stages=7), "bytes of shared memory; a block has 232448"),
]

test_legal, test_illegal, test_every_rule_has_a_case = rule_tests((NORMAL, THREE_CONSUMERS), CASES)
