"""Family mqa_logits: logits of an indexer's keys in FP8 or FP4, weighted and summed over heads; keys in one matrix."""

from codegen.arch import SM_90A, SM_100A
from codegen.indexer import indexer_family
from codegen.indexer_sm90 import sm90_kernels
from codegen.indexer_sm100 import sm100_kernels

NAME = "mqa_logits"
FAMILY = indexer_family(
    NAME,
    {
        SM_90A.name: sm90_kernels(NAME, columns=(128,), stages=8, splits_keys=False),
        SM_100A.name: sm100_kernels(NAME, splits_keys=False),
    },
)
