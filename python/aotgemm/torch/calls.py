"""The calls that write into their output, as operators: names, operands' dimensions, and schemas made of signatures."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import aotgemm

from .fp4_weights import operand

# Dimensions of A, B and D by letter; "" where no plain letters tell them. Sizes of one letter are equal. What a build
# lacks is no operator.
DIMENSIONS = {
    "fp8_gemm_nt": ("mk", "nk", "mn"),
    "fp8_gemm_nn": ("mk", "kn", "mn"),
    "fp8_gemm_tn": ("km", "kn", "mn"),
    "fp8_gemm_tt": ("km", "nk", "mn"),
    "fp8_gemm_nt_skip_head_mid": ("mk", "nk", "mw"),
    "m_grouped_fp8_gemm_nt_contiguous": ("mk", "gnk", "mn"),
    "m_grouped_fp8_gemm_nn_contiguous": ("mk", "gkn", "mn"),
    "m_grouped_fp8_gemm_nt_masked": ("gmk", "gnk", "gmn"),
    "k_grouped_fp8_gemm_nt_contiguous": ("", "", "gmn"),
    "k_grouped_fp8_gemm_tn_contiguous": ("km", "kn", "gmn"),
    "fp8_einsum": ("bhr", "hdr", "bhd"),
    "bf16_gemm_nt": ("mk", "nk", "mn"),
    "bf16_gemm_nn": ("mk", "kn", "mn"),
    "bf16_gemm_tn": ("km", "kn", "mn"),
    "bf16_gemm_tt": ("km", "nk", "mn"),
    "m_grouped_bf16_gemm_nt_contiguous": ("mk", "gnk", "mn"),
    "m_grouped_bf16_gemm_nn_contiguous": ("mk", "gkn", "mn"),
    "m_grouped_bf16_gemm_nt_masked": ("gmk", "gnk", "gmn"),
    "k_grouped_bf16_gemm_tn_contiguous": ("km", "kn", "gmn"),
    "einsum": ("", "", ""),
    "tf32_hc_prenorm_gemm": ("mk", "nk", ""),
}

# Of the parameters of all calls; None for one without effect, which the operator lacks.
SCHEMA_TYPES = {
    "a": "Tensor",
    "b": "Tensor",
    "d": "Tensor(a!)",
    "c": "Tensor?",
    "expr": "str",
    "grouped_layout": "Tensor",
    "masked_m": "Tensor",
    "expected_m": "SymInt",
    "expected_m_for_psum_layout": "SymInt?",
    "use_psum_layout": "bool",
    "ensure_zero_padding": "bool",
    "head_splits": "SymInt[]",
    "num_splits": "SymInt?",
    "sqr_sum": "Tensor(b!)",
    "ks": "SymInt[]",
    "ks_tensor": "Tensor",
    "recipe": "int[]?",
    "recipe_a": "int[]?",
    "recipe_b": "int[]?",
    "use_cublaslt": "bool",
    "compiled_dims": None,
    "disable_ue8m0_cast": None,
}


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return f"={None if isinstance(value, tuple) else value}"  # a recipe: None means the same to every call


@dataclass(frozen=True)
class Call:
    """One of aotgemm's calls and its operator, whose parameters are the same but for pairs, which are two tensors."""

    name: str

    @property
    def function(self) -> Callable[..., None]:
        return getattr(aotgemm, self.name)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Names with defaults, without those that have no effect."""
        given = inspect.signature(self.function).parameters
        return {name: each.default for name, each in given.items() if SCHEMA_TYPES[name] is not None}

    @cached_property
    def positions(self) -> tuple[str, ...]:
        """The names of all parameters in order."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def pairs(self) -> tuple[str, ...]:
        """The parameters that are (tensor, scales)."""
        return ("a", "b") if "fp8" in self.name else ()

    @property
    def schema(self) -> str:
        items = []
        for name, default in self.parameters.items():
            items.append(f"{SCHEMA_TYPES[name]} {name}{_default(default)}")
            if name in self.pairs:
                items.append(f"Tensor sf{name}")
        return f"{self.name}({', '.join(items)}) -> ()"

    def implementation(self) -> Callable[..., None]:
        """The function for the operator's arguments. PyTorch leaves out those that equal their defaults."""
        function, names = self.function, tuple(self.parameters)
        # As many as have the places that the function gives them go by place, which costs less than by name.
        same = next((i for i, name in enumerate(names) if name != self.positions[i]), len(names))
        late = names[same:]

        def run_plain(*flat: Any) -> None:
            function(*flat[:same], **dict(zip(late, flat[same:], strict=False)))

        first = names.index("a")

        def run_pairs(*flat: Any) -> None:
            a, sfa, b, sfb = flat[first : first + 4]
            run_plain(*flat[:first], (a, sfa), operand(b, sfb), *flat[first + 4 :])

        return run_pairs if self.pairs else run_plain


CALLS = {name: Call(name) for name in DIMENSIONS if hasattr(aotgemm, name)}
