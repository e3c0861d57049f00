"""why_illegal for family bf16_gemm: each of its own rules turns away a spec."""

from dataclasses import replace

from legality import rule_tests

from codegen.spec import KernelSpec

NORMAL = KernelSpec("sm_90a", "bf16_gemm", "dense", "nt", "bf16", 128, 256, 64, 4)
SWAPPED = replace(NORMAL, block_m=16, block_n=64, block_k=128, stages=8, swap_ab=True)
NARROW = replace(SWAPPED, block_n=32)
TRANSPOSED = replace(NORMAL, layout="tn", out_dtype="fp32")

CASES = [
    ("_choices", replace(NORMAL, grouping="ragged"), "grouping is 'ragged'; family bf16_gemm has dense, batched"),
    ("_choices", replace(NORMAL, layout="tm"), "layout is 'tm'; family bf16_gemm has nt, nn, tn, tt"),
    ("_choices", replace(NORMAL, out_dtype="fp16"), "out_dtype is 'fp16'; family bf16_gemm has bf16, fp32"),
    (
        "groups",
        replace(NORMAL, grouping="psum", block_m=256, block_n=128),
        "block_m is 256; groups start",
    ),
    (
        "groups",
        replace(NORMAL, grouping="masked", cluster_m=2),
        "cluster_m is 2; tiles of different groups",
    ),
    (
        "_no_clusters",
        replace(TRANSPOSED, grouping="k_grouped", cluster_n=2),
        "cluster_n is 2; family bf16_gemm has no clusters for k_grouped",
    ),
    ("_partial_sums", replace(NORMAL, grouping="batch_reduced"), "out_dtype is 'bf16'; partial sums of batch_reduced"),
    ("no_promotion", replace(NORMAL, in_flight=1), "in_flight is 1; family bf16_gemm promotes no partial sums"),
    ("_block_k", replace(NORMAL, block_k=32), "block_k is 32; a stage holds 64 or 128 K elements, on Hopper 256"),
    ("_rows", replace(NORMAL, block_m=96, block_n=64), "block_m is 96; the instruction's M side"),
    ("_rows", replace(NARROW, layout="nn"), r"block_n \(swap_ab\) is 32; a tile of so few rows is dense, 'nt'"),
    ("_rows", replace(NARROW, block_n=16), r"block_n \(swap_ab\) is 16; the instruction's M side"),
    ("cluster", replace(NORMAL, cluster_m=2, cluster_n=2), "cluster is 2x2; allowed are 1x1, 2x1 and 1x2"),
    ("_columns", replace(NORMAL, block_n=96), "block_n is 96; allowed are 64, 128, 176, 192, 256"),
    ("_columns", replace(NORMAL, block_n=176, out_dtype="fp32"), "block_n is 176 and out_dtype 'fp32'"),
    ("_columns", replace(SWAPPED, block_m=24), r"block_m \(swap_ab\) is 24; allowed are 8, 16, 32, 64"),
    ("_mn_major_boxes", replace(SWAPPED, layout="tn"), "block_m is 16; with layout tn and 1 blocks loading the tile"),
    ("_mn_major_boxes", replace(NORMAL, layout="nn", block_n=64, cluster_m=2), "layout nn and 2 blocks"),
    ("two_stages", replace(NORMAL, stages=1), "stages is 1; one is multiplied while another is filled"),
    ("registers", replace(NORMAL, block_m=256), "256 registers a thread for sums and partial sums; at most 200"),
    ("_shared_memory", replace(NORMAL, stages=5), "bytes of shared memory; a block has 232448"),
]

test_legal, test_illegal, test_every_rule_has_a_case = rule_tests((NORMAL, SWAPPED, NARROW, TRANSPOSED), CASES)
