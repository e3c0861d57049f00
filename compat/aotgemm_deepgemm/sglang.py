"""SGLang's entry point: group sglang.srt.plugins."""

from .environment import set_defaults

VARIABLES = {
    "SGLANG_ENABLE_JIT_DEEPGEMM": "1",
    "SGLANG_JIT_DEEPGEMM_PRECOMPILE": "0",  # nothing is compiled at run time, so there is nothing to warm up
    "SGLANG_PP_PARALLEL_DEEPGEMM_WARMUP": "0",
}


def register() -> None:
    """Turns DeepGEMM's calls on and their warm-ups off; does nothing where aotgemm has no kernels. May be repeated."""
    set_defaults(VARIABLES)
