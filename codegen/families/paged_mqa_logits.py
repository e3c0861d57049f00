"""Family paged_mqa_logits: logits of an indexer's keys in FP8, summed over heads; keys in blocks of a cache.

Each layout has a kernel for few rows of q, as in decoding, and one for twice as many.
"""

from codegen.indexer import indexer_family

FAMILY = indexer_family("paged_mqa_logits", columns=(64, 128), stages=8, splits_keys=True)
