"""torch.ops.aotgemm: every call as an operator, with what tracing needs to know of it."""

from collections.abc import Callable
from typing import Any

import torch

from . import cast_operators, conversion_operators, required_scales
from .calls import CALLS, DIMENSIONS, Call
from .fp4_weights import check_frozen, in_fp8, is_words
from .registration import register
from .shapes import BF16, FP8, FP32, check_dtype, check_sizes


def _fake_of(call: Call) -> Callable[..., None]:
    letters_of, order = DIMENSIONS[call.name], [name for name in call.parameters]
    flat_names = [each for name in order for each in ((name, f"sf{name}") if name in call.pairs else (name,))]

    def fake(*flat: Any) -> None:
        given = dict(zip(flat_names, flat, strict=False))
        operands = {name: (given[name], letters) for name, letters in zip("abd", letters_of, strict=True)}
        if call.pairs:
            operands["b"] = in_fp8(given["b"]), letters_of[1]
        # FP4, two in a byte, halves one dimension; which, the call itself looks at.
        check_sizes(**{name: given for name, given in operands.items() if given[0].dtype != torch.int8})
        eight_bits = (FP8, torch.int8) if call.pairs else ()
        check_dtype("a", given["a"], *(eight_bits or (BF16,)))
        if call.pairs and is_words(given["b"]):
            check_frozen("b", given["b"], given["sfb"], len(letters_of[1]))
        else:
            check_dtype("b", given["b"], *(eight_bits or (FP32 if call.name.startswith("tf32") else BF16,)))
        check_dtype("d", given["d"], BF16, FP32)

    return fake


# Calls whose results are new tensors.
RETURNING = (*cast_operators.CASTS, *conversion_operators.CONVERSIONS, required_scales.NAME)

for _call in CALLS.values():
    register(_call.schema, _call.implementation(), _fake_of(_call))
