"""Family mqa_logits: logits of an indexer's keys in FP8, weighted and summed over heads; keys in one matrix."""

from codegen.indexer import indexer_family

FAMILY = indexer_family("mqa_logits", columns=(128,), stages=8, splits_keys=False)
