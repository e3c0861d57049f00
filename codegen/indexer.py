"""What the indexer's kernels of all architectures have in common: heads, stages, and what their specs may say."""

from codegen.family import FP8, Family, Kernels

HEADS = (16, 32, 64)
HEAD_DIMS = (32, 64, 128)
OUT_DTYPES = ("bf16", "fp32")
IN_DTYPES = ("fp8", "fp4")
BLOCK_KEYS = 128  # keys of a stage
QUERY_STAGES = 2
ROW = 16  # bytes that say which keys a row has


def indexer_family(name: str, kernels: dict[str, Kernels]) -> Family:
    """What a kernel takes of any value is empty in its spec: in_dtype on sm_90a, where there is FP8 alone, and the
    logits' type on sm_100a.
    """
    layouts = dict.fromkeys(spec.layout for of_arch in kernels.values() for spec in of_arch.specs)
    choices = {"layout": tuple(layouts), "out_dtype": ("", *OUT_DTYPES), "in_dtype": ("", *IN_DTYPES)}
    return Family(name, choices, kernels, FP8)
