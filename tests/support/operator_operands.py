"""Operands on the CPU for every operator of torch.ops.aotgemm, those of layers, casts and indexers among them."""

import aotgemm
import torch
from aotgemm.torch.calls import CALLS
from call_operands import flattened, operands
from layer_weights import bf16, blocks, stacked

E, N, K, ROWS = 4, 144, 272, 11
WIDTH, BLOCK = 130, 64


def operator_names():
    """All that are registered, whoever did."""
    names = {name.split(".")[0] for name in torch._C._dispatch_get_all_op_names() if name.startswith("aotgemm::")}
    return sorted(name.removeprefix("aotgemm::") for name in names)


def _layers():
    ends, pair, weights = torch.tensor([3, 3, 8, 9], dtype=torch.int32), blocks(2, N, K), stacked(10, E, N, K)
    x, gradient = bf16(1, ROWS, K), bf16(2, ROWS, N)
    return {
        "fp8_linear": (x, *pair),
        "fp8_linear_input_gradient": (gradient, *pair),
        "fp8_linear_weight_gradient": (gradient, x),
        "fp8_grouped_linear": (x, *weights, ends),
        "fp8_grouped_product": (*aotgemm.per_token_cast_to_fp8(x, False), *weights, ends),
        "fp8_grouped_linear_input_gradient": (gradient, *weights, ends),
        "fp8_quantize_weight": (bf16(4, E, N, K),),
        "fp8_grouped_linear_weight_gradient": (gradient, x, ends),
    }


def _casts():
    return {
        "per_token_cast_to_fp8": (bf16(3, 5, 144), False),
        "per_token_cast_to_fp4": (bf16(3, 5, 144), True),
        "silu_mul_cast_to_fp8": (bf16(3, 5, 288), False),
        "per_block_cast_to_fp8": (bf16(3, 300, 144), False),
        "per_channel_cast_to_fp8": (bf16(3, 256, 144), False),
        "per_custom_dims_cast_to_fp8": (bf16(3, 5, 144), (0,), False),
    }


def _conversions():
    scales, spans = torch.exp2(torch.arange(56.0).view(7, 8) - 20), [256, 0, 600]
    packed, of_packed = aotgemm.per_token_cast_to_fp4(bf16(4, 6, 160), True, 32)
    return {
        "get_mn_major_tma_aligned_tensor": (scales.view(2, 4, 7),),
        "get_mn_major_tma_aligned_packed_ue8m0_tensor": (scales,),
        "get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor": (
            *(scales, torch.tensor(spans, dtype=torch.int32), spans, 128, 128),
        ),
        "transform_sf_into_required_layout": (scales, 7, 1000, (1, 128)),
        "pack_ue8m0_to_int": (scales,),
        "unpack_ue8m0_from_int": (aotgemm.pack_ue8m0_to_int(scales),),
        "cast_back_from_fp4": (packed, of_packed, 32),
        "transpose_packed_fp4": (packed,),
        "requantize_fp4_to_fp8": (packed, of_packed),
        "prepack_fp4_weights": aotgemm.per_token_cast_to_fp4(bf16(4, 2 * 8, 256), True, 32),
    }


def _indexers():
    g = torch.Generator().manual_seed(0)
    q, k = (torch.randn(shape, generator=g).to(torch.float8_e4m3fn) for shape in ((5, 32, 64), (70, 64)))
    start = torch.zeros(5, dtype=torch.int32)
    values = torch.randn(5, BLOCK * 64, generator=g).to(torch.float8_e4m3fn).view(torch.uint8)
    scales = (torch.rand(5, BLOCK, generator=g) + 0.5).view(torch.uint8)
    cache = torch.cat([values, scales], 1).view(5, BLOCK, 1, 68)
    lengths, table = torch.full((2, 1), WIDTH, dtype=torch.int32), torch.tensor([[4, 0, 0], [1, 3, 2]]).to(torch.int32)
    schedule = aotgemm.get_paged_mqa_logits_metadata(lengths, BLOCK, 4)
    heads = torch.randn(2, 32, generator=g)
    return {
        "fp8_fp4_mqa_logits": (q, k, torch.rand(70, generator=g), torch.randn(5, 32, generator=g), start, start + 70),
        "fp8_fp4_paged_mqa_logits": (q[:2].view(2, 1, 32, 64), cache, heads, lengths, table, schedule, WIDTH),
        "get_paged_mqa_logits_metadata": (lengths, BLOCK, 4),
    }


def operator_operands(name):
    """The arguments of the operator in its order."""
    if name in CALLS:
        return tuple(flattened(operands(name)))
    return (_layers() | _casts() | _conversions() | _indexers())[name]
