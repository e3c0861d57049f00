"""Operands on the CPU for every call that is an operator: small, with tails in each dimension."""

import torch

M, N, K, G = 5, 24, 144, 3
ON_BLACKWELL_ALONE = ("k_grouped_fp8_gemm_tn_contiguous",)
BF16, FP32, INT32 = torch.bfloat16, torch.float32, torch.int32


def _bf16(generator, *shape):
    return torch.randn(shape, generator=generator).to(BF16)


def _pair(generator, *shape, rows=1):
    """FP8 [..., mn, k] and scales for `rows` rows and 128 columns."""
    q = torch.randn(shape, generator=generator).to(torch.float8_e4m3fn)
    grid = (*shape[:-2], -(-shape[-2] // rows), -(-shape[-1] // 128))
    return q, torch.rand(grid, generator=generator) + 0.5


def _swapped(pair):
    return pair[0].mT, pair[1].mT


def _ends():
    return torch.tensor([100, 128, 300], dtype=INT32)


def operands(name, seed=0):
    """(a, b, d, further positional arguments) of the call; d holds what was there before."""
    g = torch.Generator().manual_seed(seed)
    a, b, d = _pair(g, M, K), _pair(g, N, K, rows=128), _bf16(g, M, N)
    wide, weights = _pair(g, 384, K), _pair(g, G, N, K, rows=128)
    x, w, d_wide = _bf16(g, M, K), _bf16(g, N, K), _bf16(g, 384, N)
    x_wide, w_groups = _bf16(g, 384, K), _bf16(g, G, N, K)
    ks, ks_tensor, out = [128, 0, 256], torch.tensor([128, 0, 256], dtype=INT32), torch.randn(G, M, N, generator=g)
    index = torch.tensor([0] * 128 + [1] * 128 + [2] * 100 + [-1] * 28, dtype=INT32)
    counts = torch.tensor([5, 0, 3], dtype=INT32)
    batch, d_batch = _pair(g, G, M, K), _bf16(g, G, M, N)
    return {
        "fp8_gemm_nt": (a, b, d),
        "fp8_gemm_nn": (a, _swapped(b), d),
        "fp8_gemm_tn": (_swapped(a), _swapped(b), d),
        "fp8_gemm_tt": (_swapped(a), b, d),
        "fp8_gemm_nt_skip_head_mid": (a, b, _bf16(g, M, 3 * 16), (4 * 2, 8, 0)),
        "m_grouped_fp8_gemm_nt_contiguous": (wide, weights, d_wide, index),
        "m_grouped_fp8_gemm_nn_contiguous": (wide, _swapped(weights), d_wide, index),
        "m_grouped_fp8_gemm_nt_masked": (batch, weights, d_batch, counts, 4),
        "k_grouped_fp8_gemm_nt_contiguous": (
            *(tuple(each) for each in (_flat(g, M), _flat(g, N))),
            out,
            ks,
            ks_tensor,
            out.clone(),
        ),
        "k_grouped_fp8_gemm_tn_contiguous": (
            *((_flat(g, rows)[0].view(384, rows), torch.ones(3, rows)) for rows in (16, 32)),
            *(torch.randn(G, 16, 32, generator=g), ks, ks_tensor, torch.randn(G, 16, 32, generator=g)),
        ),
        "fp8_einsum": (
            "bhr,hdr->bhd",
            tuple(each.transpose(0, 1).contiguous() for each in batch),
            weights,
            _bf16(g, M, G, N),
        ),
        "bf16_gemm_nt": (x, w, d),
        "bf16_gemm_nn": (x, w.T, d),
        "bf16_gemm_tn": (_bf16(g, K, 8), w.T, _bf16(g, 8, N)),
        "bf16_gemm_tt": (_bf16(g, K, 8), w, _bf16(g, 8, N)),
        "m_grouped_bf16_gemm_nt_contiguous": (x_wide, w_groups, d_wide, index),
        "m_grouped_bf16_gemm_nn_contiguous": (x_wide, w_groups.mT, d_wide, index),
        "m_grouped_bf16_gemm_nt_masked": (_bf16(g, G, M, K), w_groups, d_batch, counts, 4),
        "k_grouped_bf16_gemm_tn_contiguous": (
            *(_bf16(g, 384, 8), _bf16(g, 384, N), torch.randn(G, 8, N, generator=g)),
            *(ks, ks_tensor),
        ),
        "tf32_hc_prenorm_gemm": (
            *(x[:, :128].contiguous(), torch.randn(N, 128, generator=g)),
            *(torch.randn(M, N, generator=g), torch.randn(M, generator=g)),
        ),
        "einsum": ("bmk,bnk->mn", _bf16(g, G, M, K), w_groups, torch.randn(M, N, generator=g)),
    }[name]


def _flat(generator, rows):
    q = torch.randn(rows * 384, generator=generator).to(torch.float8_e4m3fn)
    return q, torch.rand(rows, 3, generator=generator) + 0.5


def output(arguments):
    """The D among the positional arguments."""
    return arguments[3] if isinstance(arguments[0], str) else arguments[2]


def flattened(arguments):
    """As the operator takes them: a pair is two tensors."""
    return [each for argument in arguments for each in (argument if _is_pair(argument) else (argument,))]


def _is_pair(argument):
    return isinstance(argument, tuple) and isinstance(argument[0], torch.Tensor)
