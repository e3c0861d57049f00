"""vLLM's entry point: group vllm.general_plugins."""

from .environment import set_defaults

VARIABLES = {
    "VLLM_USE_DEEP_GEMM": "1",
    "VLLM_DEEP_GEMM_WARMUP": "skip",  # nothing is compiled at run time, so there is nothing to warm up
}


def register() -> None:
    """Turns DeepGEMM's calls on and their warm-up off; does nothing where aotgemm has no kernels. May be repeated."""
    set_defaults(VARIABLES)
