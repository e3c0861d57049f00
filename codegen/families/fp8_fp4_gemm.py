"""Family fp8_fp4_gemm: GEMM of FP8 E4M3 and packed FP4 E2M1 in any mix, with UE8M0 scales inside the instruction.

Element types and granularities of the scales (32 or 128 of K) are arguments of a kernel: one cubin serves them all.
"""

from codegen.family import FP8, Family

NAME = "fp8_fp4_gemm"
GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked", "k_grouped")
LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")

FAMILY = Family(
    name=NAME,
    operand=FP8,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={},
)
