"""Family paged_mqa_logits: logits of an indexer's keys in FP8 or FP4, summed over heads; keys in blocks of a cache.

On sm_90a each layout has a kernel for few rows of q, as in decoding, and one for twice as many.
"""

from codegen.arch import SM_90A, SM_100A
from codegen.indexer import indexer_family
from codegen.indexer_sm90 import sm90_kernels
from codegen.indexer_sm100 import sm100_kernels

NAME = "paged_mqa_logits"
FAMILY = indexer_family(
    NAME,
    {
        SM_90A.name: sm90_kernels(NAME, columns=(64, 128), stages=8, splits_keys=True),
        SM_100A.name: sm100_kernels(NAME, splits_keys=True),
    },
)
