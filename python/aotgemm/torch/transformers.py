"""Hugging Face transformers: its FP8 layers compute by aotgemm, on a GPU and on the CPU.

FP8Linear and FP8Experts of transformers look for three functions in a module's global before they load a kernel from
the Hub; `enable` puts ours there. Their autograd functions, LoRA and generation work as before.
"""

import importlib
from typing import Any

import torch

from ..errors import DtypeError, Error, ShapeError
from .experts import sorted_by_expert
from .grouped import fp8_grouped_linear
from .linear import fp8_linear
from .shapes import BF16, BLOCK, FP32

LAYERS = "transformers.integrations.finegrained_fp8"
QUANTIZER = "transformers.quantizers.quantizer_finegrained_fp8"
FUNCTIONS, KERNELS, CLASS = "_FINEGRAINED_FP8", "FineGrainedFP8", "FineGrainedFP8HfQuantizer"

_before: dict[str, Any] = {}


def _check(block_size: Any, activation_scale: Any = None) -> None:
    if block_size is None or list(block_size) != [BLOCK, BLOCK]:
        raise ShapeError(f"block_size: is {block_size}, allowed is [{BLOCK}, {BLOCK}]")
    if activation_scale is not None:
        raise DtypeError("activation_scale: is given, allowed is None (activations are quantised in each call)")


def _bf16(x: torch.Tensor) -> torch.Tensor:
    if x.dtype != BF16:
        raise DtypeError(f"x: dtype is {x.dtype}, allowed is torch.bfloat16 (load the model with dtype=torch.bfloat16)")
    return x


def _at_16_bytes(weight: torch.Tensor) -> torch.Tensor:
    """The weight where every call can read it: in a file that is mapped into memory, tensors start at any 8th byte."""
    if weight.device.type == "cpu" and not torch.compiler.is_compiling() and weight.data_ptr() % 16:
        return weight.clone()
    return weight


def matmul(
    x: torch.Tensor,
    weight: torch.Tensor,
    scales: torch.Tensor,
    block_size: Any,
    out_dtype: torch.dtype | None = None,
    activation_scale: torch.Tensor | None = None,
) -> torch.Tensor:
    """x @ weight^T of FP8Linear: x BF16 [..., K], weight FP8 [N, K], scales by block of 128 x 128."""
    _check(block_size, activation_scale)
    out = fp8_linear(_bf16(x), _at_16_bytes(weight), scales.to(FP32))
    return out if out_dtype is None else out.to(out_dtype)


def grouped_matmul(
    x: torch.Tensor,
    weight: torch.Tensor,
    scales: torch.Tensor,
    offsets: torch.Tensor,
    tokens_per_expert: torch.Tensor | None = None,
    block_size: Any = None,
) -> torch.Tensor:
    """Rows sorted by expert: x BF16 [M, K], weight FP8 [E, N, K], offsets [E] where the rows of each end."""
    _check(block_size)
    return fp8_grouped_linear(_bf16(x), _at_16_bytes(weight), scales.to(FP32), offsets.to(torch.int32))


def batched_matmul(
    x: torch.Tensor,
    weight: torch.Tensor,
    scales: torch.Tensor,
    block_size: Any = None,
    expert_ids: torch.Tensor | None = None,
) -> torch.Tensor:
    """Rows in any order: x BF16 [M, K], the expert of each in expert_ids [M]; from E on, zeros."""
    _check(block_size)
    order, offsets = sorted_by_expert(expert_ids, weight.shape[0])
    out = fp8_grouped_linear(_bf16(x)[order], _at_16_bytes(weight), scales.to(FP32), offsets)
    return torch.empty_like(out).index_copy_(0, order, out)


def _found(module: str, name: str) -> Any:
    import transformers

    holder = importlib.import_module(module)
    if not hasattr(holder, name):
        raise Error(f"transformers: {transformers.__version__} has no {module}.{name}; 5.24 has")
    return getattr(holder, name)


def _runs_here(self: Any, *args: Any, **kwargs: Any) -> None:
    """In the place of the quantizer's question for a GPU, without which it would widen the weights."""


def enable() -> None:
    """From now on FP8 layers of transformers in this process compute by aotgemm; also where there is no GPU.

    Models are loaded after it, in BF16, with scales by block of 128 x 128 and activations quantised in each call; a
    layer of another kind raises ShapeError or DtypeError. It may be called again. Raises ImportError without
    transformers, and Error for a version whose layers do not look for these functions.
    """
    if _before:
        return
    kernels, quantizer = _found(LAYERS, KERNELS), _found(QUANTIZER, CLASS)
    before = {FUNCTIONS: _found(LAYERS, FUNCTIONS), CLASS: quantizer.validate_environment}
    ours = kernels(matmul=matmul, batched_matmul=batched_matmul, grouped_matmul=grouped_matmul)
    setattr(importlib.import_module(LAYERS), FUNCTIONS, ours)
    if not torch.cuda.is_available():
        quantizer.validate_environment = _runs_here
    _before.update(before)


def disable() -> None:
    """Puts back what enable found."""
    if _before:
        setattr(importlib.import_module(LAYERS), FUNCTIONS, _before.pop(FUNCTIONS))
        _found(QUANTIZER, CLASS).validate_environment = _before.pop(CLASS)
