"""why_illegal for family fp8_fp4_gemm: each of its rules turns away a spec."""

from dataclasses import replace

from legality import rule_tests

from codegen.spec import KernelSpec

NORMAL = KernelSpec("sm_100a", "fp8_fp4_gemm", "dense", "nt", "bf16", 128, 128, 128, 5)
PAIR = replace(NORMAL, block_n=192, cluster_m=2)
SWAPPED = replace(NORMAL, block_m=240, cluster_n=2, swap_ab=True)
PSUM = replace(SWAPPED, grouping="psum", block_m=32)

CASES = [
    ("_arch_of_family", replace(NORMAL, arch="sm_90a"), "family fp8_fp4_gemm has a kernel for sm_100a alone"),
    (
        "_choices",
        replace(NORMAL, grouping="batch_reduced"),
        "grouping is 'batch_reduced'; .* has dense",
    ),
    (
        "groups",
        replace(PSUM, grouping="contiguous", block_m=48),
        "block_m is 48; groups start at multiples of 128 rows",
    ),
    (
        "groups",
        replace(PAIR, grouping="contiguous"),
        "block_m is 128 and cluster_m 2; groups start at",
    ),
    ("no_promotion", replace(NORMAL, in_flight=1), "in_flight is 1; family fp8_fp4_gemm promotes no partial sums"),
    ("_block_k", replace(NORMAL, block_k=256), "block_k is 256; a stage holds 128 K elements"),
    ("rows", replace(NORMAL, block_m=64), "block_m is 64; the instruction's M side takes 128 rows"),
    ("rows", replace(SWAPPED, block_n=64), "block_n .swap_ab. is 64; the instruction's M side takes 128 rows"),
    ("columns", replace(NORMAL, block_n=72), "block_n is 72; allowed are multiples of 16 up to 256"),
    ("columns", replace(SWAPPED, block_m=272), "block_m .swap_ab. is 272; allowed are multiples of 16 up to 256"),
    ("pair", replace(NORMAL, cluster_n=2), "cluster is 1x2; allowed are 1x1 and 2x1"),
    ("pair", replace(SWAPPED, cluster_n=1, cluster_m=2), "cluster is 2x1; allowed with swap_ab are 1x1 and 1x2"),
    ("_mn_major_boxes", replace(PAIR, layout="nn", block_n=224), "block_n is 224; .* nn and 2 blocks .* boxes of 32"),
    ("_mn_major_boxes", replace(SWAPPED, layout="tn", block_m=224), "block_m is 224; .* tn and 2 .* boxes of 32"),
    (
        "_tensor_memory",
        replace(NORMAL, block_n=256),
        "524 columns of tensor memory .* a block has 512",
    ),
    ("two_stages", replace(NORMAL, stages=1), "stages is 1; one is multiplied while another is filled"),
    ("_shared_memory", replace(NORMAL, stages=7), "bytes of shared memory; a block has 232448"),
]

test_legal, test_illegal, test_every_rule_has_a_case = rule_tests((NORMAL, PAIR, SWAPPED, PSUM), CASES)
