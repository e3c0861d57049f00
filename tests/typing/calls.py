"""Calls as a type checker sees them. A line that ends in `error: MYPY / PYRIGHT` is wrong, and both must say so there.

MYPY is the code of mypy's error, PYRIGHT the rule of pyright's. Nothing runs this file.
"""

from typing import Any, assert_type

import aotgemm
import aotgemm.torch
import numpy
import torch
from aotgemm.typing import Layout, ScaledTensor, Tensor
from numpy.typing import NDArray


def linear(x: torch.Tensor, weight: ScaledTensor, n: int) -> torch.Tensor:
    q, sf = aotgemm.per_token_cast_to_fp8(x, use_ue8m0=False)
    assert_type(q, torch.Tensor)
    d = torch.empty(q.shape[0], n, dtype=torch.bfloat16)
    aotgemm.fp8_gemm_nt((q, sf), weight, d)
    aotgemm.fp8_gemm_nt(q, weight, d)  # error: arg-type / reportArgumentType
    aotgemm.fp8_gemm_nt((q, 1.0), weight, d)  # error: arg-type / reportArgumentType
    aotgemm.fp8_gemm_nt((q, sf), weight)  # error: call-arg / reportCallIssue
    aotgemm.fp8_gemm_nt((q, sf), weight, d, recipe=(1, 128))  # error: arg-type / reportArgumentType
    aotgemm.fp8_gemm_nt((q, sf), weight, d, accumulate=True)  # error: call-arg / reportCallIssue
    return d


def experts(
    x: torch.Tensor, weight: ScaledTensor, d: torch.Tensor, ends: torch.Tensor, counts: list[int]
) -> torch.Tensor:
    rows = aotgemm.per_token_cast_to_fp8(x, True, 128, grouped_layout=ends, use_psum_layout=True)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(rows, weight, d, ends, use_psum_layout=True)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(rows, weight, d, counts)  # error: arg-type / reportArgumentType
    aotgemm.m_grouped_fp8_gemm_nt_masked(rows, weight, d, ends, None)  # error: arg-type / reportArgumentType
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(x, x, d, counts, ends)
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(x, x, d, ends, ends)  # error: arg-type / reportArgumentType
    return assert_type(aotgemm.get_mn_major_tma_aligned_tensor(rows[1]), torch.Tensor)


def on_the_host(x: NDArray[Any], weight: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    aotgemm.fp8_gemm_nt(aotgemm.per_token_cast_to_fp8(x, False), aotgemm.per_block_cast_to_fp8(weight, False), d)
    aotgemm.bf16_gemm_nt(x.tolist(), weight, d)  # of Any, which says nothing
    aotgemm.bf16_gemm_nt([[1.0]], weight, d)  # error: arg-type / reportArgumentType
    aotgemm.bf16_gemm_nt("x", weight, d)  # error: arg-type / reportArgumentType
    aotgemm.bf16_gemm_nt(numpy.float32(1), weight, d)  # error: arg-type / reportArgumentType
    return assert_type(aotgemm.unpack_ue8m0_from_int(d), NDArray[Any])


def without_a_framework(array: NDArray[Any]) -> aotgemm.DeviceArray:
    x = aotgemm.from_numpy(array, device=0)
    q, sf = aotgemm.per_token_cast_to_fp8(x, use_ue8m0=True)
    assert_type(q.shape, tuple[int, ...])
    d = aotgemm.DeviceArray.empty([q.shape[0], 8], "bfloat16")
    aotgemm.fp8_gemm_nt((q, sf), (q, sf), d)
    assert_type(aotgemm.to_numpy(d), NDArray[Any])
    aotgemm.to_numpy(array)  # error: arg-type / reportArgumentType
    return q


def logits(q: torch.Tensor, kv: ScaledTensor, weights: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    of_pair = aotgemm.fp8_fp4_mqa_logits((q, None), kv, weights, ks=ends, ke=ends, logits_dtype=torch.bfloat16)
    assert_type(of_pair, torch.Tensor)
    aotgemm.fp8_fp4_mqa_logits((q, 1.0), kv, weights, ends, ends)  # error: arg-type / reportArgumentType
    return aotgemm.fp8_mqa_logits(q, kv, weights, ends, ends)


def modes(layout: Layout, word: str) -> None:
    aotgemm.explain(64, 2112, 7168, grouping="masked", layout=layout, groups=8)
    aotgemm.explain(64, 2112, 7168, layout=word)  # error: arg-type / reportArgumentType
    aotgemm.explain(64, 2112, 7168, grouping="grouped")  # error: arg-type / reportArgumentType
    aotgemm.load_plan("plan.json", mode="warn")
    aotgemm.load_plan("plan.json", mode="loud")  # error: arg-type / reportArgumentType
    aotgemm.set_compile_mode(2)  # error: arg-type / reportArgumentType
    aotgemm.set_verbose(True)  # error: arg-type / reportArgumentType


def any_tensor(a: Tensor, d: Tensor) -> Tensor:
    aotgemm.torch.bf16_gemm_nt(a, a, d)
    aotgemm.torch.bf16_gemm_nt(a, a)  # error: call-arg / reportCallIssue
    rows: int = aotgemm.get_mn_major_tma_aligned_tensor(a).shape[0]
    return a if rows else d


def layers(x: torch.Tensor) -> torch.Tensor:
    layer = aotgemm.torch.FP8Linear(256, 128)
    assert_type(layer.weight, torch.nn.Parameter)
    aotgemm.torch.FP8Linear("256", 128)  # error: arg-type / reportArgumentType
    return aotgemm.torch.fp8_linear(layer(x), layer.weight, layer.weight_scale_inv)
